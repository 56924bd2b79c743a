/* Real TCP sockets on the loopback address, for the cases that need some. All are non-blocking
 * unless said otherwise; a failing call fails the test. */
#ifndef SEGUE_TESTS_CONTRACT_CONTRACT_NET_H
#define SEGUE_TESTS_CONTRACT_CONTRACT_NET_H

#include <stddef.h>
#include <stdint.h>

/* Before the first of the others, and after the last. */
void net_start(void);
void net_stop(void);

/* A blocking socket that listens on a free port. */
uintptr_t net_listen(uint16_t *out_port);

/* A socket that began to connect to `port`; how it ends shows as readiness. */
uintptr_t net_connect(uint16_t port);

/* The next connection of a listening socket; waits for it. */
uintptr_t net_accept(uintptr_t listener);

/* Two connected sockets. */
void net_pair(uintptr_t out_pair[2]);

/* Sends `length` bytes, which the socket has room for. */
void net_send(uintptr_t socket, const void *data, size_t length);

/* Sends until there is no more room. */
void net_fill(uintptr_t socket);

/* Receives what is there: how many bytes, 0 at the end of the stream, -1 when there is nothing,
 * -2 when the connection broke. */
long net_receive(uintptr_t socket, void *out, size_t size);

/* The error that the socket has pending, 0 if none. */
int net_error(uintptr_t socket);

/* Closes it; net_reset does so with a reset instead of an orderly end. */
void net_close(uintptr_t socket);
void net_reset(uintptr_t socket);

#endif
