/* Polling sockets through the driver behind Winsock: what select() is made of, but as one
 * asynchronous operation per socket that completes on the port. The control code and its structures
 * are undocumented, stable since Windows 2000, and used by libuv, wepoll, mio and others. Thread of
 * port_wait only. */
#ifndef SEGUE_OS_WIN_AFD_H
#define SEGUE_OS_WIN_AFD_H

#include <stdint.h>

#include "base/err.h"
#include "os/win/port_win.h"
#include "os/win/win.h"

/* The driver's events. */
enum {
    AFD_RECEIVE = 0x0001,
    AFD_SEND = 0x0004,
    AFD_DISCONNECT = 0x0008, /* the other side sent its last byte */
    AFD_ABORT = 0x0010,      /* reset */
    AFD_LOCAL_CLOSE = 0x0020,
    AFD_ACCEPT = 0x0080,
    AFD_CONNECT_FAIL = 0x0100,
};

/* The driver's own layout, for one socket. */
struct afd_request {
    LARGE_INTEGER timeout;
    ULONG n_sockets;
    ULONG is_exclusive;
    struct {
        SOCKET socket;
        ULONG events;
        NTSTATUS status;
    } sockets[1];
};

/* All handles to the driver that belong to one port, and one of them, shared by a group of sockets.
 */
struct afd;
struct afd_group;

/* NULL when memory ran out. Owned by the caller. */
struct afd *afd_create(struct port *port);

/* No poll may be pending. NULL is allowed. */
void afd_destroy(struct afd *afd);

/* A place for one socket in a group, which is opened when all others are full. */
SG_MUST_USE enum sg_status afd_borrow(struct afd *afd, struct afd_group **out, struct sg_err *err);

/* Gives the place back; the socket has no poll pending. */
void afd_return(struct afd_group *group);

/* Starts to poll `socket` (a base socket) for `events`. Level-triggered: an event that holds
 * already ends it at once. `packet` and `request` belong to the kernel until the packet arrived,
 * and then afd_result says what happened. A Windows error code, 0 when it was started. */
uint32_t afd_poll(struct afd_group *group, SOCKET socket, uint32_t events, struct packet *packet,
                  struct afd_request *request);

/* Asks the driver to end a poll; its packet still arrives. */
void afd_cancel(struct afd_group *group, struct packet *packet);

/* The events that ended a poll that did not fail; 0 when there was none. */
uint32_t afd_result(const struct afd_request *request);

/* The socket at the bottom of `socket`'s layered service providers: the one that the driver knows.
 * A Windows error code, 0 when it was found. SIO_BASE_HANDLE. */
uint32_t afd_base_socket(SOCKET socket, SOCKET *out_base);

#endif
