/* What libcurl is told about one request: every option in one place, each with its reason where it
 * is not plain. The handle comes with default options. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "net/xfer_impl.h"
#include "os/sock.h"

enum {
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_INTERVAL_S = 15,
};

/* The first failure is kept, so that a list of options reads as a list. */
struct options {
    CURL *easy;
    CURLcode code;
};

static void set_number(struct options *options, CURLoption option, long value)
{
    CURLcode code = curl_easy_setopt(options->easy, option, value);
    if (options->code == CURLE_OK)
        options->code = code;
}

static void set_text(struct options *options, CURLoption option, const char *value)
{
    CURLcode code = curl_easy_setopt(options->easy, option, value);
    if (options->code == CURLE_OK)
        options->code = code;
}

/* Headers that a user cannot set: they decide what the bytes of the body mean, or where it ends. */
static bool is_reserved(const char *name)
{
    static const char *const reserved[] = {
        "Accept-Encoding",   "Range", "If-Range", "Content-Length", "Connection",
        "Transfer-Encoding", "TE",    "Upgrade",  "Expect"
    };
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (sg_equals_ignoring_case(name, reserved[i]))
            return true;
    }
    return false;
}

static bool append_line(struct curl_slist **lines, const char *line)
{
    struct curl_slist *grown = curl_slist_append(*lines, line);
    if (grown == NULL)
        return false;
    *lines = grown;
    return true;
}

/* `line` is "Name: value" and may be written to. To libcurl "Name:" means that the header is not
 * sent, and "Name;" that it is sent without a value. */
static bool add_header(struct curl_slist **lines, char *line)
{
    char *colon = strchr(line, ':');
    if (colon == NULL || colon == line)
        return true;
    *colon = '\0';
    bool is_skipped = is_reserved(line);
    *colon = ':';
    if (is_skipped)
        return true;
    if (colon[1 + strspn(colon + 1, " \t")] == '\0') {
        colon[0] = ';';
        colon[1] = '\0';
    }
    return append_line(lines, line);
}

static bool add_header_text(struct curl_slist **lines, const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == '\r')
        length--;
    char *line = sg_strndup(text, length);
    if (line == NULL)
        return false;
    bool is_added = add_header(lines, line);
    sg_free(line);
    return is_added;
}

static bool add_headers(struct curl_slist **lines, const char *text)
{
    size_t length;
    for (const char *line; (line = sg_next_line(&text, &length)) != NULL;) {
        if (!add_header_text(lines, line, length))
            return false;
    }
    return true;
}

/* Not by CURLOPT_ACCEPT_ENCODING: with that libcurl would decode, and offsets would lie. */
static void set_headers(struct options *options, struct xfer *xfer)
{
    curl_slist_free_all(xfer->header_lines);
    xfer->header_lines = NULL;
    bool is_built = append_line(&xfer->header_lines, "Accept-Encoding: identity");
    if (is_built && xfer->wish.headers != NULL && !xfer->has_left_origin)
        is_built = add_headers(&xfer->header_lines, xfer->wish.headers);
    CURLcode code = is_built
                        ? curl_easy_setopt(options->easy, CURLOPT_HTTPHEADER, xfer->header_lines)
                        : CURLE_OUT_OF_MEMORY;
    if (options->code == CURLE_OK)
        options->code = code;
}

/* Digest where the server offers it, Basic where it offers nothing better. Libcurl asks first, so
 * each request with credentials costs one more round trip, and a password never crosses the wire
 * readable to a server that would have taken a digest. */
static void set_credentials(struct options *options, const struct xfer *xfer)
{
    const char *userinfo = xfer->redirect_userinfo;
    if (userinfo == NULL && !xfer->has_left_origin)
        userinfo = xfer->wish.userinfo;
    if (userinfo != NULL) {
        set_text(options, CURLOPT_USERPWD, userinfo);
        set_number(options, CURLOPT_HTTPAUTH, (long)(CURLAUTH_BASIC | CURLAUTH_DIGEST));
    }
    if (xfer->wish.cookies != NULL && !xfer->has_left_origin)
        set_text(options, CURLOPT_COOKIE, xfer->wish.cookies);
}

