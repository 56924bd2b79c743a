/* Strict parsing of reply headers. */
#include "core/reply.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/digest_header.h"
#include "core/http_date.h"

/* One header's value, trimmed, not terminated. */
struct value {
    const char *text;
    size_t length;
};

/* What is gathered while the lines are read. */
struct parse {
    struct reply *reply;
    int64_t now_wall_ms;
    struct digest_choice of_file;
    struct digest_choice of_body; /* of this message's bytes */
    bool is_chunked;
    struct sg_err *err;
};

typedef enum sg_status header_fn(struct parse *parse, struct value value);

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct value trimmed(const char *text, size_t length)
{
    while (length > 0 && is_blank(text[0])) {
        text++;
        length--;
    }
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    return (struct value){ text, length };
}

static bool equals(struct value value, const char *text)
{
    char copy[64];
    if (value.length >= sizeof copy)
        return false;
    memcpy(copy, value.text, value.length);
    copy[value.length] = '\0';
    return sg_equals_ignoring_case(copy, text);
}

static enum sg_status malformed(struct parse *parse, const char *name, struct value value)
{
    int shown = value.length < 80 ? (int)value.length : 80;
    return sg_err_set(parse->err, SG_E_BAD_SERVER, "the server's %s header makes no sense: %.*s",
                      name, shown, value.text);
}

/* A length or offset: digits only, at most 63 bits, so that sums cannot overflow. */
static bool take_size(struct value value, int64_t *out)
{
    uint64_t number;
    if (!sg_parse_u64(value.text, value.length, &number) || number > INT64_MAX - 1)
        return false;
    *out = (int64_t)number;
    return true;
}

/* Keeps a copy of the first value; a second, different one makes the reply malformed. */
static enum sg_status keep_text(struct parse *parse, const char *name, struct value value,
                                char **field)
{
    if (*field != NULL) {
        bool is_same =
            strlen(*field) == value.length && memcmp(*field, value.text, value.length) == 0;
        return is_same ? SG_OK : malformed(parse, name, value);
    }
    *field = sg_strndup(value.text, value.length);
    return *field != NULL ? SG_OK : SG_E_NOMEM;
}

static enum sg_status on_content_length(struct parse *parse, struct value value)
{
    int64_t length;
    if (!take_size(value, &length))
        return malformed(parse, "Content-Length", value);
    if (parse->reply->content_length >= 0 && parse->reply->content_length != length)
        return malformed(parse, "Content-Length", value);
    parse->reply->content_length = length;
    return SG_OK;
}

/* The body's length is then found in the body, and a Content-Length means nothing. RFC 9112, 6.3.
 */
static enum sg_status on_transfer_encoding(struct parse *parse, struct value value)
{
    parse->is_chunked = value.length > 0 && !equals(value, "identity");
    return SG_OK;
}

/* "bytes first-last/total", "bytes first-last/" followed by "*", or "bytes *" followed by "/total".
 * RFC 9110, 14.4. */
static bool take_content_range(struct value value, struct reply *reply)
{
    static const char unit[] = "bytes ";
    size_t unit_length = sizeof unit - 1;
    const char *slash = memchr(value.text, '/', value.length);
    if (slash == NULL || value.length < unit_length)
        return false;
    if (!equals((struct value){ value.text, unit_length - 1 }, "bytes") || value.text[5] != ' ')
        return false;
    struct value range = { value.text + unit_length, (size_t)(slash - value.text) - unit_length };
    struct value total = { slash + 1, value.length - (size_t)(slash + 1 - value.text) };

    bool is_total_known = !equals(total, "*");
    if (is_total_known && !take_size(total, &reply->range_total))
        return false;
    if (equals(range, "*"))
        return is_total_known;

    const char *dash = memchr(range.text, '-', range.length);
    if (dash == NULL)
        return false;
    int64_t first, last;
    if (!take_size((struct value){ range.text, (size_t)(dash - range.text) }, &first) ||
        !take_size((struct value){ dash + 1, range.length - (size_t)(dash + 1 - range.text) },
                   &last))
        return false;
    if (last < first || (is_total_known && last >= reply->range_total))
        return false;
    reply->has_range = true;
    reply->range_first = (uint64_t)first;
    reply->range_last = (uint64_t)last;
    return true;
}

static enum sg_status on_content_range(struct parse *parse, struct value value)
{
    struct reply found = { .range_total = -1 };
    struct reply *reply = parse->reply;
    if (!take_content_range(value, &found))
        return malformed(parse, "Content-Range", value);
    bool is_second = reply->has_range || reply->range_total >= 0;
    if (is_second &&
        (reply->has_range != found.has_range || reply->range_first != found.range_first ||
         reply->range_last != found.range_last || reply->range_total != found.range_total))
        return malformed(parse, "Content-Range", value);
    reply->has_range = found.has_range;
    reply->range_first = found.range_first;
    reply->range_last = found.range_last;
    reply->range_total = found.range_total;
    return SG_OK;
}

static enum sg_status on_content_encoding(struct parse *parse, struct value value)
{
    if (value.length > 0 && !equals(value, "identity"))
        parse->reply->is_encoded = true;
    return SG_OK;
}

static enum sg_status on_content_type(struct parse *parse, struct value value)
{
    const char *end = memchr(value.text, ';', value.length);
    struct value type =
        trimmed(value.text, end != NULL ? (size_t)(end - value.text) : value.length);
    parse->reply->is_html = equals(type, "text/html") || equals(type, "application/xhtml+xml");
    return SG_OK;
}

