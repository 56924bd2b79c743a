/* A small HTTP server inside the test: real sockets on loopback, one thread a connection, and a
 * function of the test's that writes each reply byte by byte, right or wrong. */
#ifndef SEGUE_TESTS_UNIT_HTTP_PEER_H
#define SEGUE_TESTS_UNIT_HTTP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_peer;
struct http_conn;

/* What a client asked for. Valid during the call that it is handed to. */
struct http_request {
    char *target;     /* path and query */
    const char *head; /* request line and headers as they came */
    bool has_range;
    uint64_t first; /* with has_range: first byte and last byte asked for */
    uint64_t last;  /* UINT64_MAX: to the end */
};

/* Answers one request, on the connection's thread. */
typedef void http_serve_fn(struct http_conn *conn, const struct http_request *request, void *ctx);

/* Listens on a free port of 127.0.0.1 and serves until http_peer_stop. Fails the test when the
 * system refuses. */
struct http_peer *http_peer_start(http_serve_fn *serve, void *ctx);

/* Closes everything and waits for its threads. NULL is allowed. */
void http_peer_stop(struct http_peer *peer);

/* Its port. */
uint16_t http_peer_port(const struct http_peer *peer);

/* Connections accepted so far. Any thread. */
unsigned http_peer_connections(struct http_peer *peer);

/* True when a request came whose head contains `text`. Any thread. */
bool http_peer_has_seen(struct http_peer *peer, const char *text);

/* How many requests came whose head contains `text`. Any thread. */
unsigned http_peer_count(struct http_peer *peer, const char *text);

/* Sends; what the client does not take any more is dropped. Connection's thread. */
void http_send(struct http_conn *conn, const void *data, size_t n_bytes);

/* Sends formatted text. Connection's thread. */
void http_printf(struct http_conn *conn, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sends `n_bytes` of the pattern from `first` on; false when the client is gone. Connection's
 * thread. */
bool http_send_pattern(struct http_conn *conn, uint64_t first, uint64_t n_bytes);

/* No further request is read: the connection ends in order. Connection's thread. */
void http_finish(struct http_conn *conn);

/* The connection ends with a reset. Connection's thread. */
void http_reset(struct http_conn *conn);

/* Waits for a millisecond, less when the client closed the connection. Connection's thread. */
void http_pace(struct http_conn *conn);

/* Waits until the client closed the connection or the peer is stopped. Connection's thread. */
void http_wait_for_end(struct http_conn *conn);

/* True when `data` is the pattern's part from `first` on. Any thread. */
bool http_is_pattern(const void *data, size_t n_bytes, uint64_t first);

#endif
