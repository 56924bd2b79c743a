/* The works that wait for a thread, first come first served, and their way back to the loop. The
 * pool and the worker differ only in who takes them out. Any thread. */
#ifndef SEGUE_OS_WIN_WORK_QUEUE_H
#define SEGUE_OS_WIN_WORK_QUEUE_H

#include "os/win/win.h"
#include "os/work.h"

struct work_queue {
    SRWLOCK lock;

    /* under lock */
    struct work *first;
    struct work *last;
};

/* Makes it empty. There is nothing to release. */
void work_queue_init(struct work_queue *queue);

/* Puts `work` at the end. */
void work_queue_push(struct work_queue *queue, struct loop *loop, struct work *work);

/* Takes the first one out, NULL when there is none. The caller holds the lock. */
struct work *work_queue_pop_locked(struct work_queue *queue);

/* Runs it here and sends it back to its loop, which from then on may free it. */
void work_run(struct work *work);

#endif
