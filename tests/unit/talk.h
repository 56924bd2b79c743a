/* Both ends of a control channel in one process and one thread, for tests: a server on a loop, and
 * clients that write and read raw lines while the loop turns. */
#ifndef SEGUE_TESTS_UNIT_TALK_H
#define SEGUE_TESTS_UNIT_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ipc/dial.h"
#include "ipc/server/server.h"
#include "ipc/wire/frame.h"
#include "os/loop.h"

/* Longest time that anything in a test may take. */
enum { TALK_DEADLINE_MS = 20000 };

/* A loop with a server, under a name that nobody else has. */
struct stage {
    struct loop *loop;
    struct server *server; /* NULL when it is closed */
    char name[128];
    bool is_closed;
};

/* A client. */
struct talk {
    struct stage *stage;
    struct dial *dial;
    struct frame_reader reader;
    bool is_over; /* the server closed the connection */
};

/* Makes a loop and a server; fails the test when that does not work. */
void stage_open(struct stage *stage, const struct server_handler *handler, void *ctx);

/* Starts to close the server; stage_wait_closed waits for it. */
void stage_close_server(struct stage *stage);

/* Turns until the server is gone. */
void stage_wait_closed(struct stage *stage);

/* Closes the server unless that was done, and destroys the loop. */
void stage_fini(struct stage *stage);

/* One turn that waits for at most a few milliseconds. */
void stage_turn(struct stage *stage);

/* Turns until the server has `count` sessions. */
void stage_wait_sessions(struct stage *stage, uint32_t count);

/* A client of the stage's server; fails the test when there is no connection. */
void talk_open(struct talk *talk, struct stage *stage);

/* Leaves. */
void talk_close(struct talk *talk);

/* Writes a text as it is, turning meanwhile; false when the server has closed the connection. */
bool talk_send(struct talk *talk, const char *text);

/* The next line, or NULL when the server has closed the connection; valid until the next call.
 * Turns meanwhile. */
const char *talk_receive(struct talk *talk);

/* The next line that is there or comes in the present turn, or NULL. */
const char *talk_peek(struct talk *talk);

/* Writes a text, and fails the test unless this line is the answer. */
void talk_expect(struct talk *talk, const char *text, const char *expected);

/* Fails the test unless the connection ends without a further line. */
void talk_expect_end(struct talk *talk);

/* A name for a pipe that nobody else has. */
void talk_make_name(char *out, size_t size);

#endif
