/* Work on simulated threads: a work begins a moment after it was submitted to a thread that is
 * free, runs in that moment, and is reported when the blocking calls in it would have come back. */
#include "os/work.h"

#include "base/mem.h"
#include "os/clock.h"
#include "tests/sim/os/sim_clock.h"
#include "tests/sim/os/sim_port.h"

enum { SWITCH_SHORTEST_US = 10, SWITCH_LONGEST_US = 200 };

struct queue;

/* idle ─► about to run `work` ─► blocked in it ─► idle */
struct runner {
    struct sim_event event;
    struct queue *queue;
    struct work *work;
    bool has_run;
};

struct queue {
    struct loop *loop;
    struct sim_dice dice;
    struct runner runners[WORK_THREADS];
    int n_runners;
    struct work *first;
    struct work **end; /* where the next one is linked */
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

static void report(struct queue *queue, struct work *work)
{
    work->mail = (struct mail){ .deliver = deliver_done };
    loop_post(queue->loop, &work->mail);
}

static struct work *take(struct queue *queue)
{
    struct work *work = queue->first;
    if (work == NULL)
        return NULL;
    queue->first = work->next;
    if (queue->first == NULL)
        queue->end = &queue->first;
    return work;
}

static void go_on_after(struct runner *runner, uint64_t delay_us)
{
    sim_event_start(loop_port(runner->queue->loop), &runner->event, sim_now_us() + delay_us);
}

static void take_next(struct runner *runner)
{
    struct queue *queue = runner->queue;
    runner->work = take(queue);
    runner->has_run = false;
    if (runner->work != NULL)
        go_on_after(runner, dice_between(&queue->dice, SWITCH_SHORTEST_US, SWITCH_LONGEST_US));
}

static void on_runner(struct sim_event *event)
{
    struct runner *runner = sg_container_of(event, struct runner, event);
    if (!runner->has_run) {
        (void)sim_take_spent_us(); /* what others left */
        runner->work->run(runner->work);
        runner->has_run = true;
        go_on_after(runner, sim_take_spent_us());
        return;
    }
    report(runner->queue, runner->work);
    take_next(runner);
}

static void init_queue(struct queue *queue, struct loop *loop, int n_runners)
{
    *queue = (struct queue){ .loop = loop, .n_runners = n_runners, .end = &queue->first };
    queue->dice.state = clock_random();
    for (int i = 0; i < n_runners; i++)
        queue->runners[i] = (struct runner){ .event.fire = on_runner, .queue = queue };
}

/* Everything is run now and reported later, by mail that the loop still delivers. */
static void end_queue(struct queue *queue)
{
    struct work *work;
    for (int i = 0; i < queue->n_runners; i++) {
        struct runner *runner = &queue->runners[i];
        if (runner->work == NULL)
            continue;
        sim_event_stop(loop_port(queue->loop), &runner->event);
        if (!runner->has_run)
            runner->work->run(runner->work);
        report(queue, runner->work);
    }
    while ((work = take(queue)) != NULL) {
        work->run(work);
        report(queue, work);
    }
}

static void submit(struct queue *queue, struct work *work)
{
    work->loop = queue->loop;
    work->next = NULL;
    *queue->end = work;
    queue->end = &work->next;
    for (int i = 0; i < queue->n_runners; i++) {
        if (queue->runners[i].work != NULL)
            continue;
        take_next(&queue->runners[i]);
        return;
    }
}

enum sg_status work_pool_create(struct loop *loop, struct work_pool **out, struct sg_err *err)
{
    struct work_pool *pool = sg_alloc(sizeof *pool);
    if (pool == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating a pool of threads");
    init_queue(&pool->queue, loop, WORK_THREADS);
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
    init_queue(&worker->queue, loop, 1);
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