/* "" rather than nothing: nothing would have libcurl look into the environment. */
static void set_proxy(struct options *options, const struct xfer *xfer)
{
    set_text(options, CURLOPT_PROXY, xfer->proxy != NULL ? xfer->proxy : "");
    set_text(options, CURLOPT_NOPROXY, "");
    set_number(options, CURLOPT_PROXYAUTH, (long)CURLAUTH_ANY);
    set_number(options, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
}

static void set_range(struct options *options, const struct xfer_wish *wish)
{
    char range[48];
    if (!wish->wants_range)
        return;
    if (wish->end == XFER_TO_END)
        snprintf(range, sizeof range, "%llu-", (unsigned long long)wish->first);
    else
        snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)wish->first,
                 (unsigned long long)wish->end - 1);
    set_text(options, CURLOPT_RANGE, range);
}

/* A revocation list that cannot be reached does not stop a download; a revoked certificate does. */
static void set_trust(struct options *options, const struct net_settings *settings)
{
    set_number(options, CURLOPT_SSL_OPTIONS, (long)CURLSSLOPT_REVOKE_BEST_EFFORT);
    set_number(options, CURLOPT_PROXY_SSL_OPTIONS, (long)CURLSSLOPT_REVOKE_BEST_EFFORT);
    if (settings->ca_file == NULL)
        return;
    set_text(options, CURLOPT_CAINFO, settings->ca_file);
    set_text(options, CURLOPT_PROXY_CAINFO, settings->ca_file);
}

static void set_protocol(struct options *options)
{
    set_text(options, CURLOPT_PROTOCOLS_STR, "http,https");
    set_number(options, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    set_number(options, CURLOPT_HTTP09_ALLOWED, 0);
    set_number(options, CURLOPT_FOLLOWLOCATION, 0);
    set_number(options, CURLOPT_FAILONERROR, 0);
    set_number(options, CURLOPT_DISALLOW_USERNAME_IN_URL, 1);
}

static long receive_bytes(const struct xfer *xfer)
{
    bool is_tls = strncmp(xfer->url, "https:", strlen("https:")) == 0;
    if (xfer->wish.read_bytes > 0)
        return (long)xfer->wish.read_bytes;
    return is_tls ? NET_RECEIVE_TLS_BYTES : NET_RECEIVE_BYTES;
}

/* CURLOPT_SOCKOPTFUNCTION: the window is told when the connection begins. */
static int on_socket_made(void *ctx, curl_socket_t socket, curlsocktype purpose)
{
    const struct xfer *xfer = ctx;
    (void)purpose;
    sock_limit_waiting((uintptr_t)socket, xfer->wish.wait_bytes);
    return CURL_SOCKOPT_OK;
}

static void set_waiting(struct options *options, struct xfer *xfer)
{
    if (xfer->wish.wait_bytes == 0)
        return;
    curl_easy_setopt(options->easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
    curl_easy_setopt(options->easy, CURLOPT_SOCKOPTDATA, xfer);
}

/* QUICK_EXIT: or removing a transfer would wait for its resolver thread, for seconds.
 *
 * QUIRK(curl_buffer_kept): a handle whose last transfer found no connection keeps its receive
 * buffer, and refuses CURLOPT_BUFFERSIZE then (7.88), also the size that it has. So what it says is
 * not looked at. Gone with libcurl 8.7, where handles have no such buffer. */
static void set_connection(struct options *options, const struct xfer *xfer)
{
    const struct net_settings *settings = &xfer->net->settings;
    set_number(options, CURLOPT_FRESH_CONNECT, xfer->wants_own_conn);
    set_number(options, CURLOPT_NOSIGNAL, 1);
    set_number(options, CURLOPT_QUICK_EXIT, 1);
    set_number(options, CURLOPT_CONNECTTIMEOUT_MS, (long)settings->connect_timeout_ms);
    set_number(options, CURLOPT_TCP_NODELAY, 1);
    set_number(options, CURLOPT_TCP_KEEPALIVE, 1);
    set_number(options, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set_number(options, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    curl_easy_setopt(options->easy, CURLOPT_BUFFERSIZE, receive_bytes(xfer));
}

CURLcode xfer_set_options(struct xfer *xfer)
{
    const struct net_settings *settings = &xfer->net->settings;
    struct options options = { .easy = xfer->easy, .code = CURLE_OK };
    set_protocol(&options);
    set_connection(&options, xfer);
    set_waiting(&options, xfer);
    set_trust(&options, settings);
    set_proxy(&options, xfer);
    set_text(&options, CURLOPT_URL, xfer->url);
    set_text(&options, CURLOPT_USERAGENT, settings->user_agent);
    set_range(&options, &xfer->wish);
    set_headers(&options, xfer);
    set_credentials(&options, xfer);
    return options.code;
}
