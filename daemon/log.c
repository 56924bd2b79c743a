/* The log. Its state is the process's: there is one log. */
#include "daemon/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf.h"
#include "daemon/console.h"
#include "daemon/log_files.h"
#include "daemon/log_ring.h"
#include "os/clock.h"
#include "os/lock.h"

enum { TAIL_MAX_BYTES = 256 * 1024, BATCH_MAX_BYTES = 64 * 1024 };

static atomic_bool is_on_console = true;
static atomic_int wanted_level = LOG_INFO;
static bool is_ready;

/* One at a time writes. Taken before the lock, never the other way round. */
static struct lock writing;
static struct log_files *files; /* under `writing`; NULL: there is no file */
static uint64_t n_unwritten;    /* under `writing`: lines lost since one could be written */

static struct lock lock;
/* under lock */
static struct log_ring *ring; /* NULL unless the log is open */
static uint64_t written;      /* the number of the last line that was taken for writing */
static void (*watcher)(void *ctx);
static void *watcher_ctx;
static void (*waker)(void *ctx); /* NULL: whoever has a line writes it */
static void *waker_ctx;

void log_init(void)
{
    lock_init(&writing);
    lock_init(&lock);
    is_ready = true;
}

/* ---- writing ---- */

static void write_line(const char *line, size_t length)
{
    if (is_on_console)
        console_write_error(line);
    if (files != NULL && !log_files_append(files, line, length))
        n_unwritten++;
}

/* Told with a line that can be written: where this one cannot, neither can the next. */
static void tell_of_lost_lines(void)
{
    char text[96];
    char line[LOG_LINE_SIZE];
    if (n_unwritten == 0 || files == NULL)
        return;
    snprintf(text, sizeof text, "%llu lines are missing here: they could not be written",
             (unsigned long long)n_unwritten);
    size_t length = log_text_format(clock_wall_ms(), LOG_WARNING, text, line);
    if (log_files_append(files, line, length))
        n_unwritten = 0;
}

/* A copy of the next lines to write, each with its NUL; false when there are none. */
static bool take_batch(struct sg_buf *batch)
{
    const struct log_ring_line *line;
    sg_buf_clear(batch);
    lock_take(&lock);
    while (ring != NULL && batch->length < BATCH_MAX_BYTES &&
           (line = log_ring_next(ring, written)) != NULL) {
        n_unwritten += line->number - written - 1;
        written = line->number;
        sg_buf_append(batch, line->text, line->length + 1);
        n_unwritten += batch->is_failed;
    }
    lock_release(&lock);
    return batch->length > 0 && !batch->is_failed;
}

static void write_batch(const struct sg_buf *batch)
{
    size_t length;
    if (files != NULL)
        log_files_look(files);
    for (size_t i = 0; i < batch->length; i += length + 1) {
        length = strlen(batch->data + i);
        tell_of_lost_lines();
        write_line(batch->data + i, length);
    }
}

void log_flush(void)
{
    struct sg_buf batch = { 0 };
    lock_take(&writing);
    while (take_batch(&batch))
        write_batch(&batch);
    lock_release(&writing);
    sg_buf_fini(&batch);
}

/* ---- opening ---- */

/* What earlier runs wrote, for those who read the log. Lines that are none are left out. */
static void remember_line(char *line)
{
    struct log_record record;
    size_t length = strlen(line);
    if (length + 1 < LOG_LINE_SIZE && log_text_parse(line, &record)) {
        line[length] = '\n'; /* in place of the NUL that split_line put there */
        log_ring_add(ring, record.level, line, length + 1);
    }
}

static void remember_end(void)
{
    struct sg_buf end = { 0 };
    log_files_read_end(files, TAIL_MAX_BYTES, &end);
    char *line = end.data;
    for (char *stop = NULL; line != NULL && (stop = strchr(line, '\n')) != NULL; line = stop + 1) {
        *stop = '\0';
        remember_line(line);
    }
    sg_buf_fini(&end);
    written = log_ring_newest(ring);
}

static void complain(const struct sg_err *err)
{
    if (is_on_console)
        console_complain("no log file: %s", sg_err_text(err));
}

void log_open(const char *folder)
{
    struct sg_err err;
    struct log_ring *opened = log_ring_create();
    if (opened == NULL)
        return;
    lock_take(&writing);
    lock_take(&lock);
    ring = opened;
    written = 0;
    if (log_files_open(folder, LOG_FILE_MAX, &files, &err) == SG_OK)
        remember_end();
    else
        complain(&err);
    lock_release(&lock);
    lock_release(&writing);
}

void log_close(void)
{
    log_flush();
    lock_take(&writing);
    lock_take(&lock);
    log_files_close(files);
    log_ring_destroy(ring);
    files = NULL;
    ring = NULL;
    n_unwritten = 0;
    lock_release(&lock);
    lock_release(&writing);
}

void log_to_console(bool is_on)
{
    is_on_console = is_on;
}

void log_set_level(enum log_level level)
{
    wanted_level = (int)level;
}

/* ---- lines ---- */

static void tell_of_line(void)
{
    if (watcher != NULL)
        watcher(watcher_ctx);
    if (waker != NULL)
        waker(waker_ctx);
}

/* False when the log is not open. */
static bool keep_line(enum log_level level, const char *line, size_t length)
{
    lock_take(&lock);
    bool is_open = ring != NULL;
    bool is_left_to_us = waker == NULL;
    if (is_open) {
        log_ring_add(ring, level, line, length);
        tell_of_line();
    }
    lock_release(&lock);
    if (is_open && is_left_to_us)
        log_flush();
    return is_open;
}

void log_line(enum log_level level, const char *format, ...)
{
    char text[LOG_LINE_SIZE];
    char line[LOG_LINE_SIZE];
    if ((int)level > wanted_level)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sg_utf8_trim_partial(text);
    size_t length = log_text_format(clock_wall_ms(), level, text, line);
    bool is_kept = is_ready && keep_line(level, line, length);
    if (!is_kept && is_on_console)
        console_write_error(line);
}

void log_hand_over(void (*wake)(void *ctx), void *ctx)
{
    lock_take(&lock);
    waker = wake;
    waker_ctx = ctx;
    lock_release(&lock);
}

/* ---- reading ---- */

void log_watch(void (*on_line)(void *ctx), void *ctx)
{
    lock_take(&lock);
    watcher = on_line;
    watcher_ctx = ctx;
    lock_release(&lock);
}

static struct log_found read_ring(const struct log_query *query, log_read_fn *fn, void *ctx)
{
    struct log_found found = { query->after, 0 };
    const struct log_ring_line *line = log_ring_next(ring, query->after);
    size_t n_lines = 0;
    size_t n_bytes = 0;
    if (line != NULL)
        found.missed = line->number - query->after - 1;
    for (; line != NULL && n_lines < query->max_lines && n_bytes < query->max_bytes;
         line = log_ring_next(ring, found.next)) {
        found.next = line->number;
        if (line->level > query->level)
            continue;
        fn(ctx, line->number, line->level, line->text, line->length);
        n_lines++;
        n_bytes += line->length;
    }
    return found;
}

struct log_found log_read(const struct log_query *query, log_read_fn *fn, void *ctx)
{
    struct log_found found = { query->after, 0 };
    lock_take(&lock);
    if (ring != NULL)
        found = read_ring(query, fn, ctx);
    lock_release(&lock);
    return found;
}

uint64_t log_before_last(enum log_level level, size_t n)
{
    lock_take(&lock);
    uint64_t before = ring != NULL ? log_ring_before_last(ring, level, n) : 0;
    lock_release(&lock);
    return before;
}
