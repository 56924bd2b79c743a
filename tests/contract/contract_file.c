/* The contract of os/file.h: opening, sizes, names and identities. Overlapped writes have a file of
 * their own, contract_write.c. */
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/path.h"
#include "tests/contract/contract.h"

struct place {
    struct loop *loop;
    char *folder;
    char *path; /* of a file that is not there yet */
};

static int set_up(void **state)
{
    struct place *place = sg_alloc(sizeof *place);
    assert_non_null(place);
    place->loop = create_loop();
    place->folder = scratch_create();
    place->path = scratch_path(place->folder, "file.bin");
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    loop_destroy(place->loop);
    scratch_remove(place->folder);
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
    assert_non_null(file);
    return file;
}

static void assert_cannot_open(const struct place *place, const char *path, enum file_mode mode,
                               enum sg_status wanted)
{
    struct file *file = NULL;
    struct sg_err err = { 0 };
    enum sg_status status = file_open(place->loop, path, mode, &file, &err);
    assert_string_equal(sg_status_word(status), sg_status_word(wanted));
    assert_null(file);
    assert_int_equal(err.status, wanted);
    assert_true(err.foreign != 0);
    assert_true(strlen(sg_err_text(&err)) > 0);
}

static void assert_content(const struct place *place, const char *path, const char *wanted)
{
    char text[64] = "";
    uint32_t n_read = 0;
    struct file *file = open_file(place, path, FILE_READ_ONLY);
    assert_int_equal(file_read(file, 0, text, sizeof text - 1, &n_read, NULL), SG_OK);
    assert_string_equal(text, wanted);
    assert_int_equal(n_read, strlen(wanted));
    file_close(file);
}

static uint64_t size_of(struct file *file)
{
    uint64_t size = UINT64_MAX;
    assert_int_equal(file_size(file, &size, NULL), SG_OK);
    return size;
}

static void open__new_file__is_empty(void **state)
{
    struct place *place = *state;
    struct file *file = open_file(place, place->path, FILE_CREATE_NEW);
    assert_int_equal(size_of(file), 0);
    file_close(file);
    assert_true(path_exists(place->path));
    file_close(NULL);
}

static void open__plain_new_file__is_empty_and_can_be_written(void **state)
{
    struct place *place = *state;
    struct file *file = open_file(place, place->path, FILE_CREATE_PLAIN);
    assert_int_equal(size_of(file), 0);
    assert_int_equal(file_set_size(file, 5, NULL), SG_OK);
    assert_int_equal(size_of(file), 5);
    file_close(file);
}

static void open__new_file_where_one_is__says_that_it_exists_and_leaves_it(void **state)
{
    struct place *place = *state;
    scratch_write(place->loop, place->path, "kept");
    assert_cannot_open(place, place->path, FILE_CREATE_NEW, SG_E_EXISTS);
    assert_cannot_open(place, place->path, FILE_CREATE_PLAIN, SG_E_EXISTS);
    assert_content(place, place->path, "kept");
}

static void open__existing_file__has_its_content(void **state)
{
    struct place *place = *state;
    scratch_write(place->loop, place->path, "content");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    assert_int_equal(size_of(file), 7);
    file_close(file);
    assert_content(place, place->path, "content");
}

static void open__missing_file__says_that_it_is_not_found(void **state)
{
    struct place *place = *state;
    assert_cannot_open(place, place->path, FILE_OPEN_EXISTING, SG_E_NOT_FOUND);
    assert_cannot_open(place, place->path, FILE_READ_ONLY, SG_E_NOT_FOUND);
    assert_false(path_exists(place->path));
}

static void open__missing_folder__says_so_in_every_mode(void **state)
{
    struct place *place = *state;
    char *inside = scratch_path(place->path, "file.bin");
    assert_cannot_open(place, inside, FILE_CREATE_NEW, SG_E_NO_FOLDER);
    assert_cannot_open(place, inside, FILE_OPEN_EXISTING, SG_E_NO_FOLDER);
    assert_cannot_open(place, inside, FILE_READ_ONLY, SG_E_NO_FOLDER);
    sg_free(inside);
}

