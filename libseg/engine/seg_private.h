/* What the two halves of the public face share: seg.c has the engine and its thread, seg_download.c
 * the downloads. */
#ifndef SEGUE_ENGINE_SEG_PRIVATE_H
#define SEGUE_ENGINE_SEG_PRIVATE_H

#include <stdatomic.h>

#include "base/err.h"
#include "base/list.h"
#include "engine/engine.h"
#include "os/thread.h"
#include "seg.h"

enum { SEG_REFRESH_US = 50 * 1000 };

struct seg_engine {
    struct loop *loop;
    struct work_pool *work_pool;
    struct store *store;
    struct engine *engine;
    struct thread *thread;
    struct path_lock *lock;
    char *temporary; /* database that goes with the engine; NULL: it stays */
    /* engine thread only */
    struct sg_list downloads;
    struct timer refresh;
};

struct seg_download {
    struct seg_engine *engine;
    seg_finished_fn *finished;
    void *context;
    struct signal *over;
    uint64_t started_us;
    atomic_uint refs; /* the caller's, the engine's, and one for each message under way */
    atomic_uint state;
    atomic_uint_fast64_t bytes;
    atomic_int_fast64_t total;
    atomic_uint_fast64_t rate;
    atomic_uint_fast64_t connections;
    atomic_uint_fast64_t ended_us; /* 0: not yet */
    /* engine thread only */
    int64_t id;
    struct sg_list node;
    /* written before `over` is set, read after */
    struct seg_error error;
    char *path;
};

/* Writes `err` for the caller; NULL is allowed. */
void seg_tell(struct seg_error *error, const struct sg_err *err);

/* The same for a status without a message. */
void seg_tell_status(struct seg_error *error, enum sg_status status);

/* The last thing the engine does with a download: sets its state, tells whoever waits, and lets go
 * of it. Engine thread. */
void seg_download_finish(struct seg_download *download, enum seg_state state);

/* Publishes where the job stands; finishes the download when the job has. Engine thread. */
void seg_download_refresh(struct seg_download *download, const struct job *job);

#endif
