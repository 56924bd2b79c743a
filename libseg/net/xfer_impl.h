/* The body of a transfer, shared by what runs it (xfer.c) and what sets libcurl's options
 * (xfer_options.c). Loop thread only. */
#ifndef SEGUE_NET_XFER_IMPL_H
#define SEGUE_NET_XFER_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/err.h"
#include "base/list.h"
#include "net/net_impl.h"
#include "net/net_names.h"
#include "net/net_place.h"
#include "net/xfer.h"
#include "net/xfer_head.h"

/* xfer_request with strings of our own, and without what each hop decides anew. */
struct xfer_wish {
    char *headers;
    char *userinfo;
    char *cookies;
    char *proxy;
    uint64_t first;
    uint64_t end;
    bool wants_range;
    bool may_downgrade;
    uint32_t read_bytes;
    uint32_t wait_bytes;
};

enum xfer_pause {
    XFER_FLOWS,
    XFER_HELD,      /* on_data returned false: until xfer_resume */
    XFER_THROTTLED, /* this turn's bytes are used up: until the next */
};

/* What came of looking up the name that the present hop needs. */
enum name_outcome { NAME_FINE, NAME_UNKNOWN, NAME_TOO_SLOW, NAME_NO_MEMORY };

struct xfer {
    struct net *net;
    struct xfer_wish wish;
    struct xfer_events events;
    void *ctx;
    struct sg_list todo; /* in net's list while it is to be advanced */
    bool is_cancelled;
    bool is_ending; /* on_end runs */
    bool is_resumed;
    enum xfer_pause pause;
    uint64_t turn; /* of net, for which turn_bytes counts */
    uint64_t turn_bytes;

    /* the present hop: one request to one URL */
    CURL *easy;
    bool is_added;       /* to the multi handle */
    bool wants_own_conn; /* none that was used before */
    struct curl_slist *header_lines;
    struct name_wait route_wait;
    bool is_finding_proxy;
    char *proxy;            /* that it goes through; NULL: none */
    unsigned n_proxies;     /* that the system names; 0: it was not asked */
    unsigned proxy_index;   /* of them, which one `proxy` is */
    unsigned proxies_tried; /* a bit for each of them that failed */
    struct net_place place; /* that it connects to */
    struct name_wait name_wait;
    struct timer name_timeout;
    enum name_outcome name_outcome;
    struct curl_slist *addresses; /* of the place */
    char *url;
    char *redirect_userinfo; /* that a Location brought along, in place of the wish's */
    unsigned n_redirects;
    bool has_left_origin;
    struct head head;
    bool is_redirect; /* its body is of no interest */
    bool is_head_told;
    uint64_t skipped_bytes;
    struct sg_err failure; /* found by a callback of ours, which broke the hop off */
    char error_text[CURL_ERROR_SIZE];
};

/* Starts, resumes or removes what is in net's list of things to do: the work of net calls it. The
 * transfer may be gone afterwards. */
void xfer_advance(struct xfer *xfer);

/* Libcurl is done with the present hop. The transfer may be gone afterwards. */
void xfer_finish(struct xfer *xfer, CURLcode code);

/* Has net's work advance the transfer. */
void xfer_enqueue(struct xfer *xfer);

/* ---- xfer_names.c ---- */

/* Makes ready what has to do with names; and releases it, also while it waits. */
void xfer_names_init(struct xfer *xfer);
void xfer_names_fini(struct xfer *xfer);

/* Finds the addresses for the present hop. SG_OK: it can begin. SG_PENDING: the transfer will be
 * advanced, with `name_outcome`. SG_E_NOMEM, SG_E_SYSTEM. */
SG_MUST_USE enum sg_status xfer_names_get(struct xfer *xfer);

/* What libcurl would say of a bad `name_outcome`, in `error_text` and by its code. */
CURLcode xfer_names_failure(struct xfer *xfer);

/* The hop could not connect: the addresses may have changed. */
void xfer_names_doubt(struct xfer *xfer);

/* Begins the time that is given to looking up what the hop needs, unless it runs already. */
void xfer_names_start_timeout(struct xfer *xfer);

/* What was waited for is there: the transfer is advanced. */
void xfer_names_wake(struct xfer *xfer, enum name_outcome outcome);

/* ---- xfer_proxy.c ---- */

/* Makes ready what has to do with proxies; and releases it, also while it waits. */
void xfer_proxy_init(struct xfer *xfer);
void xfer_proxy_fini(struct xfer *xfer);

/* A hop to another URL begins: nothing was tried for it. */
void xfer_proxy_begin(struct xfer *xfer);

/* Decides on `proxy` for the present attempt. SG_OK: it can begin. SG_PENDING: the transfer will be
 * advanced, with `name_outcome`. SG_E_NOMEM, SG_E_SYSTEM. */
SG_MUST_USE enum sg_status xfer_proxy_get(struct xfer *xfer);

/* After a failure: true when it was no connection, and there is another proxy to try. */
SG_MUST_USE bool xfer_proxy_next(struct xfer *xfer, CURLcode code);

/* ---- xfer_options.c ---- */

/* Sets all options of xfer->easy for the present hop, except the callbacks. */
SG_MUST_USE CURLcode xfer_set_options(struct xfer *xfer);

#endif
