/* The content of Zone.Identifier: an INI file of one section, its lines ending in CR LF. */
#include "core/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

const char ZONE_STREAM[] = "Zone.Identifier";

/* A piece of text that ends somewhere. */
struct span {
    const char *at;
    size_t length;
};

/* "http://" or "https://"; 0 for anything else. */
static size_t scheme_length(struct span url)
{
    static const char *const known[] = { "http://", "https://" };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t length = strlen(known[i]);
        char head[sizeof "https://"] = { 0 };
        if (url.length < length)
            continue;
        memcpy(head, url.at, length);
        if (sg_equals_ignoring_case(head, known[i]))
            return length;
    }
    return 0;
}

/* The bytes before the first that is one of `stops`. */
static size_t length_until(struct span text, const char *stops)
{
    size_t length = 0;
    while (length < text.length && strchr(stops, text.at[length]) == NULL)
        length++;
    return length;
}

static struct span without_first(struct span text, size_t n)
{
    return (struct span){ text.at + n, text.length - n };
}

/* Host and port: what follows the last "@". */
static struct span host_of(struct span authority)
{
    size_t start = authority.length;
    while (start > 0 && authority.at[start - 1] != '@')
        start--;
    return without_first(authority, start);
}

static void put_encoded(struct sg_buf *out, struct span text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c > 0x20 && c < 0x7F)
            sg_buf_putc(out, (char)c);
        else
            sg_buf_printf(out, "%%%02X", c);
    }
}

/* Whether a port, if there is one, is a number: what looks else is a password before a slash that
 * should have been encoded. */
static bool has_good_port(struct span host)
{
    size_t n_digits = 0;
    while (n_digits < host.length && host.at[host.length - 1 - n_digits] >= '0' &&
           host.at[host.length - 1 - n_digits] <= '9')
        n_digits++;
    struct span name = { host.at, host.length - n_digits };
    if (name.length > 0 && name.at[name.length - 1] == ':')
        name.length--;
    else
        name.length = host.length;
    bool is_ipv6 = name.length > 2 && name.at[0] == '[' && name.at[name.length - 1] == ']';
    return name.length > 0 && (is_ipv6 || length_until(name, ":[") == name.length);
}

/* The parts of a URL that may be told. */
struct shown_url {
    struct span scheme;
    struct span host;
    struct span path;
};

/* False when it is none. Browsers take a backslash for a slash: what is behind it is no host's. */
static bool take_apart(struct span url, struct shown_url *out)
{
    out->scheme = (struct span){ url.at, scheme_length(url) };
    struct span rest = without_first(url, out->scheme.length);
    struct span authority = { rest.at, length_until(rest, "/\\?#") };
    out->host = host_of(authority);
    out->path = without_first(rest, authority.length);
    out->path.length = length_until(out->path, "?#");
    return out->scheme.length > 0 && has_good_port(out->host);
}

/* Appends "KEY=URL"; with `otherwise` in its place where there is no URL to tell. */
static void put_line(struct sg_buf *out, const char *key, struct span url, const char *otherwise)
{
    struct shown_url shown;
    struct sg_buf text = { 0 };
    bool is_url = take_apart(url, &shown);
    if (is_url) {
        put_encoded(&text, shown.scheme);
        put_encoded(&text, shown.host);
        size_t origin_length = text.length;
        put_encoded(&text, shown.path);
        if (text.length > ZONE_URL_MAX && !text.is_failed) {
            text.data[text.length = origin_length] = '\0';
            sg_buf_putc(&text, '/');
        }
        is_url = text.length <= ZONE_URL_MAX;
    }
    if (is_url && !text.is_failed)
        sg_buf_printf(out, "%s=%s\r\n", key, text.data);
    else if (otherwise != NULL)
        sg_buf_printf(out, "%s=%s\r\n", key, otherwise);
    out->is_failed = out->is_failed || text.is_failed;
    sg_buf_fini(&text);
}

/* The value of the first Referer among the lines; empty when there is none. */
static struct span referrer_of(const char *headers)
{
    static const char name[] = "Referer:";
    const size_t n = sizeof name - 1;
    size_t length;
    for (const char *line; (line = sg_next_line(&headers, &length)) != NULL;) {
        char head[sizeof name] = { 0 };
        if (length >= n)
            memcpy(head, line, n);
        if (sg_equals_ignoring_case(head, name)) {
            size_t blanks = strspn(line + n, " \t");
            return (struct span){ line + n + blanks, length - n - blanks };
        }
    }
    return (struct span){ "", 0 };
}

char *zone_mark(const char *url, const char *headers)
{
    struct sg_buf mark = { 0 };
    sg_buf_puts(&mark, "[ZoneTransfer]\r\nZoneId=3\r\n"); /* URLZONE_INTERNET */
    put_line(&mark, "ReferrerUrl", referrer_of(headers), NULL);
    put_line(&mark, "HostUrl", (struct span){ url, strlen(url) }, "about:internet");
    return sg_buf_take(&mark);
}
