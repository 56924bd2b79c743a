/* The event loop of one thread. A turn is always: wait → completions → mailbox → due timers →
 * deferred work. Time is read once per turn, after the wait.
 *
 * Unless a function says otherwise it is called on the loop's own thread (the one that runs
 * loop_turn), or before that thread starts or after it ended. */
#ifndef SEGUE_OS_LOOP_H
#define SEGUE_OS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/list.h"

struct loop;
struct port;
struct timer;
struct mail;
struct deferred;

typedef void timer_fn(struct timer *timer);
typedef void mail_fn(struct mail *mail);
typedef void deferred_fn(struct deferred *deferred);

/* Fires once per timer_start. Embed it; set `fire` and zero the rest. */
struct timer {
    timer_fn *fire;
    struct sg_heap_node node;
};

/* A message to the loop thread from any thread. Embed it; set `deliver`. It belongs to the loop
 * from loop_post until `deliver` is called, which may free it. */
struct mail {
    mail_fn *deliver;
    struct mail *next;
};

/* Something to do at the end of the present turn (freeing an object inside its own completion is
 * not allowed; this is where it happens). Embed it; set `run` and zero the rest. */
struct deferred {
    deferred_fn *run;
    struct sg_list node;
};

/* Creates a loop with its port, owned by the caller. */
SG_MUST_USE enum sg_status loop_create(struct loop **out, struct sg_err *err);

/* Destroys it. Mail that was posted and not delivered is delivered first, deferred work is run; no
 * operation may be pending and no timer running. NULL is allowed. */
void loop_destroy(struct loop *loop);

/* One turn: waits for at most `max_wait_us` (UINT64_MAX: until something happens or a timer is
 * due). */
void loop_turn(struct loop *loop, uint64_t max_wait_us);

/* Turns until loop_stop was called; then forgets that it was. */
void loop_run(struct loop *loop);

/* Makes loop_run return after the present turn. Loop thread; others post mail that calls it. */
void loop_stop(struct loop *loop);

/* The monotonic time of the present turn, in microseconds. */
uint64_t loop_now_us(const struct loop *loop);

/* The monotonic time this instant, for measuring inside a turn. Any thread. */
uint64_t loop_clock_us(const struct loop *loop);

/* The port, for the seam's other parts. Any thread. */
struct port *loop_port(const struct loop *loop);

/* Hands `mail` to the loop thread, which calls mail->deliver in order of posting. Any thread;
 * never blocks, never fails. */
void loop_post(struct loop *loop, struct mail *mail);

/* Starts `timer`, or moves it when it is running: fires in the first turn at or after
 * loop_now_us() + delay_us, never inside this call. */
void timer_start(struct loop *loop, struct timer *timer, uint64_t delay_us);

/* Stops it; nothing happens when it is not running. */
void timer_stop(struct loop *loop, struct timer *timer);

/* True from timer_start until it fires or is stopped. */
bool timer_is_running(const struct timer *timer);

/* Runs deferred->run at the end of the present turn; a second call before that changes nothing. */
void loop_defer(struct loop *loop, struct deferred *deferred);

/* How long the last turns worked between two waits: for measurements. */
struct loop_stats {
    uint64_t turns;
    uint64_t busy_us;            /* in all turns together */
    uint64_t longest_busy_us;    /* in one turn */
    uint64_t busy_histogram[24]; /* [i] counts turns that took less than 2^i µs (last: more) */
};

/* The figures since the loop was created. */
const struct loop_stats *loop_stats(const struct loop *loop);

#endif
