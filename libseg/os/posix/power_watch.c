/* For tests a process that was stopped and is continued is a machine that slept. One watch at a
 * time. Loop thread, but for the signal. */
#define _GNU_SOURCE
#include "os/power.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "os/posix/fail_posix.h"

struct power_watch {
    struct loop *loop;
    power_woke_fn *woke;
    void *ctx;
    struct mail mail;
    atomic_bool is_posted;
    bool is_closed;
};

static _Atomic(struct power_watch *) present;

static void deliver(struct mail *mail)
{
    struct power_watch *watch = sg_container_of(mail, struct power_watch, mail);
    atomic_store(&watch->is_posted, false);
    if (watch->is_closed)
        sg_free(watch);
    else
        watch->woke(watch->ctx);
}

/* A lock-free push and a write to an eventfd. */
static void on_continue(int number)
{
    (void)number;
    struct power_watch *watch = atomic_load(&present);
    if (watch != NULL && !atomic_exchange(&watch->is_posted, true))
        loop_post(watch->loop, &watch->mail);
}

enum sg_status power_watch_open(struct loop *loop, power_woke_fn *woke, void *ctx,
                                struct power_watch **out, struct sg_err *err)
{
    struct sigaction action = { .sa_handler = on_continue, .sa_flags = SA_RESTART };
    struct power_watch *watch = sg_alloc(sizeof *watch);
    if (watch == NULL)
        return sg_err_set(err, SG_E_NOMEM, "hearing of the end of a sleep");
    watch->loop = loop;
    watch->woke = woke;
    watch->ctx = ctx;
    watch->mail.deliver = deliver;
    atomic_store(&present, watch);
    if (sigaction(SIGCONT, &action, NULL) != 0) {
        atomic_store(&present, NULL);
        sg_free(watch);
        return posix_fail_as(err, SG_E_SYSTEM, errno, "hearing of the end of a sleep", NULL);
    }
    *out = watch;
    return SG_OK;
}

void power_watch_close(struct power_watch *watch)
{
    if (watch == NULL)
        return;
    signal(SIGCONT, SIG_DFL);
    atomic_store(&present, NULL);
    watch->is_closed = true;
    if (!atomic_load(&watch->is_posted))
        sg_free(watch);
}
