/* A call that waits, on a handle that was opened for overlapped use and belongs to a completion
 * port: the OVERLAPPED has an event of its own whose lowest bit is set, which tells Windows to send
 * no packet to the port (GetQueuedCompletionStatus, "Remarks"). Any thread. */
#ifndef SEGUE_OS_WIN_BLOCKING_H
#define SEGUE_OS_WIN_BLOCKING_H

#include <stdbool.h>
#include <stdint.h>

#include "os/win/win.h"

struct blocking;

/* Prepares calls; NULL with the last error set when that fails. Owned by the caller. */
struct blocking *blocking_create(void);

/* No call may be under way. NULL is allowed; keeps the last error. */
void blocking_destroy(struct blocking *call);

/* The OVERLAPPED for one call at `offset`. */
OVERLAPPED *blocking_begin(struct blocking *call, uint64_t offset);

/* Waits for the end of the call that was made, whose result is `has_worked`; then says whether it
 * succeeded (else the last error is set) and how many bytes it transferred. */
bool blocking_end(struct blocking *call, HANDLE handle, bool has_worked, uint32_t *out_bytes);

#endif
