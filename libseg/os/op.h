/* One asynchronous operation. The seam's implementations hand it to the kernel (on Windows the
 * reserved space leads to the OVERLAPPED), so memory that holds an op is never on the stack and is
 * not released before the op completed.
 *
 * The contract of every function that takes an op to start something:
 *   - SG_OK: it is finished, successfully and completely; `done` will not be called.
 *   - SG_PENDING: `done` will be called exactly once, on the loop thread, from a later loop turn;
 *     never inside the submitting call. Cancelling only asks; the op still completes once.
 *   - anything else: it was not started; `done` will not be called.
 * When `done` runs, the seam has already retired the op: it may be reused or freed there. */
#ifndef SEGUE_OS_OP_H
#define SEGUE_OS_OP_H

#include <stdint.h>

#include "base/status.h"

struct op;

/* `status` is SG_OK or why it failed; `n_bytes` what was transferred (also on failure, where
 * known). `op->os_error` has the system's code behind a failure. */
typedef void op_done_fn(struct op *op, enum sg_status status, uint32_t n_bytes);

struct op {
    op_done_fn *done;
    int32_t os_error;
    uintptr_t reserved[8]; /* the seam's; sizes are asserted where it is used */
};

/* Writes the system's sentence for one of its error codes and the code itself, as in
 * "There is not enough space on the disk (Windows error 112)". Always NUL-terminated UTF-8. Any
 * thread. FormatMessageW on Windows. */
void os_error_text(int32_t os_error, char *out_text, uint32_t size);

/* Translates a system error code (GetLastError, errno) into a status: the one place where this is
 * decided. Any thread. */
enum sg_status os_error_status(int32_t os_error);

#endif
