/* Readiness of sockets that belong to somebody else (libcurl), as completions on the loop's port.
 * One shot: after it fired it must be armed again, so that the owner decides when the next look is
 * worth a trip into the kernel. Loop thread only. */
#ifndef SEGUE_OS_SOCK_H
#define SEGUE_OS_SOCK_H

#include <stdint.h>

#include "base/err.h"
#include "os/loop.h"

enum sock_event {
    SOCK_READ = 1,  /* bytes, an end or an error can be read */
    SOCK_WRITE = 2, /* room to write, connected, or connecting failed */
    SOCK_ERROR = 4, /* reported without being asked for */
};

/* Has the system keep at most about `n_bytes` for the reader of the TCP socket `socket`, which is
 * not connected yet; what it will not keep the other side does not send (SO_RCVBUF; RFC 9293,
 * section 3.8.6). A failure does not matter: then it is as much as ever. */
void sock_limit_waiting(uintptr_t socket, uint32_t n_bytes);

struct sock_watch;

/* `events` is a set of enum sock_event. */
typedef void sock_ready_fn(void *ctx, uint32_t events);

/* Watches the system's socket `socket` (SOCKET, file descriptor), which stays the caller's and must
 * not be closed before sock_watch_close. Nothing is reported before the first sock_watch_arm. */
SG_MUST_USE enum sg_status sock_watch_create(struct loop *loop, uintptr_t socket,
                                             sock_ready_fn *ready, void *ctx,
                                             struct sock_watch **out, struct sg_err *err);

/* Asks to be told once when one of `events` holds; it is level-triggered: what holds already is
 * reported in the next turn, never inside this call. While armed, another call replaces the set;
 * 0 disarms. */
SG_MUST_USE enum sg_status sock_watch_arm(struct sock_watch *watch, uint32_t events);

/* Ends the watch: `ready` is not called any more, and the socket may be closed right after. The
 * memory goes when the kernel has let go of it. NULL is allowed. */
void sock_watch_close(struct sock_watch *watch);

#endif
