/* Lists of proxies and of hosts that are asked without them, as Windows and scripts write them.
 * They come from the registry and the network: what makes no sense is passed over. Pure; any
 * thread.
 *
 * What is made of them is a list with a blank between two entries, each "scheme://host:port", or
 * "direct": "http://a:8080 direct". They are to be tried in that order. It is never empty. */
#ifndef SEGUE_NET_NET_PROXIES_H
#define SEGUE_NET_NET_PROXIES_H

#include <stdbool.h>

#include "base/buf.h"

/* Entries of a list at most; the rest is passed over. */
enum { PROXIES_MAX = 8 };

/* What an entry is that means no proxy. */
extern const char proxies_direct[];

/* A server, taken apart. Texts are not NULL; zero-initialise it. */
struct proxies_target {
    char *scheme; /* "http", "https" */
    char *host;   /* without brackets */
    char *port;
};

/* Takes "scheme://host:port" (net_url_origin) apart; `out` is then the caller's. False when memory
 * ran out. */
bool proxies_target_init(const char *origin, struct proxies_target *out);

/* Releases it. */
void proxies_target_fini(struct proxies_target *target);

/* Appends the list that a script's answer stands for: "PROXY a:8080; SOCKS b:1080; DIRECT". PROXY
 * and HTTP are the same; HTTPS, SOCKS (version 4, as Windows has it), SOCKS4 and SOCKS5 are known.
 * Netscape, "Proxy Auto-Config File Format". */
void proxies_from_script(const char *answer, struct sg_buf *out);

/* Appends the list of what "http=a:80;https=b:80;socks=c:1080", "a:80" or a mixture has for the
 * target's scheme; NULL: nothing. User and password are left away. SOCKS is for what has nothing
 * else. Windows documentation: "WINHTTP_PROXY_INFO", "Enabling Internet Functionality". */
void proxies_from_servers(const char *servers, const struct proxies_target *target,
                          struct sg_buf *out);

/* Whether the target is asked without a proxy: by the list, or because it is this machine or on its
 * link (localhost, loopback and link-local addresses), unless the list has "<-loopback>". Entries
 * have the form [scheme://]host[:port] with any number of "*", or are "<local>": names without a
 * dot. NULL is an empty list. Windows documentation: "WINHTTP_PROXY_INFO". */
bool proxies_are_bypassed(const char *bypass, const struct proxies_target *target);

/* Whether the target is this machine or on its link. */
bool proxies_is_near(const struct proxies_target *target);

/* The entry at `index` of a list that was made here; a copy, the caller's (sg_free). NULL behind
 * the last, or when memory ran out. */
char *proxies_entry(const char *list, unsigned index);

/* How many entries a list that was made here has. */
unsigned proxies_count(const char *list);

/* Appends a list of the system's without the passwords in it: for every eye. */
void proxies_show(const char *servers, struct sg_buf *out);

#endif
