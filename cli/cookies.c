/* Choosing cookies by RFC 6265: domain-match (5.1.3), path-match (5.1.4), secure, expiry. */
#include "cli/cookies.h"

#include <string.h>

#include "base/text.h"

enum {
    FIELD_DOMAIN,
    FIELD_TAIL,
    FIELD_PATH,
    FIELD_SECURE,
    FIELD_EXPIRY,
    FIELD_NAME,
    FIELD_VALUE,
    FIELD_COUNT
};

struct part {
    const char *text;
    size_t length;
};

/* What of an address matters to cookies. */
struct place {
    struct part host;
    struct part path; /* "/" where the address has none */
    bool is_secure;
};

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool equals(struct part a, struct part b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++) {
        if (lower(a.text[i]) != lower(b.text[i]))
            return false;
    }
    return true;
}

static struct part part_of(const char *text)
{
    return (struct part){ text, strlen(text) };
}

static bool read_place(const char *url, struct place *out)
{
    const char *authority = strstr(url, "://");
    if (authority == NULL)
        return false;
    out->is_secure = equals((struct part){ url, (size_t)(authority - url) }, part_of("https"));
    authority += 3;
    size_t length = strcspn(authority, "/?#");
    const char *path = authority + length;
    const char *at = memchr(authority, '@', length);
    const char *host = at != NULL ? at + 1 : authority;
    out->host = (struct part){ host, (size_t)(path - host) };
    const char *port =
        out->host.length > 0 && host[0] != '[' ? memchr(host, ':', out->host.length) : NULL;
    if (port != NULL)
        out->host.length = (size_t)(port - host);
    out->path = path[0] == '/' ? (struct part){ path, strcspn(path, "?#") } : part_of("/");
    return out->host.length > 0;
}

/* Splits a line; false when it has fewer fields. A value may be empty. */
static bool split(struct part line, struct part fields[FIELD_COUNT])
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *tab = memchr(line.text, '\t', line.length);
        bool is_last = i + 1 == FIELD_COUNT;
        if (tab == NULL && !is_last)
            return false;
        size_t length = is_last ? line.length : (size_t)(tab - line.text);
        fields[i] = (struct part){ line.text, length };
        if (!is_last)
            line = (struct part){ tab + 1, line.length - length - 1 };
    }
    return fields[FIELD_NAME].length > 0;
}

static bool is_true(struct part field)
{
    return equals(field, part_of("TRUE"));
}

static bool domain_matches(const struct part fields[FIELD_COUNT], struct part host)
{
    struct part domain = fields[FIELD_DOMAIN];
    if (domain.length > 0 && domain.text[0] == '.')
        domain = (struct part){ domain.text + 1, domain.length - 1 };
    if (domain.length == 0 || equals(domain, host))
        return domain.length > 0;
    if (!is_true(fields[FIELD_TAIL]) || host.length <= domain.length)
        return false;
    const char *tail = host.text + host.length - domain.length;
    return tail[-1] == '.' && equals((struct part){ tail, domain.length }, domain);
}

static bool path_matches(struct part wanted, struct part path)
{
    if (wanted.length == 0 || wanted.length > path.length ||
        memcmp(wanted.text, path.text, wanted.length) != 0)
        return false;
    return wanted.length == path.length || wanted.text[wanted.length - 1] == '/' ||
           path.text[wanted.length] == '/';
}

static bool is_expired(struct part expiry, int64_t now_s)
{
    uint64_t second;
    return sg_parse_u64(expiry.text, expiry.length, &second) && second != 0 &&
           second <= (uint64_t)now_s;
}

static bool goes_with(const struct part fields[FIELD_COUNT], const struct place *place,
                      int64_t now_s)
{
    return domain_matches(fields, place->host) && path_matches(fields[FIELD_PATH], place->path) &&
           (place->is_secure || !is_true(fields[FIELD_SECURE])) &&
           !is_expired(fields[FIELD_EXPIRY], now_s);
}

/* The line as split() wants it: length 0 for comments. */
static struct part strip(const char *text, size_t length)
{
    static const char http_only[] = "#HttpOnly_";
    size_t n_prefix = sizeof http_only - 1;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    if (length > n_prefix && memcmp(text, http_only, n_prefix) == 0)
        return (struct part){ text + n_prefix, length - n_prefix };
    return (struct part){ text, length > 0 && text[0] == '#' ? 0 : length };
}

bool cookies_for_url(const char *text, const char *url, int64_t now_s, struct sg_buf *out)
{
    struct place place = { 0 };
    bool has_any = false;
    if (!read_place(url, &place))
        return false;
    size_t length;
    for (const char *line; (line = sg_next_line(&text, &length)) != NULL;) {
        struct part fields[FIELD_COUNT];
        if (split(strip(line, length), fields) && goes_with(fields, &place, now_s)) {
            sg_buf_puts(out, has_any ? "; " : "");
            sg_buf_append(out, fields[FIELD_NAME].text, fields[FIELD_NAME].length);
            sg_buf_putc(out, '=');
            sg_buf_append(out, fields[FIELD_VALUE].text, fields[FIELD_VALUE].length);
            has_any = true;
        }
    }
    return has_any;
}
