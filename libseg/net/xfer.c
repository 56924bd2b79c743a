/* Owns transfers: from the wish to the last callback, over as many hops as the server redirects.
 *
 *   wanted ─► (name looked up) ─► on the wire ─► ended
 *     ▲                               │
 *     └─────────── redirect ──────────┘
 *
 * Each hop is one run of an easy handle. The public functions note what is wanted and leave the
 * rest to net's work, which calls xfer_advance and xfer_finish outside libcurl's callbacks; so a
 * transfer is freed nowhere else, and its callbacks may do to it, and to others, what they like. */
#include "net/xfer.h"

#include <string.h>

#include "base/mem.h"
#include "base/redact.h"
#include "net/net_status.h"
#include "net/xfer_impl.h"
#include "net/xfer_redirect.h"
#include "os/net_watch.h"

/* The body of a redirect is read up to here, so that its connection can be used again. */
enum { SKIPPED_BYTES_MAX = 64 * 1024 };

static void free_wish(struct xfer_wish *wish)
{
    sg_free_secret(wish->headers);
    sg_free_secret(wish->userinfo);
    sg_free_secret(wish->cookies);
    sg_free_secret(wish->proxy);
}

static bool copy_text(const char *text, char **out)
{
    *out = sg_strdup(text);
    return *out != NULL || text == NULL;
}

/* What was copied before memory ran out is in `out`, for free_wish. */
static bool copy_wish(const struct xfer_request *request, struct xfer_wish *out)
{
    out->first = request->first;
    out->end = request->end;
    out->wants_range = request->wants_range;
    out->may_downgrade = request->may_downgrade;
    out->read_bytes = request->read_bytes;
    out->wait_bytes = request->wait_bytes;
    return copy_text(request->headers, &out->headers) &&
           copy_text(request->userinfo, &out->userinfo) &&
           copy_text(request->cookies, &out->cookies) && copy_text(request->proxy, &out->proxy);
}

static void release(struct xfer *xfer)
{
    free_wish(&xfer->wish);
    sg_free(xfer->url);
    sg_free_secret(xfer->redirect_userinfo);
    head_fini(&xfer->head);
    curl_slist_free_all(xfer->header_lines);
    xfer_names_fini(xfer);
    xfer_proxy_fini(xfer);
    sg_free(xfer);
}

void xfer_enqueue(struct xfer *xfer)
{
    if (sg_list_is_empty(&xfer->todo))
        sg_list_insert(&xfer->net->todo, &xfer->todo);
    net_wake(xfer->net);
}

static void leave_wire(struct xfer *xfer)
{
    if (xfer->is_added)
        curl_multi_remove_handle(xfer->net->multi, xfer->easy);
    xfer->is_added = false;
    xfer->pause = XFER_FLOWS;
    xfer->is_resumed = false;
}

static void drop(struct xfer *xfer)
{
    struct net *net = xfer->net;
    leave_wire(xfer);
    if (xfer->easy != NULL)
        net_return_easy(net, xfer->easy);
    sg_list_remove(&xfer->todo);
    release(xfer);
    net->n_xfers--;
    net_fit_pool(net);
}

static void end(struct xfer *xfer, enum sg_status status, const struct sg_err *err)
{
    leave_wire(xfer);
    xfer->is_ending = true;
    xfer->events.on_end(xfer->ctx, status, err);
    drop(xfer);
}

static bool is_offline(const struct xfer *xfer, enum sg_status status)
{
    long os_error = 0;
    if (xfer->easy != NULL)
        curl_easy_getinfo(xfer->easy, CURLINFO_OS_ERRNO, &os_error);
    return net_status_is_unreachable(status, (int32_t)os_error) && !net_is_up();
}

/* libcurl repeats the address of a proxy that it cannot make sense of, login and all. */
static void drop_telling_text(struct xfer *xfer)
{
    const char *proxy = xfer->proxy;
    size_t at;
    size_t length;
    if (proxy != NULL && sg_find_userinfo(proxy, &at, &length) &&
        strstr(xfer->error_text, "proxy s") != NULL)
        xfer->error_text[0] = '\0';
}

static void start_hop(struct xfer *xfer);

/* What came to nothing is tried by the next proxy, where the system names several. */
static void fail(struct xfer *xfer, CURLcode code)
{
    struct sg_err err = { 0 };
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT)
        xfer_names_doubt(xfer);
    if (xfer_proxy_next(xfer, code)) {
        start_hop(xfer);
        return;
    }
    drop_telling_text(xfer);
    net_status_set(&err, code, xfer->error_text);
    if (is_offline(xfer, err.status))
        err.status = SG_E_NETWORK;
    end(xfer, err.status, &err);
}

