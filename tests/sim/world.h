/* A machine with Segue on it, in a world with servers and power cuts, all of it virtual and a
 * function of one seed. What was promised to the user is written down here, outside of the machine,
 * and is checked against what the disk holds whenever Segue starts.
 *
 * Times are milliseconds since the world began. Whatever goes wrong fails the running cmocka test,
 * with the seed and the end of the trace. */
#ifndef SEGUE_TESTS_SIM_WORLD_H
#define SEGUE_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "tests/sim/net/internet.h"
#include "tests/sim/os/disk.h"

enum { PROMISES_MAX = 40, OUTCOMES_MAX = 8, GLIMPSES_MAX = 8 };

/* What the user asked for, and was told. */
struct promise {
    char key[32];
    char url[80];
    int64_t id; /* 0: not told yet */
    bool is_add_told;
    bool is_done_told;
    bool is_removal_told;
    bool is_removal_asked;
    bool may_lose_bytes; /* the user said that they are not wanted */
    bool is_cancel_asked;
    char state[48]; /* as told last: "waiting link" */
    int n_seen;     /* while looking through the database */
};

/* What the user had been told, and the disk that he would have found, had the power gone then. */
struct glimpse {
    struct disk *disk;
    struct promise promises[PROMISES_MAX];
    size_t n_promises;
};

struct world {
    uint64_t seed;
    struct sim_dice dice; /* of whoever makes the story */
    struct sim_dice cut_dice;
    struct sim_dice glimpse_dice;
    struct internet internet;
    struct disk *disk;
    struct disk *left;                     /* after a power cut that was not noticed yet */
    struct disk *outcomes[OUTCOMES_MAX];   /* other ways in which it could have ended */
    uint32_t n_outcomes;                   /* of each cut that are looked at */
    uint64_t n_checked;                    /* of them so far */
    uint64_t n_cuts;                       /* moments at which the power went, or might have gone */
    uint64_t glimpse_every;                /* changes of the disk on average; 0: never */
    struct glimpse glimpses[GLIMPSES_MAX]; /* not looked at yet */
    size_t n_glimpses;
    struct engine_config config; /* for the next start */

    /* the machine; NULL while it is off */
    struct loop *loop;
    struct store *store;
    struct work_pool *pool;
    struct engine *engine;
    bool is_dark; /* the power is gone; what still runs is a ghost */
    bool is_stopped;
    bool may_fail; /* something was made to fail: starting and adding may, too */

    struct promise promises[PROMISES_MAX];
    size_t n_promises;
    struct sg_buf trace;
    int64_t live_before; /* allocations */
};

/* A world without servers, its machine switched off. */
struct world *world_create(uint64_t seed);

/* Its end: the machine is switched off in good order when it is on; nothing may be left behind. */
void world_destroy(struct world *world);

/* Switches the machine on: the database is opened, everything in it is checked, the engine starts.
 * False when the disk's faults did not let it. */
bool world_try_start(struct world *world);

/* As world_try_start; fails the test. */
void world_start(struct world *world);

/* Stops Segue in good order; it must not take more than five seconds. */
void world_stop(struct world *world);

/* The power goes now. */
void world_cut(struct world *world);

/* The power goes inside of the n-th change of the disk from now. */
void world_cut_after(struct world *world, uint64_t n_operations);

/* Whether this is an end of a job that was promised. */
typedef bool end_fn(const struct promise *promise, const struct job_record *record);

/* True when every job is at its end, and those that were to be removed are gone. */
bool world_is_settled(struct world *world, end_fn *is_at_end);

/* True while the machine is on. */
bool world_is_on(const struct world *world);

/* Adds a job for "http://HOST/NAME". The record may be NULL, or have been filled with more (it is
 * taken over). The promise is written down; its id is known once it is told. */
struct promise *world_add(struct world *world, const char *url, struct job_record *record);

/* Asks once more for what was not answered: the key makes it the same job. */
void world_add_again(struct world *world, const struct promise *promise, struct job_record *record);

/* The job of a promise, or NULL: not told yet, or removed. */
struct job *world_job(struct world *world, const struct promise *promise);

/* Lets time go by, or until the power is cut. */
void world_run_ms(struct world *world, uint64_t duration_ms);

/* Lets time go by until the trace has a line with `text`; fails after `deadline_ms`. The line's
 * time. */
uint64_t world_await(struct world *world, const char *text, uint64_t deadline_ms);

/* Lets time go by until `is_true`; false after `deadline_ms` or when the power is cut. */
bool world_run_until(struct world *world, bool (*is_true)(struct world *world),
                     uint64_t deadline_ms);

/* Now. */
uint64_t world_ms(void);

/* Adds a line to the trace. */
void world_trace(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The time of the first line with `text` at or after `from_ms`, or UINT64_MAX. */
uint64_t world_when_ms(const struct world *world, const char *text, uint64_t from_ms);

/* How many lines have `text`. */
size_t world_count(const struct world *world, const char *text);

/* Fails the test, with the seed and the end of the trace. */
void world_fail(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* Fails unless the job is done and its file is the server's: all of one version. */
void world_check_file(struct world *world, const struct promise *promise);

/* Fails when a finished file lies there that belongs to no job. */
void world_check_strays(struct world *world);

#endif
