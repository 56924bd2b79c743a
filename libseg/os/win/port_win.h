/* What the other files of os/win, and pipes, need of the completion port. Everything is called on
 * the thread of port_wait unless it says otherwise. */
#ifndef SEGUE_OS_WIN_PORT_WIN_H
#define SEGUE_OS_WIN_PORT_WIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "os/op.h"
#include "os/port.h"
#include "os/win/win.h"

struct afd;
struct packet;

/* `nt_status` is the operation's result, `n_bytes` what was transferred. The packet is the owner's
 * again and may be freed. */
typedef void packet_fn(struct packet *packet, int32_t nt_status, uint32_t n_bytes);

/* What comes back from the port, known by the address of its OVERLAPPED and by nothing else: keys
 * and handle values are reused at once. Embed it; it belongs to the kernel from the start of the
 * operation until `arrived` is called. */
struct packet {
    OVERLAPPED overlapped;
    packet_fn *arrived;
};

/* Makes operations on `handle` complete on the port. Any thread. CreateIoCompletionPort. */
SG_MUST_USE enum sg_status port_associate(struct port *port, HANDLE handle, struct sg_err *err);

/* Asks that an operation on `handle` that succeeds at once sends no packet; false when Windows
 * refuses, and then every started operation sends one. Any thread.
 * SetFileCompletionNotificationModes. */
bool port_skip_on_success(HANDLE handle);

/* Says that the kernel now owes the port a packet. port_destroy waits for those, so that memory
 * which outlives its owner (a closed sock_watch, a finished write) is freed in the end. */
void port_owe(struct port *port);

/* The port's socket polls; created on first use, NULL when memory ran out. */
struct afd *port_afd(struct port *port);

/* The OVERLAPPED for starting `op`, zeroed but for its status, which says pending, or NULL when
 * memory ran out (op->os_error is set). It is kept apart from the op, because the packet of an
 * operation whose result is known already may still be on its way when the op is used again. Follow
 * it by port_finish_start. `n_expected`: transferring less is SG_E_DISK_FULL; 0: any number is
 * right. */
OVERLAPPED *port_begin(struct port *port, struct op *op, uint32_t n_expected);

/* Says how the start went, and returns what the submitting function returns (os/op.h). `has_worked`
 * is the call's result, the last error is read here when it is false; `is_skipping` is what
 * port_skip_on_success said about the handle. */
SG_MUST_USE enum sg_status port_finish_start(struct port *port, struct op *op, bool has_worked,
                                             bool is_skipping);

/* The OVERLAPPED of an op that is pending, for CancelIoEx. */
OVERLAPPED *port_overlapped(struct op *op);

#endif
