/* Stretches that came twice, kept until their first copy is written. */
#include "core/seam.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

static const unsigned char bytes[3 * SEAM_SIZE];

static void release(struct seams *seams, struct seam_batch *batch, struct extents *written)
{
    seams_clear(seams);
    seam_batch_clear(batch);
    extents_fini(written);
    assert_int_equal(sg_mem_live(), 0);
}

static void seam__first_copy_is_not_written__is_not_due(void **state)
{
    (void)state;
    struct seams seams = { 0 };
    struct seam_batch batch = { 0 };
    struct extents written = { 0 };
    (void)seams_put(&seams, SEAM_NO_PROOF, 1000, bytes, SEAM_SIZE);
    assert_int_equal(extents_add(&written, 0, 1000 + SEAM_SIZE - 1), SG_OK);
    assert_false(seams_take_due(&seams, &written, &batch));
    assert_int_equal(extents_add(&written, 1000, 1000 + SEAM_SIZE), SG_OK);
    assert_true(seams_take_due(&seams, &written, &batch));
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.items[0].offset, 1000);
    assert_int_equal(batch.items[0].length, SEAM_SIZE);
    assert_int_equal(seams.count, 0);
    release(&seams, &batch, &written);
}

static void seam__comes_in_pieces__is_one(void **state)
{
    (void)state;
    struct seams seams = { 0 };
    struct seam_batch batch = { 0 };
    struct extents written = { 0 };
    const unsigned char pieces[] = { 1, 2, 3, 4, 5 };
    (void)seams_put(&seams, SEAM_NO_PROOF, 70, pieces, 2);
    (void)seams_put(&seams, SEAM_NO_PROOF, 500, pieces, 1);
    (void)seams_put(&seams, SEAM_NO_PROOF, 72, pieces + 2, 3);
    assert_int_equal(seams.count, 2);
    assert_int_equal(seams.items[0].length, 5);
    assert_memory_equal(seams.items[0].bytes, pieces, 5);
    release(&seams, &batch, &written);
}

static void seam__longer_than_one__is_several(void **state)
{
    (void)state;
    struct seams seams = { 0 };
    struct seam_batch batch = { 0 };
    struct extents written = { 0 };
    (void)seams_put(&seams, SEAM_NO_PROOF, 9, bytes, sizeof bytes);
    assert_int_equal(seams.count, 3);
    assert_int_equal(seams.items[2].offset, 9 + 2 * SEAM_SIZE);
    release(&seams, &batch, &written);
}

static void seams__more_than_fit__are_not_kept(void **state)
{
    (void)state;
    struct seams seams = { 0 };
    struct seam_batch batch = { 0 };
    struct extents written = { 0 };
    for (uint64_t i = 0; i < SEAMS_MAX + 10; i++)
        (void)seams_put(&seams, SEAM_NO_PROOF, i * 100000, bytes, 10);
    assert_int_equal(seams.count, SEAMS_MAX);
    release(&seams, &batch, &written);
}

static void seams__many_are_due__go_in_batches(void **state)
{
    (void)state;
    struct seams seams = { 0 };
    struct seam_batch batch = { 0 };
    struct extents written = { 0 };
    for (uint64_t i = 0; i < SEAM_BATCH + 3; i++)
        (void)seams_put(&seams, SEAM_NO_PROOF, i * 100000, bytes, 10);
    assert_int_equal(extents_add(&written, 0, 100000 * SEAMS_MAX), SG_OK);
    assert_true(seams_take_due(&seams, &written, &batch));
    assert_int_equal(batch.count, SEAM_BATCH);
    seam_batch_clear(&batch);
    assert_true(seams_take_due(&seams, &written, &batch));
    assert_int_equal(batch.count, 3);
    release(&seams, &batch, &written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seam__first_copy_is_not_written__is_not_due),
        cmocka_unit_test(seam__comes_in_pieces__is_one),
        cmocka_unit_test(seam__longer_than_one__is_several),
        cmocka_unit_test(seams__more_than_fit__are_not_kept),
        cmocka_unit_test(seams__many_are_due__go_in_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
