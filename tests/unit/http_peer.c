/* Owns the listening socket, a thread that accepts, and a thread for each connection. POSIX. */
#define _GNU_SOURCE
#include "tests/unit/http_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"

/* The pattern has a period that no power of two divides, so that a wrong offset shows. */
enum { PATTERN_PERIOD = 1048573, REQUEST_HEAD_MAX = 512 * 1024 };

struct http_conn {
    struct http_peer *peer;
    struct sg_list member;
    pthread_t thread;
    int fd;
    bool is_finished;
    bool is_reset;
    struct sg_buf input;
};

struct http_peer {
    http_serve_fn *serve;
    void *ctx;
    int listener;
    uint16_t port;
    pthread_t thread;

    pthread_mutex_t lock;
    /* under lock */
    struct sg_list conns;
    unsigned n_conns;
    struct sg_buf heads; /* each ended by a NUL */
    bool is_stopping;
};

static uint8_t pattern[PATTERN_PERIOD];
static pthread_once_t pattern_once = PTHREAD_ONCE_INIT;

static void make_pattern(void)
{
    uint32_t state = 1;
    for (size_t i = 0; i < PATTERN_PERIOD; i++) {
        state = state * 1664525 + 1013904223;
        pattern[i] = (uint8_t)(state >> 24);
    }
}

/* The stretch of the pattern from `first` on that needs no wrapping round. */
static size_t pattern_run(uint64_t first, uint64_t n_bytes, const uint8_t **out)
{
    size_t at = (size_t)(first % PATTERN_PERIOD);
    size_t run = PATTERN_PERIOD - at;
    *out = pattern + at;
    return run < n_bytes ? run : (size_t)n_bytes;
}

static bool send_all(struct http_conn *conn, const void *data, size_t n_bytes)
{
    const char *next = data;
    while (n_bytes > 0) {
        ssize_t n = send(conn->fd, next, n_bytes, MSG_NOSIGNAL);
        if (n < 0)
            return false;
        next += n;
        n_bytes -= (size_t)n;
    }
    return true;
}

/* False when the client is gone. */
static bool receive_more(struct http_conn *conn)
{
    if (conn->input.length > REQUEST_HEAD_MAX || !sg_buf_reserve(&conn->input, 4096))
        return false;
    ssize_t n = recv(conn->fd, conn->input.data + conn->input.length, 4096, 0);
    if (n <= 0)
        return false;
    conn->input.length += (size_t)n;
    conn->input.data[conn->input.length] = '\0';
    return true;
}

static void parse_range(struct http_request *request)
{
    const char *range = strstr(request->head, "\r\nRange: bytes=");
    if (range == NULL)
        return;
    char *end;
    request->has_range = true;
    request->first = strtoull(range + strlen("\r\nRange: bytes="), &end, 10);
    request->last = end[0] == '-' && end[1] != '\r' ? strtoull(end + 1, NULL, 10) : UINT64_MAX;
}

static void note_head(struct http_peer *peer, const char *head)
{
    pthread_mutex_lock(&peer->lock);
    sg_buf_append(&peer->heads, head, strlen(head) + 1);
    pthread_mutex_unlock(&peer->lock);
}

/* `head` is "GET target HTTP/1.1\r\n..." with its end cut off. */
static void answer(struct http_conn *conn, const char *head)
{
    struct http_request request = { .head = head };
    const char *target = strchr(head, ' ');
    if (target == NULL) {
        conn->is_finished = true;
        return;
    }
    note_head(conn->peer, head);
    request.target = sg_strndup(target + 1, strcspn(target + 1, " "));
    parse_range(&request);
    conn->peer->serve(conn, &request, conn->peer->ctx);
    sg_free(request.target);
}

/* True when a request was there and was answered. */
static bool answer_next(struct http_conn *conn)
{
    const char *end;
    while (conn->input.length == 0 || (end = strstr(conn->input.data, "\r\n\r\n")) == NULL) {
        if (!receive_more(conn))
            return false;
    }
    size_t length = (size_t)(end - conn->input.data) + 4;
    char *head = sg_strndup(conn->input.data, length);
    sg_buf_consume(&conn->input, length);
    answer(conn, head);
    sg_free(head);
    return true;
}

static void close_conn(struct http_conn *conn)
{
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    pthread_mutex_lock(&conn->peer->lock);
    if (conn->is_reset)
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(conn->fd);
    conn->fd = -1;
    pthread_mutex_unlock(&conn->peer->lock);
}

static void *run_conn(void *ctx)
{
    struct http_conn *conn = ctx;
    while (!conn->is_finished && answer_next(conn)) {
    }
    close_conn(conn);
    return NULL;
}

/* Refused when the peer is stopping. */
static bool add_conn(struct http_peer *peer, int fd)
{
    struct http_conn *conn = sg_alloc(sizeof *conn);
    int on = 1;
    SG_ASSERT(conn != NULL);
    conn->peer = peer;
    conn->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    pthread_mutex_lock(&peer->lock);
    bool is_welcome = !peer->is_stopping;
    if (is_welcome) {
        sg_list_insert(&peer->conns, &conn->member);
        peer->n_conns++;
        SG_ASSERT(pthread_create(&conn->thread, NULL, run_conn, conn) == 0);
    }
    pthread_mutex_unlock(&peer->lock);
    if (!is_welcome) {
        close(fd);
        sg_free(conn);
    }
    return is_welcome;
}

