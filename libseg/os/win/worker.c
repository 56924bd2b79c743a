/* The worker: one thread that runs works in order. The queue and is_ending are under the queue's
 * lock. */
#include "os/work.h"

#include <stdbool.h>

#include "base/mem.h"
#include "os/thread.h"
#include "os/win/win.h"
#include "os/win/work_queue.h"

struct worker {
    struct loop *loop;
    struct thread *thread;
    CONDITION_VARIABLE changed;
    struct work_queue queue;

    /* under the queue's lock */
    bool is_ending;
};

/* NULL when the worker ends and nothing is left to do. */
static struct work *wait_for_work(struct worker *worker)
{
    AcquireSRWLockExclusive(&worker->queue.lock);
    struct work *work;
    while ((work = work_queue_pop_locked(&worker->queue)) == NULL && !worker->is_ending)
        SleepConditionVariableSRW(&worker->changed, &worker->queue.lock, INFINITE, 0);
    ReleaseSRWLockExclusive(&worker->queue.lock);
    return work;
}

static void run_worker(void *ctx)
{
    struct worker *worker = ctx;
    for (struct work *work; (work = wait_for_work(worker)) != NULL;)
        work_run(work);
}

enum sg_status worker_create(struct loop *loop, const char *name, struct worker **out,
                             struct sg_err *err)
{
    struct worker *worker = sg_alloc(sizeof *worker);
    if (worker == NULL)
        return sg_err_set(err, SG_E_NOMEM, "starting a worker");
    worker->loop = loop;
    work_queue_init(&worker->queue);
    InitializeConditionVariable(&worker->changed);
    enum sg_status status = thread_start(name, run_worker, worker, &worker->thread, err);
    if (status != SG_OK) {
        sg_free(worker);
        return status;
    }
    *out = worker;
    return SG_OK;
}

void worker_destroy(struct worker *worker)
{
    if (worker == NULL)
        return;
    AcquireSRWLockExclusive(&worker->queue.lock);
    worker->is_ending = true;
    ReleaseSRWLockExclusive(&worker->queue.lock);
    WakeConditionVariable(&worker->changed);
    thread_join(worker->thread);
    sg_free(worker);
}

void worker_submit(struct worker *worker, struct work *work)
{
    work_queue_push(&worker->queue, worker->loop, work);
    WakeConditionVariable(&worker->changed);
}
