/* Libcurl's sockets on the loop: which of them wait for what, and when the next look at one is
 * worth its price. Loop thread only. */
#ifndef SEGUE_NET_NET_SOCK_H
#define SEGUE_NET_NET_SOCK_H

#include <stdbool.h>

#include "base/list.h"
#include "os/loop.h"

struct net;
struct net_sock;

/* Part of struct net. */
struct net_socks {
    struct sg_list all;
    struct sg_list ready;    /* reported, libcurl was not told yet */
    struct sg_list unarmed;  /* armed at the end of net's work */
    struct sg_list sleeping; /* armed at the next tick */
    struct timer tick;
    struct net_sock *served; /* libcurl works on it right now; NULL when it let it go meanwhile */
};

/* Connects `net`'s multi handle with the sockets. */
void net_socks_init(struct net *net);

/* Ends all watches; the multi handle is gone. */
void net_socks_fini(struct net *net);

/* Tells libcurl which sockets are ready, as long as this turn may deliver more bytes. */
void net_socks_serve(struct net *net);

/* Has the system watch the sockets that libcurl waits for by now: at the end of net's work. */
void net_socks_arm(struct net *net);

/* True when sockets are ready that libcurl was not told of. */
bool net_socks_has_ready(const struct net *net);

#endif
