/* Lets the pool for blocking calls write the log while the daemon runs. Loop thread only. */
#ifndef SEGUE_DAEMON_LOG_WRITER_H
#define SEGUE_DAEMON_LOG_WRITER_H

#include "os/work.h"

struct log_writer;

/* From now on whoever has a line leaves the writing to `pool`. NULL when memory ran out: then
 * everybody goes on writing. */
struct log_writer *log_writer_create(struct loop *loop, struct work_pool *pool);

/* Gives the writing back to whoever has a line, before the pool goes. NULL is allowed. */
void log_writer_stop(struct log_writer *writer);

/* Frees it: the pool is gone, and what the loop had to deliver for it was delivered. NULL is
 * allowed. */
void log_writer_destroy(struct log_writer *writer);

#endif
