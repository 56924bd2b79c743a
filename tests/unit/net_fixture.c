/* See net_fixture.h. */
#include "tests/unit/net_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/loop.h"
#include "tests/unit/net_replies.h"

enum { DEADLINE_US = 20 * 1000 * 1000 };

static void note_head(struct client *client, const struct xfer_head *head)
{
    client->http_status = head->http_status;
    client->is_reused = head->is_reused;
    client->setup_us = head->setup_us;
    client->first_byte_us = head->first_byte_us;
    sg_buf_clear(&client->lines);
    sg_buf_append(&client->lines, head->lines, head->length);
    sg_buf_clear(&client->url);
    sg_buf_puts(&client->url, head->url);
}

/* Nothing may come inside xfer_start, behind the end or behind xfer_cancel. */
static void check_turn(struct client *client)
{
    if (client->is_starting || client->is_ended || client->is_cancelled)
        client->is_wrong = true;
}

static void on_head(void *ctx, const struct xfer_head *head)
{
    struct client *client = ctx;
    check_turn(client);
    if (client->n_bytes > 0)
        client->is_wrong = true;
    client->n_heads++;
    note_head(client, head);
    if (client->cancel_at == CLIENT_AT_HEAD)
        client_cancel(client);
}

static bool wants_pause(const struct client *client, size_t n_bytes)
{
    return client->pause_every > 0 && client->n_since_pause + n_bytes > client->pause_every;
}

static bool on_data(void *ctx, const void *data, size_t n_bytes)
{
    struct client *client = ctx;
    check_turn(client);
    if (client->n_heads != 1)
        client->is_wrong = true;
    if (wants_pause(client, n_bytes)) {
        client->n_since_pause = 0;
        client->n_pauses++;
        return false;
    }
    if (!http_is_pattern(data, n_bytes, client->request.first + client->n_bytes))
        client->is_wrong = true;
    client->n_bytes += n_bytes;
    client->n_since_pause += n_bytes;
    client->fixture->delivered += n_bytes;
    if (client->cancel_at == CLIENT_AT_DATA)
        client_cancel(client);
    return true;
}

static void on_end(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct client *client = ctx;
    check_turn(client);
    if (status != err->status || client->n_heads > 1)
        client->is_wrong = true;
    client->status = status;
    client->err = *err;
    client->is_ended = true;
    if (client->cancel_at == CLIENT_AT_END)
        client_cancel(client);
    client->xfer = NULL;
}

char *net_url(const struct net_fixture *fixture, const char *target)
{
    struct sg_buf url = { 0 };
    sg_buf_printf(&url, "http://127.0.0.1:%u%s", http_peer_port(fixture->peer), target);
    return sg_buf_take(&url);
}

int net_setup(void **state)
{
    static const struct net_config config = { .connect_timeout_ms = 10000,
                                              .max_idle_connections = 16 };
    struct net_fixture *fixture = sg_alloc(sizeof *fixture);
    assert_non_null(fixture);
    assert_int_equal(loop_create(&fixture->loop, NULL), SG_OK);
    assert_int_equal(net_create(fixture->loop, &config, &fixture->net, NULL), SG_OK);
    fixture->peer = http_peer_start(net_reply, NULL);
    fixture->other = http_peer_start(net_reply, NULL);
    *state = fixture;
    return 0;
}

int net_teardown(void **state)
{
    struct net_fixture *fixture = *state;
    net_destroy(fixture->net);
    loop_destroy(fixture->loop);
    http_peer_stop(fixture->peer);
    http_peer_stop(fixture->other);
    sg_free(fixture);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

void client_start(struct net_fixture *fixture, struct client *client, const char *target)
{
    static const struct xfer_events events = { on_head, on_data, on_end };
    struct sg_err err = { 0 };
    client->fixture = fixture;
    client->is_starting = true;
    client->own_url = target != NULL ? net_url(fixture, target) : NULL;
    if (target != NULL)
        client->request.url = client->own_url;
    enum sg_status status =
        xfer_start(fixture->net, &client->request, &events, client, &client->xfer, &err);
    assert_int_equal(status, SG_OK);
    client->is_starting = false;
}

void net_wait_for(struct net_fixture *fixture, bool (*is_true)(void *ctx), void *ctx)
{
    uint64_t deadline_us = loop_clock_us(fixture->loop) + DEADLINE_US;
    while (!is_true(ctx)) {
        uint64_t now_us = loop_clock_us(fixture->loop);
        assert_true(now_us < deadline_us);
        loop_turn(fixture->loop, deadline_us - now_us);
    }
}

void client_resume(struct client *client)
{
    if (client->xfer != NULL)
        xfer_resume(client->xfer);
}

void client_cancel(struct client *client)
{
    xfer_cancel(client->xfer);
    client->xfer = NULL;
    client->is_cancelled = true;
}

static bool is_over(void *ctx)
{
    struct client *client = ctx;
    client_resume(client);
    return client->is_ended;
}

void client_wait(struct client *client)
{
    net_wait_for(client->fixture, is_over, client);
}

void client_run(struct net_fixture *fixture, struct client *client, const char *target)
{
    client_start(fixture, client, target);
    client_wait(client);
}

void client_expect(struct client *client, int http_status, uint64_t n_bytes)
{
    if (client->status != SG_OK)
        print_error("%s\n", sg_err_text(&client->err));
    assert_int_equal(client->status, SG_OK);
    assert_int_equal(client->http_status, http_status);
    assert_int_equal(client->n_bytes, n_bytes);
    assert_int_equal(client->n_heads, 1);
    assert_false(client->is_wrong);
}

void client_expect_failure(struct client *client, enum sg_status status)
{
    if (client->status != status)
        print_error("%s\n", sg_err_text(&client->err));
    assert_string_equal(sg_status_word(client->status), sg_status_word(status));
    assert_int_not_equal(client->err.message[0], '\0');
    assert_false(client->is_wrong);
}

void client_fini(struct client *client)
{
    sg_buf_fini(&client->lines);
    sg_buf_fini(&client->url);
    sg_free(client->own_url);
}
