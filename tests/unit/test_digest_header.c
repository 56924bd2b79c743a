/* Declared and demanded digests in all their spellings. The digests are those of "hello\n". */
#include "core/digest_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define MD5_BASE64 "sZRqySSS0jR8YjW00mERhA=="
#define SHA256_BASE64 "WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM="

typedef void look_fn(struct digest_choice *choice, const char *value, size_t length);

static void assert_choice(look_fn *look, const char *value, const char *expected_prefix)
{
    struct digest_choice choice = { 0 };
    char *text = NULL;
    look(&choice, value, strlen(value));
    assert_int_equal(digest_choice_take(&choice, &text), SG_OK);
    if (expected_prefix == NULL) {
        if (text != NULL)
            fail_msg("%s gave %s", value, text);
        return;
    }
    if (text == NULL || strncmp(text, expected_prefix, strlen(expected_prefix)) != 0)
        fail_msg("%s gave %s, not %s...", value, text != NULL ? text : "nothing", expected_prefix);
    sg_free(text);
    assert_int_equal(sg_mem_live(), 0);
}

static void digest__dictionary__gives_the_strongest(void **state)
{
    (void)state;
    static const char sha256[] =
        "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    look_fn *look = digest_choice_dictionary;
    assert_choice(look, "sha-256=:" SHA256_BASE64 ":", sha256);
    assert_choice(look, "SHA-256=:" SHA256_BASE64 ":", sha256);
    assert_choice(look, " sha-256=:" SHA256_BASE64 ": ", sha256);
    assert_choice(look, "md5=:" MD5_BASE64 ":, sha-256=:" SHA256_BASE64 ":", sha256);
    assert_choice(look, "sha-256=:" SHA256_BASE64 ":,md5=:" MD5_BASE64 ":", sha256);
    assert_choice(look, "crc32c=:AAAA:, md5=:" MD5_BASE64 ":",
                  "md5:b1946ac92492d2347c6235b4d2611184");
}

static void digest__unusable_dictionary__is_none(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        ",",
        "=",
        "sha-256",
        "sha-256=",
        "sha-256=:",
        "sha-256=::",
        "sha-256=" SHA256_BASE64,
        "sha-256=:" SHA256_BASE64,
        "sha-256=:" MD5_BASE64 ":",
        "sha-256=:" SHA256_BASE64 ":;p=1",
        "sha-256=:WJG1tSLV3whtD/DxEPvZ0hu0/HFjrzTQgoai6EbrC*s=:",
        "sha-256=:WJG1tSLV3whtD/DxEPvZ0hu0/HFjrzTQgoai6EbrCAsA:",
        "sha-256=:============================================:",
        "sha-1024=:" SHA256_BASE64 ":",
        "a-name-that-is-longer-than-any-known-one=:AAAA:",
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_choice(digest_choice_dictionary, values[i], NULL);
}

static void digest__older_headers__are_understood(void **state)
{
    (void)state;
    assert_choice(digest_choice_legacy, "SHA-256=" SHA256_BASE64, "sha256:5891b5b5");
    assert_choice(digest_choice_legacy, "md5=" MD5_BASE64 ",SHA-256=" SHA256_BASE64, "sha256:");
    assert_choice(digest_choice_legacy, "SHA=9XLTlvrpIGYocU+yzgD3LpTyJY8=",
                  "sha1:f572d396fae9206628714fb2ce00f72e94f2258f");
    assert_choice(digest_choice_legacy, "unixsum=30637", NULL);
    assert_choice(digest_choice_md5, MD5_BASE64, "md5:b1946ac9");
    assert_choice(digest_choice_md5, "not base64", NULL);
    assert_choice(digest_choice_md5, "", NULL);
}

