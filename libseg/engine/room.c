/* Jobs that wait for room on a disk. Every two seconds one look at each of their folders, on a work
 * thread, and only a job that would fit by now goes back to the queue: no server is asked and no
 * file touched in vain. One timer and one look at a time for all of them, however many they are. */
#include "engine/room.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "engine/engine_private.h"
#include "os/path.h"

enum {
    LOOK_AGAIN_US = 2 * 1000 * 1000,
    TRIES_DOUBLING_MAX = 5, /* up to a minute */
    LEAST_MORE = 1024 * 1024,
};

/* Each try of a download of unknown length fetches from the start: a quarter more than last time
 * bounds what all tries together fetch. */
uint64_t room_needed(int64_t total, int64_t done)
{
    if (total < 0)
        return (uint64_t)done / 4 + LEAST_MORE;
    return total > done ? (uint64_t)(total - done) : 0;
}

enum { SIZE_TEXT = 32 };

/* Rounded up: what is missing is never said to be nothing. */
static const char *size_text(uint64_t bytes, char out[SIZE_TEXT])
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
    size_t unit = 0;
    uint64_t tenths = bytes / 1024 * 10 + (bytes % 1024 * 10 + 1023) / 1024;
    while (tenths >= 10240 && unit + 1 < sizeof units / sizeof units[0]) {
        tenths = (tenths + 1023) / 1024;
        unit++;
    }
    snprintf(out, SIZE_TEXT, "%" PRIu64 ".%u %s", tenths / 10, (unsigned)(tenths % 10),
             units[unit]);
    return out;
}

void room_explain(const char *folder, const char *path, int64_t total, int64_t done,
                  struct sg_err *err)
{
    char missing[SIZE_TEXT], needed[SIZE_TEXT], there[SIZE_TEXT];
    uint64_t available;
    if (path_free_bytes(folder, &available, NULL) != SG_OK)
        return;
    uint64_t more = room_needed(total, done);
    if (total < 0)
        sg_err_foreign(err, SG_E_DISK_FULL, err->foreign,
                       "the disk is full: %s are free in %s for %s, whose length is not known",
                       size_text(available, there), folder, path_name(path));
    else if (more > available)
        sg_err_foreign(err, SG_E_DISK_FULL, err->foreign,
                       "%s are missing in %s for %s: %s are needed, %s are free",
                       size_text(more - available, missing), folder, path_name(path),
                       size_text(more, needed), size_text(available, there));
}

/* ---- waiting ---- */

/* One look at a folder. Outlives an engine that is destroyed meanwhile. */
struct room_look {
    struct work work;
    struct engine *engine; /* NULL: it is gone */
    struct actor actor;    /* one whose job waits there */
    char *folder;
    uint64_t available;
    enum sg_status status;
};

static void look_again_later(struct engine *engine)
{
    if (!sg_list_is_empty(&engine->short_of_room) && !timer_is_running(&engine->look_for_room))
        timer_start(engine->loop, &engine->look_for_room, LOOK_AGAIN_US);
}

static bool is_in(const struct job *job, const char *folder)
{
    return strcmp(job->record.folder, folder) == 0;
}

/* What running downloads will still take of the room that is free now. */
static uint64_t spoken_for(const struct engine *engine, const char *folder)
{
    uint64_t sum = 0;
    SG_LIST_FOR_EACH(node, &engine->runs)
    {
        const struct job *job = sg_container_of(node, struct run, node)->job;
        const char *allocation = job->record.allocation;
        bool has_reserved = allocation != NULL && strcmp(allocation, "reserved") == 0;
        if (!has_reserved && job->record.total >= 0 && is_in(job, folder))
            sum += room_needed(job->record.total, job->record.done);
    }
    return sum;
}

/* A disk may refuse although it claims to have room (no more files, other limits): each try that
 * gained nothing makes the next one come later. */
static void try_again(struct job *job, uint64_t now_us)
{
    int doublings = job->room_tries < TRIES_DOUBLING_MAX ? job->room_tries : TRIES_DOUBLING_MAX;
    job->room_tries++;
    job->room_from_us = now_us + ((uint64_t)LOOK_AGAIN_US << doublings);
    job_enter(job, JOB_QUEUED, JOB_REASON_NONE, NULL, 0, 0);
}

/* Lets those go that fit, the one first that waits longest. A folder that cannot be looked at may
 * come back. */
static void share_room(struct engine *engine, const struct room_look *look)
{
    uint64_t now_us = loop_now_us(engine->loop);
    uint64_t taken = spoken_for(engine, look->folder);
    uint64_t available = look->available > taken ? look->available - taken : 0;
    SG_LIST_FOR_EACH(node, &engine->short_of_room)
    {
        struct job *job = sg_container_of(node, struct job, wait_node);
        if (!is_in(job, look->folder))
            continue;
        uint64_t needed = room_needed(job->record.total, job->record.done);
        job->room_round = engine->room_round;
        if (look->status != SG_OK || needed > available || now_us < job->room_from_us)
            continue;
        available -= needed;
        try_again(job, now_us);
    }
}

static void look(struct work *work)
{
    struct room_look *look = sg_container_of(work, struct room_look, work);
    bool is_owner = actor_try(&look->actor);
    look->status = path_free_bytes(look->folder, &look->available, NULL);
    if (is_owner)
        actor_end(&look->actor);
}

static void look_at_next(struct engine *engine);

static void on_looked(struct work *work)
{
    struct room_look *look = sg_container_of(work, struct room_look, work);
    struct engine *engine = look->engine;
    if (engine != NULL) {
        engine->room_look = NULL;
        if (!engine->is_stopping)
            share_room(engine, look);
        look_at_next(engine);
    }
    actor_fini(&look->actor);
    sg_free(look->folder);
    sg_free(look);
}

/* False when memory ran out. */
static bool begin_look(struct engine *engine, const struct job *job)
{
    struct room_look *new_look = sg_alloc(sizeof *new_look);
    char *copy = sg_strdup(job->record.folder);
    if (new_look == NULL || copy == NULL) {
        sg_free(new_look);
        sg_free(copy);
        return false;
    }
    *new_look = (struct room_look){ .engine = engine, .folder = copy, .actor = job_actor(job) };
    new_look->work.run = look;
    new_look->work.done = on_looked;
    engine->room_look = new_look;
    work_submit(engine->work_pool, &new_look->work);
    return true;
}

/* The next folder of this round; behind the last one, a pause. */
static void look_at_next(struct engine *engine)
{
    SG_LIST_FOR_EACH(node, &engine->short_of_room)
    {
        const struct job *job = sg_container_of(node, struct job, wait_node);
        if (job->room_round == engine->room_round)
            continue;
        if (begin_look(engine, job))
            return;
        break;
    }
    look_again_later(engine);
}

static void begin_round(struct timer *timer)
{
    struct engine *engine = sg_container_of(timer, struct engine, look_for_room);
    if (engine->is_stopping || engine->room_look != NULL)
        return;
    engine->room_round++;
    look_at_next(engine);
}

void room_init(struct engine *engine)
{
    sg_list_init(&engine->short_of_room);
    engine->look_for_room.fire = begin_round;
}

void room_fini(struct engine *engine)
{
    timer_stop(engine->loop, &engine->look_for_room);
    if (engine->room_look != NULL)
        engine->room_look->engine = NULL;
}

void room_wait(struct job *job)
{
    if (job->record.done > job->room_done)
        job->room_tries = 0;
    job->room_done = job->record.done;
    sg_list_insert(&job->engine->short_of_room, &job->wait_node);
    look_again_later(job->engine);
}
