/* The method that reads the log. It tells what everybody does, so it is for those who may change
 * the settings. A caller who wants to follow the log names the last line he has and how long he
 * will wait for the next; so the one who reads sets the pace, and the log keeps nothing for him but
 * what it keeps anyway. */
#include "daemon/methods.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "daemon/log.h"
#include "daemon/log_calls.h"
#include "daemon/log_ring.h"

enum {
    LINES_STANDARD = 20,
    REPLY_MAX_LINES = 1000,
    REPLY_MAX_BYTES = 128 * 1024, /* fits into one line of the channel, however much is escaped */
    WAIT_MAX_MS = 60000,
};

struct log_calls {
    struct app *app;
    struct sg_list waiting;
    struct mail mail; /* there are new lines */
    atomic_flag is_posted;
};

/* One call that waits. */
struct waiting {
    struct sg_list node;
    struct call *call;
    struct timer deadline;
    struct loop *loop;
    struct log_query query;
};

/* ---- answers ---- */

static void add_line(void *ctx, uint64_t number, enum log_level level, const char *text,
                     size_t length)
{
    cJSON *lines = ctx;
    struct log_record record = { level, text };
    char when[LOG_TIME_LENGTH + 1];
    char rest[LOG_LINE_SIZE];
    cJSON *line = cJSON_CreateObject();
    (void)log_text_parse(text, &record);
    memcpy(when, text, LOG_TIME_LENGTH);
    when[LOG_TIME_LENGTH] = '\0';
    size_t n_rest = length - (size_t)(record.text - text) - 1; /* without the line break */
    memcpy(rest, record.text, n_rest);
    rest[n_rest] = '\0';
    cJSON_AddNumberToObject(line, "id", (double)number);
    cJSON_AddStringToObject(line, "time", when);
    cJSON_AddStringToObject(line, "level", log_level_word(level));
    cJSON_AddStringToObject(line, "text", rest);
    cJSON_AddItemToArray(lines, line);
}

/* The result as it is now. */
static cJSON *read_lines(const struct log_query *query)
{
    cJSON *result = cJSON_CreateObject();
    cJSON *lines = cJSON_AddArrayToObject(result, "lines");
    struct log_found found = log_read(query, add_line, lines);
    cJSON_AddNumberToObject(result, "next", (double)found.next);
    cJSON_AddNumberToObject(result, "missed", (double)found.missed);
    return result;
}

static bool has_lines(const cJSON *result)
{
    const cJSON *lines = cJSON_GetObjectItemCaseSensitive(result, "lines");
    return lines != NULL && lines->child != NULL;
}

/* ---- waiting ---- */

static void answer(struct waiting *waiting, cJSON *result)
{
    struct call *call = waiting->call;
    timer_stop(waiting->loop, &waiting->deadline);
    sg_list_remove(&waiting->node);
    sg_free(waiting);
    call_reply(call, result);
}

static void on_deadline(struct timer *timer)
{
    struct waiting *waiting = sg_container_of(timer, struct waiting, deadline);
    answer(waiting, read_lines(&waiting->query));
}

static void on_caller_gone(void *ctx)
{
    struct waiting *waiting = ctx;
    answer(waiting, NULL);
}

/* Lines that nobody here wants leave the calls as they are, a bit further on. */
static void look_again(struct waiting *waiting)
{
    cJSON *result = read_lines(&waiting->query);
    if (has_lines(result)) {
        answer(waiting, result);
        return;
    }
    const cJSON *next = cJSON_GetObjectItemCaseSensitive(result, "next");
    if (next != NULL)
        waiting->query.after = (uint64_t)next->valuedouble;
    cJSON_Delete(result);
}

static void on_new_lines(struct mail *mail)
{
    struct log_calls *calls = sg_container_of(mail, struct log_calls, mail);
    atomic_flag_clear(&calls->is_posted);
    SG_LIST_FOR_EACH(node, &calls->waiting)
    {
        look_again(sg_container_of(node, struct waiting, node));
    }
}

