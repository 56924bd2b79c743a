/* The meaning of replies. */
#include "core/verdict.h"

#include <string.h>

static bool differs(const char *known, const char *told)
{
    return known != NULL && told != NULL && strcmp(known, told) != 0;
}

static bool is_weak(const char *etag)
{
    return etag[0] == 'W' && etag[1] == '/';
}

/* Strong comparison is not possible with weak tags, but a weak tag that differs is still a hint. */
static bool etag_differs(const char *known, const char *told)
{
    if (known == NULL || told == NULL)
        return false;
    const char *a = is_weak(known) ? known + 2 : known;
    const char *b = is_weak(told) ? told + 2 : told;
    return strcmp(a, b) != 0;
}

int64_t verdict_total(const struct reply *reply)
{
    if (reply->http_status == 200)
        return reply->content_length;
    return reply->range_total;
}

/* It gave bytes, or at least told the file's length. */
static bool has_worked(const struct expectation *expected)
{
    return expected->has_worked || expected->total >= 0;
}

/* Another length, or both validators different: another file. One validator alone is what nodes of
 * one content network disagree about; then the content decides, elsewhere. */
static bool is_changed(const struct reply *reply, const struct expectation *expected)
{
    int64_t total = verdict_total(reply);
    if (expected->total >= 0 && total >= 0 && total != expected->total)
        return true;
    bool other_tag = etag_differs(expected->etag, reply->etag);
    bool other_time = differs(expected->last_modified, reply->last_modified);
    bool only_tag_known = expected->last_modified == NULL || reply->last_modified == NULL;
    bool only_time_known = expected->etag == NULL || reply->etag == NULL;
    return (other_tag && (other_time || only_tag_known)) || (other_time && only_time_known);
}

static enum verdict changed(struct sg_err *err)
{
    sg_err_set(err, SG_E_CHANGED, "the file on the server is another one than before");
    return VERDICT_CHANGED;
}

static enum verdict bad(struct sg_err *err, const char *why)
{
    sg_err_set(err, SG_E_BAD_SERVER, "%s", why);
    return VERDICT_FAILED;
}

static enum verdict partial_content(const struct reply *reply, const struct expectation *expected,
                                    struct sg_err *err)
{
    if (!expected->wants_range)
        return bad(err, "the server sent a part of the file though the whole was asked for");
    if (!reply->has_range)
        return bad(err, "the server sent a part of the file without saying which");
    if (reply->range_first != expected->first)
        return bad(err, "the server sent another range than the one asked for");
    if (expected->total < 0 && reply->range_total < 0)
        return VERDICT_NO_RANGE; /* where it ends the file may go on */
    if (expected->end > 0 && reply->range_last >= expected->end)
        return bad(err, "the server sent a longer range than the one asked for");
    uint64_t length = reply->range_last - reply->range_first + 1;
    if (reply->content_length >= 0 && (uint64_t)reply->content_length != length)
        return bad(err, "the server's Content-Length and Content-Range contradict each other");
    if (is_changed(reply, expected))
        return changed(err);
    return VERDICT_RANGE;
}

static enum verdict whole_file(const struct reply *reply, const struct expectation *expected,
                               struct sg_err *err)
{
    bool has_our_length = expected->total >= 0 && reply->content_length == expected->total;
    if (reply->is_html && has_worked(expected) && !has_our_length) {
        sg_err_set(err, SG_E_LINK, "the server sent a web page in place of the file");
        return VERDICT_LINK;
    }
    if (is_changed(reply, expected))
        return changed(err);
    if (expected->first > 0)
        return VERDICT_IGNORED;
    return reply->content_length == 0 ? VERDICT_EMPTY : VERDICT_WHOLE;
}

static enum verdict range_not_satisfiable(const struct reply *reply,
                                          const struct expectation *expected, struct sg_err *err)
{
    if (expected->total < 0 && !expected->wants_range)
        return bad(err, "the server misses a range though none was asked for");
    if (expected->total < 0)
        return reply->range_total == 0 ? VERDICT_EMPTY : VERDICT_NO_RANGE;
    if (reply->range_total >= 0 && reply->range_total != expected->total)
        return changed(err);
    if (expected->first >= (uint64_t)expected->total)
        return VERDICT_COMPLETE;
    return bad(err, "the server says that a range inside the file is outside of it");
}

static enum verdict refused_request(const struct reply *reply, const struct expectation *expected,
                                    struct sg_err *err)
{
    bool is_gone =
        reply->http_status == 403 || reply->http_status == 404 || reply->http_status == 410;
    if (is_gone && has_worked(expected)) {
        sg_err_set(err, SG_E_LINK, "the server answers %d to a link that worked before",
                   reply->http_status);
        return VERDICT_LINK;
    }
    if (reply->http_status == 401 || reply->http_status == 407) {
        sg_err_set(err, SG_E_AUTH, "the %s wants other credentials (HTTP %d)",
                   reply->http_status == 401 ? "server" : "proxy", reply->http_status);
        return VERDICT_FAILED;
    }
    sg_err_set(err, SG_E_HTTP, "the server answered HTTP %d", reply->http_status);
    return VERDICT_FAILED;
}

static enum verdict passing_failure(const struct reply *reply, struct sg_err *err)
{
    int code = reply->http_status;
    if (code == 429 || code == 503) {
        sg_err_set(err, SG_E_BUSY, "the server asks for patience (HTTP %d)", code);
        return VERDICT_REFUSED;
    }
    sg_err_set(err, code >= 500 ? SG_E_SERVER : SG_E_BUSY, "the server failed (HTTP %d)", code);
    return VERDICT_RETRY;
}

enum verdict verdict_of(const struct reply *reply, const struct expectation *expected,
                        struct sg_err *err)
{
    int code = reply->http_status;
    bool has_body = code == 200 || code == 206;
    if (has_body && reply->is_encoded)
        return bad(err, "the server compressed the file though it was asked not to");
    if (code == 206)
        return partial_content(reply, expected, err);
    if (code == 200)
        return whole_file(reply, expected, err);
    if (code == 416)
        return range_not_satisfiable(reply, expected, err);
    if (code == 408 || code == 425 || code == 429 || code >= 500)
        return passing_failure(reply, err);
    return refused_request(reply, expected, err);
}