static void open__a_folder__is_denied(void **state)
{
    struct place *place = *state;
    assert_cannot_open(place, place->folder, FILE_OPEN_EXISTING, SG_E_DENIED);
    assert_cannot_open(place, place->folder, FILE_READ_ONLY, SG_E_DENIED);
}

static void open__only_to_read__leaves_the_file_to_others(void **state)
{
    struct place *place = *state;
    char *moved = scratch_path(place->folder, "moved.bin");
    scratch_write(place->loop, place->path, "content");
    struct file *reader = open_file(place, place->path, FILE_READ_ONLY);
    struct file *writer = open_file(place, place->path, FILE_OPEN_EXISTING);
    struct file *second_reader = open_file(place, place->path, FILE_READ_ONLY);
    assert_int_equal(file_rename(writer, moved, false, NULL), SG_OK);
    assert_int_equal(file_set_size(writer, 3, NULL), SG_OK);
    assert_int_equal(size_of(reader), 3);
    file_close(writer);
    file_close(second_reader);
    assert_int_equal(path_remove(moved, NULL), SG_OK);
    file_close(reader);
    assert_false(path_exists(moved));
    sg_free(moved);
}

static void read__around_the_end__gives_what_is_there(void **state)
{
    struct place *place = *state;
    scratch_write(place->loop, place->path, "0123456789");
    struct file *file = open_file(place, place->path, FILE_READ_ONLY);
    char bytes[16] = "";
    uint32_t n_read = 99;
    assert_int_equal(file_read(file, 0, bytes, 10, &n_read, NULL), SG_OK);
    assert_int_equal(n_read, 10);
    assert_memory_equal(bytes, "0123456789", 10);
    assert_int_equal(file_read(file, 7, bytes, 10, &n_read, NULL), SG_OK);
    assert_int_equal(n_read, 3);
    assert_memory_equal(bytes, "789", 3);
    assert_int_equal(file_read(file, 10, bytes, 10, &n_read, NULL), SG_OK);
    assert_int_equal(n_read, 0);
    n_read = 99;
    assert_int_equal(file_read(file, UINT64_C(1) << 40, bytes, 10, &n_read, NULL), SG_OK);
    assert_int_equal(n_read, 0);
    file_close(file);
}

static void size__set__cuts_and_grows_with_zeros(void **state)
{
    struct place *place = *state;
    scratch_write(place->loop, place->path, "0123456789");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    assert_int_equal(file_set_size(file, 4, NULL), SG_OK);
    assert_int_equal(size_of(file), 4);
    assert_int_equal(file_set_size(file, 8, NULL), SG_OK);
    assert_int_equal(size_of(file), 8);
    char bytes[8];
    uint32_t n_read = 0;
    assert_int_equal(file_read(file, 0, bytes, 8, &n_read, NULL), SG_OK);
    assert_int_equal(n_read, 8);
    assert_memory_equal(bytes, "0123\0\0\0\0", 8);
    file_close(file);
}

static void size__set_on_a_file_opened_to_read__is_denied(void **state)
{
    struct place *place = *state;
    scratch_write(place->loop, place->path, "kept");
    struct file *file = open_file(place, place->path, FILE_READ_ONLY);
    struct sg_err err = { 0 };
    assert_int_equal(file_set_size(file, 0, &err), SG_E_DENIED);
    assert_int_equal(err.status, SG_E_DENIED);
    assert_int_equal(size_of(file), 4);
    file_close(file);
}

static void reserve__room_that_is_there__keeps_the_content_and_says_how(void **state)
{
    struct place *place = *state;
    scratch_write(place->loop, place->path, "0123456789");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    enum file_allocation kind = FILE_ALLOC_NONE;
    assert_int_equal(file_reserve(file, 3000000, &kind, NULL), SG_OK);
    assert_true(strlen(file_allocation_word(kind)) > 0);
    assert_true(size_of(file) == 3000000 || kind == FILE_ALLOC_NONE);
    assert_int_equal(file_set_size(file, 10, NULL), SG_OK);
    file_close(file);
    assert_content(place, place->path, "0123456789");
}

