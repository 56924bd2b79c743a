/* The client's end as a Unix-domain socket, for tests. Blocking; one thread at a time. */
#define _GNU_SOURCE
#include "ipc/dial.h"

#include <errno.h>
#include <poll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/posix/address.h"
#include "os/posix/fail_posix.h"

enum { WRITE_TIMEOUT_MS = 30000 };

struct dial {
    int fd;
};

uint64_t dial_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* connect() waits for room in the listener's queue as long as a send may take. */
static void limit_waiting(int fd, uint32_t timeout_ms)
{
    if (timeout_ms == UINT32_MAX)
        return;
    struct timeval limit = { .tv_sec = timeout_ms / 1000,
                             .tv_usec = (long)(timeout_ms % 1000) * 1000 };
    if (timeout_ms == 0)
        limit.tv_usec = 1; /* 0 would mean for ever */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static enum sg_status connect_to(int fd, const char *name, uint32_t timeout_ms, struct sg_err *err)
{
    struct sockaddr_un address;
    enum sg_status status = address_from_name(name, &address, err);
    if (status != SG_OK)
        return status;
    limit_waiting(fd, timeout_ms);
    if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0)
        return SG_OK;
    if (errno == ENOENT || errno == ECONNREFUSED)
        return sg_err_foreign(err, SG_E_NO_DAEMON, errno, "nobody listens at %s", name);
    if (errno == EAGAIN)
        return sg_err_set(err, SG_E_TIMEOUT, "the daemon at %s is busy", name);
    return posix_fail(err, errno, "connecting to", name);
}

static enum sg_status check_owner(int fd, struct sg_err *err)
{
    unsigned uid, gid;
    int os_error = address_peer_user(fd, &uid, &gid);
    if (os_error != 0)
        return posix_fail(err, os_error, "asking who listens", NULL);
    if (uid != 0 && uid != geteuid())
        return sg_err_set(err, SG_E_DENIED, "another user listens there (%u)", uid);
    return SG_OK;
}

enum sg_status dial_open(const char *name, uint32_t timeout_ms, struct dial **out,
                         struct sg_err *err)
{
    struct dial *dial = sg_alloc(sizeof *dial);
    if (dial == NULL)
        return sg_err_set(err, SG_E_NOMEM, "connecting");
    enum sg_status status;
    dial->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (dial->fd < 0) {
        status = posix_fail(err, errno, "creating a socket", NULL);
        goto free_dial;
    }
    status = connect_to(dial->fd, name, timeout_ms, err);
    if (status == SG_OK)
        status = check_owner(dial->fd, err);
    if (status != SG_OK)
        goto close_fd;
    *out = dial;
    return SG_OK;

close_fd:
    close(dial->fd);
free_dial:
    sg_free(dial);
    return status;
}

/* poll() that goes on after a signal. */
static enum sg_status wait_for(int fd, short events, uint32_t timeout_ms, struct sg_err *err)
{
    struct pollfd wanted = { .fd = fd, .events = events };
    uint64_t deadline_ms = dial_now_ms() + timeout_ms;
    for (;;) {
        uint64_t now_ms = dial_now_ms();
        uint64_t left_ms = now_ms < deadline_ms ? deadline_ms - now_ms : 0;
        int wait_ms = left_ms > INT32_MAX ? -1 : (int)left_ms;
        int n_ready = poll(&wanted, 1, wait_ms);
        if (n_ready > 0)
            return SG_OK;
        if (n_ready == 0)
            return sg_err_set(err, SG_E_TIMEOUT, "the daemon did not answer in time");
        if (errno != EINTR)
            return posix_fail(err, errno, "waiting for the daemon", NULL);
    }
}

static enum sg_status fail_closed(struct sg_err *err)
{
    return sg_err_set(err, SG_E_CLOSED, "the daemon closed the connection");
}

enum sg_status dial_write(struct dial *dial, const void *data, uint32_t n_bytes, struct sg_err *err)
{
    const char *bytes = data;
    for (uint32_t n_done = 0; n_done < n_bytes;) {
        enum sg_status status = wait_for(dial->fd, POLLOUT, WRITE_TIMEOUT_MS, err);
        if (status != SG_OK)
            return status;
        ssize_t n_sent =
            send(dial->fd, bytes + n_done, n_bytes - n_done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n_sent >= 0)
            n_done += (uint32_t)n_sent;
        else if (errno == EPIPE || errno == ECONNRESET)
            return fail_closed(err);
        else if (errno != EAGAIN && errno != EINTR)
            return posix_fail(err, errno, "writing to the daemon", NULL);
    }
    return SG_OK;
}

enum sg_status dial_read(struct dial *dial, void *out, uint32_t n_bytes, uint32_t timeout_ms,
                         uint32_t *out_read, struct sg_err *err)
{
    enum sg_status status = wait_for(dial->fd, POLLIN, timeout_ms, err);
    if (status != SG_OK)
        return status;
    ssize_t n_read = recv(dial->fd, out, n_bytes, 0);
    if (n_read == 0 || (n_read < 0 && errno == ECONNRESET))
        return fail_closed(err);
    if (n_read < 0)
        return posix_fail(err, errno, "reading from the daemon", NULL);
    *out_read = (uint32_t)n_read;
    return SG_OK;
}

void dial_close(struct dial *dial)
{
    if (dial == NULL)
        return;
    close(dial->fd);
    sg_free(dial);
}
