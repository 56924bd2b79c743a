/* What is known of servers: a table by origin ("scheme://host:port"), kept in the store, bounded.
 * Nothing depends on it: what cannot be read, kept or held is forgotten. Loop thread only. */
#ifndef SEGUE_ENGINE_HOSTS_H
#define SEGUE_ENGINE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/profile.h"
#include "store/store.h"

/* Further ones take the place of those that were not seen for longest; longer names are nobody's.
 */
enum { HOSTS_MAX = 4096, HOSTS_ORIGIN_MAX = 300 };

struct host;

/* Zero-initialise it, but for the store. */
struct hosts {
    struct store *store;
    struct host **items; /* in order of origin */
    size_t n;
    size_t capacity;
};

/* Reads the table at start-up; what is too old is deleted. As store_load_hosts. */
SG_MUST_USE enum sg_status hosts_load(struct hosts *hosts, int64_t now_ms, struct sg_err *err);

/* Releases the memory; the store keeps what it has. */
void hosts_fini(struct hosts *hosts);

/* What may be believed of a server; all zeros where nothing is known. */
struct profile hosts_known(const struct hosts *hosts, const char *origin, int64_t now_ms);

/* Adds what a download saw of a server, and asks the store to keep it. */
void hosts_learn(struct hosts *hosts, const char *origin, const struct observation *seen,
                 int64_t now_ms);

/* The next server behind `origin` ("": the first) that something is known of, and what may be
 * believed of it; NULL at the end. The text is valid until the table changes. */
const char *hosts_after(const struct hosts *hosts, const char *origin, int64_t now_ms,
                        struct profile *out);

/* Forgets all servers (NULL), or those that `which` means: an origin, or one without its scheme,
 * its port or both, in upper or lower case. `*out_n` says how many; unless it is 0, `done` is told
 * what came of the last of them. SG_E_NOMEM: `done` is not called. */
SG_MUST_USE enum sg_status hosts_forget(struct hosts *hosts, const char *which, size_t *out_n,
                                        store_done_fn *done, void *ctx);

#endif
