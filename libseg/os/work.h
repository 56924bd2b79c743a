/* Blocking calls leave the loop thread through here: a unit of work runs on another thread and
 * comes back as mail. In the simulator those threads and their time are virtual. */
#ifndef SEGUE_OS_WORK_H
#define SEGUE_OS_WORK_H

#include "base/err.h"
#include "os/loop.h"

/* Threads of the pool. Few, because the process promises a small, constant number of threads. */
enum { WORK_THREADS = 3 };

struct work;
struct work_pool;
struct worker;

typedef void work_fn(struct work *work);

/* Embed it; set `run` and `done`, zero the rest. It belongs to the seam from submission until
 * `done` is called. `run` is called once on some other thread; then `done` once on the loop
 * thread, which may free it. */
struct work {
    work_fn *run;
    work_fn *done;
    struct loop *loop; /* set by submission */
    struct work *next; /* the seam's */
    struct mail mail;  /* the seam's */
    uintptr_t reserved[2];
};

/* Creates the pool that runs works in any order, several at once. Its threads start with it or on
 * first use and stay. */
SG_MUST_USE enum sg_status work_pool_create(struct loop *loop, struct work_pool **out,
                                            struct sg_err *err);

/* Waits until every submitted work has run (their `done` comes through the loop as ever), then
 * ends the threads. NULL is allowed. */
void work_pool_destroy(struct work_pool *pool);

/* Queues `work`. Loop thread. Never fails, never blocks: the queue is intrusive. */
void work_submit(struct work_pool *pool, struct work *work);

/* Creates a thread of its own that runs works one after the other in order of submission. `name`
 * is shown by debuggers. */
SG_MUST_USE enum sg_status worker_create(struct loop *loop, const char *name, struct worker **out,
                                         struct sg_err *err);

/* As work_pool_destroy. */
void worker_destroy(struct worker *worker);

/* As work_submit, in order. */
void worker_submit(struct worker *worker, struct work *work);

#endif