static int response_code(const struct xfer *xfer)
{
    long code = 0;
    curl_easy_getinfo(xfer->easy, CURLINFO_RESPONSE_CODE, &code);
    return (int)code;
}

static uint64_t time_of(const struct xfer *xfer, CURLINFO info)
{
    curl_off_t time_us = 0;
    curl_easy_getinfo(xfer->easy, info, &time_us);
    return time_us > 0 ? (uint64_t)time_us : 0;
}

static void measure(const struct xfer *xfer, struct xfer_head *head)
{
    long n_connects = 0;
    curl_easy_getinfo(xfer->easy, CURLINFO_NUM_CONNECTS, &n_connects);
    uint64_t connected_us = time_of(xfer, CURLINFO_CONNECT_TIME_T);
    uint64_t secured_us = time_of(xfer, CURLINFO_APPCONNECT_TIME_T);
    uint64_t sent_us = time_of(xfer, CURLINFO_PRETRANSFER_TIME_T);
    uint64_t answered_us = time_of(xfer, CURLINFO_STARTTRANSFER_TIME_T);
    head->is_reused = n_connects == 0;
    if (!head->is_reused)
        head->setup_us = secured_us > connected_us ? secured_us : connected_us;
    head->first_byte_us = answered_us > sent_us ? answered_us - sent_us : 0;
}

/* The consumer may cancel in it. */
static void tell_head(struct xfer *xfer)
{
    struct xfer_head head = {
        .http_status = response_code(xfer),
        .lines = xfer->head.lines.data != NULL ? xfer->head.lines.data : "",
        .length = xfer->head.lines.length,
        .url = xfer->url,
    };
    measure(xfer, &head);
    xfer->is_head_told = true;
    xfer->events.on_head(xfer->ctx, &head);
}

/* A request for credentials may be met by libcurl itself, with another request: its head is told
 * when its body comes through or it turns out to be the end. */
static bool is_challenge(int http_status)
{
    return http_status == 401 || http_status == 407;
}

static void on_head_complete(struct xfer *xfer)
{
    size_t length;
    int http_status = response_code(xfer);
    if (http_status < 200)
        return;
    xfer->is_redirect =
        redirect_is_one(http_status) && head_find(&xfer->head, "Location", &length) != NULL;
    if (!xfer->is_redirect && !is_challenge(http_status))
        tell_head(xfer);
}

/* CURLOPT_HEADERFUNCTION. What comes behind the head is a trailer. */
static size_t on_header(char *line, size_t size, size_t n_items, void *ctx)
{
    struct xfer *xfer = ctx;
    size_t length = size * n_items;
    if (xfer->is_cancelled)
        return 0;
    if (xfer->is_head_told || xfer->is_redirect)
        return length;
    if (head_add(&xfer->head, line, length, &xfer->failure) != SG_OK)
        return 0;
    if (xfer->head.is_complete)
        on_head_complete(xfer);
    return xfer->is_cancelled ? 0 : length;
}

static size_t skip(struct xfer *xfer, size_t n_bytes)
{
    xfer->skipped_bytes += n_bytes;
    return xfer->skipped_bytes <= SKIPPED_BYTES_MAX ? n_bytes : CURL_WRITEFUNC_ERROR;
}

static bool is_turn_over(struct xfer *xfer)
{
    const struct net *net = xfer->net;
    if (xfer->turn != net->turn) {
        xfer->turn = net->turn;
        xfer->turn_bytes = 0;
    }
    return xfer->turn_bytes >= NET_TURN_XFER_BYTES || !net_may_go_on(net);
}

static void pause_until_next_turn(struct xfer *xfer)
{
    xfer->pause = XFER_THROTTLED;
    xfer_enqueue(xfer);
}

static size_t hand_on(struct xfer *xfer, const char *data, size_t n_bytes)
{
    bool is_taken = xfer->events.on_data(xfer->ctx, data, n_bytes);
    if (xfer->is_cancelled)
        return CURL_WRITEFUNC_ERROR;
    if (!is_taken) {
        xfer->pause = XFER_HELD;
        return CURL_WRITEFUNC_PAUSE;
    }
    xfer->turn_bytes += n_bytes;
    xfer->net->turn_bytes += n_bytes;
    xfer->net->delivered_bytes += n_bytes;
    return n_bytes;
}

/* A transfer that comes to the end of the turn reads no more from its socket, and hands on what it
 * has read: what is refused, libcurl copies to memory that it allocates for it, and that costs more
 * than the read did. Only one that libcurl runs when the turn is over already is refused. */
