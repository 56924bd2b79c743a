/* The client's end of the control channel: blocking, for programs that have nothing else to do.
 * Implemented by ipc/win and, for tests, ipc/posix. One thread at a time per connection. */
#ifndef SEGUE_IPC_DIAL_H
#define SEGUE_IPC_DIAL_H

#include <stdint.h>

#include "base/err.h"

struct dial;

/* Connects to the pipe `name`; waits up to `timeout_ms` while all its instances are busy.
 * SG_E_NO_DAEMON when nobody listens; SG_E_DENIED when the pipe's owner is neither this user, nor
 * administrators, the system or Segue's service (somebody took the name to catch callers), or when
 * the pipe's access list refuses us. The server may impersonate us. CreateFileW with
 * SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION. */
SG_MUST_USE enum sg_status dial_open(const char *name, uint32_t timeout_ms, struct dial **out,
                                     struct sg_err *err);

/* Sends all of it. SG_E_CLOSED when the server has gone; SG_E_TIMEOUT when it took nothing for half
 * a minute. */
SG_MUST_USE enum sg_status dial_write(struct dial *dial, const void *data, uint32_t n_bytes,
                                      struct sg_err *err);

/* Reads at least one byte, waiting up to `timeout_ms` (UINT32_MAX: for ever). SG_E_TIMEOUT,
 * SG_E_CLOSED. */
SG_MUST_USE enum sg_status dial_read(struct dial *dial, void *out, uint32_t n_bytes,
                                     uint32_t timeout_ms, uint32_t *out_read, struct sg_err *err);

/* Closes it. NULL is allowed. */
void dial_close(struct dial *dial);

/* Monotonic milliseconds from an arbitrary start, to add up waits by. Any thread. */
uint64_t dial_now_ms(void);

/* The pipe of the service, and of the present user's own daemon. `SEGUE_PIPE` in the environment is
 * the caller's business. The caller owns the string. */
SG_MUST_USE enum sg_status dial_service_name(char **out_name, struct sg_err *err);
SG_MUST_USE enum sg_status dial_user_name(char **out_name, struct sg_err *err);

#endif
