/* From a line to a unit of work: the line posts mail, and the mail submits the work, unless it is
 * under way or was a moment ago: then it runs once more for all that came meanwhile. */
#include "daemon/log_writer.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/mem.h"
#include "daemon/log.h"

enum { REST_US = 100 * 1000 };

struct log_writer {
    struct loop *loop;
    struct mail mail; /* there are lines */
    atomic_flag is_posted;
    /* loop thread only */
    struct work_pool *pool; /* NULL: it goes */
    struct work work;
    struct timer rest; /* after a work, so that many lines cost few of them */
    bool is_busy;      /* with both */
    bool is_wanted_again;
};

static void begin(struct log_writer *writer)
{
    writer->is_wanted_again = writer->is_busy;
    if (writer->is_busy || writer->pool == NULL)
        return;
    writer->is_busy = true;
    work_submit(writer->pool, &writer->work);
}

static void run_work(struct work *work)
{
    (void)work;
    log_flush();
}

static void on_work_done(struct work *work)
{
    struct log_writer *writer = sg_container_of(work, struct log_writer, work);
    if (writer->pool != NULL)
        timer_start(writer->loop, &writer->rest, REST_US);
}

static void on_rested(struct timer *timer)
{
    struct log_writer *writer = sg_container_of(timer, struct log_writer, rest);
    writer->is_busy = false;
    if (writer->is_wanted_again)
        begin(writer);
}

static void on_lines(struct mail *mail)
{
    struct log_writer *writer = sg_container_of(mail, struct log_writer, mail);
    atomic_flag_clear(&writer->is_posted);
    begin(writer);
}

/* Any thread, under the log's lock. */
static void wake(void *ctx)
{
    struct log_writer *writer = ctx;
    if (!atomic_flag_test_and_set(&writer->is_posted))
        loop_post(writer->loop, &writer->mail);
}

struct log_writer *log_writer_create(struct loop *loop, struct work_pool *pool)
{
    struct log_writer *writer = sg_alloc(sizeof *writer);
    if (writer == NULL)
        return NULL;
    writer->loop = loop;
    writer->pool = pool;
    writer->mail.deliver = on_lines;
    writer->work.run = run_work;
    writer->work.done = on_work_done;
    writer->rest.fire = on_rested;
    atomic_flag_clear(&writer->is_posted);
    log_hand_over(wake, writer);
    return writer;
}

void log_writer_stop(struct log_writer *writer)
{
    if (writer == NULL)
        return;
    log_hand_over(NULL, NULL);
    writer->pool = NULL;
    timer_stop(writer->loop, &writer->rest);
}

void log_writer_destroy(struct log_writer *writer)
{
    sg_free(writer);
}
