/* What the files of this folder share: the body of `struct net`, and the few things that a transfer
 * asks of it. Loop thread only. */
#ifndef SEGUE_NET_NET_IMPL_H
#define SEGUE_NET_NET_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/list.h"
#include "net/net.h"
#include "net/net_names.h"
#include "net/net_routes.h"
#include "net/net_sock.h"

/* What one loop turn may deliver, and how long it may take, so that the loop gets round to pipes
 * and timers within milliseconds, however fast a link and however slow a consumer is. A transfer
 * that comes to the end of this stops reading, and hands on what it has read: at most
 * NET_RECEIVE_BYTES beyond. */
enum {
    NET_TURN_BYTES = 16 * 1024 * 1024,
    NET_TURN_XFER_BYTES = 8 * 1024 * 1024,
    NET_TURN_US = 8 * 1000,
};

/* What libcurl reads from a socket at once. Measured: 16 KiB costs eight times the CPU of 1 MiB,
 * and more gains nothing. Not so with TLS: for each record of 16 KiB, libcurl's Schannel code moves
 * all that was read behind it (schannel_recv), which at 1 MiB takes as long as the decryption. */
enum { NET_RECEIVE_BYTES = 1024 * 1024, NET_RECEIVE_TLS_BYTES = 256 * 1024 };

/* Transfers at a time; more are a mistake of the caller's. */
enum { NET_XFERS_MAX = 4096 };

/* Easy handles that wait for their next transfer. */
enum { NET_SPARE_EASIES_MAX = 32 };

/* struct net_config with strings of our own. */
struct net_settings {
    char *user_agent;
    char *ca_file;
    char *proxy;
    uint32_t connect_timeout_ms;
    uint32_t max_idle_connections;
};

struct net {
    struct loop *loop;
    CURLM *multi;
    struct net_settings settings;
    struct net_socks socks;
    struct net_names *names;
    struct net_routes *routes;

    struct deferred work;
    struct timer timeout; /* libcurl's */
    struct timer kick;    /* more work in the next turn */
    bool is_timeout_due;
    bool is_closing;

    struct sg_list todo; /* struct xfer: to be started, resumed or removed */
    uint32_t n_xfers;    /* all that are not freed */
    CURL *spare_easies[NET_SPARE_EASIES_MAX];
    uint32_t n_spare_easies;

    uint64_t turn;            /* the loop's turn in which work was last done */
    uint64_t turn_start_us;   /* of the work in it */
    uint64_t turn_bytes;      /* body bytes handed on in it */
    uint64_t delivered_bytes; /* body bytes handed on ever */
};

/* Has net's work done in the present turn, or in the next when it was done already. */
void net_wake(struct net *net);

/* True when more may be delivered in this turn. */
bool net_may_go_on(const struct net *net);

/* An easy handle with default options; NULL when memory ran out. */
CURL *net_borrow_easy(struct net *net);

/* Gives it back; it is in no multi handle. */
void net_return_easy(struct net *net, CURL *easy);

/* Sizes the pool of connections for the transfers that there are now. Not inside libcurl's
 * callbacks. */
void net_fit_pool(struct net *net);

#endif