static void reserve__more_than_the_volume_has__says_that_the_disk_is_full(void **state)
{
    struct place *place = *state;
    struct file *file = open_file(place, place->path, FILE_CREATE_NEW);
    uint64_t free_bytes = 0;
    assert_int_equal(path_free_bytes(place->folder, &free_bytes, NULL), SG_OK);
    enum file_allocation kind = FILE_ALLOC_VALID_DATA;
    struct sg_err err = { 0 };
    assert_int_equal(file_reserve(file, free_bytes + (UINT64_C(1) << 40), &kind, &err),
                     SG_E_DISK_FULL);
    assert_int_equal(err.status, SG_E_DISK_FULL);
    assert_int_equal(kind, FILE_ALLOC_VALID_DATA);
    file_close(file);
}

static void allocation__every_kind__has_its_word(void **state)
{
    (void)state;
    assert_string_equal(file_allocation_word(FILE_ALLOC_NONE), "none");
    assert_string_equal(file_allocation_word(FILE_ALLOC_SPARSE), "sparse");
    assert_string_equal(file_allocation_word(FILE_ALLOC_VALID_DATA), "reserved");
    assert_string_equal(file_allocation_word(FILE_ALLOC_RESERVED), "reserved");
}

static void flush__any_file_that_may_be_written__works(void **state)
{
    struct place *place = *state;
    scratch_write(place->loop, place->path, "flushed");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    assert_int_equal(file_flush(file, NULL), SG_OK);
    file_close(file);
}

static bool is_same(const struct file_id *a, const struct file_id *b)
{
    return a->volume == b->volume && memcmp(a->id, b->id, sizeof a->id) == 0;
}

static struct file_id identity_of(struct file *file)
{
    static const struct file_id unknown;
    struct file_id id = unknown;
    assert_int_equal(file_identity(file, &id, NULL), SG_OK);
    assert_false(is_same(&id, &unknown));
    return id;
}

static void identity__of_file_and_of_path__are_the_same_and_differ_from_others(void **state)
{
    struct place *place = *state;
    char *other_path = scratch_path(place->folder, "other.bin");
    struct file *file = open_file(place, place->path, FILE_CREATE_NEW);
    struct file *other = open_file(place, other_path, FILE_CREATE_NEW);
    struct file_id of_file = identity_of(file);
    struct file_id of_other = identity_of(other);
    struct file_id of_path = { 0 };
    assert_int_equal(path_identity(place->path, &of_path, NULL), SG_OK);
    assert_true(is_same(&of_file, &of_path));
    assert_false(is_same(&of_file, &of_other));
    assert_int_equal(of_file.volume, of_other.volume);
    file_close(file);
    file_close(other);
    sg_free(other_path);
}

