/* Heads of replies: what is taken from them, and which make the reply malformed. */
#include "core/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static const int64_t now_ms = 784111777000; /* Sun, 06 Nov 1994 08:49:37 GMT */

static void parse(int http_status, const char *lines, struct reply *out)
{
    struct sg_err err = { 0 };
    enum sg_status status = reply_parse(http_status, lines, strlen(lines), now_ms, out, &err);
    if (status != SG_OK)
        fail_msg("refused: %s: %s", lines, sg_err_text(&err));
}

static void reply__no_headers__say_nothing(void **state)
{
    (void)state;
    struct reply reply;
    parse(200, "", &reply);
    assert_int_equal(reply.http_status, 200);
    assert_int_equal(reply.content_length, -1);
    assert_int_equal(reply.range_total, -1);
    assert_int_equal(reply.retry_after_ms, -1);
    assert_false(reply.has_range || reply.is_encoded || reply.is_html || reply.refuses_ranges);
    assert_null(reply.etag);
    assert_null(reply.last_modified);
    assert_null(reply.disposition);
    assert_null(reply.digest);
    reply_fini(&reply);
}

static void reply__usual_head__is_read(void **state)
{
    (void)state;
    struct reply reply;
    parse(206,
          "Server: x\n"
          "content-length: 100\n"
          "CONTENT-RANGE:bytes 100-199/1000\n"
          "ETag: W/\"abc\" \n"
          "Last-Modified:\tSun, 06 Nov 1994 08:49:37 GMT\n"
          "Content-Disposition: attachment; filename=\"a: b\"\n"
          "Content-Type: application/zip\n"
          "Accept-Ranges: bytes\n"
          "a line without a colon\n"
          ": a value without a name\n"
          "\n",
          &reply);
    assert_int_equal(reply.content_length, 100);
    assert_true(reply.has_range);
    assert_int_equal(reply.range_first, 100);
    assert_int_equal(reply.range_last, 199);
    assert_int_equal(reply.range_total, 1000);
    assert_string_equal(reply.etag, "W/\"abc\"");
    assert_string_equal(reply.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_string_equal(reply.disposition, "attachment; filename=\"a: b\"");
    assert_false(reply.is_html || reply.is_encoded || reply.refuses_ranges);
    reply_fini(&reply);
    assert_int_equal(sg_mem_live(), 0);
}

static void reply__content_range__in_each_form(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        bool has_range;
        uint64_t first, last;
        int64_t total;
    } rows[] = {
        { "Content-Range: bytes 0-0/1", true, 0, 0, 1 },
        { "Content-Range: Bytes 0-0/1", true, 0, 0, 1 },
        { "Content-Range: bytes 5-9/*", true, 5, 9, -1 },
        { "Content-Range: bytes */1234", false, 0, 0, 1234 },
        { "Content-Range: bytes */0", false, 0, 0, 0 },
        { "Content-Range: bytes 0-9223372036854775804/9223372036854775806", true, 0,
          9223372036854775804u, 9223372036854775806 },
        { "Content-Range: bytes 5-9/10\nContent-Range: bytes 5-9/10", true, 5, 9, 10 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply reply;
        parse(206, rows[i].lines, &reply);
        assert_int_equal(reply.has_range, rows[i].has_range);
        assert_int_equal(reply.range_first, rows[i].first);
        assert_int_equal(reply.range_last, rows[i].last);
        assert_int_equal(reply.range_total, rows[i].total);
        reply_fini(&reply);
    }
}

static void reply__flags__are_set_by_these_values_only(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        bool is_encoded, is_html, refuses_ranges;
    } rows[] = {
        { "Content-Encoding: gzip", true, false, false },
        { "Content-Encoding: identity", false, false, false },
        { "Content-Encoding: Identity", false, false, false },
        { "Content-Encoding:", false, false, false },
        { "Content-Encoding: identity\nContent-Encoding: br", true, false, false },
        { "Content-Encoding: identity, gzip", true, false, false },
        { "Content-Encoding: a-word-that-is-much-longer-than-anything-that-is-compared-with-it",
          true, false, false },
        { "Content-Type: text/html", false, true, false },
        { "Content-Type: Text/HTML ; charset=utf-8", false, true, false },
        { "Content-Type: application/xhtml+xml", false, true, false },
        { "Content-Type: text/html5", false, false, false },
        { "Content-Type: text/plain; x=text/html", false, false, false },
        { "Accept-Ranges: none", false, false, true },
        { "Accept-Ranges: bytes", false, false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply reply;
        parse(200, rows[i].lines, &reply);
        if (reply.is_encoded != rows[i].is_encoded || reply.is_html != rows[i].is_html ||
            reply.refuses_ranges != rows[i].refuses_ranges)
            fail_msg("wrong flags for %s", rows[i].lines);
        reply_fini(&reply);
    }
}

static void reply__retry_after__is_seconds_or_a_date(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        int64_t delay_ms;
    } rows[] = {
        { "Retry-After: 0", 0 },
        { "Retry-After: 120", 120000 },
        { "Retry-After: 99999999999999999999", -1 },
        { "Retry-After: 18446744073709551615", (int64_t)INT32_MAX * 1000 },
        { "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT", 60000 },
        { "Retry-After: Sun, 06 Nov 1994 08:48:37 GMT", 0 },
        { "Retry-After: -5", -1 },
        { "Retry-After: soon", -1 },
        { "Retry-After:", -1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply reply;
        parse(503, rows[i].lines, &reply);
        if (reply.retry_after_ms != rows[i].delay_ms)
            fail_msg("%s gave %lld", rows[i].lines, (long long)reply.retry_after_ms);
        reply_fini(&reply);
    }
}

static void reply__transfer_coding__makes_length_unknown(void **state)
{
    (void)state;
    struct reply reply;
    parse(200, "Content-Length: 5\nTransfer-Encoding: chunked", &reply);
    assert_int_equal(reply.content_length, -1);
    reply_fini(&reply);
    parse(200, "Transfer-Encoding: chunked\nContent-Length: 5", &reply);
    assert_int_equal(reply.content_length, -1);
    reply_fini(&reply);
    parse(200, "Transfer-Encoding: identity\nContent-Length: 5", &reply);
    assert_int_equal(reply.content_length, 5);
    reply_fini(&reply);
}

#define MD5_OF_IT "md5=:sZRqySSS0jR8YjW00mERhA==:"
#define SHA1_OF_IT "sha=:9XLTlvrpIGYocU+yzgD3LpTyJY8=:"

static void reply__digest__speaks_of_the_whole_file(void **state)
{
    (void)state;
    static const struct {
        int http_status;
        const char *lines;
        const char *digest;
    } rows[] = {
        { 200, "Content-MD5: sZRqySSS0jR8YjW00mERhA==", "md5:b1946ac92492d2347c6235b4d2611184" },
        { 206, "Content-MD5: sZRqySSS0jR8YjW00mERhA==", NULL },
        { 206, "Content-Digest: md5=:sZRqySSS0jR8YjW00mERhA==:", NULL },
        { 200, "Content-Digest: md5=:sZRqySSS0jR8YjW00mERhA==:",
          "md5:b1946ac92492d2347c6235b4d2611184" },
        { 206,
          "Repr-Digest: md5=:sZRqySSS0jR8YjW00mERhA==:", "md5:b1946ac92492d2347c6235b4d2611184" },
        { 206, "Digest: SHA=9XLTlvrpIGYocU+yzgD3LpTyJY8=",
          "sha1:f572d396fae9206628714fb2ce00f72e94f2258f" },
        { 200, "Digest: md5=sZRqySSS0jR8YjW00mERhA==\nDigest: SHA=9XLTlvrpIGYocU+yzgD3LpTyJY8=",
          "sha1:f572d396fae9206628714fb2ce00f72e94f2258f" },
        { 200, "Digest: md5=nonsense", NULL },
        /* a part that is the whole */
        { 206, "Content-Range: bytes 0-5/6\nContent-Digest: " MD5_OF_IT,
          "md5:b1946ac92492d2347c6235b4d2611184" },
        { 206, "Content-MD5: sZRqySSS0jR8YjW00mERhA==\nContent-Range: bytes 0-5/6",
          "md5:b1946ac92492d2347c6235b4d2611184" },
        { 206, "Content-Range: bytes 0-5/7\nContent-Digest: " MD5_OF_IT, NULL },
        { 206, "Content-Range: bytes 1-5/6\nContent-Digest: " MD5_OF_IT, NULL },
        { 206,
          "Content-Range: bytes 0-5/"
          "*\nContent-Digest: " MD5_OF_IT,
          NULL },
        /* the strongest of those that count */
        { 200, "Content-Digest: " MD5_OF_IT "\nRepr-Digest: " SHA1_OF_IT,
          "sha1:f572d396fae9206628714fb2ce00f72e94f2258f" },
        { 200, "Content-Digest: " SHA1_OF_IT "\nRepr-Digest: " MD5_OF_IT,
          "sha1:f572d396fae9206628714fb2ce00f72e94f2258f" },
        { 206, "Content-Digest: " SHA1_OF_IT "\nRepr-Digest: " MD5_OF_IT,
          "md5:b1946ac92492d2347c6235b4d2611184" },
        /* of something else than the file */
        { 404, "Repr-Digest: " MD5_OF_IT, NULL },
        { 416,
          "Content-Range: bytes */"
          "0\nRepr-Digest: " MD5_OF_IT,
          NULL },
        { 200, "Repr-Digest: " MD5_OF_IT "\nContent-Encoding: gzip", NULL },
        { 206, "Content-Encoding: br\nDigest: md5=sZRqySSS0jR8YjW00mERhA==", NULL },
        { 200, "Content-Encoding: identity\nRepr-Digest: " MD5_OF_IT,
          "md5:b1946ac92492d2347c6235b4d2611184" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply reply;
        parse(rows[i].http_status, rows[i].lines, &reply);
        if (rows[i].digest == NULL)
            assert_null(reply.digest);
        else
            assert_string_equal(reply.digest, rows[i].digest);
        reply_fini(&reply);
    }
}

static void reply__malformed__is_bad_server(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "Content-Length:",
        "Content-Length: -1",
        "Content-Length: +1",
        "Content-Length: 1 2",
        "Content-Length: 0x10",
        "Content-Length: 1,1",
        "Content-Length: 9223372036854775807",
        "Content-Length: 18446744073709551616",
        "Content-Length: 5\nContent-Length: 6",
        "Content-Range:",
        "Content-Range: bytes",
        "Content-Range: bytes ",
        "Content-Range: bytes/0-1 2",
        "Content-Range: /",
        "Content-Range: b/tes 0-1/2",
        "Content-Range: bytes 0-1",
        "Content-Range: bytes */*",
        "Content-Range: bytes 1/2",
        "Content-Range: bytes -/2",
        "Content-Range: bytes 0-/2",
        "Content-Range: bytes -1/2",
        "Content-Range: bytes 2-1/5",
        "Content-Range: bytes 0-2/2",
        "Content-Range: bytes 0-1/-2",
        "Content-Range: bytes 0-1/2/3",
        "Content-Range: bytes 0--1/2",
        "Content-Range: bytes 0-18446744073709551616/*",
        "Content-Range: bytes=0-1/2",
        "Content-Range: items 0-1/2",
        "Content-Range: bytes 0-1/2\nContent-Range: bytes 0-1/3",
        "Content-Range: bytes 0-1/2\nContent-Range: bytes */2",
        "ETag: \"a\"\nETag: \"b\"",
        "Last-Modified: x\nLast-Modified: y",
        "Content-Disposition: x\nContent-Disposition: y",
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct reply reply;
        struct sg_err err = { 0 };
        enum sg_status status = reply_parse(206, heads[i], strlen(heads[i]), now_ms, &reply, &err);
        if (status != SG_E_BAD_SERVER)
            fail_msg("accepted: %s", heads[i]);
        assert_int_equal(err.status, SG_E_BAD_SERVER);
        assert_non_null(strstr(err.message, "header"));
        assert_int_equal(sg_mem_live(), 0);
    }
}

static void reply__same_answer_twice__is_one(void **state)
{
    (void)state;
    struct reply reply;
    parse(200, "Content-Length: 5\nContent-Length: 5\nETag: \"a\"\nETag: \"a\"\nETag:", &reply);
    assert_int_equal(reply.content_length, 5);
    assert_string_equal(reply.etag, "\"a\"");
    reply_fini(&reply);
}

static void reply__memory_runs_out__is_told(void **state)
{
    (void)state;
    static const char lines[] = "ETag: \"a\"\nLast-Modified: x\nContent-Disposition: y\n"
                                "Digest: SHA=9XLTlvrpIGYocU+yzgD3LpTyJY8=";
    for (uint64_t n = 0;; n++) {
        struct reply reply;
        sg_mem_fail_after(n);
        enum sg_status status = reply_parse(200, lines, sizeof lines - 1, now_ms, &reply, NULL);
        sg_mem_fail_after(UINT64_MAX);
        if (status == SG_OK) {
            assert_in_range(n, 4, 8);
            reply_fini(&reply);
            break;
        }
        assert_int_equal(status, SG_E_NOMEM);
        assert_int_equal(sg_mem_live(), 0);
    }
    assert_int_equal(sg_mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply__no_headers__say_nothing),
        cmocka_unit_test(reply__usual_head__is_read),
        cmocka_unit_test(reply__content_range__in_each_form),
        cmocka_unit_test(reply__flags__are_set_by_these_values_only),
        cmocka_unit_test(reply__retry_after__is_seconds_or_a_date),
        cmocka_unit_test(reply__transfer_coding__makes_length_unknown),
        cmocka_unit_test(reply__digest__speaks_of_the_whole_file),
        cmocka_unit_test(reply__malformed__is_bad_server),
        cmocka_unit_test(reply__same_answer_twice__is_one),
        cmocka_unit_test(reply__memory_runs_out__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
