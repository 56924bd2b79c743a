/* See net_replies.h. */
#include "tests/unit/net_replies.h"

#include <stdlib.h>
#include <string.h>

struct route {
    const char *name;
    void (*serve)(struct http_conn *conn, const struct http_request *request, uint64_t number);
};

static void serve_file(struct http_conn *conn, const struct http_request *request, uint64_t total)
{
    if (!request->has_range) {
        http_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\nETag: \"e\"\r\n\r\n",
                    (unsigned long long)total);
        http_send_pattern(conn, 0, total);
        return;
    }
    uint64_t last = request->last < total ? request->last : total - 1;
    http_printf(conn,
                "HTTP/1.1 206 Partial Content\r\nContent-Length: %llu\r\n"
                "Content-Range: bytes %llu-%llu/%llu\r\n\r\n",
                (unsigned long long)(last + 1 - request->first), (unsigned long long)request->first,
                (unsigned long long)last, (unsigned long long)total);
    http_send_pattern(conn, request->first, last + 1 - request->first);
}

/* A packet's worth each millisecond. */
static void serve_trickle(struct http_conn *conn, const struct http_request *request,
                          uint64_t total)
{
    (void)request;
    http_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n", (unsigned long long)total);
    for (uint64_t at = 0, n; at < total; at += n) {
        n = total - at < 1460 ? total - at : 1460;
        http_pace(conn);
        if (!http_send_pattern(conn, at, n))
            return;
    }
}

