/* Threads that take writes from a queue, alternately the oldest and the newest, so that order of
 * submission means nothing to a caller, but no write waits for ever. They know descriptors and
 * operations, not files. */
#define _GNU_SOURCE
#include "os/posix/writers.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/assert.h"
#include "os/lock.h"
#include "os/posix/port_posix.h"
#include "os/thread.h"

enum { N_WRITERS = 3 };

struct writers {
    struct port *port;
    struct thread *threads[N_WRITERS];

    struct lock lock;
    /* under lock */
    struct sg_list queue;
    bool takes_newest;
    bool is_ending;
};

static void write_all(struct op *op)
{
    struct op_state *state = op_state(op);
    uint32_t n_asked = state->n_bytes;
    state->n_bytes = 0;
    state->status = SG_OK;
    while (state->n_bytes < n_asked && state->status == SG_OK) {
        ssize_t n_written =
            pwrite(state->fd, (const char *)state->data + state->n_bytes, n_asked - state->n_bytes,
                   (off_t)(state->offset + state->n_bytes));
        if (n_written > 0) {
            state->n_bytes += (uint32_t)n_written;
        } else if (n_written == 0) {
            state->status = SG_E_IO;
        } else if (errno != EINTR) {
            op->os_error = errno;
            state->status = os_error_status(op->os_error);
        }
    }
}

/* Waits for an operation; NULL when the threads are to end. */
static struct op *take(struct writers *writers)
{
    struct op *op = NULL;
    lock_take(&writers->lock);
    while (sg_list_is_empty(&writers->queue) && !writers->is_ending)
        lock_wait(&writers->lock);
    if (!sg_list_is_empty(&writers->queue)) {
        struct sg_list *node = writers->takes_newest ? writers->queue.prev : writers->queue.next;
        writers->takes_newest = !writers->takes_newest;
        sg_list_remove(node);
        op = op_from_node(node);
    }
    lock_release(&writers->lock);
    return op;
}

static void run_writer(void *ctx)
{
    struct writers *writers = ctx;
    for (;;) {
        struct op *op = take(writers);
        if (op == NULL)
            return;
        write_all(op);
        port_complete(writers->port, op);
    }
}

enum sg_status writers_create(struct port *port, struct writers **out, struct sg_err *err)
{
    struct writers *writers = sg_alloc(sizeof *writers);
    if (writers == NULL)
        return sg_err_set(err, SG_E_NOMEM, "starting the threads that write");
    writers->port = port;
    lock_init(&writers->lock);
    sg_list_init(&writers->queue);
    for (int i = 0; i < N_WRITERS; i++) {
        enum sg_status status =
            thread_start("writer", run_writer, writers, &writers->threads[i], err);
        if (status != SG_OK) {
            writers_destroy(writers);
            return status;
        }
    }
    *out = writers;
    return SG_OK;
}

void writers_destroy(struct writers *writers)
{
    if (writers == NULL)
        return;
    lock_take(&writers->lock);
    SG_ASSERT(sg_list_is_empty(&writers->queue));
    writers->is_ending = true;
    lock_wake_all(&writers->lock);
    lock_release(&writers->lock);
    for (int i = 0; i < N_WRITERS; i++)
        thread_join(writers->threads[i]);
    lock_fini(&writers->lock);
    sg_free(writers);
}

void writers_submit(struct writers *writers, struct op *op)
{
    lock_take(&writers->lock);
    sg_list_insert(&writers->queue, &op_state(op)->node);
    lock_wake_one(&writers->lock);
    lock_release(&writers->lock);
}