static void rename__free_name__moves_the_open_file_and_keeps_its_identity(void **state)
{
    struct place *place = *state;
    char *target = scratch_path(place->folder, "renamed.bin");
    scratch_write(place->loop, place->path, "moved");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    struct file_id before = identity_of(file);
    struct sg_err err = { 0 };
    if (file_rename(file, target, false, &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    struct file_id after = identity_of(file);
    assert_true(is_same(&before, &after));
    assert_false(path_exists(place->path));
    file_close(file);
    assert_content(place, target, "moved");
    sg_free(target);
}

static void rename__twice__goes_on_from_the_new_name(void **state)
{
    struct place *place = *state;
    char *second = scratch_path(place->folder, "second.bin");
    char *third = scratch_path(place->folder, "third.bin");
    scratch_write(place->loop, place->path, "moved");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    assert_int_equal(file_rename(file, second, false, NULL), SG_OK);
    assert_int_equal(file_rename(file, third, false, NULL), SG_OK);
    file_close(file);
    assert_false(path_exists(second));
    assert_content(place, third, "moved");
    sg_free(second);
    sg_free(third);
}

static void rename__taken_name__exists_unless_it_may_be_replaced(void **state)
{
    struct place *place = *state;
    char *target = scratch_path(place->folder, "taken.bin");
    scratch_write(place->loop, place->path, "new");
    scratch_write(place->loop, target, "old");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    struct sg_err err = { 0 };
    assert_int_equal(file_rename(file, target, false, &err), SG_E_EXISTS);
    assert_int_equal(err.status, SG_E_EXISTS);
    assert_true(path_exists(place->path));
    assert_content(place, target, "old");
    assert_int_equal(file_rename(file, target, true, NULL), SG_OK);
    file_close(file);
    assert_false(path_exists(place->path));
    assert_content(place, target, "new");
    sg_free(target);
}

static void rename__into_a_missing_folder__says_so_and_leaves_the_file(void **state)
{
    struct place *place = *state;
    char *missing = scratch_path(place->folder, "missing");
    char *target = scratch_path(missing, "file.bin");
    scratch_write(place->loop, place->path, "kept");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    assert_int_equal(file_rename(file, target, false, NULL), SG_E_NO_FOLDER);
    file_close(file);
    assert_content(place, place->path, "kept");
    sg_free(target);
    sg_free(missing);
}

static void rename__into_another_folder_of_the_volume__works(void **state)
{
    struct place *place = *state;
    char *folder = scratch_path(place->folder, "below");
    char *target = scratch_path(folder, "file.bin");
    assert_int_equal(path_make_folders(folder, NULL), SG_OK);
    scratch_write(place->loop, place->path, "moved");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    assert_int_equal(file_rename(file, target, false, NULL), SG_OK);
    file_close(file);
    assert_content(place, target, "moved");
    sg_free(target);
    sg_free(folder);
}

static void delete__open_file__is_gone_when_it_is_closed(void **state)
{
    struct place *place = *state;
    scratch_write(place->loop, place->path, "unwanted");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    assert_int_equal(file_delete(file, NULL), SG_OK);
    file_close(file);
    assert_false(path_exists(place->path));
    scratch_write(place->loop, place->path, "again");
}

static void modified__any_time__can_be_set(void **state)
{
    struct place *place = *state;
    struct file *file = open_file(place, place->path, FILE_CREATE_NEW);
    assert_int_equal(file_set_modified(file, INT64_C(1234567890123), NULL), SG_OK);
    assert_int_equal(file_set_modified(file, -1, NULL), SG_OK); /* in 1969 */
    file_close(file);
}

static void assert_stream(const char *path, const char *wanted)
{
    char *text = scratch_stream(path, "Segue.Test");
    assert_non_null(text);
    assert_string_equal(text, wanted);
    sg_free(text);
}

static void write_stream(struct file *file, const char *text)
{
    struct sg_err err = { 0 };
    if (file_write_stream(file, "Segue.Test", text, &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
}

static void stream__written_twice__has_the_second_and_leaves_the_content(void **state)
{
    struct place *place = *state;
    scratch_write(place->loop, place->path, "content");
    struct file *file = open_file(place, place->path, FILE_OPEN_EXISTING);
    write_stream(file, "a longer text");
    assert_stream(place->path, "a longer text");
    write_stream(file, "short");
    assert_stream(place->path, "short");
    assert_int_equal(size_of(file), 7);
    file_close(file);
    assert_stream(place->path, "short");
    assert_content(place, place->path, "content");
}

/* Wine's volumes have no streams and say so: a file of that name stays where it was made. */
static void stream__of_a_renamed_file__went_with_it_where_there_are_streams(void **state)
{
    struct place *place = *state;
    char *target = scratch_path(place->folder, "renamed.bin");
    struct file *file = open_file(place, place->path, FILE_CREATE_NEW);
    write_stream(file, "mark");
    bool has_streams = file_has_streams(file);
    assert_int_equal(file_rename(file, target, false, NULL), SG_OK);
    file_close(file);
    assert_stream(has_streams ? target : place->path, "mark");
    char *elsewhere = scratch_stream(has_streams ? place->path : target, "Segue.Test");
    assert_null(elsewhere);
    sg_free(target);
}

/* `depth` folders of 50 characters below the scratch folder. */
static char *make_deep_folder(const struct place *place, int depth)
{
    char name[51];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    char *folder = sg_strdup(place->folder);
    for (int i = 0; i < depth; i++) {
        char *below = scratch_path(folder, name);
        sg_free(folder);
        folder = below;
    }
    assert_int_equal(path_make_folders(folder, NULL), SG_OK);
    return folder;
}

static void name__path_of_more_than_260_characters__works_throughout(void **state)
{
    struct place *place = *state;
    char *folder = make_deep_folder(place, 8);
    char *path = scratch_path(folder, "deep.part");
    char *target = scratch_path(folder, "deep.bin");
    assert_true(strlen(path) > 400);
    scratch_write(place->loop, path, "deep");
    struct file *file = open_file(place, path, FILE_OPEN_EXISTING);
    struct sg_err err = { 0 };
    if (file_rename(file, target, false, &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    file_close(file);
    assert_int_equal(path_check_folder(folder, NULL), SG_OK);
    assert_content(place, target, "deep");
    assert_int_equal(path_remove(target, NULL), SG_OK);
    assert_false(path_exists(target));
    sg_free(target);
    sg_free(path);
    sg_free(folder);
}

static void name__not_ascii__works_throughout(void **state)
{
    struct place *place = *state;
    /* two bytes, three bytes and, outside the basic plane, four bytes a character */
    static const char *const names[] = { "Grüße.bin", "日本.bin", "😀 smile.bin" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = scratch_path(place->folder, names[i]);
        scratch_write(place->loop, path, names[i]);
        assert_content(place, path, names[i]);
        assert_cannot_open(place, path, FILE_CREATE_NEW, SG_E_EXISTS);
        sg_free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(open__new_file__is_empty),
        CASE(open__plain_new_file__is_empty_and_can_be_written),
        CASE(open__new_file_where_one_is__says_that_it_exists_and_leaves_it),
        CASE(open__existing_file__has_its_content),
        CASE(open__missing_file__says_that_it_is_not_found),
        CASE(open__missing_folder__says_so_in_every_mode),
        CASE(open__a_folder__is_denied),
        CASE(open__only_to_read__leaves_the_file_to_others),
        CASE(read__around_the_end__gives_what_is_there),
        CASE(size__set__cuts_and_grows_with_zeros),
        CASE(size__set_on_a_file_opened_to_read__is_denied),
        CASE(reserve__room_that_is_there__keeps_the_content_and_says_how),
        CASE(reserve__more_than_the_volume_has__says_that_the_disk_is_full),
        CASE(allocation__every_kind__has_its_word),
        CASE(flush__any_file_that_may_be_written__works),
        CASE(identity__of_file_and_of_path__are_the_same_and_differ_from_others),
        CASE(rename__free_name__moves_the_open_file_and_keeps_its_identity),
        CASE(rename__twice__goes_on_from_the_new_name),
        CASE(rename__taken_name__exists_unless_it_may_be_replaced),
        CASE(rename__into_a_missing_folder__says_so_and_leaves_the_file),
        CASE(rename__into_another_folder_of_the_volume__works),
        CASE(delete__open_file__is_gone_when_it_is_closed),
        CASE(modified__any_time__can_be_set),
        CASE(stream__written_twice__has_the_second_and_leaves_the_content),
        CASE(stream__of_a_renamed_file__went_with_it_where_there_are_streams),
        CASE(name__path_of_more_than_260_characters__works_throughout),
        CASE(name__not_ascii__works_throughout),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
