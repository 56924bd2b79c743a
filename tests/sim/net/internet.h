/* The simulated internet: servers with files that have versions, and all that can be wrong with
 * them. What they answer is a function of the request, the time and the dice. One thread.
 *
 * Time is counted since the world began (sim_elapsed_us), 0 where something never happens. */
#ifndef SEGUE_TESTS_SIM_NET_INTERNET_H
#define SEGUE_TESTS_SIM_NET_INTERNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/xfer.h"
#include "tests/sim/os/sim_clock.h"

enum { SERVERS_MAX = 4, SHARES_MAX = 24, VERSIONS_MAX = 4 };

/* One content of a file. Every version of every file has its own number, which is what its bytes
 * are a function of. */
struct version {
    uint64_t number;
    uint64_t size;
    uint64_t from_us; /* when it takes the place of the one before */
};

/* A file that a server shares under "/NAME". */
struct share {
    char name[40];
    struct version versions[VERSIONS_MAX];
    size_t n_versions;
    bool ignores_ranges;
    bool is_chunked; /* its length is not told */
    bool has_no_etag;
    bool has_no_date;       /* neither may be missing when it changes: nobody could see it */
    uint64_t lies_until_us; /* Content-Range tells another place */
    uint64_t expires_us;    /* from then on only URLs with "?fresh" work */
    bool expires_into_page; /* a web page instead of 403 */
};

/* What happens to a connection beyond the tolerated ones. */
enum refusal { REFUSE_429, REFUSE_503, REFUSE_CONNECTION, REFUSE_RESET };

struct server {
    char host[24];
    uint64_t setup_us;
    uint64_t rtt_us;
    uint64_t connection_bps;
    uint64_t link_bps;  /* of all its connections; 0: no limit */
    uint32_t slow_lane; /* the n-th connection ever has `slow_bps`; 0: none */
    uint64_t slow_bps;
    uint32_t tolerated; /* connections; 0: any number */
    enum refusal refusal;
    uint32_t retry_after_s; /* 0: not told */

    /* of 1000 replies, until `faults_until_us`, so many ... */
    uint64_t faults_until_us;
    uint32_t reset_permille;   /* are cut off somewhere */
    uint32_t stall_permille;   /* fall silent somewhere */
    uint32_t short_permille;   /* end too soon, in good order */
    uint32_t error_permille;   /* are 500 or 503 */
    uint32_t connect_permille; /* are none: no connection */

    struct share shares[SHARES_MAX];
    size_t n_shares;

    uint32_t n_busy; /* connections with a request; those beyond the tolerated are none */
    uint32_t n_idle; /* kept for the next one */
    uint32_t n_ever; /* connections made */
    uint32_t n_most; /* busy at the same time */
    uint64_t n_sent; /* bytes of bodies */
};

struct internet {
    struct server servers[SERVERS_MAX];
    size_t n_servers;
    uint64_t link_bps; /* our own; 0: no limit */
    struct sim_dice dice;
    void (*trace)(void *ctx, const char *line);
    void *trace_ctx;
};

/* What a server makes of a request. */
struct answer {
    enum sg_status failure; /* not SG_OK: there is no answer, only this */
    int http_status;
    struct sg_buf head; /* lines as struct xfer_head has them */
    uint64_t version;   /* whose bytes come; 0: a page of text */
    uint64_t first;
    uint64_t n_bytes;   /* of the body */
    enum sg_status end; /* how the transfer ends after them */
    bool is_silent;     /* it does not end: nothing more comes */
    uint64_t connection_bps;
};

/* The internet that net_create connects to. NULL: none. */
void internet_use(struct internet *internet);

/* The one in use. */
struct internet *internet_in_use(void);

/* Adds a server "server-N" with usual properties: 40 ms, 2 MiB/s a connection, no faults. */
struct server *internet_add_server(struct internet *internet);

/* Adds a file with one version. The name is copied. */
struct share *server_share(struct server *server, const char *name, uint64_t size);

/* From `from_us` on the file is another one. */
void share_change(struct share *share, uint64_t size, uint64_t from_us);

/* Finds what a URL names; NULL for what is not there. */
struct server *internet_find_server(struct internet *internet, const char *url);

/* Likewise. */
struct share *internet_find_share(struct internet *internet, const char *url);

/* The version that is there at a time. */
const struct version *share_version(const struct share *share, uint64_t at_us);

/* How a request came. */
enum arrival { ARRIVED_NEW, ARRIVED_REUSED, ARRIVED_BEYOND };

/* Answers a request; ARRIVED_BEYOND: on a connection that is one too many. */
void server_answer(struct internet *internet, struct server *server,
                   const struct xfer_request *request, enum arrival arrival, struct answer *out);

/* All connections are gone: the process ended. */
void internet_hang_up(struct internet *internet);

/* The bytes [offset, offset + n_bytes) of a version. */
void version_bytes(uint64_t version, uint64_t offset, void *out, size_t n_bytes);

/* True when `data` is what version_bytes gives. */
bool version_has(uint64_t version, uint64_t offset, const void *data, size_t n_bytes);

#endif