static void serve_chunked(struct http_conn *conn, const struct http_request *request,
                          uint64_t total)
{
    (void)request;
    uint64_t at = 0;
    http_printf(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (uint64_t chunk = 1; at < total; chunk = chunk * 3 + 1) {
        uint64_t n_bytes = chunk < total - at ? chunk : total - at;
        http_printf(conn, "%llx;ext=1\r\n", (unsigned long long)n_bytes);
        if (!http_send_pattern(conn, at, n_bytes))
            return;
        http_printf(conn, "\r\n");
        at += n_bytes;
    }
    http_printf(conn, "0\r\nHTTP/1.1: trailer\r\nX-Trailer: 1\r\n\r\n");
}

static void serve_broken_chunks(struct http_conn *conn, const struct http_request *request,
                                uint64_t total)
{
    (void)request;
    (void)total;
    http_printf(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n");
    http_send_pattern(conn, 0, 1);
    http_printf(conn, "\r\nthis is no number\r\n");
    http_finish(conn);
}

static void serve_after_hints(struct http_conn *conn, const struct http_request *request,
                              uint64_t total)
{
    http_printf(conn, "HTTP/1.1 100 Continue\r\n\r\n");
    http_printf(conn, "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n");
    serve_file(conn, request, total);
}

static void serve_encoded(struct http_conn *conn, const struct http_request *request,
                          uint64_t total)
{
    (void)request;
    http_printf(conn, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %llu\r\n\r\n",
                (unsigned long long)total);
    http_send_pattern(conn, 0, total);
}

static void serve_until_close(struct http_conn *conn, const struct http_request *request,
                              uint64_t total)
{
    (void)request;
    http_printf(conn, "HTTP/1.0 200 OK\r\n\r\n");
    http_send_pattern(conn, 0, total);
    http_finish(conn);
}

static void serve_short(struct http_conn *conn, const struct http_request *request, uint64_t total)
{
    (void)request;
    http_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n", (unsigned long long)total);
    http_send_pattern(conn, 0, total / 2);
    http_finish(conn);
}

static void serve_reset(struct http_conn *conn, const struct http_request *request, uint64_t total)
{
    serve_short(conn, request, total);
    http_reset(conn);
}

static void serve_nothing(struct http_conn *conn, const struct http_request *request,
                          uint64_t total)
{
    (void)request;
    (void)total;
    http_finish(conn);
}

static void serve_hung(struct http_conn *conn, const struct http_request *request, uint64_t total)
{
    (void)request;
    http_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n", (unsigned long long)total);
    http_send_pattern(conn, 0, total / 2);
    http_wait_for_end(conn);
}

static void serve_silence(struct http_conn *conn, const struct http_request *request,
                          uint64_t total)
{
    (void)request;
    (void)total;
    http_wait_for_end(conn);
}

static void serve_many_headers(struct http_conn *conn, const struct http_request *request,
                               uint64_t n_lines)
{
    (void)request;
    http_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    for (uint64_t i = 1; i < n_lines; i++)
        http_printf(conn, "X-%llu: 1\r\n", (unsigned long long)i);
    http_printf(conn, "\r\n");
}

static void send_long_header(struct http_conn *conn, uint64_t n_bytes)
{
    static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    http_printf(conn, "X-Long: ");
    for (; n_bytes > 0; n_bytes -= n_bytes < 32 ? n_bytes : 32)
        http_send(conn, text, n_bytes < 32 ? (size_t)n_bytes : 32);
    http_printf(conn, "\r\n");
}

static void serve_big_head(struct http_conn *conn, const struct http_request *request,
                           uint64_t n_bytes)
{
    (void)request;
    http_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    for (uint64_t i = 0; i < n_bytes / 1024; i++)
        send_long_header(conn, 1024 - strlen("X-Long: \r\n"));
    http_printf(conn, "\r\n");
}

static void serve_long_header(struct http_conn *conn, const struct http_request *request,
                              uint64_t n_bytes)
{
    (void)request;
    http_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    send_long_header(conn, n_bytes);
    http_printf(conn, "\r\n");
}

static void serve_no_http(struct http_conn *conn, const struct http_request *request,
                          uint64_t total)
{
    (void)request;
    http_send_pattern(conn, 0, total);
    http_finish(conn);
}

/* To every other request, what no client can understand: as when an earlier reply on the connection
 * was longer than it said. */
static void serve_left_over(struct http_conn *conn, const struct http_request *request,
                            uint64_t total)
{
    static _Atomic unsigned n_requests;
    if (n_requests++ % 2 == 0)
        serve_no_http(conn, request, total);
    else
        serve_file(conn, request, total);
}

static void serve_bad_length(struct http_conn *conn, const struct http_request *request,
                             uint64_t total)
{
    (void)request;
    (void)total;
    http_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc");
    http_finish(conn);
}

static void serve_status(struct http_conn *conn, const struct http_request *request,
                         uint64_t status)
{
    (void)request;
    http_printf(conn, "HTTP/1.1 %llu Whatever\r\nContent-Length: 0\r\n\r\n",
                (unsigned long long)status);
}

static void serve_redirects(struct http_conn *conn, const struct http_request *request, uint64_t n)
{
    if (n == 0) {
        serve_file(conn, request, 1000);
        return;
    }
    http_printf(conn,
                "HTTP/1.1 30%u Found\r\nLocation: ../redirects/%llu#part\r\n"
                "Content-Length: 4\r\n\r\nmore",
                n % 2 == 0 ? 2U : 7U, (unsigned long long)(n - 1));
}

static void serve_loop(struct http_conn *conn, const struct http_request *request, uint64_t number)
{
    (void)request;
    (void)number;
    http_printf(conn, "HTTP/1.1 301 Moved\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n");
}

/* /to?URL */
static void serve_redirect_to(struct http_conn *conn, const struct http_request *request,
                              uint64_t number)
{
    (void)number;
    http_printf(conn, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                strchr(request->target, '?') + 1);
}

static void serve_big_redirect(struct http_conn *conn, const struct http_request *request,
                               uint64_t n_bytes)
{
    (void)request;
    http_printf(conn, "HTTP/1.1 302 Found\r\nLocation: /file/1000\r\nContent-Length: %llu\r\n\r\n",
                (unsigned long long)n_bytes);
    http_send_pattern(conn, 0, n_bytes);
}

static void serve_basic(struct http_conn *conn, const struct http_request *request, uint64_t total)
{
    /* base64 of "user:pass:word" */
    if (strstr(request->head, "\r\nAuthorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n") != NULL)
        serve_file(conn, request, total);
    else
        http_printf(conn, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\n"
                          "Content-Length: 4\r\n\r\nno!!");
}

static void serve_digest(struct http_conn *conn, const struct http_request *request, uint64_t total)
{
    if (strstr(request->head, "\r\nAuthorization: Digest username=\"user\"") != NULL)
        serve_file(conn, request, total);
    else
        http_printf(conn, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\n"
                          "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"
                          "Content-Length: 0\r\n\r\n");
}

static const struct route routes[] = {
    { "file", serve_file },
    { "trickle", serve_trickle },
    { "chunked", serve_chunked },
    { "broken-chunks", serve_broken_chunks },
    { "after-hints", serve_after_hints },
    { "encoded", serve_encoded },
    { "until-close", serve_until_close },
    { "short", serve_short },
    { "reset", serve_reset },
    { "nothing", serve_nothing },
    { "hung", serve_hung },
    { "silence", serve_silence },
    { "many-headers", serve_many_headers },
    { "big-head", serve_big_head },
    { "long-header", serve_long_header },
    { "no-http", serve_no_http },
    { "left-over", serve_left_over },
    { "bad-length", serve_bad_length },
    { "status", serve_status },
    { "redirects", serve_redirects },
    { "loop", serve_loop },
    { "to", serve_redirect_to },
    { "big-redirect", serve_big_redirect },
    { "basic", serve_basic },
    { "digest", serve_digest },
};

void net_reply(struct http_conn *conn, const struct http_request *request, void *ctx)
{
    (void)ctx;
    const char *name = request->target + 1;
    size_t length = strcspn(name, "/?");
    uint64_t number = name[length] == '/' ? strtoull(name + length + 1, NULL, 10) : 0;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strlen(routes[i].name) == length && memcmp(routes[i].name, name, length) == 0) {
            routes[i].serve(conn, request, number);
            return;
        }
    }
    serve_status(conn, request, 404);
}
