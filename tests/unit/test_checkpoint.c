/* The format of durable ranges: what is written comes back, and nothing else is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "core/checkpoint.h"

static void add(struct extents *set, uint64_t from, uint64_t to)
{
    assert_int_equal(extents_add(set, from, to), SG_OK);
}

static struct sg_buf encode(const struct extents *set)
{
    struct sg_buf out = { 0 };
    checkpoint_encode(set, &out);
    assert_false(out.is_failed);
    return out;
}

static void assert_round_trip(const struct extents *set)
{
    struct sg_buf encoding = encode(set);
    struct extents decoded = { 0 };
    add(&decoded, 1, 2); /* is replaced */
    assert_int_equal(checkpoint_decode(encoding.data, encoding.length, &decoded), SG_OK);
    assert_true(extents_are_equal(&decoded, set));
    assert_true(extents_check(&decoded));
    extents_fini(&decoded);
    sg_buf_fini(&encoding);
}

/* Refused, and the set is as before. */
static void assert_refused(const void *data, size_t length)
{
    struct extents set = { 0 };
    add(&set, 3, 9);
    assert_int_equal(checkpoint_decode(data, length, &set), SG_E_DAMAGED);
    assert_int_equal(set.count, 1);
    assert_int_equal(set.items[0].from, 3);
    assert_int_equal(set.items[0].to, 9);
    extents_fini(&set);
}

/* The bytes with the checksum that belongs to them: only their meaning can be wrong. */
static struct sg_buf seal(const char *bytes, size_t length)
{
    struct sg_buf out = { 0 };
    sg_buf_append(&out, bytes, length);
    uint32_t crc = checkpoint_crc32c(bytes, length);
    for (unsigned i = 0; i < 4; i++)
        sg_buf_putc(&out, (char)(uint8_t)(crc >> (8 * i)));
    assert_false(out.is_failed);
    return out;
}

static struct extents make_set(unsigned n_ranges)
{
    struct extents set = { 0 };
    uint64_t at = 0;
    for (unsigned i = 0; i < n_ranges; i++) {
        at += 1 + (uint64_t)i * i * 1000003;
        add(&set, at, at + 1 + UINT64_C(129) * i);
        at += 1 + UINT64_C(129) * i;
    }
    assert_int_equal(set.count, n_ranges);
    return set;
}

/* RFC 3720, appendix B.4. */
static void checkpoint__the_checksum__is_crc_32c(void **state)
{
    (void)state;
    uint8_t bytes[32] = { 0 };
    assert_int_equal(checkpoint_crc32c(bytes, 32), 0x8A9136AA);
    memset(bytes, 0xFF, 32);
    assert_int_equal(checkpoint_crc32c(bytes, 32), 0x62A8AB43);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(checkpoint_crc32c(bytes, 32), 0x46DD794E);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(checkpoint_crc32c(bytes, 32), 0x113FDB5C);
    assert_int_equal(checkpoint_crc32c("123456789", 9), 0xE3069283);
    assert_int_equal(checkpoint_crc32c(NULL, 0), 0);
}

static void checkpoint__the_format__is_as_described(void **state)
{
    (void)state;
    struct extents set = { 0 };
    add(&set, 0, 1);
    add(&set, 300, 428);
    struct sg_buf encoding = encode(&set);
    static const char expected[] = "\x01\x02\x00\x01\xAB\x02\x80\x01";
    assert_int_equal(encoding.length, sizeof expected - 1 + 4);
    assert_memory_equal(encoding.data, expected, sizeof expected - 1);
    struct sg_buf sealed = seal(expected, sizeof expected - 1);
    assert_memory_equal(encoding.data, sealed.data, sealed.length);
    sg_buf_fini(&sealed);
    sg_buf_fini(&encoding);
    extents_fini(&set);
}

static void checkpoint__sets_of_all_sizes__come_back(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 300; n++) {
        struct extents set = make_set(n);
        assert_round_trip(&set);
        extents_fini(&set);
    }
}

/* Lengths and gaps around every power of two: each length of a varint, up to 63 bits. */
static void checkpoint__numbers_of_all_lengths__come_back(void **state)
{
    (void)state;
    for (unsigned bit = 1; bit < 63; bit++) {
        for (uint64_t delta = 0; delta < 3; delta++) {
            uint64_t at = (UINT64_C(1) << bit) - 1 + delta;
            struct extents set = { 0 };
            add(&set, at, at + 1);
            assert_round_trip(&set);
            extents_clear(&set);
            add(&set, 0, at);
            assert_round_trip(&set);
            extents_fini(&set);
        }
    }
    struct extents whole = { 0 };
    add(&whole, 0, INT64_MAX);
    assert_round_trip(&whole);
    extents_fini(&whole);
}

