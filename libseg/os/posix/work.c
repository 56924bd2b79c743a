/* Work on other threads: one queue, served by the pool's threads or by a worker's only one. */
#define _GNU_SOURCE
#include "os/work.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/mem.h"
#include "os/thread.h"

struct queue {
    struct loop *loop;
    struct thread *threads[WORK_THREADS];
    int n_threads;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under lock */
    struct work *first;
    struct work **end; /* where the next one is linked */
    bool is_ending;
};

struct work_pool {
    struct queue queue;
};

struct worker {
    struct queue queue;
};

static void deliver_done(struct mail *mail)
{
    struct work *work = sg_container_of(mail, struct work, mail);
    work->done(work);
}

/* Waits for the oldest work; NULL when the queue is empty and is to end. */
static struct work *take(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->first == NULL && !queue->is_ending)
        pthread_cond_wait(&queue->changed, &queue->lock);
    struct work *work = queue->first;
    if (work != NULL) {
        queue->first = work->next;
        if (queue->first == NULL)
            queue->end = &queue->first;
    }
    pthread_mutex_unlock(&queue->lock);
    return work;
}

static void serve(void *ctx)
{
    struct queue *queue = ctx;
    for (;;) {
        struct work *work = take(queue);
        if (work == NULL)
            return;
        work->run(work);
        loop_post(queue->loop, &work->mail);
    }
}

static void end_queue(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_ending = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    for (int i = 0; i < queue->n_threads; i++)
        thread_join(queue->threads[i]);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
}

static enum sg_status start_queue(struct queue *queue, struct loop *loop, const char *name,
                                  int n_threads, struct sg_err *err)
{
    queue->loop = loop;
    queue->end = &queue->first;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    while (queue->n_threads < n_threads) {
        enum sg_status status =
            thread_start(name, serve, queue, &queue->threads[queue->n_threads], err);
        if (status != SG_OK) {
            end_queue(queue);
            return status;
        }
        queue->n_threads++;
    }
    return SG_OK;
}

static void submit(struct queue *queue, struct work *work)
{
    work->loop = queue->loop;
    work->next = NULL;
    work->mail = (struct mail){ .deliver = deliver_done };
    pthread_mutex_lock(&queue->lock);
    *queue->end = work;
    queue->end = &work->next;
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

enum sg_status work_pool_create(struct loop *loop, struct work_pool **out, struct sg_err *err)
{
    struct work_pool *pool = sg_alloc(sizeof *pool);
    if (pool == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating a pool of threads");
    enum sg_status status = start_queue(&pool->queue, loop, "work", WORK_THREADS, err);
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
    end_queue(&pool->queue);
    sg_free(pool);
}

void work_submit(struct work_pool *pool, struct work *work)
{
    submit(&pool->queue, work);
}

enum sg_status worker_create(struct loop *loop, const char *name, struct worker **out,
                             struct sg_err *err)
{
    struct worker *worker = sg_alloc(sizeof *worker);
    if (worker == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating thread %s", name);
    enum sg_status status = start_queue(&worker->queue, loop, name, 1, err);
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
    end_queue(&worker->queue);
    sg_free(worker);
}

void worker_submit(struct worker *worker, struct work *work)
{
    submit(&worker->queue, work);
}
