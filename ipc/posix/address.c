/* Addresses of Unix-domain sockets, and who is behind them. */
#define _GNU_SOURCE
#include "ipc/posix/address.h"

#include <errno.h>
#include <string.h>

enum sg_status address_from_name(const char *name, struct sockaddr_un *out, struct sg_err *err)
{
    size_t length = strlen(name);
    if (length == 0 || length >= sizeof out->sun_path)
        return sg_err_set(err, SG_E_INVALID, "no path for a socket: \"%s\"", name);
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(out->sun_path, name, length + 1);
    return SG_OK;
}

int address_peer_user(int fd, unsigned *out_uid, unsigned *out_gid)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return errno;
    *out_uid = peer.uid;
    *out_gid = peer.gid;
    return 0;
}
