/* What the mark of the web tells, and what never gets into it. */
#include "core/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define HEAD "[ZoneTransfer]\r\nZoneId=3\r\n"

struct row {
    const char *url;
    const char *told; /* the HostUrl */
};

static void check_mark(const char *url, const char *headers, const char *expected)
{
    char *mark = zone_mark(url, headers);
    assert_non_null(mark);
    if (strcmp(mark, expected) != 0)
        fail_msg("\"%s\" with \"%s\" gave \"%s\", not \"%s\"", url, headers != NULL ? headers : "",
                 mark, expected);
    sg_free(mark);
    assert_int_equal(sg_mem_live(), 0);
}

static void check_row(const struct row *row)
{
    char expected[ZONE_URL_MAX + 256];
    snprintf(expected, sizeof expected, HEAD "HostUrl=%s\r\n", row->told);
    check_mark(row->url, NULL, expected);
}

#define CHECK_ROWS(rows)                                        \
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++) \
    check_row(&(rows)[i])

static void mark__ordinary_url__is_told_whole(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "http://example.com/", "http://example.com/" },
        { "https://example.com/a/b.zip", "https://example.com/a/b.zip" },
        { "HTTPS://Example.com/a", "HTTPS://Example.com/a" },
        { "http://example.com", "http://example.com" },
        { "http://example.com:8080/a", "http://example.com:8080/a" },
        { "http://[::1]/a", "http://[::1]/a" },
        { "http://[2001:db8::a]:81/a", "http://[2001:db8::a]:81/a" },
        { "http://example.com/100%25/a%20b", "http://example.com/100%25/a%20b" },
        { "http://example.com/a@b", "http://example.com/a@b" },
    };
    CHECK_ROWS(rows);
}

static void mark__credentials__do_not_get_in(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "http://user:secret@example.com/a", "http://example.com/a" },
        { "http://user@example.com/a", "http://example.com/a" },
        { "http://:secret@example.com:81/a", "http://example.com:81/a" },
        { "http://a@secret@example.com/a", "http://example.com/a" },
        { "http://user:secret@[::1]:81/a", "http://[::1]:81/a" },
        { "http://user:secret@example.com", "http://example.com" },
        { "http://user:secret@example.com?x", "http://example.com" },
        { "https://h/a?X-Amz-Signature=secret", "https://h/a" },
        { "https://h/a?token=secret#part", "https://h/a" },
        { "https://h?token=secret", "https://h" },
        { "https://h/a#access_token=secret", "https://h/a" },
        { "https://h#secret", "https://h" },
        { "http://user:secret/x@h/", "about:internet" },
        { "http://user:sec\\ret@h/", "about:internet" },
        { "http://user:secret1/@h/", "about:internet" },
    };
    CHECK_ROWS(rows);
}

static void mark__what_is_no_url__is_not_told(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "", "about:internet" },
        { "h", "about:internet" },
        { "http:", "about:internet" },
        { "http://", "about:internet" },
        { "http:///a", "about:internet" },
        { "http://@/a", "about:internet" },
        { "http://:80/a", "about:internet" },
        { "http://[", "about:internet" },
        { "http://::1/", "about:internet" },
        { "file:///C:/secret", "about:internet" },
        { "ftp://example.com/", "about:internet" },
        { "httpx://example.com/", "about:internet" },
        { " http://example.com/", "about:internet" },
    };
    CHECK_ROWS(rows);
}

static void mark__strange_characters__are_encoded(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "http://h/a\r\nZoneId=0", "http://h/a%0D%0AZoneId=0" },
        { "http://h\r\nZoneId=0/a", "http://h%0D%0AZoneId=0/a" },
        { "http://h/a b\x7F", "http://h/a%20b%7F" },
        { "http://h/\xC3\xA4", "http://h/%C3%A4" },
        { "http://\xC3\xA4.example/", "http://%C3%A4.example/" },
        { "http://h/\xFF\x01", "http://h/%FF%01" },
    };
    CHECK_ROWS(rows);
}

/* "http://h/" and `n` letters. */
static const char *long_url(size_t n)
{
    static char url[3 * ZONE_URL_MAX];
    memset(url, 'a', sizeof url);
    memcpy(url, "http://h/", 9);
    url[9 + n] = '\0';
    return url;
}

static void mark__long_url__is_cut_to_its_origin(void **state)
{
    (void)state;
    char longest[ZONE_URL_MAX + 1];
    memcpy(longest, long_url(ZONE_URL_MAX - 9), sizeof longest);
    check_row(&(struct row){ longest, longest });
    check_row(&(struct row){ long_url(ZONE_URL_MAX - 8), "http://h/" });
    check_row(&(struct row){ long_url(2 * ZONE_URL_MAX), "http://h/" });
    char spaces[ZONE_URL_MAX];
    memset(spaces, ' ', sizeof spaces);
    memcpy(spaces, "http://h/", 9);
    spaces[ZONE_URL_MAX / 2] = '\0';
    check_row(&(struct row){ spaces, "http://h/" });
    char host[ZONE_URL_MAX + 100];
    memset(host, 'a', sizeof host);
    memcpy(host, "http://", 7);
    host[sizeof host - 1] = '\0';
    check_row(&(struct row){ host, "about:internet" });
}

static void mark__referer_among_the_headers__is_told(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "Referer: http://r/a?secret", "ReferrerUrl=http://r/a\r\n" },
        { "referer:http://u:secret@r/a#x", "ReferrerUrl=http://r/a\r\n" },
        { "X: y\nREFERER: \t http://r/", "ReferrerUrl=http://r/\r\n" },
        { "Referer: http://r/a\nReferer: http://second/\nX: y", "ReferrerUrl=http://r/a\r\n" },
        { "Referer: https://\xC3\xA4/", "ReferrerUrl=https://%C3%A4/\r\n" },
        { "Authorization: Bearer secret", "" },
        { "X-Referer: http://r/", "" },
        { "Referer: ", "" },
        { "Referer:", "" },
        { "Referer", "" },
        { "Referer: nonsense", "" },
        { "Referer: about:blank", "" },
        { "X: Referer: http://r/", "" },
        { "", "" },
        { "\n\n", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[256];
        snprintf(expected, sizeof expected, HEAD "%sHostUrl=http://h/\r\n", rows[i].told);
        check_mark("http://h/", rows[i].url, expected);
    }
}

static void mark__memory_runs_out__is_null(void **state)
{
    (void)state;
    char *mark = NULL;
    for (uint64_t n = 0; mark == NULL; n++) {
        sg_mem_fail_after(n);
        mark = zone_mark("http://h/a", "Referer: http://r/");
        sg_mem_fail_after(UINT64_MAX);
        assert_int_equal(sg_mem_live(), mark != NULL);
        assert_in_range(n, 0, 20);
    }
    assert_string_equal(mark, HEAD "ReferrerUrl=http://r/\r\nHostUrl=http://h/a\r\n");
    sg_free(mark);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mark__ordinary_url__is_told_whole),
        cmocka_unit_test(mark__credentials__do_not_get_in),
        cmocka_unit_test(mark__what_is_no_url__is_not_told),
        cmocka_unit_test(mark__strange_characters__are_encoded),
        cmocka_unit_test(mark__long_url__is_cut_to_its_origin),
        cmocka_unit_test(mark__referer_among_the_headers__is_told),
        cmocka_unit_test(mark__memory_runs_out__is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
