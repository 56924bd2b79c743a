/* What the listener needs of a connection. Loop thread only. */
#ifndef SEGUE_IPC_WIN_CONN_H
#define SEGUE_IPC_WIN_CONN_H

#include "ipc/pipe.h"
#include "os/win/win.h"

/* A connection out of a connected pipe that has joined the loop's port; takes `pipe` over in every
 * case. NULL when memory ran out. */
struct pipe_conn *conn_create(struct loop *loop, HANDLE pipe);

#endif