/* Any thread, under the log's lock. */
static void post_mail(void *ctx)
{
    struct log_calls *calls = ctx;
    if (!atomic_flag_test_and_set(&calls->is_posted))
        loop_post(app_loop(calls->app), &calls->mail);
}

struct log_calls *log_calls_create(struct app *app)
{
    struct log_calls *calls = sg_alloc(sizeof *calls);
    if (calls == NULL)
        return NULL;
    calls->app = app;
    calls->mail.deliver = on_new_lines;
    atomic_flag_clear(&calls->is_posted);
    sg_list_init(&calls->waiting);
    log_watch(post_mail, calls);
    return calls;
}

void log_calls_destroy(struct log_calls *calls)
{
    if (calls == NULL)
        return;
    log_watch(NULL, NULL);
    loop_turn(app_loop(calls->app), 0); /* mail that is on its way */
    sg_free(calls);
}

static void wait_for_lines(struct log_calls *calls, struct call *call,
                           const struct log_query *query, uint32_t wait_ms)
{
    struct waiting *waiting = sg_alloc(sizeof *waiting);
    if (waiting == NULL) {
        method_fail(call, SG_E_NOMEM, "out of memory");
        return;
    }
    waiting->call = call;
    waiting->query = *query;
    waiting->loop = app_loop(calls->app);
    waiting->deadline.fire = on_deadline;
    sg_list_insert(&calls->waiting, &waiting->node);
    timer_start(waiting->loop, &waiting->deadline, (uint64_t)wait_ms * 1000);
    call_watch(call, on_caller_gone, waiting);
    post_mail(calls); /* for a line that came between the look and now */
}

/* ---- parameters ---- */

static enum sg_status read_number(const cJSON *params, const char *name, double max, double *out,
                                  struct sg_err *err)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(params, name);
    if (value == NULL || cJSON_IsNull(value))
        return SG_OK;
    double number = cJSON_IsNumber(value) ? value->valuedouble : NAN;
    if (!(number >= 0 && number <= max) || floor(number) < number)
        return sg_err_set(err, SG_E_INVALID, "'%s' is a whole number from 0 to %.0f", name, max);
    *out = number;
    return SG_OK;
}

static enum sg_status read_level(const cJSON *params, enum log_level *out, struct sg_err *err)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(params, "level");
    if (value == NULL || cJSON_IsNull(value))
        return SG_OK;
    enum log_level level =
        cJSON_IsString(value) ? log_level_find(value->valuestring) : LOG_LEVEL_COUNT;
    if (level == LOG_LEVEL_COUNT)
        return sg_err_set(err, SG_E_INVALID, "'level' is error, warning, info or debug");
    *out = level;
    return SG_OK;
}

static enum sg_status read_query(const cJSON *params, struct log_query *out, double *out_wait_ms,
                                 struct sg_err *err)
{
    double lines = LINES_STANDARD;
    double after = -1;
    enum sg_status status = method_check_params(params, "lines after level wait_ms", err);
    if (status == SG_OK)
        status = read_number(params, "lines", LOG_RING_LINES, &lines, err);
    if (status == SG_OK)
        status = read_number(params, "after", 9e15, &after, err);
    if (status == SG_OK)
        status = read_number(params, "wait_ms", WAIT_MAX_MS, out_wait_ms, err);
    if (status == SG_OK)
        status = read_level(params, &out->level, err);
    if (status == SG_OK)
        out->after = after >= 0 ? (uint64_t)after : log_before_last(out->level, (size_t)lines);
    return status;
}

void method_daemon_log(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    double wait_ms = 0;
    struct log_query query = { .level = LOG_DEBUG,
                               .max_lines = REPLY_MAX_LINES,
                               .max_bytes = REPLY_MAX_BYTES };
    if (read_query(params, &query, &wait_ms, &err) != SG_OK) {
        call_fail(call, &err);
        return;
    }
    cJSON *result = read_lines(&query);
    if (has_lines(result) || wait_ms <= 0 || call_session(call) == NULL) {
        call_reply(call, result);
        return;
    }
    cJSON_Delete(result);
    wait_for_lines(app_log_calls(app), call, &query, (uint32_t)wait_ms);
}
