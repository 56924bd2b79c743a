/* The threads behind file_write: they make POSIX writes complete later and in any order, as
 * overlapped ones do. */
#ifndef SEGUE_OS_POSIX_WRITERS_H
#define SEGUE_OS_POSIX_WRITERS_H

#include "base/err.h"
#include "os/op.h"
#include "os/port.h"

struct writers;

/* Starts the threads; their completions go to `port`. Owned by the caller. */
SG_MUST_USE enum sg_status writers_create(struct port *port, struct writers **out,
                                          struct sg_err *err);

/* Ends the threads; nothing may be queued. NULL is allowed. */
void writers_destroy(struct writers *writers);

/* Queues the write that op's state (os/posix/port_posix.h) describes. Any thread; never fails. */
void writers_submit(struct writers *writers, struct op *op);

#endif
