/* From a line to a unit of work: the line posts mail, the mail submits the work unless it is under
 * way, and what came meanwhile makes it run once more. */
#include "daemon/log_writer.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/mem.h"
#include "daemon/log.h"

struct log_writer {
    struct loop *loop;
    struct mail mail; /* there are lines */
    atomic_flag is_posted;
    /* loop thread only */
    struct work_pool *pool; /* NULL: it goes */
    struct work work;
    bool is_busy;
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
}

void log_writer_destroy(struct log_writer *writer)
{
    sg_free(writer);
}
