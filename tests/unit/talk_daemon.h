/* A daemon made of answers, for tests of the control channel. */
#ifndef SEGUE_TESTS_UNIT_TALK_DAEMON_H
#define SEGUE_TESTS_UNIT_TALK_DAEMON_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/server/server.h"
#include "tests/unit/talk.h"

#define REQUEST(id, method) "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"method\":\"" method "\"}\n"
#define RESULT(id) "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"result\":{}}"

enum { KEPT_MAX = 256, BIG = 1024 * 1024 };

/* It answers by method:
 *   daemon.info        at once, with the parameter "n"
 *   daemon.stats       at once, with a text of "n" bytes
 *   daemon.shutdown    at once, and closes the server
 *   settings.get       at once, with an error
 *   job.get            later: the call is kept
 *   events.subscribe   at once; the session is kept */
struct daemon {
    struct stage stage;
    struct call *kept[KEPT_MAX];
    uint32_t n_kept;
    struct session *subscriber;
    uint32_t n_calls;
    uint32_t n_closed;
    char owner[256];
};

/* Its handler; the context is the daemon. */
extern const struct server_handler daemon_handler;

/* Set-up and teardown of a test with a daemon, which is the state. The teardown fails when memory
 * is left. */
int daemon_open(void **state);
int daemon_close(void **state);

/* {"n": n}, and {"text": "xxx…"}. */
cJSON *number_object(double n);
cJSON *text_object(size_t length);

/* Fails a call with "invalid". */
void refuse_call(struct call *call);

/* Turns until the daemon was called so often. */
void turn_until_calls(struct daemon *daemon, uint32_t n_calls);

/* Fails the test unless the line is an error with this id and word. */
void expect_failure(const char *line, const char *id, const char *word);

/* Fails the test unless a call is answered. */
void expect_alive(struct talk *talk);

#endif
