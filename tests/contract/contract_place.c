/* The contract of os/file.h about files that are made for their owner, where an open file is, and
 * names in the folder that it is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/file.h"
#include "os/path.h"
#include "tests/contract/contract.h"

struct place {
    struct loop *loop;
    char *scratch;
    char *folder; /* in it */
    char *path;   /* of a file that is not there yet */
};

static int set_up(void **state)
{
    struct place *place = sg_alloc(sizeof *place);
    assert_non_null(place);
    place->loop = create_loop();
    place->scratch = scratch_create();
    place->folder = scratch_path(place->scratch, "folder");
    place->path = scratch_path(place->folder, "file.part");
    assert_int_equal(path_make_folders(place->folder, NULL), SG_OK);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    loop_destroy(place->loop);
    scratch_remove(place->scratch);
    sg_free(place->folder);
    sg_free(place->path);
    sg_free(place);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static struct file *open_file(const struct place *place, const char *path, enum file_mode mode)
{
    struct file *file = NULL;
    struct sg_err err = { 0 };
    if (file_open(place->loop, path, mode, &file, &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    return file;
}

static struct file_id id_of(struct file *file)
{
    struct file_id id;
    assert_int_equal(file_identity(file, &id, NULL), SG_OK);
    return id;
}

static void assert_is_at(struct file *file, const char *path)
{
    struct file_id wanted = id_of(file);
    struct file_id found;
    assert_int_equal(path_identity(path, &found, NULL), SG_OK);
    assert_true(file_id_is_same(&wanted, &found));
}

static void assert_size(const struct place *place, const char *path, uint64_t wanted)
{
    uint64_t size;
    struct file *file = open_file(place, path, FILE_READ_ONLY);
    assert_int_equal(file_size(file, &size, NULL), SG_OK);
    assert_int_equal(size, wanted);
    file_close(file);
}

static void place__of_an_open_file__leads_to_it_and_ends_in_its_name(void **state)
{
    struct place *place = *state;
    char *found;
    struct file *file = open_file(place, place->path, FILE_CREATE_NEW);
    assert_int_equal(file_place(file, &found, NULL), SG_OK);
    assert_string_equal(path_name(found), "file.part");
    assert_true(path_is_absolute(found));
    assert_is_at(file, found);
    sg_free(found);
    file_close(file);
}

static void rename_here__free_name__is_the_files_in_its_folder(void **state)
{
    struct place *place = *state;
    char *found;
    char *first = scratch_path(place->folder, "Grüße.bin");
    char *second = scratch_path(place->folder, "second.bin");
    struct file *file = open_file(place, place->path, FILE_CREATE_NEW);
    struct sg_err err = { 0 };
    if (file_rename_here(file, "Grüße.bin", false, &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    assert_is_at(file, first);
    assert_false(path_exists(place->path));
    assert_int_equal(file_rename_here(file, "second.bin", false, NULL), SG_OK);
    assert_is_at(file, second);
    assert_int_equal(file_place(file, &found, NULL), SG_OK);
    assert_string_equal(path_name(found), "second.bin");
    file_close(file);
    sg_free(found);
    sg_free(first);
    sg_free(second);
}

static void rename_here__taken_name__exists_unless_it_may_be_replaced(void **state)
{
    struct place *place = *state;
    char *target = scratch_path(place->folder, "taken.bin");
    scratch_write(place->loop, target, "four");
    struct file *file = open_file(place, place->path, FILE_CREATE_NEW);
    assert_int_equal(file_rename_here(file, "taken.bin", false, NULL), SG_E_EXISTS);
    assert_size(place, target, 4);
    assert_is_at(file, place->path);
    assert_int_equal(file_rename_here(file, "taken.bin", true, NULL), SG_OK);
    assert_is_at(file, target);
    file_close(file);
    assert_size(place, target, 0);
    sg_free(target);
}

/* Windows does not let a folder be renamed while a file in it is open. Where that is possible the
 * name stays in the file's folder, or (Wine 8, whose handles know their first path only) it is seen
 * that the file is not where its path says. */
static void rename_here__folder_swapped_meanwhile__touches_nothing_in_the_other(void **state)
{
    struct place *place = *state;
    char *moved = scratch_path(place->scratch, "moved");
    char *wrong = scratch_path(place->folder, "named.bin");
    struct file *file = open_file(place, place->path, FILE_CREATE_NEW);
    bool is_swapped = path_rename(place->folder, moved, NULL) == SG_OK;
    if (is_swapped) {
        assert_int_equal(path_make_folders(place->folder, NULL), SG_OK);
        scratch_write(place->loop, place->path, "not ours");
    }
    enum sg_status status = file_rename_here(file, "named.bin", true, NULL);
    if (is_swapped) {
        char *right = scratch_path(moved, status == SG_OK ? "named.bin" : "file.part");
        assert_is_at(file, right);
        sg_free(right);
        assert_false(path_exists(wrong));
        assert_size(place, place->path, 8);
    } else {
        assert_is_at(file, wrong);
    }
    assert_true(status == SG_OK || (is_swapped && status == SG_E_NOT_FOUND));
    file_close(file);
    sg_free(moved);
    sg_free(wrong);
}

static void owners_file__made_and_opened_again__gets_its_folders_access_in_the_end(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };
    enum file_allocation kind;
    struct file *file = open_file(place, place->path, FILE_CREATE_FOR_OWNER);
    struct file_id id = id_of(file);
    assert_int_equal(file_reserve(file, 4096, &kind, NULL), SG_OK);
    file_close(file);
    file = open_file(place, place->path, FILE_OPEN_FOR_OWNER);
    struct file_id again = id_of(file);
    assert_true(file_id_is_same(&id, &again));
    assert_int_equal(file_rename_here(file, "done.bin", false, NULL), SG_OK);
    if (file_admit_others(file, &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    file_close(file);
}

static void owners_file__name_that_is_taken__is_left_alone(void **state)
{
    struct place *place = *state;
    struct file *file = NULL;
    scratch_write(place->loop, place->path, "not ours");
    assert_int_equal(file_open(place->loop, place->path, FILE_CREATE_FOR_OWNER, &file, NULL),
                     SG_E_EXISTS);
    assert_size(place, place->path, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(place__of_an_open_file__leads_to_it_and_ends_in_its_name),
        CASE(rename_here__free_name__is_the_files_in_its_folder),
        CASE(rename_here__taken_name__exists_unless_it_may_be_replaced),
        CASE(rename_here__folder_swapped_meanwhile__touches_nothing_in_the_other),
        CASE(owners_file__made_and_opened_again__gets_its_folders_access_in_the_end),
        CASE(owners_file__name_that_is_taken__is_left_alone),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
