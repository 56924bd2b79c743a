/* The pool: a thread pool of Windows' own kind with a fixed number of threads. One TP_WORK serves
 * all works, so that submitting needs no memory: each submission makes one thread take one work out
 * of our queue. The queue is under its lock, the rest is used on the loop thread. */
#include "os/work.h"

#include "base/assert.h"
#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/win.h"
#include "os/win/work_queue.h"

struct work_pool {
    struct loop *loop;
    TP_POOL *threads;
    TP_WORK *turn;
    struct work_queue queue;
};

static void CALLBACK on_turn(TP_CALLBACK_INSTANCE *instance, void *ctx, TP_WORK *turn)
{
    (void)instance;
    (void)turn;
    struct work_pool *pool = ctx;
    AcquireSRWLockExclusive(&pool->queue.lock);
    struct work *work = work_queue_pop_locked(&pool->queue);
    ReleaseSRWLockExclusive(&pool->queue.lock);
    SG_ASSERT(work != NULL);
    work_run(work);
}

/* As many at least as at most: then threads neither come nor go with the load. */
static bool open_threads(struct work_pool *pool)
{
    pool->threads = CreateThreadpool(NULL);
    if (pool->threads == NULL)
        return false;
    SetThreadpoolThreadMaximum(pool->threads, WORK_THREADS);
    if (!SetThreadpoolThreadMinimum(pool->threads, WORK_THREADS))
        return false;
    TP_CALLBACK_ENVIRON surroundings;
    InitializeThreadpoolEnvironment(&surroundings);
    SetThreadpoolCallbackPool(&surroundings, pool->threads);
    pool->turn = CreateThreadpoolWork(on_turn, pool, &surroundings);
    DestroyThreadpoolEnvironment(&surroundings);
    return pool->turn != NULL;
}

enum sg_status work_pool_create(struct loop *loop, struct work_pool **out, struct sg_err *err)
{
    struct work_pool *pool = sg_alloc(sizeof *pool);
    if (pool == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating a thread pool");
    pool->loop = loop;
    work_queue_init(&pool->queue);
    if (!open_threads(pool)) {
        DWORD error = GetLastError();
        work_pool_destroy(pool);
        return error_report_as(err, SG_E_SYSTEM, error, "creating a thread pool", NULL);
    }
    *out = pool;
    return SG_OK;
}

void work_pool_destroy(struct work_pool *pool)
{
    if (pool == NULL)
        return;
    if (pool->turn != NULL) {
        WaitForThreadpoolWorkCallbacks(pool->turn, FALSE);
        CloseThreadpoolWork(pool->turn);
    }
    if (pool->threads != NULL)
        CloseThreadpool(pool->threads);
    sg_free(pool);
}

void work_submit(struct work_pool *pool, struct work *work)
{
    work_queue_push(&pool->queue, pool->loop, work);
    SubmitThreadpoolWork(pool->turn);
}
