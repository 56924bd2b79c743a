/* Words, addresses and patterns of proxy settings. */
#include "net/net_proxies.h"

#include <string.h>

#include "base/mem.h"
#include "base/redact.h"
#include "base/text.h"

enum { HOST_MAX = 255, PORT_MAX = 65535 };

const char proxies_direct[] = "direct";

/* A part of a text. */
struct span {
    const char *at;
    size_t length;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span span)
{
    while (span.length > 0 && is_blank(span.at[0])) {
        span.at++;
        span.length--;
    }
    while (span.length > 0 && is_blank(span.at[span.length - 1]))
        span.length--;
    return span;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equals(struct span span, const char *text)
{
    size_t i = 0;
    while (i < span.length && text[i] != '\0' && lower(span.at[i]) == lower(text[i]))
        i++;
    return i == span.length && text[i] == '\0';
}

/* The next part of `*text` up to one of `separators`; false at the end. */
static bool next_part(const char **text, const char *separators, struct span *out)
{
    if (*text == NULL)
        return false;
    *text += strspn(*text, separators);
    *out = (struct span){ *text, strcspn(*text, separators) };
    *text += out->length;
    return out->length > 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_host_char(char c)
{
    char small = lower(c);
    return is_digit(c) || (small >= 'a' && small <= 'z') || c == '.' || c == '-' || c == '_';
}

static bool is_v6_char(char c)
{
    char small = lower(c);
    return is_digit(c) || (small >= 'a' && small <= 'f') || c == '.' || c == ':';
}

/* "host" or "[v6]". */
static bool is_host(struct span host)
{
    bool is_v6 = host.length > 2 && host.at[0] == '[' && host.at[host.length - 1] == ']';
    size_t first = is_v6 ? 1 : 0;
    size_t end = is_v6 ? host.length - 1 : host.length;
    if (end <= first || host.length > HOST_MAX)
        return false;
    for (size_t i = first; i < end; i++) {
        if (!(is_v6 ? is_v6_char(host.at[i]) : is_host_char(host.at[i])))
            return false;
    }
    return true;
}

/* Where ":port" begins, or the end. An address of IPv6 without brackets has no port. */
static size_t find_port(struct span text)
{
    size_t at = text.length;
    while (at > 0 && is_digit(text.at[at - 1]))
        at--;
    if (at == 0 || at == text.length || text.at[at - 1] != ':')
        return text.length;
    const char *colon = memchr(text.at, ':', at - 1);
    bool is_bare_v6 = colon != NULL && text.at[0] != '[';
    return is_bare_v6 ? text.length : at - 1;
}

static void skip(struct span *text, size_t length)
{
    text->at += length;
    text->length -= length;
}

/* Cuts "scheme://" off; an empty span when there is none. */
static struct span cut_scheme(struct span *text)
{
    struct span scheme = { text->at, 0 };
    for (size_t i = 0; i + 3 <= text->length; i++) {
        if (memcmp(text->at + i, "://", 3) == 0) {
            scheme.length = i;
            skip(text, i + 3);
            break;
        }
    }
    return scheme;
}

/* A kind of proxy: how it is called here, in scripts, in settings, and its usual port. */
static const struct kind {
    const char *scheme;
    const char *words[3];
    const char *port;
} kinds[] = {
    { "http", { "PROXY", "HTTP", NULL }, "80" },
    { "https", { "HTTPS", NULL, NULL }, "443" },
    { "socks4", { "SOCKS", "SOCKS4", NULL }, "1080" },
    { "socks5", { "SOCKS5", NULL, NULL }, "1080" },
};

static const struct kind *find_kind(struct span word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (size_t k = 0; k < 3 && kinds[i].words[k] != NULL; k++) {
            if (equals(word, kinds[i].words[k]))
                return &kinds[i];
        }
    }
    return NULL;
}

/* A list that is being made. */
struct making {
    struct sg_buf *out;
    unsigned n;
};

static void add_text(struct making *list, const char *scheme, struct span host, struct span port)
{
    if (list->n++ > 0)
        sg_buf_putc(list->out, ' ');
    sg_buf_puts(list->out, scheme);
    if (host.length > 0)
        sg_buf_printf(list->out, "://%.*s:%.*s", (int)host.length, host.at, (int)port.length,
                      port.at);
}

static void add_direct(struct making *list)
{
    const struct span none = { "", 0 };
    if (list->n < PROXIES_MAX)
        add_text(list, proxies_direct, none, none);
}

/* `address` is host[:port][/]. */
static void add_proxy(struct making *list, const struct kind *kind, struct span address)
{
    uint64_t number = 0;
    while (address.length > 0 && address.at[address.length - 1] == '/')
        address.length--;
    struct span host = { address.at, find_port(address) };
    struct span port = { kind->port, strlen(kind->port) };
    if (host.length < address.length)
        port = (struct span){ address.at + host.length + 1, address.length - host.length - 1 };
    bool is_port = sg_parse_u64(port.at, port.length, &number) && number > 0 && number <= PORT_MAX;
    if (is_port && is_host(host) && list->n < PROXIES_MAX)
        add_text(list, kind->scheme, host, port);
}

static void add_answer(struct making *list, struct span element)
{
    struct span word = { element.at, 0 };
    while (word.length < element.length && !is_blank(element.at[word.length]))
        word.length++;
    const struct kind *kind = find_kind(word);
    skip(&element, word.length);
    if (equals(word, "DIRECT"))
        add_direct(list);
    else if (kind != NULL)
        add_proxy(list, kind, trim(element));
}

void proxies_from_script(const char *answer, struct sg_buf *out)
{
    struct span element;
    struct making list = { .out = out };
    while (next_part(&answer, ";", &element))
        add_answer(&list, trim(element));
    if (list.n == 0)
        add_direct(&list);
}

static struct span drop_userinfo(struct span address)
{
    for (size_t i = address.length; i > 0; i--) {
        if (address.at[i - 1] == '@') {
            skip(&address, i);
            break;
        }
    }
    return address;
}

/* "a:80" or "scheme://a:80", found under `key` ("http", "socks", or nothing). */
static void add_server(struct making *list, struct span key, struct span address)
{
    static const struct span http = { "HTTP", 4 };
    struct span scheme = cut_scheme(&address);
    struct span word = scheme.length > 0 ? scheme : equals(key, "socks") ? key : http;
    const struct kind *kind = find_kind(word);
    if (kind != NULL)
        add_proxy(list, kind, drop_userinfo(address));
}

/* Adds what stands under `key`; with `takes_unnamed` also what stands under none. */
static void add_servers(struct making *list, const char *servers, const char *key,
                        bool takes_unnamed)
{
    for (struct span part; next_part(&servers, "; \t\r\n", &part);) {
        const char *equals_sign = memchr(part.at, '=', part.length);
        struct span name = { part.at, equals_sign != NULL ? (size_t)(equals_sign - part.at) : 0 };
        if (equals_sign != NULL)
            skip(&part, name.length + 1);
        if (equals_sign != NULL ? equals(name, key) : takes_unnamed)
            add_server(list, name, part);
    }
}

void proxies_from_servers(const char *servers, const struct proxies_target *target,
                          struct sg_buf *out)
{
    struct making list = { .out = out };
    add_servers(&list, servers, target->scheme, true);
    if (list.n == 0)
        add_servers(&list, servers, "socks", false);
    if (list.n == 0)
        add_direct(&list);
}

/* "*" stands for any text. Goes back to the last star only, so it takes no more than length times
 * length steps. */
static bool matches(struct span pattern, const char *text)
{
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX;
    size_t star_at = 0;
    while (text[t] != '\0') {
        if (p < pattern.length && pattern.at[p] == '*') {
            star = p++;
            star_at = t;
        } else if (p < pattern.length && lower(pattern.at[p]) == lower(text[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++star_at;
        } else {
            return false;
        }
    }
    while (p < pattern.length && pattern.at[p] == '*')
        p++;
    return p == pattern.length;
}

static struct span drop_brackets(struct span host)
{
    if (host.length < 2 || host.at[0] != '[' || host.at[host.length - 1] != ']')
        return host;
    return (struct span){ host.at + 1, host.length - 2 };
}

static bool is_plain_name(const char *host)
{
    return strpbrk(host, ".:") == NULL;
}

static bool entry_matches(struct span entry, const struct proxies_target *target)
{
    if (equals(entry, "<local>"))
        return is_plain_name(target->host);
    struct span scheme = cut_scheme(&entry);
    struct span host = { entry.at, find_port(entry) };
    bool has_port = host.length < entry.length;
    skip(&entry, host.length);
    if (scheme.length > 0 && !equals(scheme, target->scheme))
        return false;
    if (has_port && strlen(target->port) + 1 != entry.length)
        return false;
    if (has_port && memcmp(entry.at + 1, target->port, entry.length - 1) != 0)
        return false;
    return matches(drop_brackets(host), target->host);
}

static bool begins(const char *text, const char *with)
{
    while (*with != '\0' && lower(*text) == *with) {
        text++;
        with++;
    }
    return *with == '\0';
}

static bool is_localhost(const char *host)
{
    static const struct span below = { "*.localhost", sizeof "*.localhost" - 1 };
    return sg_equals_ignoring_case(host, "localhost") ||
           sg_equals_ignoring_case(host, "loopback") || matches(below, host);
}

static bool is_v4_in(const char *host, const char *net)
{
    return begins(host, net) && host[strspn(host, "0123456789.")] == '\0';
}

/* RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 3927, RFC 4291 section 2.5. */
bool proxies_is_near(const struct proxies_target *target)
{
    const char *host = target->host;
    bool is_v6 = strchr(host, ':') != NULL;
    if (is_v6)
        return strcmp(host, "::1") == 0 || begins(host, "fe8") || begins(host, "fe9") ||
               begins(host, "fea") || begins(host, "feb");
    return is_localhost(host) || is_v4_in(host, "127.") || is_v4_in(host, "169.254.");
}

bool proxies_are_bypassed(const char *bypass, const struct proxies_target *target)
{
    bool is_near_asked = false;
    for (struct span entry; next_part(&bypass, "; \t\r\n", &entry);) {
        if (equals(entry, "<-loopback>"))
            is_near_asked = true;
        else if (entry_matches(entry, target))
            return true;
    }
    return !is_near_asked && proxies_is_near(target);
}

bool proxies_target_init(const char *origin, struct proxies_target *out)
{
    struct span rest = { origin, strlen(origin) };
    struct span scheme = cut_scheme(&rest);
    struct span host = { rest.at, find_port(rest) };
    skip(&rest, host.length);
    host = drop_brackets(host);
    out->scheme = sg_strndup(scheme.at, scheme.length);
    out->host = sg_strndup(host.at, host.length);
    out->port = sg_strndup(rest.at + (rest.length > 0), rest.length - (rest.length > 0));
    if (out->scheme != NULL && out->host != NULL && out->port != NULL)
        return true;
    proxies_target_fini(out);
    return false;
}

void proxies_target_fini(struct proxies_target *target)
{
    sg_free(target->scheme);
    sg_free(target->host);
    sg_free(target->port);
    *target = (struct proxies_target){ 0 };
}

char *proxies_entry(const char *list, unsigned index)
{
    struct span entry;
    while (next_part(&list, " ", &entry)) {
        if (index-- == 0)
            return sg_strndup(entry.at, entry.length);
    }
    return NULL;
}

unsigned proxies_count(const char *list)
{
    struct span entry;
    unsigned n = 0;
    while (next_part(&list, " ", &entry))
        n++;
    return n;
}

static void show(struct span part, struct sg_buf *out)
{
    char *text = sg_strndup(part.at, part.length);
    char *shown = text != NULL ? sg_redact_address(text) : NULL;
    sg_buf_puts(out, shown != NULL ? shown : "?");
    sg_free_secret(text);
    sg_free(shown);
}

void proxies_show(const char *servers, struct sg_buf *out)
{
    struct span part;
    for (unsigned n = 0; next_part(&servers, "; \t\r\n", &part); n++) {
        if (n > 0)
            sg_buf_putc(out, ';');
        show(part, out);
    }
}
