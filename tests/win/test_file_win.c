/* Files, where Windows differs from other systems: sharing, rights, devices, allocation. */
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/path.h"
#include "os/win/file_win.h"
#include "os/win/handle.h"
#include "os/win/privilege.h"
#include "os/win/wide.h"
#include "os/win/win.h"
#include "tests/contract/contract.h"

enum {
    MIB = 1024 * 1024,
    RESERVED = 64 * MIB,
    SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
};

struct place {
    struct loop *loop;
    char *folder;
    char *path;
    char *target;
    wchar_t *wide_path;
    wchar_t *wide_target;
};

struct write {
    struct op op;
    int n_done;
    enum sg_status status;
};

static int set_up(void **state)
{
    struct place *place = sg_alloc(sizeof *place);
    assert_non_null(place);
    place->loop = create_loop();
    place->folder = scratch_create();
    place->path = scratch_path(place->folder, "data.part");
    place->target = scratch_path(place->folder, "data");
    place->wide_path = wide_from_utf8(place->path);
    place->wide_target = wide_from_utf8(place->target);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    scratch_remove(place->folder);
    sg_free(place->path);
    sg_free(place->target);
    sg_free(place->wide_path);
    sg_free(place->wide_target);
    loop_destroy(place->loop);
    sg_free(place);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static struct file *open_new(struct place *place)
{
    struct file *file = NULL;
    assert_int_equal(file_open(place->loop, place->path, FILE_CREATE_NEW, &file, NULL), SG_OK);
    return file;
}

static DWORD open_error(const wchar_t *path, DWORD access)
{
    HANDLE handle =
        handle_normal(CreateFileW(path, access, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL));
    if (handle == NULL)
        return GetLastError();
    handle_close(handle);
    return ERROR_SUCCESS;
}

static void open__part_file__others_may_read_and_nothing_else(void **state)
{
    struct place *place = *state;
    struct file *file = open_new(place);
    assert_int_equal(open_error(place->wide_path, GENERIC_READ), ERROR_SUCCESS);
    assert_int_equal(open_error(place->wide_path, GENERIC_WRITE), ERROR_SHARING_VIOLATION);
    assert_int_equal(open_error(place->wide_path, DELETE), ERROR_SHARING_VIOLATION);
    assert_false(DeleteFileW(place->wide_path));
    assert_int_equal(GetLastError(), ERROR_SHARING_VIOLATION);
    assert_false(MoveFileW(place->wide_path, place->wide_target));
    assert_int_equal(GetLastError(), ERROR_SHARING_VIOLATION);
    file_close(file);
    assert_int_equal(open_error(place->wide_path, GENERIC_WRITE | DELETE), ERROR_SUCCESS);
}

static void open__file_that_another_writes__is_in_use(void **state)
{
    struct place *place = *state;
    HANDLE other = handle_normal(
        CreateFileW(place->wide_path, GENERIC_WRITE, SHARE_ALL, NULL, CREATE_NEW, 0, NULL));
    assert_non_null(other);
    struct file *file = NULL;
    struct sg_err err = { 0 };
    assert_int_equal(file_open(place->loop, place->path, FILE_OPEN_EXISTING, &file, &err),
                     SG_E_IN_USE);
    assert_int_equal(err.foreign, ERROR_SHARING_VIOLATION);
    assert_non_null(strstr(err.message, place->path));
    handle_close(other);
}

static void open__device_in_disguise__is_refused(void **state)
{
    struct place *place = *state;
    char *path = scratch_path(place->folder, "NUL");
    struct file *file = NULL;
    enum sg_status status = file_open(place->loop, path, FILE_OPEN_EXISTING, &file, NULL);
    assert_true(status == SG_E_INVALID || status == SG_E_NOT_FOUND); /* Windows 10, Windows 11 */
    assert_null(file);
    sg_free(path);
}

static void open__stream_of_a_file__works(void **state)
{
    struct place *place = *state;
    file_close(open_new(place));
    char *path = scratch_path(place->folder, "data.part:Zone.Identifier");
    struct file *file = NULL;
    assert_int_equal(file_open(place->loop, path, FILE_CREATE_NEW, &file, NULL), SG_OK);
    file_close(file);
    sg_free(path);
}

/* What the volume says of itself by another way. */
static void streams__asked_of_a_file__are_what_the_volume_says(void **state)
{
    struct place *place = *state;
    struct file *file = open_new(place);
    wchar_t root[MAX_PATH];
    DWORD flags = 0;
    assert_true(GetVolumePathNameW(place->wide_path, root, MAX_PATH));
    assert_true(GetVolumeInformationW(root, NULL, 0, NULL, NULL, &flags, NULL, 0));
    assert_int_equal(file_has_streams(file), (flags & FILE_NAMED_STREAMS) != 0);
    file_close(file);
}

/* The part file is open without sharing to write; Wine makes a file of the stream's name. */
static void stream__of_a_part_file__is_where_windows_looks_for_it(void **state)
{
    struct place *place = *state;
    struct file *file = open_new(place);
    struct sg_err err = { 0 };
    if (file_write_stream(file, "Zone.Identifier", "[ZoneTransfer]\r\nZoneId=3\r\n", &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    char *mark = scratch_stream(place->path, "Zone.Identifier");
    assert_string_equal(mark, "[ZoneTransfer]\r\nZoneId=3\r\n");
    sg_free(mark);
    file_close(file);
}

static void stream__that_somebody_holds__is_in_use(void **state)
{
    struct place *place = *state;
    struct file *file = open_new(place);
    struct sg_err err = { 0 };
    char *path = scratch_path(place->folder, "data.part:Zone.Identifier");
    wchar_t *wide = wide_from_utf8(path);
    HANDLE other =
        handle_normal(CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_NEW, 0, NULL));
    assert_non_null(other);
    assert_int_equal(file_write_stream(file, "Zone.Identifier", "x", &err), SG_E_IN_USE);
    assert_non_null(strstr(err.message, path));
    handle_close(other);
    sg_free(wide);
    sg_free(path);
    file_close(file);
}

static void stream__in_a_path_beyond_260_units__is_written(void **state)
{
    struct place *place = *state;
    char name[230] = { 0 };
    memset(name, 'n', sizeof name - 1);
    char *path = scratch_path(place->folder, name);
    struct file *file = NULL;
    assert_true(strlen(path) + strlen(":Zone.Identifier") > MAX_PATH);
    assert_int_equal(file_open(place->loop, path, FILE_CREATE_NEW, &file, NULL), SG_OK);
    assert_int_equal(file_write_stream(file, "Zone.Identifier", "x", NULL), SG_OK);
    char *mark = scratch_stream(path, "Zone.Identifier");
    assert_string_equal(mark, "x");
    sg_free(mark);
    file_close(file);
    sg_free(path);
}

static void rename__onto_a_file_that_someone_reads__is_in_use_until_it_is_closed(void **state)
{
    struct place *place = *state;
    scratch_write(place->loop, place->target, "old");
    struct file *file = open_new(place);
    HANDLE reader = handle_normal(CreateFileW(place->wide_target, GENERIC_READ, FILE_SHARE_READ,
                                              NULL, OPEN_EXISTING, 0, NULL));
    assert_non_null(reader);
    struct sg_err err = { 0 };
    assert_int_equal(file_rename(file, place->target, true, &err), SG_E_IN_USE);
    assert_true(err.message[0] != '\0');
    assert_true(path_exists(place->path));
    handle_close(reader);
    assert_int_equal(file_rename(file, place->target, true, NULL), SG_OK);
    assert_false(path_exists(place->path));
    file_close(file);
}

static void rename__onto_a_folder__is_refused(void **state)
{
    struct place *place = *state;
    assert_int_equal(path_make_folders(place->target, NULL), SG_OK);
    struct file *file = open_new(place);
    assert_int_equal(file_rename(file, place->target, false, NULL), SG_E_EXISTS);
    assert_int_not_equal(file_rename(file, place->target, true, NULL), SG_OK);
    assert_true(path_exists(place->path));
    file_close(file);
}

static enum file_allocation reserve(struct file *file, uint64_t size)
{
    enum file_allocation kind = FILE_ALLOC_RESERVED;
    struct sg_err err = { 0 };
    enum sg_status status = file_reserve(file, size, &kind, &err);
    if (status != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    return kind;
}

static void assert_size(struct file *file, uint64_t wanted)
{
    uint64_t size = 0;
    assert_int_equal(file_size(file, &size, NULL), SG_OK);
    assert_int_equal(size, wanted);
}

static void reserve__without_the_privilege__is_sparse(void **state)
{
    struct place *place = *state;
    struct file *file = open_new(place);
    privilege_disable_manage_volume();
    assert_false(privilege_may_manage_volume());
    assert_int_equal(reserve(file, RESERVED), FILE_ALLOC_SPARSE);
    assert_size(file, RESERVED);
    assert_int_equal(reserve(file, MIB), FILE_ALLOC_SPARSE); /* never cuts */
    assert_size(file, RESERVED);
    file_close(file);
}

/* FileAllocationInfo tells Windows from Wine 8 (QUIRK(wine-allocation-info)). */
static bool has_allocation_info(struct file *file)
{
    FILE_ALLOCATION_INFO allocation = { .AllocationSize.QuadPart = MIB };
    return SetFileInformationByHandle(file->handle, FileAllocationInfo, &allocation,
                                      sizeof allocation);
}

static void reserve__with_the_privilege__sets_the_valid_length_where_it_can(void **state)
{
    struct place *place = *state;
    bool may_set = privilege_enable_manage_volume();
    assert_int_equal(privilege_may_manage_volume(), may_set);
    struct file *file = open_new(place); /* closed to others */
    bool can_set = may_set && has_allocation_info(file);
    assert_int_equal(reserve(file, RESERVED), can_set ? FILE_ALLOC_VALID_DATA : FILE_ALLOC_SPARSE);
    assert_size(file, RESERVED);
    assert_int_equal(file->is_closed, can_set);
    file_close(file);
    privilege_disable_manage_volume();
}

/* Whether the access list of what has this name lets everybody in (WD: Everyone). */
static bool admits_everybody(const char *path)
{
    wchar_t *wide = NULL, *sddl = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    assert_int_equal(wide_path(path, &wide, NULL), SG_OK);
    assert_int_equal(GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL,
                                           NULL, NULL, NULL, &descriptor),
                     ERROR_SUCCESS);
    assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorW(
        descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &sddl, NULL));
    bool does = wcsstr(sddl, L";;;WD)") != NULL;
    LocalFree(sddl);
    LocalFree(descriptor);
    sg_free(wide);
    return does;
}

static void create__with_the_privilege__is_closed_until_others_are_admitted(void **state)
{
    struct place *place = *state;
    struct file *plain = open_new(place);
    bool is_usual = admits_everybody(place->path);
    assert_int_equal(file_delete(plain, NULL), SG_OK);
    file_close(plain);

    bool may_set = privilege_enable_manage_volume();
    struct file *file = open_new(place);
    privilege_disable_manage_volume();
    assert_int_equal(file->is_closed, may_set);
    assert_int_equal(admits_everybody(place->path), may_set ? false : is_usual);
    assert_int_equal(file_admit_others(file, NULL), SG_OK);
    assert_int_equal(admits_everybody(place->path), is_usual);
    assert_int_equal(file_admit_others(file, NULL), SG_OK); /* again: nothing to do */
    file_close(file);
}

static void create_plain__with_the_privilege__is_open_as_its_folder(void **state)
{
    struct place *place = *state;
    struct file *file = NULL;
    (void)privilege_enable_manage_volume();
    assert_int_equal(file_open(place->loop, place->path, FILE_CREATE_PLAIN, &file, NULL), SG_OK);
    privilege_disable_manage_volume();
    assert_false(file->is_closed);
    assert_int_equal(file_admit_others(file, NULL), SG_OK);
    file_close(file);
}

static void reserve__more_than_any_file_can_have__is_too_large(void **state)
{
    struct place *place = *state;
    struct file *file = open_new(place);
    enum file_allocation kind;
    assert_int_equal(file_reserve(file, UINT64_MAX, &kind, NULL), SG_E_TOO_LARGE);
    assert_int_equal(file_set_size(file, UINT64_MAX, NULL), SG_E_TOO_LARGE);
    file_close(file);
}

static void on_written(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    (void)n_bytes;
    struct write *write = sg_container_of(op, struct write, op);
    write->status = status;
    write->n_done++;
}

/* Blocking reads share the handle with overlapped writes: none may steal the other's completion. */
static void read__between_pending_writes__disturbs_nothing(void **state)
{
    enum { N_WRITES = 16 };
    struct place *place = *state;
    struct file *file = open_new(place);
    struct write *writes = sg_alloc_array(N_WRITES, sizeof *writes);
    char *block = sg_alloc(MIB);
    assert_non_null(writes);
    assert_non_null(block);
    int n_pending = 0;
    for (uint32_t i = 0; i < N_WRITES; i++) {
        writes[i].op.done = on_written;
        writes[i].status = file_write(file, &writes[i].op, (uint64_t)i * MIB, block, MIB);
        assert_true(writes[i].status == SG_OK || writes[i].status == SG_PENDING);
        n_pending += writes[i].status == SG_PENDING;
        char byte;
        uint32_t n_read;
        assert_int_equal(file_read(file, 0, &byte, 1, &n_read, NULL), SG_OK);
        assert_int_equal(file_flush(file, NULL), SG_OK);
    }
    for (uint32_t i = 0; i < N_WRITES; i++) {
        if (writes[i].status == SG_PENDING)
            assert_true(turn_until(place->loop, &writes[i].n_done, 1));
        assert_int_equal(writes[i].status, SG_OK);
        n_pending -= writes[i].n_done;
    }
    loop_turn(place->loop, 0);
    assert_int_equal(n_pending, 0);
    assert_size(file, (uint64_t)N_WRITES * MIB);
    file_close(file);
    sg_free(block);
    sg_free(writes);
}

static void lock__looked_into_by_another_program__is_still_to_be_had(void **state)
{
    struct place *place = *state;
    file_close(open_new(place));
    HANDLE scanner = handle_normal(
        CreateFileW(place->wide_path, GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL));
    assert_non_null(scanner);
    struct path_lock *lock = NULL;
    assert_int_equal(path_lock(place->path, &lock, NULL), SG_OK);
    struct path_lock *second = NULL;
    assert_int_equal(path_lock(place->path, &second, NULL), SG_E_LOCKED);
    path_unlock(lock);
    handle_close(scanner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(open__part_file__others_may_read_and_nothing_else),
        CASE(open__file_that_another_writes__is_in_use),
        CASE(open__device_in_disguise__is_refused),
        CASE(open__stream_of_a_file__works),
        CASE(streams__asked_of_a_file__are_what_the_volume_says),
        CASE(stream__of_a_part_file__is_where_windows_looks_for_it),
        CASE(stream__that_somebody_holds__is_in_use),
        CASE(stream__in_a_path_beyond_260_units__is_written),
        CASE(rename__onto_a_file_that_someone_reads__is_in_use_until_it_is_closed),
        CASE(rename__onto_a_folder__is_refused),
        CASE(reserve__without_the_privilege__is_sparse),
        CASE(reserve__with_the_privilege__sets_the_valid_length_where_it_can),
        CASE(create__with_the_privilege__is_closed_until_others_are_admitted),
        CASE(create_plain__with_the_privilege__is_open_as_its_folder),
        CASE(reserve__more_than_any_file_can_have__is_too_large),
        CASE(read__between_pending_writes__disturbs_nothing),
        CASE(lock__looked_into_by_another_program__is_still_to_be_had),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
