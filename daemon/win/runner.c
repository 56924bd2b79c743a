/* Running the app. Its state is the process's. */
#include "daemon/win/runner.h"

#include "daemon/event_log.h"
#include "daemon/log.h"
#include "os/win/win.h"

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE ending = CONDITION_VARIABLE_INIT;

/* under lock */
static struct app *running; /* NULL unless app_stop may be called */
static bool is_stop_asked;
static bool has_ended;

static void publish(struct app *app)
{
    AcquireSRWLockExclusive(&lock);
    running = app;
    if (app != NULL && is_stop_asked)
        app_stop(app);
    ReleaseSRWLockExclusive(&lock);
}

static void announce_end(void)
{
    AcquireSRWLockExclusive(&lock);
    has_ended = true;
    ReleaseSRWLockExclusive(&lock);
    WakeAllConditionVariable(&ending);
}

/* The app has closed the log again, or never got that far. Whoever waits at the console is told by
 * the host. */
static void record_failure(const struct app_options *options, const struct sg_err *err)
{
    log_to_console(false);
    log_open(options->data_folder);
    event_report(EVENT_START_FAILED, "segd could not start: %s", sg_err_text(err));
    log_close();
}

enum sg_status runner_run(const struct app_options *options, struct sg_err *err)
{
    struct app *app;
    enum sg_status status = app_open(options, &app, err);
    if (status == SG_OK) {
        publish(app);
        app_run(app);
        publish(NULL);
        app_close(app);
    } else {
        record_failure(options, err);
    }
    announce_end();
    return status;
}

void runner_stop(void)
{
    AcquireSRWLockExclusive(&lock);
    is_stop_asked = true;
    if (running != NULL)
        app_stop(running);
    ReleaseSRWLockExclusive(&lock);
}

bool runner_await_end(uint32_t timeout_ms)
{
    uint64_t deadline_ms = GetTickCount64() + timeout_ms;
    AcquireSRWLockExclusive(&lock);
    for (uint64_t now_ms = GetTickCount64(); !has_ended && now_ms < deadline_ms;
         now_ms = GetTickCount64())
        SleepConditionVariableSRW(&ending, &lock, (DWORD)(deadline_ms - now_ms), 0);
    bool is_over = has_ended;
    ReleaseSRWLockExclusive(&lock);
    return is_over;
}
