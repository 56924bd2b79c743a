/* Both ends of a control channel. Nothing here blocks: a client's write is cut into pieces that the
 * system takes at once as long as the server reads, and a client's read never waits. */
#include "tests/unit/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "os/clock.h"

#ifdef _WIN32
#define NAME_FORMAT "\\\\.\\pipe\\segue-test-%016llx"
#else
#define NAME_FORMAT "/tmp/segue-test-%016llx.sock"
#endif

enum { TURN_US = 2000, PIECE = 4096 };

void talk_make_name(char *out, size_t size)
{
    snprintf(out, size, NAME_FORMAT, (unsigned long long)clock_random());
}

void stage_open(struct stage *stage, const struct server_handler *handler, void *ctx)
{
    struct sg_err err = { 0 };
    *stage = (struct stage){ 0 };
    talk_make_name(stage->name, sizeof stage->name);
    assert_int_equal(loop_create(&stage->loop, &err), SG_OK);
    enum sg_status status = server_open(stage->loop, stage->name, PIPE_ACCESS_OWNER, handler, ctx,
                                        &stage->server, &err);
    if (status != SG_OK)
        print_error("%s\n", sg_err_text(&err));
    assert_int_equal(status, SG_OK);
}

static void on_closed(void *ctx)
{
    struct stage *stage = ctx;
    stage->is_closed = true;
}

void stage_close_server(struct stage *stage)
{
    server_close(stage->server, on_closed, stage);
    stage->server = NULL;
}

void stage_turn(struct stage *stage)
{
    loop_turn(stage->loop, TURN_US);
}

void stage_wait_closed(struct stage *stage)
{
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    while (!stage->is_closed) {
        assert_true(dial_now_ms() < deadline_ms);
        stage_turn(stage);
    }
}

void stage_fini(struct stage *stage)
{
    if (stage->server != NULL)
        stage_close_server(stage);
    stage_wait_closed(stage);
    loop_destroy(stage->loop);
}

void stage_wait_sessions(struct stage *stage, uint32_t count)
{
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    while (server_session_count(stage->server) != count) {
        assert_true(dial_now_ms() < deadline_ms);
        stage_turn(stage);
    }
}

void talk_open(struct talk *talk, struct stage *stage)
{
    struct sg_err err = { 0 };
    *talk = (struct talk){ .stage = stage };
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    enum sg_status status;
    while ((status = dial_open(stage->name, 1, &talk->dial, &err)) == SG_E_TIMEOUT) {
        assert_true(dial_now_ms() < deadline_ms);
        stage_turn(stage);
    }
    if (status != SG_OK)
        print_error("%s\n", sg_err_text(&err));
    assert_int_equal(status, SG_OK);
}

void talk_close(struct talk *talk)
{
    dial_close(talk->dial);
    frame_fini(&talk->reader);
    talk->dial = NULL;
}

bool talk_send(struct talk *talk, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length; at += PIECE) {
        size_t piece = length - at < PIECE ? length - at : PIECE;
        enum sg_status status = dial_write(talk->dial, text + at, (uint32_t)piece, NULL);
        if (status == SG_E_CLOSED)
            return false;
        assert_int_equal(status, SG_OK);
        loop_turn(talk->stage->loop, 0);
    }
    return true;
}

/* Takes what is there now. */
static void fetch(struct talk *talk)
{
    static char bytes[64 * 1024];
    uint32_t n_bytes;
    enum sg_status status = dial_read(talk->dial, bytes, sizeof bytes, 0, &n_bytes, NULL);
    if (status == SG_OK)
        assert_int_equal(frame_feed(&talk->reader, bytes, n_bytes), SG_OK);
    else if (status == SG_E_CLOSED)
        talk->is_over = true;
    else
        assert_int_equal(status, SG_E_TIMEOUT);
}

static const char *next_line(struct talk *talk)
{
    const char *line;
    size_t length;
    enum sg_status status = frame_next(&talk->reader, &line, &length);
    if (status == SG_PENDING)
        return NULL;
    assert_int_equal(status, SG_OK);
    return line;
}

const char *talk_peek(struct talk *talk)
{
    const char *line = next_line(talk);
    if (line != NULL || talk->is_over)
        return line;
    stage_turn(talk->stage);
    fetch(talk);
    return next_line(talk);
}

const char *talk_receive(struct talk *talk)
{
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    for (;;) {
        const char *line = talk_peek(talk);
        if (line != NULL || talk->is_over)
            return line != NULL ? line : next_line(talk);
        assert_true(dial_now_ms() < deadline_ms);
    }
}

void talk_expect(struct talk *talk, const char *text, const char *expected)
{
    assert_true(talk_send(talk, text));
    const char *line = talk_receive(talk);
    assert_non_null(line);
    assert_string_equal(line, expected);
}

void talk_expect_end(struct talk *talk)
{
    const char *line = talk_receive(talk);
    if (line != NULL)
        print_error("%s\n", line);
    assert_null(line);
    assert_true(talk->is_over);
}
