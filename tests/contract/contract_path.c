/* The contract of os/path.h. */
#include "os/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"

struct place {
    struct loop *loop;
    char *folder;
    char *file; /* a file in it */
    char *missing;
};

static int set_up(void **state)
{
    struct place *place = sg_alloc(sizeof *place);
    assert_non_null(place);
    place->loop = create_loop();
    place->folder = scratch_create();
    place->file = scratch_path(place->folder, "file.bin");
    place->missing = scratch_path(place->folder, "missing");
    scratch_write(place->loop, place->file, "content");
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    loop_destroy(place->loop);
    scratch_remove(place->folder);
    sg_free(place->file);
    sg_free(place->missing);
    sg_free(place);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static char *absolute_of(const char *path)
{
    char *absolute = NULL;
    assert_int_equal(path_absolute(path, &absolute, NULL), SG_OK);
    assert_true(path_is_absolute(absolute));
    return absolute;
}

static void assert_same_and_free(char *a, char *b)
{
    assert_string_equal(a, b);
    sg_free(a);
    sg_free(b);
}

static void absolute__relative_path__starts_in_the_current_folder(void **state)
{
    (void)state;
    assert_false(path_is_absolute("x.bin"));
    char *current = absolute_of(".");
    assert_same_and_free(absolute_of("x.bin"), path_join(current, "x.bin"));
    assert_same_and_free(absolute_of("./a/../x.bin"), path_join(current, "x.bin"));
    assert_same_and_free(absolute_of("a//x.bin"), absolute_of("a/x.bin"));
    assert_same_and_free(absolute_of(current), current);
}

static void absolute__more_parents_than_there_are__stops_at_the_root(void **state)
{
    struct place *place = *state;
    char *path = sg_strdup(place->folder);
    for (int i = 0; i < 64; i++) {
        char *above = scratch_path(path, "..");
        sg_free(path);
        path = above;
    }
    char *root = absolute_of(path);
    char *parent = path_parent(root);
    assert_same_and_free(absolute_of(parent), root);
    sg_free(parent);
    sg_free(path);
}

static void absolute__what_cannot_be_a_path__is_invalid(void **state)
{
    (void)state;
    char *out = NULL;
    struct sg_err err = { 0 };
    assert_int_equal(path_absolute("", &out, &err), SG_E_INVALID);
    assert_int_equal(err.status, SG_E_INVALID);
    assert_int_equal(path_absolute("bad\xFFutf8", &out, NULL), SG_E_INVALID);
    assert_null(out);
}

static void parts__joined_and_taken_apart__are_the_same(void **state)
{
    struct place *place = *state;
    char *joined = path_join(place->folder, "name.txt");
    assert_string_equal(path_name(joined), "name.txt");
    char *parent = path_parent(joined);
    assert_string_equal(parent, place->folder);
    sg_free(parent);
    sg_free(joined);
    assert_string_equal(path_name("name.txt"), "name.txt");
}

static void join__folder_that_ends_with_a_separator__gets_no_second_one(void **state)
{
    struct place *place = *state;
    char *with_separator = path_join(place->folder, "");
    assert_same_and_free(path_join(with_separator, "x"), path_join(place->folder, "x"));
    sg_free(with_separator);
}

static void folder__there__is_confirmed(void **state)
{
    struct place *place = *state;
    assert_int_equal(path_check_folder(place->folder, NULL), SG_OK);
    assert_true(path_exists(place->folder));
}

static void folder__missing_or_a_file__is_not_one(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };
    assert_int_equal(path_check_folder(place->missing, &err), SG_E_NO_FOLDER);
    assert_int_equal(err.status, SG_E_NO_FOLDER);
    assert_int_equal(path_check_folder(place->file, NULL), SG_E_NO_FOLDER);
    char *below_file = scratch_path(place->file, "x");
    assert_int_equal(path_check_folder(below_file, NULL), SG_E_NO_FOLDER);
    assert_false(path_exists(below_file));
    sg_free(below_file);
}

static void exists__file_or_nothing__is_told_apart(void **state)
{
    struct place *place = *state;
    assert_true(path_exists(place->file));
    assert_false(path_exists(place->missing));
}

static void identity__of_nothing__is_not_found(void **state)
{
    struct place *place = *state;
    struct file_id id = { .volume = 7 };
    struct sg_err err = { 0 };
    assert_int_equal(path_identity(place->missing, &id, &err), SG_E_NOT_FOUND);
    assert_int_equal(err.status, SG_E_NOT_FOUND);
    assert_int_equal(id.volume, 7);
}

static void identity__of_the_same_file_twice__is_the_same(void **state)
{
    struct place *place = *state;
    struct file_id first = { 0 };
    struct file_id second = { 0 };
    assert_int_equal(path_identity(place->file, &first, NULL), SG_OK);
    assert_int_equal(path_identity(place->file, &second, NULL), SG_OK);
    assert_memory_equal(&first, &second, sizeof first);
}

