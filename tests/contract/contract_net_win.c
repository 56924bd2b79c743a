/* Loopback sockets by Winsock. */
#include "tests/contract/contract_net.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "os/win/win.h"

void net_start(void)
{
    WSADATA data;
    assert_int_equal(WSAStartup(MAKEWORD(2, 2), &data), 0);
}

void net_stop(void)
{
    assert_int_equal(WSACleanup(), 0);
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static void make_non_blocking(SOCKET socket)
{
    u_long is_non_blocking = 1;
    assert_int_equal(ioctlsocket(socket, (long)FIONBIO, &is_non_blocking), 0);
}

uintptr_t net_listen(uint16_t *out_port)
{
    SOCKET handle = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    assert_true(handle != INVALID_SOCKET);
    struct sockaddr_in address = loopback(0);
    int length = sizeof address;
    assert_int_equal(bind(handle, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(handle, 128), 0);
    assert_int_equal(getsockname(handle, (struct sockaddr *)&address, &length), 0);
    *out_port = ntohs(address.sin_port);
    return (uintptr_t)handle;
}

uintptr_t net_connect(uint16_t port)
{
    SOCKET handle = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    assert_true(handle != INVALID_SOCKET);
    make_non_blocking(handle);
    struct sockaddr_in address = loopback(port);
    if (connect(handle, (const struct sockaddr *)&address, sizeof address) != 0)
        assert_true(WSAGetLastError() == WSAEWOULDBLOCK || WSAGetLastError() == WSAECONNREFUSED);
    return (uintptr_t)handle;
}

uintptr_t net_accept(uintptr_t listener)
{
    SOCKET handle = accept((SOCKET)listener, NULL, NULL);
    assert_true(handle != INVALID_SOCKET);
    make_non_blocking(handle);
    return (uintptr_t)handle;
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
    assert_int_equal(send((SOCKET)socket, data, (int)length, 0), length);
}

void net_fill(uintptr_t socket)
{
    static const char block[65536];
    while (send((SOCKET)socket, block, sizeof block, 0) > 0)
        continue;
    assert_int_equal(WSAGetLastError(), WSAEWOULDBLOCK);
}

long net_receive(uintptr_t socket, void *out, size_t size)
{
    int n_bytes = recv((SOCKET)socket, out, (int)size, 0);
    if (n_bytes >= 0)
        return n_bytes;
    return WSAGetLastError() == WSAEWOULDBLOCK ? -1 : -2;
}

int net_error(uintptr_t socket)
{
    int error = 0;
    int length = sizeof error;
    assert_int_equal(getsockopt((SOCKET)socket, SOL_SOCKET, SO_ERROR, (char *)&error, &length), 0);
    return error;
}

void net_close(uintptr_t socket)
{
    assert_int_equal(closesocket((SOCKET)socket), 0);
}

void net_reset(uintptr_t socket)
{
    const struct linger at_once = { .l_onoff = 1 };
    assert_int_equal(
        setsockopt((SOCKET)socket, SOL_SOCKET, SO_LINGER, (const char *)&at_once, sizeof at_once),
        0);
    net_close(socket);
}
