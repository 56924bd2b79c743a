/* Which daemon to talk to. It knows the order, not how anything is started (launch.h). */
#include "cli/connect.h"

#include "base/mem.h"
#include "cli/host.h"
#include "cli/launch.h"
#include "ipc/dial.h"

enum {
    OPEN_TIMEOUT_MS = 5000,
    LAUNCH_TIMEOUT_MS = 10000,
};

static enum sg_status open_named(const char *pipe_name, struct client **out, struct sg_err *err)
{
    enum sg_status status = client_open(pipe_name, OPEN_TIMEOUT_MS, out, err);
    if (status != SG_E_NO_DAEMON)
        return status;
    return sg_err_set(err, SG_E_NO_DAEMON,
                      "no daemon listens at %s, which SEGUE_PIPE names: start one there with "
                      "'segd run', or unset SEGUE_PIPE",
                      pipe_name);
}

static enum sg_status open_service(struct client **out, struct sg_err *err)
{
    char *name;
    enum sg_status status = dial_service_name(&name, err);
    if (status != SG_OK)
        return status;
    status = client_open(name, OPEN_TIMEOUT_MS, out, err);
    sg_free(name);
    return status;
}

static enum sg_status open_own(struct client **out, struct sg_err *err)
{
    char *name;
    enum sg_status status = dial_user_name(&name, err);
    if (status != SG_OK)
        return status;
    status = client_open(name, OPEN_TIMEOUT_MS, out, err);
    sg_free(name);
    return status;
}

/* Starts the user's daemon and connects to it. Somebody else may have done so while we waited for
 * our turn, or may do so by hand at this moment: that daemon is as good, so what counts in the end
 * is whether one listens. */
static enum sg_status start_own(struct client **out, struct sg_err *err)
{
    struct sg_err launch_err = { 0 };
    struct launch_lock *lock = launch_lock_take(LAUNCH_TIMEOUT_MS);
    enum sg_status status = open_own(out, err);
    if (status == SG_E_NO_DAEMON) {
        enum sg_status launched = launch_daemon(LAUNCH_TIMEOUT_MS, &launch_err);
        status = open_own(out, err);
        if (launched != SG_OK && status != SG_OK) {
            status = launched;
            if (err != NULL)
                *err = launch_err;
        }
    }
    launch_lock_give(lock);
    return status;
}

/* Adds what to do to the refusals of client_open, which only tell what happened. */
static enum sg_status advise(enum sg_status status, struct sg_err *err)
{
    if (status != SG_E_DENIED || err == NULL)
        return status;
    struct sg_err inner = *err;
    return sg_err_foreign(err, status, inner.foreign,
                          "%s: see who runs that daemon, or name another pipe by SEGUE_PIPE",
                          sg_err_text(&inner));
}

enum sg_status connect_open(bool may_start, struct client **out, struct sg_err *err)
{
    char *pipe_name = host_env("SEGUE_PIPE");
    if (pipe_name != NULL) {
        enum sg_status status = open_named(pipe_name, out, err);
        sg_free(pipe_name);
        return advise(status, err);
    }
    enum sg_status status = open_service(out, err);
    if (status == SG_E_NO_DAEMON)
        status = open_own(out, err);
    if (status == SG_E_NO_DAEMON && may_start)
        status = start_own(out, err);
    else if (status == SG_E_NO_DAEMON)
        sg_err_set(err, status, "no daemon is running: 'seg add' starts one, or run 'segd run'");
    return advise(status, err);
}
