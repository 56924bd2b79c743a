/* Names of machines to addresses, by the system's own means (hosts file, DNS, ...), which block for
 * as long as they like: so on a few threads of their own, which are let go when they do not come
 * back in time. Loop thread, but for resolve_now. */
#ifndef SEGUE_OS_RESOLVE_H
#define SEGUE_OS_RESOLVE_H

#include "base/buf.h"
#include "base/err.h"
#include "os/loop.h"

/* Look-ups at a time; others wait for their turn. Few, because the process promises a small number
 * of threads; not one, because a name that nobody answers for takes many seconds. */
enum { RESOLVE_THREADS = 2 };

/* Addresses of a name at most. */
enum { RESOLVE_ADDRESSES_MAX = 16 };

/* Appends the addresses of `host` (ASCII) to `out`, in the order in which they are to be tried:
 * "192.0.2.1,[2001:db8::1]". SG_E_DNS when there are none, SG_E_NOMEM. Blocks. Any thread. */
typedef enum sg_status resolve_fn(const char *host, struct sg_buf *out);

/* The system's; RFC 3493 section 6.1, "GetAddrInfoW". Addresses that only mean something together
 * with an interface (fe80::1%eth0) are left out. */
resolve_fn resolve_now;

struct resolver;

/* `addresses` only with SG_OK, and only during the call. */
typedef void resolved_fn(void *ctx, enum sg_status status, const char *addresses);

/* Creates it; its threads start with the first look-ups. `look_up` is resolve_now, but in tests. */
SG_MUST_USE enum sg_status resolver_create(struct loop *loop, resolve_fn *look_up,
                                           struct resolver **out, struct sg_err *err);

/* Ends it: `done` of what was asked is not called any more. Does not wait for look-ups that are
 * under way; their threads end by themselves. NULL is allowed. */
void resolver_destroy(struct resolver *resolver);

/* Has `host` (copied) looked up; `done` is called once, later. SG_E_NOMEM, SG_E_SYSTEM when no
 * thread can be started; then it is not called. */
SG_MUST_USE enum sg_status resolver_ask(struct resolver *resolver, const char *host,
                                        resolved_fn *done, void *ctx);

#endif