static void checkpoint__an_encoding__is_appended(void **state)
{
    (void)state;
    struct extents set = make_set(5);
    struct sg_buf out = { 0 };
    sg_buf_puts(&out, "before");
    checkpoint_encode(&set, &out);
    struct extents decoded = { 0 };
    assert_memory_equal(out.data, "before", 6);
    assert_int_equal(checkpoint_decode(out.data + 6, out.length - 6, &decoded), SG_OK);
    assert_true(extents_are_equal(&decoded, &set));
    extents_fini(&decoded);
    extents_fini(&set);
    sg_buf_fini(&out);
}

static void checkpoint__every_flipped_bit__is_refused(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 20; n++) {
        struct extents set = make_set(n);
        struct sg_buf encoding = encode(&set);
        for (size_t bit = 0; bit < encoding.length * 8; bit++) {
            char *byte = &encoding.data[bit / 8];
            *byte = (char)(*byte ^ (1 << bit % 8));
            assert_refused(encoding.data, encoding.length);
            *byte = (char)(*byte ^ (1 << bit % 8));
        }
        sg_buf_fini(&encoding);
        extents_fini(&set);
    }
}

static void checkpoint__every_truncation_and_anything_behind__is_refused(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 50; n++) {
        struct extents set = make_set(n);
        struct sg_buf encoding = encode(&set);
        for (size_t length = 0; length < encoding.length; length++)
            assert_refused(encoding.data, length);
        sg_buf_putc(&encoding, '\0');
        assert_refused(encoding.data, encoding.length);
        sg_buf_fini(&encoding);
        extents_fini(&set);
    }
    assert_refused(NULL, 0);
}

struct sealed_case {
    const char *what;
    const char *bytes;
    size_t length;
};

#define SEALED(what, bytes)            \
    {                                  \
        what, bytes, sizeof(bytes) - 1 \
    }

static void checkpoint__sealed_nonsense__is_refused(void **state)
{
    (void)state;
    static const struct sealed_case cases[] = {
        SEALED("version 0", "\x00\x00"),
        SEALED("version 2", "\x02\x00"),
        SEALED("no count", "\x01"),
        SEALED("a count in two bytes", "\x01\x80\x00"),
        SEALED("a count without its end", "\x01\x80"),
        SEALED("fewer ranges than counted", "\x01\x02\x00\x01"),
        SEALED("more ranges than counted", "\x01\x01\x00\x01\x05\x01"),
        SEALED("bytes behind an empty set", "\x01\x00\x00"),
        SEALED("a range without its length", "\x01\x01\x05"),
        SEALED("a length of 0", "\x01\x01\x05\x00"),
        SEALED("ranges that touch", "\x01\x02\x00\x01\x00\x01"),
        SEALED("a gap in two bytes", "\x01\x01\x85\x00\x01"),
        SEALED("a length in two bytes", "\x01\x01\x05\x81\x00"),
        SEALED("a count beyond 63 bits", "\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
        SEALED("a huge count", "\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"),
        SEALED("an end beyond 63 bits", "\x01\x01\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"),
        SEALED("a second end beyond 63 bits",
               "\x01\x02\x00\x05\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"),
        SEALED("a second gap beyond 63 bits",
               "\x01\x02\x00\x05\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F\x01"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sg_buf sealed = seal(cases[i].bytes, cases[i].length);
        struct extents set = { 0 };
        if (checkpoint_decode(sealed.data, sealed.length, &set) != SG_E_DAMAGED)
            fail_msg("%s is believed", cases[i].what);
        assert_refused(sealed.data, sealed.length);
        sg_buf_fini(&sealed);
    }
}

static void checkpoint__memory_that_runs_out__is_no_damage(void **state)
{
    (void)state;
    struct extents set = make_set(40);
    struct sg_buf encoding = encode(&set);
    struct extents decoded = { 0 };
    enum sg_status status = SG_E_NOMEM;
    for (uint64_t n = 0; status != SG_OK; n++) {
        assert_int_equal(status, SG_E_NOMEM);
        assert_int_equal(decoded.count, 0);
        sg_mem_fail_after(n);
        status = checkpoint_decode(encoding.data, encoding.length, &decoded);
        sg_mem_fail_after(UINT64_MAX);
    }
    assert_true(extents_are_equal(&decoded, &set));

    struct sg_buf out = { 0 };
    sg_mem_fail_after(0);
    checkpoint_encode(&set, &out);
    sg_mem_fail_after(UINT64_MAX);
    assert_true(out.is_failed);
    sg_buf_fini(&out);
    sg_buf_fini(&encoding);
    extents_fini(&decoded);
    extents_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checkpoint__the_checksum__is_crc_32c),
        cmocka_unit_test(checkpoint__the_format__is_as_described),
        cmocka_unit_test(checkpoint__sets_of_all_sizes__come_back),
        cmocka_unit_test(checkpoint__numbers_of_all_lengths__come_back),
        cmocka_unit_test(checkpoint__an_encoding__is_appended),
        cmocka_unit_test(checkpoint__every_flipped_bit__is_refused),
        cmocka_unit_test(checkpoint__every_truncation_and_anything_behind__is_refused),
        cmocka_unit_test(checkpoint__sealed_nonsense__is_refused),
        cmocka_unit_test(checkpoint__memory_that_runs_out__is_no_damage),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