static enum sg_status on_accept_ranges(struct parse *parse, struct value value)
{
    parse->reply->refuses_ranges = equals(value, "none");
    return SG_OK;
}

/* Seconds or a date; anything else is ignored, since it is only advice. */
static enum sg_status on_retry_after(struct parse *parse, struct value value)
{
    uint64_t seconds;
    int64_t wall_ms;
    if (sg_parse_u64(value.text, value.length, &seconds)) {
        parse->reply->retry_after_ms =
            seconds < INT32_MAX ? (int64_t)seconds * 1000 : (int64_t)INT32_MAX * 1000;
    } else if (http_date_parse(value.text, value.length, &wall_ms)) {
        int64_t delay = wall_ms - parse->now_wall_ms;
        parse->reply->retry_after_ms = delay > 0 ? delay : 0;
    }
    return SG_OK;
}

static enum sg_status on_etag(struct parse *parse, struct value value)
{
    return value.length > 0 ? keep_text(parse, "ETag", value, &parse->reply->etag) : SG_OK;
}

static enum sg_status on_last_modified(struct parse *parse, struct value value)
{
    return keep_text(parse, "Last-Modified", value, &parse->reply->last_modified);
}

static enum sg_status on_disposition(struct parse *parse, struct value value)
{
    return keep_text(parse, "Content-Disposition", value, &parse->reply->disposition);
}

static enum sg_status on_repr_digest(struct parse *parse, struct value value)
{
    digest_choice_dictionary(&parse->of_file, value.text, value.length);
    return SG_OK;
}

static enum sg_status on_digest(struct parse *parse, struct value value)
{
    digest_choice_legacy(&parse->of_file, value.text, value.length);
    return SG_OK;
}

static enum sg_status on_content_digest(struct parse *parse, struct value value)
{
    digest_choice_dictionary(&parse->of_body, value.text, value.length);
    return SG_OK;
}

static enum sg_status on_content_md5(struct parse *parse, struct value value)
{
    digest_choice_md5(&parse->of_body, value.text, value.length);
    return SG_OK;
}

/* Repr-Digest and Digest speak of the whole representation (RFC 9530, 3; RFC 3230, 4.3.2: of the
 * instance), also in a 206; Content-Digest and Content-MD5 of what this message carries (RFC 9530,
 * 2; RFC 2616, 14.15). */
static const struct {
    const char *name;
    header_fn *parse;
} headers[] = {
    { "Content-Length", on_content_length }, { "Transfer-Encoding", on_transfer_encoding },
    { "Content-Range", on_content_range },   { "Content-Encoding", on_content_encoding },
    { "Content-Type", on_content_type },     { "Accept-Ranges", on_accept_ranges },
    { "Retry-After", on_retry_after },       { "ETag", on_etag },
    { "Last-Modified", on_last_modified },   { "Content-Disposition", on_disposition },
    { "Repr-Digest", on_repr_digest },       { "Digest", on_digest },
    { "Content-Digest", on_content_digest }, { "Content-MD5", on_content_md5 },
};

static enum sg_status parse_line(struct parse *parse, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    if (colon == NULL)
        return SG_OK;
    struct value name = { line, (size_t)(colon - line) };
    struct value value = trimmed(colon + 1, length - name.length - 1);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        if (equals(name, headers[i].name))
            return headers[i].parse(parse, value);
    }
    return SG_OK;
}

static enum sg_status parse_lines(struct parse *parse, const char *lines, size_t length)
{
    while (length > 0) {
        const char *end = memchr(lines, '\n', length);
        size_t line_length = end != NULL ? (size_t)(end - lines) : length;
        enum sg_status status = parse_line(parse, lines, line_length);
        if (status != SG_OK)
            return status;
        size_t step = end != NULL ? line_length + 1 : line_length;
        lines += step;
        length -= step;
    }
    return SG_OK;
}

static bool carries_whole_file(const struct reply *reply)
{
    if (reply->http_status == 200)
        return true;
    return reply->has_range && reply->range_first == 0 && reply->range_total >= 0 &&
           reply->range_last == (uint64_t)reply->range_total - 1;
}

/* The digest of an error page, or of the file in compressed form, says nothing about the file. */
static enum sg_status take_digest(struct parse *parse)
{
    struct reply *reply = parse->reply;
    struct digest_choice *choice = &parse->of_file;
    const struct digest_choice *of_body = &parse->of_body;
    bool is_file = reply->http_status == 200 || reply->http_status == 206;
    if (!is_file || reply->is_encoded)
        return SG_OK;
    bool is_better = of_body->is_set && (!choice->is_set || of_body->kind > choice->kind);
    if (is_better && carries_whole_file(reply))
        *choice = *of_body;
    return digest_choice_take(choice, &reply->digest);
}

enum sg_status reply_parse(int http_status, const char *lines, size_t length, int64_t now_wall_ms,
                           struct reply *out, struct sg_err *err)
{
    struct reply reply = {
        .http_status = http_status, .content_length = -1, .range_total = -1, .retry_after_ms = -1
    };
    struct parse parse = { .reply = &reply, .now_wall_ms = now_wall_ms, .err = err };
    enum sg_status status = parse_lines(&parse, lines, length);
    if (parse.is_chunked)
        reply.content_length = -1;
    if (status == SG_OK)
        status = take_digest(&parse);
    if (status != SG_OK) {
        reply_fini(&reply);
        return status;
    }
    *out = reply;
    return SG_OK;
}

void reply_fini(struct reply *reply)
{
    sg_free(reply->etag);
    sg_free(reply->last_modified);
    sg_free(reply->disposition);
    sg_free(reply->digest);
    *reply = (struct reply){ 0 };
}
