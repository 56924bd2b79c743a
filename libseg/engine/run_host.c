/* What a run knows of servers, and what it adds to that. The server is the one that served: where
 * redirects led, each mirror for itself. What it showed is also noted for the host in the job's own
 * URL, which is all that the next job knows when it begins; so a name that spreads over many nodes
 * is known though each of them is met only once. */
#include "engine/engine_private.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "os/clock.h"

/* Jobs that run at the same time share what the server tolerates. */
static bool recall(struct run *run, int source, const char *origin)
{
    struct engine *engine = run->engine;
    struct profile known = hosts_known(&engine->hosts, origin, clock_wall_ms());
    if (known.seen_ms == 0)
        return false;
    if (known.tolerated_lanes > 0) {
        known.tolerated_lanes /= engine_runs_to(engine, run->origin);
        known.tolerated_lanes += known.tolerated_lanes == 0;
    }
    download_know(&run->download, source, &known);
    return true;
}

static bool recall_by_url(struct run *run, int source, const char *url)
{
    char *origin = url != NULL ? net_url_origin(url) : NULL;
    bool is_known = origin != NULL && recall(run, source, origin);
    sg_free(origin);
    return is_known;
}

/* Where redirects led last time is the better guess. */
void run_recall_hosts(struct run *run)
{
    const struct job_record *record = &run->job->record;
    if (!recall_by_url(run, 0, record->final_url))
        recall(run, 0, run->origin);
    const char *mirrors = record->mirrors;
    size_t length;
    const char *line;
    for (int i = 1; i < run->download.n_sources; i++) {
        line = sg_next_line(&mirrors, &length);
        char *url = line != NULL ? sg_strndup(line, length) : NULL;
        recall_by_url(run, i, url);
        sg_free(url);
    }
}

void run_meet_host(struct run *run, int source, const char *url)
{
    char *origin = net_url_origin(url);
    if (origin == NULL)
        return;
    if (run->served_by[source] == NULL)
        recall(run, source, origin);
    sg_free(run->served_by[source]);
    run->served_by[source] = origin;
}

/* Lanes that other jobs have at the same server. */
static int64_t lanes_of_others(const struct run *run)
{
    int64_t n = 0;
    SG_LIST_FOR_EACH(node, &run->engine->runs)
    {
        const struct run *other = sg_container_of(node, struct run, node);
        if (other != run && strcmp(other->origin, run->origin) == 0)
            n += download_open_lanes(&other->download);
    }
    return n;
}

static void remember(struct run *run, int source)
{
    struct hosts *hosts = &run->engine->hosts;
    struct observation seen;
    if (!download_observe(&run->download, source, &seen))
        return;
    const char *served_by = run->served_by[source];
    int64_t now_ms = clock_wall_ms();
    seen.served_lanes += lanes_of_others(run);
    if (served_by != NULL)
        hosts_learn(hosts, served_by, &seen, now_ms);
    if (source == 0 && (served_by == NULL || strcmp(served_by, run->origin) != 0))
        hosts_learn(hosts, run->origin, &seen, now_ms);
}

void run_remember_hosts(struct run *run)
{
    for (int i = 0; i < run->download.n_sources; i++)
        remember(run, i);
}
