/* The table of servers. */
#include "engine/hosts.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

struct host {
    struct profile profile;
    char origin[];
};

/* The place of the first one whose origin is not before `origin`. */
static size_t place_of(const struct hosts *hosts, const char *origin)
{
    size_t low = 0;
    size_t high = hosts->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(hosts->items[middle]->origin, origin) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct host *find(const struct hosts *hosts, const char *origin)
{
    size_t place = place_of(hosts, origin);
    bool is_found = place < hosts->n && strcmp(hosts->items[place]->origin, origin) == 0;
    return is_found ? hosts->items[place] : NULL;
}

static bool has_room(struct hosts *hosts)
{
    if (hosts->n < hosts->capacity)
        return true;
    size_t capacity = hosts->capacity > 0 ? hosts->capacity * 2 : 16;
    struct host **items = sg_realloc(hosts->items, capacity * sizeof(struct host *));
    if (items == NULL)
        return false;
    hosts->items = items;
    hosts->capacity = capacity;
    return true;
}

static void take_out(struct hosts *hosts, size_t place)
{
    sg_free(hosts->items[place]);
    hosts->n--;
    memmove(hosts->items + place, hosts->items + place + 1,
            (hosts->n - place) * sizeof(struct host *));
}

/* The one that was not seen for longest, in the store too. */
static void drop_oldest(struct hosts *hosts)
{
    size_t oldest = 0;
    for (size_t i = 1; i < hosts->n; i++) {
        if (hosts->items[i]->profile.seen_ms < hosts->items[oldest]->profile.seen_ms)
            oldest = i;
    }
    (void)!store_put_host(hosts->store, hosts->items[oldest]->origin, NULL, NULL, NULL);
    take_out(hosts, oldest);
}

/* A new one of which nothing is known; NULL: it cannot be held. */
static struct host *add(struct hosts *hosts, const char *origin)
{
    size_t size = strlen(origin) + 1;
    if (size > HOSTS_ORIGIN_MAX || !has_room(hosts))
        return NULL;
    struct host *host = sg_alloc(sizeof *host + size);
    if (host == NULL)
        return NULL;
    memcpy(host->origin, origin, size);
    size_t place = place_of(hosts, origin);
    memmove(hosts->items + place + 1, hosts->items + place,
            (hosts->n - place) * sizeof(struct host *));
    hosts->items[place] = host;
    hosts->n++;
    return host;
}

/* Behind "scheme://". */
static const char *name_of(const char *origin)
{
    return strstr(origin, "://") + 3;
}

/* What stands in a damaged file may be anything. */
static bool is_origin(const char *text)
{
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7F)
            return false;
    }
    const char *port = strrchr(text, ':') + 1;
    size_t n_digits = strspn(port, "0123456789");
    return port > name_of(text) + 1 && n_digits > 0 && port[n_digits] == '\0';
}

static void take_loaded(void *ctx, const char *origin, const struct profile *profile)
{
    struct hosts *hosts = ctx;
    if (hosts->n >= HOSTS_MAX || !is_origin(origin))
        return;
    struct host *host = add(hosts, origin);
    if (host != NULL)
        host->profile = *profile;
}

enum sg_status hosts_load(struct hosts *hosts, int64_t now_ms, struct sg_err *err)
{
    enum sg_status status = store_load_hosts(hosts->store, take_loaded, hosts, err);
    for (size_t i = hosts->n; status == SG_OK && i-- > 0;) {
        if (!profile_is_forgotten(&hosts->items[i]->profile, now_ms))
            continue;
        (void)!store_put_host(hosts->store, hosts->items[i]->origin, NULL, NULL, NULL);
        take_out(hosts, i);
    }
    return status;
}

void hosts_fini(struct hosts *hosts)
{
    while (hosts->n > 0)
        take_out(hosts, hosts->n - 1);
    sg_free(hosts->items);
    *hosts = (struct hosts){ 0 };
}

struct profile hosts_known(const struct hosts *hosts, const char *origin, int64_t now_ms)
{
    const struct host *host = find(hosts, origin);
    return host != NULL ? profile_faded(&host->profile, now_ms) : (struct profile){ 0 };
}

void hosts_learn(struct hosts *hosts, const char *origin, const struct observation *seen,
                 int64_t now_ms)
{
    struct host *host = find(hosts, origin);
    if (host == NULL && hosts->n >= HOSTS_MAX)
        drop_oldest(hosts);
    if (host == NULL)
        host = add(hosts, origin);
    if (host == NULL)
        return;
    profile_learn(&host->profile, seen, now_ms);
    (void)!store_put_host(hosts->store, origin, &host->profile, NULL, NULL);
}

const char *hosts_after(const struct hosts *hosts, const char *origin, int64_t now_ms,
                        struct profile *out)
{
    for (size_t i = place_of(hosts, origin); i < hosts->n; i++) {
        const struct host *host = hosts->items[i];
        if (strcmp(host->origin, origin) == 0 || profile_is_forgotten(&host->profile, now_ms))
            continue;
        *out = profile_faded(&host->profile, now_ms);
        return host->origin;
    }
    return NULL;
}

static bool is_meant(const char *origin, const char *which)
{
    char bare[HOSTS_ORIGIN_MAX]; /* without its port */
    size_t length = (size_t)(strrchr(origin, ':') - origin);
    memcpy(bare, origin, length);
    bare[length] = '\0';
    return sg_equals_ignoring_case(origin, which) || sg_equals_ignoring_case(bare, which) ||
           sg_equals_ignoring_case(name_of(origin), which) ||
           sg_equals_ignoring_case(name_of(bare), which);
}

static size_t count_meant(const struct hosts *hosts, const char *which)
{
    size_t n = 0;
    for (size_t i = 0; i < hosts->n; i++)
        n += which == NULL || is_meant(hosts->items[i]->origin, which);
    return n;
}

enum sg_status hosts_forget(struct hosts *hosts, const char *which, size_t *out_n,
                            store_done_fn *done, void *ctx)
{
    size_t n_left = count_meant(hosts, which);
    *out_n = n_left;
    for (size_t i = hosts->n; n_left > 0 && i-- > 0;) {
        const char *origin = hosts->items[i]->origin;
        if (which != NULL && !is_meant(origin, which))
            continue;
        bool is_last = --n_left == 0;
        enum sg_status status =
            store_put_host(hosts->store, origin, NULL, is_last ? done : NULL, is_last ? ctx : NULL);
        if (status != SG_OK)
            return status;
        take_out(hosts, i);
    }
    return SG_OK;
}