static void *run_listener(void *ctx)
{
    struct http_peer *peer = ctx;
    for (;;) {
        int fd = accept(peer->listener, NULL, NULL);
        if (fd < 0 && errno == ECONNABORTED)
            continue;
        if (fd < 0 || !add_conn(peer, fd))
            return NULL;
    }
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons(port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void listen_on_free_port(struct http_peer *peer)
{
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    SG_ASSERT(peer->listener >= 0);
    SG_ASSERT(bind(peer->listener, (struct sockaddr *)&address, sizeof address) == 0);
    SG_ASSERT(listen(peer->listener, 256) == 0);
    SG_ASSERT(getsockname(peer->listener, (struct sockaddr *)&address, &length) == 0);
    peer->port = ntohs(address.sin_port);
}

struct http_peer *http_peer_start(http_serve_fn *serve, void *ctx)
{
    struct http_peer *peer = sg_alloc(sizeof *peer);
    SG_ASSERT(peer != NULL);
    pthread_once(&pattern_once, make_pattern);
    peer->serve = serve;
    peer->ctx = ctx;
    sg_list_init(&peer->conns);
    pthread_mutex_init(&peer->lock, NULL);
    listen_on_free_port(peer);
    SG_ASSERT(pthread_create(&peer->thread, NULL, run_listener, peer) == 0);
    return peer;
}

/* The listener's thread sits in accept: a last connection wakes it. */
static void wake_listener(const struct http_peer *peer)
{
    struct sockaddr_in address = loopback(peer->port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    SG_ASSERT(fd >= 0);
    SG_ASSERT(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    close(fd);
}

static void hang_up(struct http_peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    peer->is_stopping = true;
    SG_LIST_FOR_EACH(node, &peer->conns)
    {
        struct http_conn *conn = sg_container_of(node, struct http_conn, member);
        if (conn->fd >= 0)
            shutdown(conn->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&peer->lock);
}

void http_peer_stop(struct http_peer *peer)
{
    if (peer == NULL)
        return;
    hang_up(peer);
    wake_listener(peer);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    for (struct sg_list *node; (node = sg_list_pop(&peer->conns)) != NULL;) {
        struct http_conn *conn = sg_container_of(node, struct http_conn, member);
        pthread_join(conn->thread, NULL);
        sg_buf_fini(&conn->input);
        sg_free(conn);
    }
    sg_buf_fini(&peer->heads);
    pthread_mutex_destroy(&peer->lock);
    sg_free(peer);
}

uint16_t http_peer_port(const struct http_peer *peer)
{
    return peer->port;
}

unsigned http_peer_connections(struct http_peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    unsigned n = peer->n_conns;
    pthread_mutex_unlock(&peer->lock);
    return n;
}

unsigned http_peer_count(struct http_peer *peer, const char *text)
{
    unsigned n = 0;
    pthread_mutex_lock(&peer->lock);
    for (size_t at = 0; at < peer->heads.length; at += strlen(peer->heads.data + at) + 1) {
        if (strstr(peer->heads.data + at, text) != NULL)
            n++;
    }
    pthread_mutex_unlock(&peer->lock);
    return n;
}

bool http_peer_has_seen(struct http_peer *peer, const char *text)
{
    return http_peer_count(peer, text) > 0;
}

void http_send(struct http_conn *conn, const void *data, size_t n_bytes)
{
    if (!send_all(conn, data, n_bytes))
        conn->is_finished = true;
}

void http_printf(struct http_conn *conn, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    SG_ASSERT(length >= 0 && (size_t)length < sizeof text);
    http_send(conn, text, (size_t)length);
}

bool http_send_pattern(struct http_conn *conn, uint64_t first, uint64_t n_bytes)
{
    while (n_bytes > 0) {
        const uint8_t *run;
        size_t length = pattern_run(first, n_bytes, &run);
        if (!send_all(conn, run, length)) {
            conn->is_finished = true;
            return false;
        }
        first += length;
        n_bytes -= length;
    }
    return true;
}

void http_finish(struct http_conn *conn)
{
    conn->is_finished = true;
}

void http_reset(struct http_conn *conn)
{
    conn->is_finished = true;
    conn->is_reset = true;
}

void http_pace(struct http_conn *conn)
{
    struct pollfd wait = { .fd = conn->fd, .events = POLLIN };
    poll(&wait, 1, 1);
}

void http_wait_for_end(struct http_conn *conn)
{
    char byte;
    while (recv(conn->fd, &byte, 1, 0) > 0) {
    }
    conn->is_finished = true;
}

bool http_is_pattern(const void *data, size_t n_bytes, uint64_t first)
{
    const uint8_t *next = data;
    while (n_bytes > 0) {
        const uint8_t *run;
        size_t length = pattern_run(first, n_bytes, &run);
        if (memcmp(next, run, length) != 0)
            return false;
        next += length;
        first += length;
        n_bytes -= length;
    }
    return true;
}
