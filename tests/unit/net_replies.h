/* The replies of the transfer tests' peer, chosen by the target: /NAME/NUMBER. What the names mean
 * is in the table at the end of net_replies.c. */
#ifndef SEGUE_TESTS_UNIT_NET_REPLIES_H
#define SEGUE_TESTS_UNIT_NET_REPLIES_H

#include "tests/unit/http_peer.h"

/* Answers one request; an unknown name gets 404. For http_peer_start, with any `ctx`. */
void net_reply(struct http_conn *conn, const struct http_request *request, void *ctx);

#endif
