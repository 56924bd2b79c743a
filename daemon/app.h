/* The daemon as one object: the loop, the data folder with its lock and database, the engine, the
 * control channel. How the process was started (console, background, service) is the host's
 * business. / */
#ifndef SEGUE_DAEMON_APP_H
#define SEGUE_DAEMON_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"
#include "ipc/server/server.h"

struct app;
struct events;
struct log_calls;
struct settings;

enum app_mode {
    APP_USER,    /* the user's own daemon */
    APP_SERVICE, /* for all users of the machine */
};

struct app_options {
    enum app_mode mode;
    const char *pipe_name;
    const char *data_folder;
    bool ends_when_idle;        /* after APP_IDLE_S with nothing to do */
    pipe_identify_fn *identify; /* tells who calls; NULL: the system is asked */
    /* Called when calls are accepted: tells whoever started us. */
    void (*ready)(void *ctx);
    void *ctx;
};

enum { APP_IDLE_S = 300 };

/* Opens everything. What fails says so in *err: SG_E_LOCKED when another process has the data
 * folder, SG_E_IN_USE when the pipe's name is taken. Options are copied. */
SG_MUST_USE enum sg_status app_open(const struct app_options *options, struct app **out,
                                    struct sg_err *err);

/* Serves until app_stop; then everything is durable. The thread that calls it is the loop thread.
 */
void app_run(struct app *app);

/* Makes app_run return soon. Any thread; more than once does no harm. */
void app_stop(struct app *app);

/* Closes everything, after app_run. NULL is allowed. */
void app_close(struct app *app);

/* For the methods, on the loop thread. */
struct loop *app_loop(const struct app *app);
struct engine *app_engine(const struct app *app);
struct store *app_store(const struct app *app);
struct settings *app_settings(const struct app *app);
struct server *app_server(const struct app *app);
struct events *app_events(const struct app *app);
struct log_calls *app_log_calls(const struct app *app);
struct work_pool *app_work_pool(const struct app *app);
const struct app_options *app_options(const struct app *app);
int64_t app_started_ms(const struct app *app);

/* What people should know about the database; NULL: nothing. */
const char *app_notice(const struct app *app);

/* Jobs came or went, or the setting changed: the machine may go to sleep, or may not. */
void app_review_sleep(struct app *app);

/* Something is being done for a caller: the idle time begins anew. */
void app_touch(struct app *app);

#endif