static size_t deliver(struct xfer *xfer, const char *data, size_t n_bytes)
{
    if (xfer->pause == XFER_FLOWS && is_turn_over(xfer)) {
        pause_until_next_turn(xfer);
        return CURL_WRITEFUNC_PAUSE;
    }
    size_t n_taken = hand_on(xfer, data, n_bytes);
    if (n_taken == n_bytes && xfer->pause == XFER_FLOWS && is_turn_over(xfer)) {
        pause_until_next_turn(xfer);
        curl_easy_pause(xfer->easy, CURLPAUSE_ALL);
    }
    return n_taken;
}

/* CURLOPT_WRITEFUNCTION. */
static size_t on_body(char *data, size_t size, size_t n_items, void *ctx)
{
    struct xfer *xfer = ctx;
    size_t n_bytes = size * n_items;
    if (xfer->is_cancelled)
        return CURL_WRITEFUNC_ERROR;
    if (xfer->is_redirect)
        return skip(xfer, n_bytes);
    if (!xfer->is_head_told)
        tell_head(xfer);
    return xfer->is_cancelled ? CURL_WRITEFUNC_ERROR : deliver(xfer, data, n_bytes);
}

static CURLcode enter_wire(struct xfer *xfer)
{
    CURL *easy = xfer->easy;
    CURLcode code = xfer_set_options(xfer);
    if (code != CURLE_OK)
        return code;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, xfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, xfer->error_text);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, xfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, xfer);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, xfer->addresses); /* NULL too: it survives a reset */
    if (curl_multi_add_handle(xfer->net->multi, easy) != CURLM_OK)
        return CURLE_OUT_OF_MEMORY;
    xfer->is_added = true;
    return CURLE_OK;
}

static void enter_or_fail(struct xfer *xfer)
{
    if (xfer->easy == NULL)
        xfer->easy = net_borrow_easy(xfer->net);
    else
        curl_easy_reset(xfer->easy);
    net_fit_pool(xfer->net);
    CURLcode code = xfer->easy != NULL ? enter_wire(xfer) : CURLE_OUT_OF_MEMORY;
    if (code != CURLE_OK)
        fail(xfer, code);
}

/* Goes on where the proxy and the place's name are known; else the transfer is advanced when they
 * are. */
static void connect_hop(struct xfer *xfer)
{
    enum sg_status status = xfer_proxy_get(xfer);
    if (status == SG_OK)
        status = xfer_names_get(xfer);
    if (status == SG_OK)
        enter_or_fail(xfer);
    else if (status != SG_PENDING)
        fail(xfer, status == SG_E_NOMEM ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT);
}

static void start_hop(struct xfer *xfer)
{
    head_clear(&xfer->head);
    xfer->is_redirect = false;
    xfer->skipped_bytes = 0;
    xfer->error_text[0] = '\0';
    xfer->name_outcome = NAME_FINE;
    connect_hop(xfer);
}

/* Once the way has led elsewhere, headers and credentials stay behind for good, also if it comes
 * back: somebody else has chosen the URL. Fetch standard, "HTTP-redirect fetch", step 13. */
static void move_to(struct xfer *xfer, struct redirect_target *target)
{
    sg_free(xfer->url);
    xfer->url = target->url;
    xfer_proxy_begin(xfer);
    xfer->n_redirects++;
    if (!target->is_same_origin)
        xfer->has_left_origin = true;
    if (!target->is_same_origin || target->userinfo != NULL) {
        sg_free_secret(xfer->redirect_userinfo);
        xfer->redirect_userinfo = target->userinfo;
    }
}

static enum sg_status resolve_location(struct xfer *xfer, struct redirect_target *out,
                                       struct sg_err *err)
{
    size_t length;
    const char *value = head_find(&xfer->head, "Location", &length);
    char *location = sg_strndup(value, length);
    if (location == NULL)
        return sg_err_set(err, SG_E_NOMEM, "following a redirect");
    const struct redirect redirect = {
        .url = xfer->url,
        .location = location,
        .n_followed = xfer->n_redirects,
        .may_downgrade = xfer->wish.may_downgrade,
    };
    enum sg_status status = redirect_resolve(&redirect, out, err);
    sg_free(location);
    return status;
}

static void follow(struct xfer *xfer)
{
    struct sg_err err = { 0 };
    struct redirect_target target = { 0 };
    enum sg_status status = resolve_location(xfer, &target, &err);
    if (status != SG_OK) {
        end(xfer, status, &err);
        return;
    }
    move_to(xfer, &target);
    start_hop(xfer);
}

/* QUIRK(curl_long_header): a header line of more than 100 KiB is CURLE_OUT_OF_MEMORY in libcurl
 * 7.88. Gone with CURLE_TOO_LARGE (8.6). */
static CURLcode correct(const struct xfer *xfer, CURLcode code)
{
    bool is_within_head = xfer->head.is_open && xfer->head.n_bytes > 0;
    return code == CURLE_OUT_OF_MEMORY && is_within_head ? CURLE_WEIRD_SERVER_REPLY : code;
}

