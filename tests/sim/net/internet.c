/* Servers: who they are, and what they answer. The heads are what real servers send. */
#include "tests/sim/net/internet.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"

enum { WEB_PAGE_BYTES = 40 };

/* What a request is about, and what comes of it. */
struct exchange {
    struct internet *internet;
    struct server *server;
    struct share *share;
    const struct version *version;
    const struct xfer_request *request;
    struct answer *answer;
};

static struct internet *in_use;

void internet_use(struct internet *internet)
{
    in_use = internet;
}

struct internet *internet_in_use(void)
{
    return in_use;
}

struct server *internet_add_server(struct internet *internet)
{
    SG_ASSERT(internet->n_servers < SERVERS_MAX);
    size_t number = ++internet->n_servers;
    struct server *server = &internet->servers[number - 1];
    *server = (struct server){ .setup_us = 60000, .rtt_us = 40000, .connection_bps = 2 << 20 };
    snprintf(server->host, sizeof server->host, "server-%zu", number);
    return server;
}

struct share *server_share(struct server *server, const char *name, uint64_t size)
{
    SG_ASSERT(server->n_shares < SHARES_MAX);
    struct share *share = &server->shares[server->n_shares++];
    snprintf(share->name, sizeof share->name, "%s", name);
    share_change(share, size, 0);
    return share;
}

/* Numbers tell versions apart everywhere: they are made of the name. */
void share_change(struct share *share, uint64_t size, uint64_t from_us)
{
    SG_ASSERT(share->n_versions < VERSIONS_MAX);
    uint64_t hash = 14695981039346656037u;
    for (const char *c = share->name; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    share->versions[share->n_versions++] = (struct version){
        .number = (hash & 0xFFFFFFFF) << 8 | (share->n_versions + 1),
        .size = size,
        .from_us = from_us,
    };
}

/* The part of "http://HOST/NAME?..." behind the host. */
static const char *split(const char *url, size_t *out_host_length)
{
    static const char scheme[] = "http://";
    SG_ASSERT(strncmp(url, scheme, sizeof scheme - 1) == 0);
    const char *host = url + sizeof scheme - 1;
    *out_host_length = strcspn(host, ":/");
    const char *path = strchr(host, '/');
    return path != NULL ? path + 1 : "";
}

static bool is_text(const char *text, size_t length, const char *wanted)
{
    return strlen(wanted) == length && memcmp(text, wanted, length) == 0;
}

struct server *internet_find_server(struct internet *internet, const char *url)
{
    size_t length;
    (void)split(url, &length);
    for (size_t i = 0; i < internet->n_servers; i++) {
        if (is_text(url + strlen("http://"), length, internet->servers[i].host))
            return &internet->servers[i];
    }
    return NULL;
}

struct share *internet_find_share(struct internet *internet, const char *url)
{
    size_t ignored;
    struct server *server = internet_find_server(internet, url);
    const char *name = split(url, &ignored);
    for (size_t i = 0; server != NULL && i < server->n_shares; i++) {
        if (is_text(name, strcspn(name, "?"), server->shares[i].name))
            return &server->shares[i];
    }
    return NULL;
}

const struct version *share_version(const struct share *share, uint64_t at_us)
{
    size_t i = share->n_versions - 1;
    while (i > 0 && share->versions[i].from_us > at_us)
        i--;
    return &share->versions[i];
}

void internet_hang_up(struct internet *internet)
{
    for (size_t i = 0; i < internet->n_servers; i++) {
        internet->servers[i].n_busy = 0;
        internet->servers[i].n_idle = 0;
    }
}

/* ---- answers ---- */

static void say(struct exchange *ex, int http_status, uint64_t n_bytes)
{
    ex->answer->http_status = http_status;
    ex->answer->n_bytes = n_bytes;
    sg_buf_puts(&ex->answer->head, "Server: sim\n");
    if (!ex->share->is_chunked || http_status >= 300)
        sg_buf_printf(&ex->answer->head, "Content-Length: %llu\n", (unsigned long long)n_bytes);
    else
        sg_buf_puts(&ex->answer->head, "Transfer-Encoding: chunked\n");
}

static void say_nothing(struct exchange *ex, int http_status)
{
    static struct share none;
    ex->share = ex->share != NULL ? ex->share : &none;
    say(ex, http_status, 0);
}

/* Versions are a minute old or older: their dates are all different. */
static void describe(struct exchange *ex)
{
    char date[40];
    time_t changed = (time_t)(1700000000 + (ex->version->number & 0xFF) * 86400);
    struct tm parts;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&changed, &parts));
    sg_buf_puts(&ex->answer->head, "Content-Type: application/octet-stream\n");
    if (!ex->share->has_no_etag)
        sg_buf_printf(&ex->answer->head, "ETag: \"%llx\"\n",
                      (unsigned long long)ex->version->number);
    if (!ex->share->has_no_date)
        sg_buf_printf(&ex->answer->head, "Last-Modified: %s\n", date);
}

static void answer_whole(struct exchange *ex)
{
    say(ex, 200, ex->version->size);
    describe(ex);
    ex->answer->version = ex->version->number;
}

