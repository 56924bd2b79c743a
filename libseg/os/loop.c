/* The loop's own half: the order of a turn, the mailbox, the timers and the deferred work. What
 * the system completes and how one waits for it is the port's; this file is the same everywhere.
 * Everything runs on the loop thread except loop_post, which is a lock-free push. */
#include "os/loop.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/assert.h"
#include "base/mem.h"
#include "os/port.h"

struct loop {
    struct port *port;

    /* any thread: newest first, reversed when it is emptied */
    _Atomic(struct mail *) mailbox;

    /* loop thread only */
    struct sg_heap timers;
    struct sg_list deferred;
    bool is_stopping;
    bool is_firing;
    struct loop_stats stats;
};

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Work that was deferred between two turns belongs to the coming one, which then must not wait. */
static uint64_t wait_deadline_us(const struct loop *loop, uint64_t max_wait_us)
{
    if (max_wait_us == 0 || !sg_list_is_empty(&loop->deferred))
        return 0;
    uint64_t deadline_us = UINT64_MAX;
    if (max_wait_us != UINT64_MAX)
        deadline_us = add_saturating(port_now_us(loop->port), max_wait_us);
    const struct sg_heap_node *first = sg_heap_first(&loop->timers);
    return first != NULL && first->key < deadline_us ? first->key : deadline_us;
}

static struct mail *reverse(struct mail *newest)
{
    struct mail *oldest = NULL;
    while (newest != NULL) {
        struct mail *mail = newest;
        newest = mail->next;
        mail->next = oldest;
        oldest = mail;
    }
    return oldest;
}

/* Delivers what is there now; mail posted meanwhile waits for the next turn. */
static void deliver_mail(struct loop *loop)
{
    struct mail *mail = reverse(atomic_exchange(&loop->mailbox, NULL));
    while (mail != NULL) {
        struct mail *next = mail->next;
        mail->next = NULL;
        mail->deliver(mail);
        mail = next;
    }
}

static void fire_timers(struct loop *loop)
{
    uint64_t now_us = loop_now_us(loop);
    loop->is_firing = true;
    for (;;) {
        struct sg_heap_node *first = sg_heap_first(&loop->timers);
        if (first == NULL || first->key > now_us)
            break;
        sg_heap_remove(&loop->timers, first);
        struct timer *timer = sg_container_of(first, struct timer, node);
        timer->fire(timer);
    }
    loop->is_firing = false;
}

/* Includes what deferred work defers: objects that free each other go in one turn. */
static void run_deferred(struct loop *loop)
{
    for (;;) {
        struct sg_list *node = sg_list_pop(&loop->deferred);
        if (node == NULL)
            return;
        struct deferred *deferred = sg_container_of(node, struct deferred, node);
        deferred->run(deferred);
    }
}

static void count_turn(struct loop_stats *stats, uint64_t busy_us)
{
    enum { LAST = sizeof stats->busy_histogram / sizeof stats->busy_histogram[0] - 1 };
    unsigned slot = 0;
    while (slot < LAST && busy_us >= UINT64_C(1) << slot)
        slot++;
    stats->turns++;
    stats->busy_us += busy_us;
    stats->busy_histogram[slot]++;
    if (busy_us > stats->longest_busy_us)
        stats->longest_busy_us = busy_us;
}

enum sg_status loop_create(struct loop **out, struct sg_err *err)
{
    struct loop *loop = sg_alloc(sizeof *loop);
    if (loop == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating a loop");
    enum sg_status status = port_create(&loop->port, err);
    if (status != SG_OK) {
        sg_free(loop);
        return status;
    }
    atomic_init(&loop->mailbox, NULL);
    sg_list_init(&loop->deferred);
    *out = loop;
    return SG_OK;
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL)
        return;
    while (atomic_load(&loop->mailbox) != NULL || !sg_list_is_empty(&loop->deferred)) {
        deliver_mail(loop);
        run_deferred(loop);
    }
    SG_ASSERT(sg_heap_first(&loop->timers) == NULL);
    port_destroy(loop->port);
    sg_free(loop);
}

void loop_turn(struct loop *loop, uint64_t max_wait_us)
{
    port_wait(loop->port, wait_deadline_us(loop, max_wait_us));
    deliver_mail(loop);
    fire_timers(loop);
    run_deferred(loop);
    count_turn(&loop->stats, port_now_us(loop->port) - loop_now_us(loop));
}

void loop_run(struct loop *loop)
{
    while (!loop->is_stopping)
        loop_turn(loop, UINT64_MAX);
    loop->is_stopping = false;
}

void loop_stop(struct loop *loop)
{
    loop->is_stopping = true;
}

uint64_t loop_now_us(const struct loop *loop)
{
    return port_woke_us(loop->port);
}

uint64_t loop_clock_us(const struct loop *loop)
{
    return port_now_us(loop->port);
}

struct port *loop_port(const struct loop *loop)
{
    return loop->port;
}

/* Only the mail that finds the mailbox empty wakes the port: whoever empties it takes all of it. */
void loop_post(struct loop *loop, struct mail *mail)
{
    struct mail *newest = atomic_load_explicit(&loop->mailbox, memory_order_relaxed);
    do {
        mail->next = newest;
    } while (!atomic_compare_exchange_weak(&loop->mailbox, &newest, mail));
    if (newest == NULL)
        port_wake(loop->port);
}

/* A timer started while timers fire is due in a later turn, or one that always restarts itself
 * with no delay would keep the turn from ending. */
void timer_start(struct loop *loop, struct timer *timer, uint64_t delay_us)
{
    uint64_t shortest_us = loop->is_firing ? 1 : 0;
    sg_heap_remove(&loop->timers, &timer->node);
    sg_heap_insert(&loop->timers, &timer->node,
                   add_saturating(loop_now_us(loop), delay_us > 0 ? delay_us : shortest_us));
}

void timer_stop(struct loop *loop, struct timer *timer)
{
    sg_heap_remove(&loop->timers, &timer->node);
}

bool timer_is_running(const struct timer *timer)
{
    return timer->node.is_in_heap;
}

void loop_defer(struct loop *loop, struct deferred *deferred)
{
    if (sg_list_is_empty(&deferred->node))
        sg_list_insert(&loop->deferred, &deferred->node);
}

const struct loop_stats *loop_stats(const struct loop *loop)
{
    return &loop->stats;
}
