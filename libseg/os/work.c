/* The pool and the worker: threads of our own that take works from one queue; they differ only in
 * how many threads there are. Not Windows' thread pool: its threads are gone some time after it was
 * closed, and a process that ends meanwhile ends with one of them half gone. Ours are joined. */
#include "os/work.h"

#include <stdbool.h>

#include "base/mem.h"
#include "os/lock.h"
#include "os/thread.h"

struct crew {
    struct loop *loop;
    struct thread *threads[WORK_THREADS];
    struct lock lock;

    /* under lock */
    struct work *first;
    struct work **end; /* where the next one is linked */
    bool is_ending;
};

struct work_pool {
    struct crew crew;
};

struct worker {
    struct crew crew;
};

static struct work *pop_locked(struct crew *crew)
{
    struct work *work = crew->first;
    if (work == NULL)
        return NULL;
    crew->first = work->next;
    if (crew->first == NULL)
        crew->end = &crew->first;
    return work;
}

/* NULL when the crew ends and nothing is left to do. */
static struct work *wait_for_work(struct crew *crew)
{
    lock_take(&crew->lock);
    struct work *work;
    while ((work = pop_locked(crew)) == NULL && !crew->is_ending)
        lock_wait(&crew->lock);
    lock_release(&crew->lock);
    return work;
}

static void deliver_done(struct mail *mail)
{
    struct work *work = sg_container_of(mail, struct work, mail);
    work->done(work);
}

static void serve(void *ctx)
{
    struct crew *crew = ctx;
    for (struct work *work; (work = wait_for_work(crew)) != NULL;) {
        work->run(work);
        loop_post(work->loop, &work->mail); /* from here on the loop may free it */
    }
}

static void end(struct crew *crew)
{
    lock_take(&crew->lock);
    crew->is_ending = true;
    lock_wake_all(&crew->lock);
    lock_release(&crew->lock);
    for (int i = 0; i < WORK_THREADS; i++)
        thread_join(crew->threads[i]);
    lock_fini(&crew->lock);
}

static enum sg_status begin(struct crew *crew, struct loop *loop, const char *name, int n_threads,
                            struct sg_err *err)
{
    enum sg_status status = SG_OK;
    crew->loop = loop;
    crew->end = &crew->first;
    lock_init(&crew->lock);
    for (int i = 0; i < n_threads && status == SG_OK; i++)
        status = thread_start(name, serve, crew, &crew->threads[i], err);
    if (status != SG_OK)
        end(crew);
    return status;
}

static void submit(struct crew *crew, struct work *work)
{
    work->loop = crew->loop;
    work->next = NULL;
    work->mail = (struct mail){ .deliver = deliver_done };
    lock_take(&crew->lock);
    *crew->end = work;
    crew->end = &work->next;
    lock_release(&crew->lock);
    lock_wake_one(&crew->lock); /* behind it: who is woken takes the lock first */
}

enum sg_status work_pool_create(struct loop *loop, struct work_pool **out, struct sg_err *err)
{
    struct work_pool *pool = sg_alloc(sizeof *pool);
    if (pool == NULL)
        return sg_err_set(err, SG_E_NOMEM, "starting work threads");
    enum sg_status status = begin(&pool->crew, loop, "segue work", WORK_THREADS, err);
    if (status != SG_OK) {
        sg_free(pool);
        return status;
    }
    *out = pool;
    return SG_OK;
}

void work_pool_destroy(struct work_pool *pool)
{
    if (pool == NULL)
        return;
    end(&pool->crew);
    sg_free(pool);
}

void work_submit(struct work_pool *pool, struct work *work)
{
    submit(&pool->crew, work);
}

enum sg_status worker_create(struct loop *loop, const char *name, struct worker **out,
                             struct sg_err *err)
{
    struct worker *worker = sg_alloc(sizeof *worker);
    if (worker == NULL)
        return sg_err_set(err, SG_E_NOMEM, "starting a worker");
    enum sg_status status = begin(&worker->crew, loop, name, 1, err);
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
    end(&worker->crew);
    sg_free(worker);
}

void worker_submit(struct worker *worker, struct work *work)
{
    submit(&worker->crew, work);
}
