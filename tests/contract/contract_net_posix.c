/* Loopback sockets by POSIX. */
#define _GNU_SOURCE
#include "tests/contract/contract_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

void net_start(void)
{
    signal(SIGPIPE, SIG_IGN);
}

void net_stop(void)
{
    signal(SIGPIPE, SIG_DFL);
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

uintptr_t net_listen(uint16_t *out_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 128), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *out_port = ntohs(address.sin_port);
    return (uintptr_t)fd;
}

uintptr_t net_connect(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    struct sockaddr_in address = loopback(port);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        assert_true(errno == EINPROGRESS || errno == ECONNREFUSED);
    return (uintptr_t)fd;
}

uintptr_t net_accept(uintptr_t listener)
{
    int fd = accept4((int)listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_true(fd >= 0);
    return (uintptr_t)fd;
}

void net_pair(uintptr_t out_pair[2])
{
    uint16_t port;
    uintptr_t listener = net_listen(&port);
    out_pair[0] = net_connect(port);
    out_pair[1] = net_accept(listener);
    net_close(listener);
}

void net_send(uintptr_t socket, const void *data, size_t length)
{
    assert_int_equal(send((int)socket, data, length, 0), length);
}

void net_fill(uintptr_t socket)
{
    static const char block[65536];
    while (send((int)socket, block, sizeof block, 0) > 0)
        continue;
    assert_true(errno == EAGAIN);
}

long net_receive(uintptr_t socket, void *out, size_t size)
{
    ssize_t n_bytes = recv((int)socket, out, size, 0);
    if (n_bytes >= 0)
        return (long)n_bytes;
    return errno == EAGAIN ? -1 : -2;
}

int net_error(uintptr_t socket)
{
    int error = 0;
    socklen_t length = sizeof error;
    assert_int_equal(getsockopt((int)socket, SOL_SOCKET, SO_ERROR, &error, &length), 0);
    return error;
}

void net_close(uintptr_t socket)
{
    assert_int_equal(close((int)socket), 0);
}

void net_reset(uintptr_t socket)
{
    const struct linger at_once = { .l_onoff = 1 };
    assert_int_equal(setsockopt((int)socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    net_close(socket);
}
