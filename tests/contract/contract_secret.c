/* The contract of os/secret.h. */
#include "os/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"

static const char plain[] = "user:canary-word";

static int set_up(void **state)
{
    *state = scratch_create();
    return 0;
}

static int tear_down(void **state)
{
    scratch_remove(*state);
    return 0;
}

static bool has_inside(const struct sg_buf *buf, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= buf->length; i++) {
        if (memcmp(buf->data + i, text, length) == 0)
            return true;
    }
    return false;
}

static void secret__protected_and_revealed__is_the_same(void **state)
{
    static const size_t lengths[] = { 0, 1, sizeof plain };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct sg_buf made = { 0 };
        struct sg_buf back = { 0 };
        assert_int_equal(secret_protect(*state, plain, lengths[i], &made, NULL), SG_OK);
        assert_int_equal(secret_reveal(*state, made.data, made.length, &back, NULL), SG_OK);
        assert_int_equal(back.length, lengths[i]);
        assert_memory_equal(back.data, plain, lengths[i]);
        sg_buf_fini(&made);
        sg_buf_fini(&back);
    }
}

static void secret__protected__does_not_show(void **state)
{
    struct sg_buf made = { 0 };
    sg_buf_puts(&made, "before");
    assert_int_equal(secret_protect(*state, plain, sizeof plain, &made, NULL), SG_OK);
    assert_memory_equal(made.data, "before", 6);
    assert_false(has_inside(&made, "canary"));
    sg_buf_fini(&made);
}

static void secret__damaged_cut_or_foreign__is_not_revealed(void **state)
{
    struct sg_err err = { 0 };
    struct sg_buf made = { 0 };
    struct sg_buf back = { 0 };
    assert_int_equal(secret_protect(*state, plain, sizeof plain, &made, NULL), SG_OK);
    sg_buf_puts(&back, "before");
    for (size_t length = 0; length < made.length; length += 7)
        assert_int_equal(secret_reveal(*state, made.data, length, &back, &err), SG_E_SECRETS);
    made.data[made.length - 1] ^= 1;
    assert_int_equal(secret_reveal(*state, made.data, made.length, &back, &err), SG_E_SECRETS);
    assert_int_equal(secret_reveal(*state, plain, sizeof plain, &back, &err), SG_E_SECRETS);
    assert_int_equal(err.status, SG_E_SECRETS);
    assert_null(strstr(err.message, "canary"));
    assert_string_equal(back.data, "before");
    sg_buf_fini(&made);
    sg_buf_fini(&back);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(secret__protected_and_revealed__is_the_same),
        TEST(secret__protected__does_not_show),
        TEST(secret__damaged_cut_or_foreign__is_not_revealed),
    };
    return cmocka_run_group_tests_name("contract_secret", tests, NULL, NULL);
}
