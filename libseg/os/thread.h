/* A thread, and an event that another thread can wait for: what the library's blocking face needs.
 */
#ifndef SEGUE_OS_THREAD_H
#define SEGUE_OS_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct thread;
struct signal;

typedef void thread_fn(void *ctx);

/* Starts a thread that runs `run(ctx)`. `name` is shown by debuggers. Any thread. */
SG_MUST_USE enum sg_status thread_start(const char *name, thread_fn *run, void *ctx,
                                        struct thread **out, struct sg_err *err);

/* Waits for its end and frees it. NULL is allowed. */
void thread_join(struct thread *thread);

/* Lets it run on, unobserved, to its end or the process's. NULL is allowed. */
void thread_let_go(struct thread *thread);

/* A manual-reset event, unset at first. Any thread. */
SG_MUST_USE enum sg_status signal_create(struct signal **out, struct sg_err *err);

/* Frees it; nobody may be waiting. NULL is allowed. */
void signal_destroy(struct signal *signal);

/* Sets it for good. Any thread. */
void signal_set(struct signal *signal);

/* Waits until it is set, or for `timeout_ms` (UINT32_MAX: for ever). True when it is set. */
bool signal_wait(struct signal *signal, uint32_t timeout_ms);

#endif