static void answer_outside(struct exchange *ex)
{
    say(ex, 416, 0);
    sg_buf_printf(&ex->answer->head, "Content-Range: bytes */%llu\n",
                  (unsigned long long)ex->version->size);
}

static void answer_range(struct exchange *ex)
{
    uint64_t first = ex->request->first;
    uint64_t size = ex->version->size;
    uint64_t end = ex->request->end > 0 && ex->request->end < size ? ex->request->end : size;
    if (first >= size) {
        answer_outside(ex);
        return;
    }
    say(ex, 206, end - first);
    describe(ex);
    bool is_lie = sim_elapsed_us() < ex->share->lies_until_us;
    uint64_t told = is_lie && first > 0 ? first - 1 : first;
    sg_buf_printf(&ex->answer->head, "Content-Range: bytes %llu-%llu/%llu\n",
                  (unsigned long long)told, (unsigned long long)(told + end - first - 1),
                  (unsigned long long)size);
    ex->answer->version = ex->version->number;
    ex->answer->first = first;
}

static void answer_expired(struct exchange *ex)
{
    if (!ex->share->expires_into_page) {
        say_nothing(ex, 403);
        return;
    }
    say(ex, 200, WEB_PAGE_BYTES);
    sg_buf_puts(&ex->answer->head, "Content-Type: text/html; charset=utf-8\n");
}

static void answer_refused(struct exchange *ex)
{
    const struct server *server = ex->server;
    if (server->refusal == REFUSE_CONNECTION || server->refusal == REFUSE_RESET) {
        bool is_reset = server->refusal == REFUSE_RESET;
        ex->answer->failure = is_reset ? SG_E_RESET : SG_E_CONNECT;
        return;
    }
    say_nothing(ex, server->refusal == REFUSE_429 ? 429 : 503);
    if (server->retry_after_s > 0)
        sg_buf_printf(&ex->answer->head, "Retry-After: %u\n", server->retry_after_s);
}

static bool has_expired(const struct exchange *ex)
{
    bool is_fresh = strstr(ex->request->url, "?fresh") != NULL;
    uint64_t expires_us = ex->share->expires_us;
    return expires_us > 0 && sim_elapsed_us() >= expires_us && !is_fresh;
}

static void answer_well(struct exchange *ex)
{
    if (ex->share == NULL)
        say_nothing(ex, 404);
    else if (has_expired(ex))
        answer_expired(ex);
    else if (!ex->request->wants_range || ex->share->ignores_ranges)
        answer_whole(ex);
    else
        answer_range(ex);
}

/* ---- faults ---- */

static void cut_off(struct exchange *ex, enum sg_status end)
{
    struct answer *answer = ex->answer;
    answer->n_bytes = dice_below(&ex->internet->dice, answer->n_bytes + 1);
    answer->end = end;
    answer->is_silent = end == SG_E_STALLED;
}

static void spoil(struct exchange *ex)
{
    const struct server *server = ex->server;
    struct sim_dice *dice = &ex->internet->dice;
    if (dice_chance(dice, server->reset_permille))
        cut_off(ex, SG_E_RESET);
    else if (dice_chance(dice, server->short_permille))
        cut_off(ex, SG_E_SHORT);
    else if (dice_chance(dice, server->stall_permille))
        cut_off(ex, SG_E_STALLED);
}

/* A chunked body that ends too soon in good order cannot be told from a whole one. */
static bool may_be_spoiled(const struct exchange *ex)
{
    return sim_elapsed_us() < ex->server->faults_until_us && ex->answer->n_bytes > 0 &&
           !(ex->share->is_chunked && ex->server->short_permille > 0);
}

static bool fails_at_once(struct exchange *ex)
{
    const struct server *server = ex->server;
    struct sim_dice *dice = &ex->internet->dice;
    if (sim_elapsed_us() >= server->faults_until_us)
        return false;
    if (dice_chance(dice, server->connect_permille)) {
        ex->answer->failure = SG_E_CONNECT;
        return true;
    }
    if (!dice_chance(dice, server->error_permille))
        return false;
    say_nothing(ex, dice_chance(dice, 500) ? 500 : 503);
    return true;
}

void server_answer(struct internet *internet, struct server *server,
                   const struct xfer_request *request, enum arrival arrival, struct answer *out)
{
    struct exchange ex = { .internet = internet,
                           .server = server,
                           .share = internet_find_share(internet, request->url),
                           .request = request,
                           .answer = out };
    *out = (struct answer){ .connection_bps = server->connection_bps };
    if (arrival == ARRIVED_NEW && ++server->n_ever == server->slow_lane)
        out->connection_bps = server->slow_bps;
    if (ex.share != NULL)
        ex.version = share_version(ex.share, sim_elapsed_us());
    if (arrival == ARRIVED_BEYOND) {
        answer_refused(&ex);
        return;
    }
    if (fails_at_once(&ex))
        return;
    answer_well(&ex);
    if (may_be_spoiled(&ex))
        spoil(&ex);
}
