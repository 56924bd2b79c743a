/* Threads and the event that another thread waits for. */
#define _GNU_SOURCE
#include "os/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "os/posix/fail_posix.h"

enum { NAME_SIZE = 16 }; /* pthread_setname_np takes no more */

/* Freed by whoever is the last to need it: the thread itself, or its owner. */
struct thread {
    atomic_int n_holders;
    pthread_t id;
    thread_fn *run;
    void *ctx;
    char name[NAME_SIZE];
};

struct signal {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_set; /* under lock */
};

static void drop(struct thread *thread)
{
    if (atomic_fetch_sub(&thread->n_holders, 1) == 1)
        sg_free(thread);
}

static void *enter(void *argument)
{
    struct thread *thread = argument;
    pthread_setname_np(pthread_self(), thread->name);
    thread->run(thread->ctx);
    drop(thread);
    return NULL;
}

enum sg_status thread_start(const char *name, thread_fn *run, void *ctx, struct thread **out,
                            struct sg_err *err)
{
    struct thread *thread = sg_alloc(sizeof *thread);
    if (thread == NULL)
        return sg_err_set(err, SG_E_NOMEM, "starting thread %s", name);
    atomic_init(&thread->n_holders, 2);
    thread->run = run;
    thread->ctx = ctx;
    snprintf(thread->name, sizeof thread->name, "%s", name);
    int os_error = pthread_create(&thread->id, NULL, enter, thread);
    if (os_error != 0) {
        sg_free(thread);
        return posix_fail_as(err, SG_E_SYSTEM, os_error, "starting thread", name);
    }
    *out = thread;
    return SG_OK;
}

void thread_join(struct thread *thread)
{
    if (thread == NULL)
        return;
    pthread_join(thread->id, NULL);
    drop(thread);
}

void thread_let_go(struct thread *thread)
{
    if (thread == NULL)
        return;
    pthread_detach(thread->id);
    drop(thread);
}

/* Waits by the monotonic clock, so that setting the time of day does not stretch a wait. */
static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static struct timespec deadline_after(uint32_t timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(timeout_ms / 1000);
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

enum sg_status signal_create(struct signal **out, struct sg_err *err)
{
    struct signal *signal = sg_alloc(sizeof *signal);
    if (signal == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating an event");
    pthread_mutex_init(&signal->lock, NULL);
    init_condition(&signal->changed);
    *out = signal;
    return SG_OK;
}

void signal_destroy(struct signal *signal)
{
    if (signal == NULL)
        return;
    pthread_cond_destroy(&signal->changed);
    pthread_mutex_destroy(&signal->lock);
    sg_free(signal);
}

void signal_set(struct signal *signal)
{
    pthread_mutex_lock(&signal->lock);
    signal->is_set = true;
    pthread_cond_broadcast(&signal->changed);
    pthread_mutex_unlock(&signal->lock);
}

bool signal_wait(struct signal *signal, uint32_t timeout_ms)
{
    const struct timespec until = deadline_after(timeout_ms);
    int os_error = 0;
    pthread_mutex_lock(&signal->lock);
    while (!signal->is_set && os_error != ETIMEDOUT) {
        if (timeout_ms == UINT32_MAX)
            pthread_cond_wait(&signal->changed, &signal->lock);
        else
            os_error = pthread_cond_timedwait(&signal->changed, &signal->lock, &until);
    }
    bool is_set = signal->is_set;
    pthread_mutex_unlock(&signal->lock);
    return is_set;
}
