/* One HTTP transfer: a GET of a whole file or of one byte range. A lane uses one after the other;
 * connections are kept and reused underneath. Loop thread only. */
#ifndef SEGUE_NET_XFER_H
#define SEGUE_NET_XFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/net.h"

/* Limits on what a server may send before the body. Beyond: SG_E_BAD_SERVER. */
enum { XFER_HEADER_BYTES_MAX = 256 * 1024, XFER_HEADER_LINES_MAX = 1000, XFER_REDIRECTS_MAX = 20 };

enum { XFER_TO_END = 0 };

/* Everything is copied by xfer_start. */
struct xfer_request {
    const char *url;      /* checked by net_url_check */
    const char *headers;  /* list of "Name: value", one a line; sent to the URL's own host only */
    const char *userinfo; /* "user:password", likewise */
    const char *cookies;  /* value of a Cookie header, likewise */
    const char *proxy;    /* overrides the configured one, and is like it; "" means none */
    uint64_t first;       /* first byte wanted */
    uint64_t end;         /* one past the last byte wanted; XFER_TO_END: open */
    bool wants_range;     /* false: no Range header is sent at all */
    bool may_downgrade;   /* a redirect from https to http is followed */
    uint32_t read_bytes;  /* read from the socket at a time; 0: what is fastest */
    uint32_t wait_bytes;  /* that may wait in the socket of a new connection; 0: as many as ever */
};

/* The reply's head: status line and headers of the last response (redirects and 1xx are not
 * reported). Valid during the callback. */
struct xfer_head {
    int http_status;   /* 100 to 999 */
    const char *lines; /* raw header lines, each ended by "\n" ("\r" stripped), no status line */
    size_t length;
    const char *url;        /* where redirects led */
    bool is_reused;         /* no new connection had to be made */
    uint64_t setup_us;      /* time to connect (TCP, TLS), the name being known; 0 when reused */
    uint64_t first_byte_us; /* from sending the request to the first byte of the reply */
};

/* The one who started the transfer is told here, on the loop thread, never inside xfer_start,
 * xfer_resume or xfer_cancel. xfer_cancel may be called in each of them (and then nothing more is
 * called). */
struct xfer_events {
    /* Once, before any body byte; not called when no complete reply arrived. */
    void (*on_head)(void *ctx, const struct xfer_head *head);
    /* Body bytes in order. Returns false to get the same bytes again after xfer_resume: nothing of
     * them counts as taken. */
    bool (*on_data)(void *ctx, const void *data, size_t n_bytes);
    /* Last: SG_OK when the body came to its announced end, else why not, with `err` as detail. HTTP
     * error statuses are no failures here: on_head told. `xfer` is gone when this returns. */
    void (*on_end)(void *ctx, enum sg_status status, const struct sg_err *err);
};

struct xfer;

/* Starts a transfer. HTTP/1.1, Accept-Encoding: identity, redirects followed as the request allows:
 * at most XFER_REDIRECTS_MAX, http and https only, headers and credentials never to another host.
 * SG_E_NOMEM, SG_E_LIMIT; then nothing is called. */
SG_MUST_USE enum sg_status xfer_start(struct net *net, const struct xfer_request *request,
                                      const struct xfer_events *events, void *ctx,
                                      struct xfer **out, struct sg_err *err);

/* Goes on after on_data returned false; nothing happens when the transfer is not paused. */
void xfer_resume(struct xfer *xfer);

/* Ends it: no callback comes any more and the handle is gone. The connection is closed unless the
 * body had come to its end. NULL is allowed. */
void xfer_cancel(struct xfer *xfer);

#endif