static void make_folders__several_levels__makes_all_and_may_be_repeated(void **state)
{
    struct place *place = *state;
    char *middle = scratch_path(place->missing, "middle");
    char *deepest = scratch_path(middle, "deepest");
    assert_int_equal(path_make_folders(deepest, NULL), SG_OK);
    assert_int_equal(path_check_folder(deepest, NULL), SG_OK);
    assert_int_equal(path_make_folders(deepest, NULL), SG_OK);
    assert_int_equal(path_make_folders(middle, NULL), SG_OK);
    sg_free(deepest);
    sg_free(middle);
}

static void make_folders__a_file_in_the_way__fails_and_leaves_it(void **state)
{
    struct place *place = *state;
    char *below = scratch_path(place->file, "folder");
    struct sg_err err = { 0 };
    enum sg_status status = path_make_folders(below, &err);
    assert_int_equal(sg_status_class(status), SG_CLASS_USER);
    assert_int_equal(err.status, status);
    assert_int_equal(sg_status_class(path_make_folders(place->file, NULL)), SG_CLASS_USER);
    assert_true(path_exists(place->file));
    sg_free(below);
}

static void remove__file__is_gone_and_a_second_time_not_found(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };
    assert_int_equal(path_remove(place->file, NULL), SG_OK);
    assert_false(path_exists(place->file));
    assert_int_equal(path_remove(place->file, &err), SG_E_NOT_FOUND);
    assert_int_equal(err.status, SG_E_NOT_FOUND);
}

static void free_bytes__of_a_folder__is_told(void **state)
{
    struct place *place = *state;
    uint64_t n_bytes = 0;
    assert_int_equal(path_free_bytes(place->folder, &n_bytes, NULL), SG_OK);
    assert_in_range(n_bytes, 1, UINT64_C(1) << 62);
    assert_int_equal(path_free_bytes(place->missing, &n_bytes, NULL), SG_E_NO_FOLDER);
}

static void known__every_role__has_an_absolute_path(void **state)
{
    (void)state;
    static const enum path_folder all[] = { PATH_USER_DATA, PATH_SERVICE_DATA, PATH_DOWNLOADS,
                                            PATH_TEMP, PATH_PROGRAM };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char *path = NULL;
        assert_int_equal(path_known(all[i], &path, NULL), SG_OK);
        assert_true(path_is_absolute(path));
        sg_free(path);
    }
}

static void known__program__is_a_file_that_exists(void **state)
{
    (void)state;
    char *program = NULL;
    assert_int_equal(path_known(PATH_PROGRAM, &program, NULL), SG_OK);
    assert_true(path_exists(program));
    assert_int_equal(path_check_folder(program, NULL), SG_E_NO_FOLDER);
    assert_non_null(strstr(path_name(program), "contract"));
    sg_free(program);
}

static void lock__held__refuses_a_second_until_it_is_given_back(void **state)
{
    struct place *place = *state;
    char *path = scratch_path(place->folder, "lock");
    struct path_lock *lock = NULL;
    struct path_lock *second = NULL;
    struct sg_err err = { 0 };
    assert_int_equal(path_lock(path, &lock, NULL), SG_OK);
    assert_int_equal(path_lock(path, &second, &err), SG_E_LOCKED);
    assert_int_equal(err.status, SG_E_LOCKED);
    assert_null(second);
    path_unlock(lock);
    assert_int_equal(path_lock(path, &second, NULL), SG_OK);
    path_unlock(second);
    path_unlock(NULL);
    sg_free(path);
}

static void lock__in_a_missing_folder__says_so(void **state)
{
    struct place *place = *state;
    char *path = scratch_path(place->missing, "lock");
    struct path_lock *lock = NULL;
    assert_int_equal(path_lock(path, &lock, NULL), SG_E_NO_FOLDER);
    assert_null(lock);
    sg_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(absolute__relative_path__starts_in_the_current_folder),
        CASE(absolute__more_parents_than_there_are__stops_at_the_root),
        CASE(absolute__what_cannot_be_a_path__is_invalid),
        CASE(parts__joined_and_taken_apart__are_the_same),
        CASE(join__folder_that_ends_with_a_separator__gets_no_second_one),
        CASE(folder__there__is_confirmed),
        CASE(folder__missing_or_a_file__is_not_one),
        CASE(exists__file_or_nothing__is_told_apart),
        CASE(identity__of_nothing__is_not_found),
        CASE(identity__of_the_same_file_twice__is_the_same),
        CASE(make_folders__several_levels__makes_all_and_may_be_repeated),
        CASE(make_folders__a_file_in_the_way__fails_and_leaves_it),
        CASE(remove__file__is_gone_and_a_second_time_not_found),
        CASE(free_bytes__of_a_folder__is_told),
        CASE(known__every_role__has_an_absolute_path),
        CASE(known__program__is_a_file_that_exists),
        CASE(lock__held__refuses_a_second_until_it_is_given_back),
        CASE(lock__in_a_missing_folder__says_so),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