/* What is no HTTP, on a connection that was used before, is what an earlier reply left behind
 * there: rubbish behind its body, or a body longer than it said. Libcurl looks for that before it
 * uses the connection again, but it may come later. */
static bool is_left_over(const struct xfer *xfer, CURLcode code)
{
    long n_connects = 0;
    curl_easy_getinfo(xfer->easy, CURLINFO_NUM_CONNECTS, &n_connects);
    return code == CURLE_UNSUPPORTED_PROTOCOL && n_connects == 0 && !xfer->wants_own_conn;
}

static void ask_again(struct xfer *xfer)
{
    xfer->wants_own_conn = true;
    start_hop(xfer);
}

static void end_well(struct xfer *xfer)
{
    struct sg_err none = { 0 };
    end(xfer, SG_OK, &none);
}

/* QUIRK(curl_paused_read): what was resumed, and is paused again by the callback that this brings,
 * reads its socket once more and keeps that, for libcurl has noted that it might write (8.14,
 * Curl_sendrecv). Where bytes wait for long, as under a rate limit, it would come to hold 64 MiB of
 * them and fail. Paused in both directions it reads nothing. */
static CURLcode let_go_on(struct xfer *xfer)
{
    CURLcode code = curl_easy_pause(xfer->easy, CURLPAUSE_CONT);
    if (code == CURLE_OK && xfer->pause != XFER_FLOWS)
        code = curl_easy_pause(xfer->easy, CURLPAUSE_ALL);
    return code;
}

static void resume(struct xfer *xfer)
{
    xfer->is_resumed = false;
    xfer->pause = XFER_FLOWS;
    CURLcode code = let_go_on(xfer);
    bool is_over = code == CURLE_BAD_FUNCTION_ARGUMENT; /* its end is about to be reported */
    if (code != CURLE_OK && !is_over)
        xfer_finish(xfer, code);
}

void xfer_advance(struct xfer *xfer)
{
    if (xfer->is_cancelled)
        drop(xfer);
    else if (!xfer->is_added && xfer->name_outcome != NAME_FINE)
        fail(xfer, xfer_names_failure(xfer));
    else if (!xfer->is_added)
        start_hop(xfer);
    else if (xfer->pause == XFER_THROTTLED || xfer->is_resumed)
        resume(xfer);
}

/* A redirect whose body was broken off, by us or by the server, is followed all the same. */
void xfer_finish(struct xfer *xfer, CURLcode code)
{
    if (xfer->is_cancelled)
        return;
    if (xfer->failure.status != SG_OK) {
        end(xfer, xfer->failure.status, &xfer->failure);
        return;
    }
    bool is_head_due = xfer->head.is_complete && !xfer->is_redirect && !xfer->is_head_told;
    if (is_head_due && code == CURLE_OK)
        tell_head(xfer);
    if (xfer->is_cancelled)
        return;
    leave_wire(xfer);
    if (xfer->is_redirect)
        follow(xfer);
    else if (is_left_over(xfer, code))
        ask_again(xfer);
    else if (code == CURLE_OK)
        end_well(xfer);
    else
        fail(xfer, correct(xfer, code));
}

enum sg_status xfer_start(struct net *net, const struct xfer_request *request,
                          const struct xfer_events *events, void *ctx, struct xfer **out,
                          struct sg_err *err)
{
    if (net->n_xfers >= NET_XFERS_MAX)
        return sg_err_set(err, SG_E_LIMIT, "more than %d transfers at a time", NET_XFERS_MAX);
    struct xfer *xfer = sg_alloc(sizeof *xfer);
    if (xfer == NULL)
        return sg_err_set(err, SG_E_NOMEM, "starting a transfer");
    xfer->net = net;
    xfer->events = *events;
    xfer->ctx = ctx;
    xfer_names_init(xfer);
    xfer_proxy_init(xfer);
    if (!copy_wish(request, &xfer->wish) || !copy_text(request->url, &xfer->url)) {
        release(xfer);
        return sg_err_set(err, SG_E_NOMEM, "starting a transfer");
    }
    net->n_xfers++;
    xfer_enqueue(xfer);
    *out = xfer;
    return SG_OK;
}

void xfer_resume(struct xfer *xfer)
{
    if (xfer->pause != XFER_HELD || xfer->is_cancelled)
        return;
    xfer->is_resumed = true;
    xfer_enqueue(xfer);
}

void xfer_cancel(struct xfer *xfer)
{
    if (xfer == NULL || xfer->is_ending || xfer->is_cancelled)
        return;
    xfer->is_cancelled = true;
    xfer_enqueue(xfer);
}
