/* Where a control channel's socket lives. */
#ifndef SEGUE_IPC_POSIX_ADDRESS_H
#define SEGUE_IPC_POSIX_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"

/* The address of the socket at path `name`; SG_E_INVALID when the path is too long for one. */
SG_MUST_USE enum sg_status address_from_name(const char *name, struct sockaddr_un *out,
                                             struct sg_err *err);

/* The user at the other end of a connected socket, and his group. An errno, 0 when they are known.
 * SO_PEERCRED. */
int address_peer_user(int fd, unsigned *out_uid, unsigned *out_gid);

#endif
