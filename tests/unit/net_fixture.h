/* A loop, a net and a peer for one test, and clients that check every byte they get. */
#ifndef SEGUE_TESTS_UNIT_NET_FIXTURE_H
#define SEGUE_TESTS_UNIT_NET_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/xfer.h"
#include "tests/unit/http_peer.h"

struct net_fixture {
    struct loop *loop;
    struct net *net;
    struct http_peer *peer;
    struct http_peer *other; /* the same server on another port */
    uint64_t delivered;      /* to all clients */
};

/* Where a client is to be cancelled, or held back. */
enum client_event { CLIENT_NEVER, CLIENT_AT_HEAD, CLIENT_AT_DATA, CLIENT_AT_END };

/* Zero-initialise it, fill in what is wished, client_start. */
struct client {
    struct net_fixture *fixture;
    enum client_event cancel_at;
    uint64_t pause_every; /* bytes after which on_data says no; 0: never */
    struct xfer_request request;

    struct xfer *xfer;
    unsigned n_heads;
    unsigned n_pauses;
    uint64_t n_since_pause;
    uint64_t n_bytes;
    bool is_wrong; /* a byte was not the pattern's, or a callback came out of turn */
    bool is_cancelled;
    bool is_ended;
    bool is_starting;
    enum sg_status status;
    struct sg_err err;
    int http_status;
    bool is_reused;
    uint64_t setup_us;
    uint64_t first_byte_us;
    struct sg_buf lines;
    struct sg_buf url;
    char *own_url;
};

/* For cmocka: puts a struct net_fixture into `*state`. */
int net_setup(void **state);

/* For cmocka: destroys everything and checks that nothing is left. */
int net_teardown(void **state);

/* The server's http://127.0.0.1:PORT + `target`; the caller owns it. */
char *net_url(const struct net_fixture *fixture, const char *target);

/* Starts `client` with its request, towards `target` on the peer unless request.url is set. */
void client_start(struct net_fixture *fixture, struct client *client, const char *target);

/* Lets it go on when it is held. */
void client_resume(struct client *client);

/* Cancels it, when it has not ended. */
void client_cancel(struct client *client);

/* Turns the loop until `client` has ended, and resumes it whenever it is held. Fails the test after
 * 20 s. */
void client_wait(struct client *client);

/* client_start, then client_wait. */
void client_run(struct net_fixture *fixture, struct client *client, const char *target);

/* Turns the loop until `is_true(ctx)`. Fails the test after 20 s. */
void net_wait_for(struct net_fixture *fixture, bool (*is_true)(void *ctx), void *ctx);

/* Expects that it ended well with exactly `n_bytes` right ones. */
void client_expect(struct client *client, int http_status, uint64_t n_bytes);

/* Expects that it failed. */
void client_expect_failure(struct client *client, enum sg_status status);

/* Releases what the client holds. */
void client_fini(struct client *client);

#endif
