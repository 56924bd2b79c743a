/* The mark of the web: what the stream "Zone.Identifier" of a downloaded file says. By it Windows
 * knows that a file came from another machine. Pure.
 * [MS-FSCC] 5.6.1 "Zone.Identifier Stream Name"; HostUrl and ReferrerUrl are what browsers add. */
#ifndef SEGUE_CORE_ZONE_H
#define SEGUE_CORE_ZONE_H

enum { ZONE_URL_MAX = 1024 }; /* bytes of a URL in it */

/* The stream's name. */
extern const char ZONE_STREAM[];

/* The content for a file that came from `url`, asked for with `headers` (a list of "Name: value",
 * one a line, or NULL), of which only a Referer counts: the zone "Internet", and both URLs.
 *
 * The mark goes where the file goes and whoever may read the file may read it, so of a URL only
 * scheme, host, port and path get in: user information is a credential, a query often holds one
 * (signed links), and a fragment is nobody's but the reader's. What is not printable ASCII is
 * percent-encoded, so no URL can add a line. A URL that is too long is cut to its origin, one that
 * is none (a Referer is the user's own text) is left out; HostUrl is then "about:internet".
 *
 * The caller owns it (sg_free). NULL when memory ran out. */
char *zone_mark(const char *url, const char *headers);

#endif