static void digest__demanded__is_read(void **state)
{
    (void)state;
    enum digest_kind kind;
    uint8_t bytes[DIGEST_SIZE_MAX];
    assert_true(digest_parse("md5:b1946ac92492d2347c6235b4d2611184", &kind, bytes));
    assert_int_equal(kind, DIGEST_MD5);
    assert_int_equal(bytes[0], 0xb1);
    assert_int_equal(bytes[15], 0x84);
    assert_true(digest_parse("sha1:F572D396FAE9206628714FB2CE00F72E94F2258F", &kind, bytes));
    assert_int_equal(kind, DIGEST_SHA1);
    assert_int_equal(bytes[0], 0xf5);
}

static void digest__hexadecimal__is_lower_case(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 0x00, 0x7f, 0xa9, 0xff };
    char hex[DIGEST_HEX_SIZE];
    digest_to_hex(bytes, sizeof bytes, hex);
    assert_string_equal(hex, "007fa9ff");
}

static void digest__words_of_kinds__are_read_in_full(void **state)
{
    (void)state;
    enum digest_kind kind;
    assert_true(digest_kind_from_word("sha512", 6, &kind));
    assert_int_equal(kind, DIGEST_SHA512);
    assert_true(digest_kind_from_word("md5:00", 3, &kind));
    assert_int_equal(kind, DIGEST_MD5);
    assert_false(digest_kind_from_word("sha512", 4, &kind));
    assert_false(digest_kind_from_word("sha-256", 7, &kind));
    assert_false(digest_kind_from_word("", 0, &kind));
}

static void digest__demanded_wrong__is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        ":",
        "md5",
        "md5:",
        "md5:b1946ac92492d2347c6235b4d261118",
        "md5:b1946ac92492d2347c6235b4d26111844",
        "md5:g1946ac92492d2347c6235b4d2611184",
        "MD5:b1946ac92492d2347c6235b4d2611184",
        "sha256:b1946ac92492d2347c6235b4d2611184",
        "crc32:00000000",
        "b1946ac92492d2347c6235b4d2611184",
    };
    enum digest_kind kind = DIGEST_SHA512;
    uint8_t bytes[DIGEST_SIZE_MAX];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (digest_parse(texts[i], &kind, bytes))
            fail_msg("read: %s", texts[i]);
    }
    assert_int_equal(kind, DIGEST_SHA512);
}

static void digest__every_kind__comes_back_through_text(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DIGEST_KIND_COUNT; i++) {
        struct digest_choice choice = { .is_set = true, .kind = (enum digest_kind)i };
        for (size_t n = 0; n < digest_size(choice.kind); n++)
            choice.bytes[n] = (uint8_t)(n * 37 + i);
        char *text = NULL;
        assert_int_equal(digest_choice_take(&choice, &text), SG_OK);
        enum digest_kind kind;
        uint8_t bytes[DIGEST_SIZE_MAX];
        assert_true(digest_parse(text, &kind, bytes));
        assert_int_equal(kind, choice.kind);
        assert_memory_equal(bytes, choice.bytes, digest_size(kind));
        assert_memory_equal(text, digest_word(kind), strlen(digest_word(kind)));
        sg_free(text);
    }
}

static void digest__memory_runs_out__is_told(void **state)
{
    (void)state;
    struct digest_choice choice = { .is_set = true, .kind = DIGEST_SHA256 };
    char *text = NULL;
    sg_mem_fail_after(0);
    assert_int_equal(digest_choice_take(&choice, &text), SG_E_NOMEM);
    sg_mem_fail_after(UINT64_MAX);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest__dictionary__gives_the_strongest),
        cmocka_unit_test(digest__unusable_dictionary__is_none),
        cmocka_unit_test(digest__older_headers__are_understood),
        cmocka_unit_test(digest__demanded__is_read),
        cmocka_unit_test(digest__demanded_wrong__is_refused),
        cmocka_unit_test(digest__hexadecimal__is_lower_case),
        cmocka_unit_test(digest__words_of_kinds__are_read_in_full),
        cmocka_unit_test(digest__every_kind__comes_back_through_text),
        cmocka_unit_test(digest__memory_runs_out__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
