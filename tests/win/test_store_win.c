/* The job store's file while another program has it open in a way that only Windows knows: without
 * sharing. */
#include <string.h>

#include "base/mem.h"
#include "os/win/wide.h"
#include "os/win/win.h"
#include "tests/unit/store_fixture.h"

static HANDLE open_as_other(const char *path, DWORD access, DWORD sharing)
{
    wchar_t *wide = NULL;
    assert_int_equal(wide_path(path, &wide, NULL), SG_OK);
    HANDLE handle = CreateFileW(wide, access, sharing, NULL, OPEN_EXISTING, 0, NULL);
    sg_free(wide);
    return handle;
}

static void make_database(struct fixture *f)
{
    open_store(f);
    put_plain(f, 1);
    close_store(f);
}

/* As a backup program may. */
static void store__a_file_that_others_do_not_share__is_locked_and_said_so(void **state)
{
    struct fixture *f = *state;
    struct sg_err err = { 0 };
    make_database(f);
    HANDLE other = open_as_other(f->path, GENERIC_READ, 0);
    assert_ptr_not_equal(other, INVALID_HANDLE_VALUE);
    assert_int_equal(store_open(f->loop, f->path, &f->store, &err), SG_E_LOCKED);
    assert_non_null(strstr(err.message, "another program holds it"));
    CloseHandle(other);
    open_store(f);
    assert_ids(f, "1");
}

/* While it is ours, others may look, but not keep us out. */
static void store__a_file_in_use__cannot_be_taken_away(void **state)
{
    struct fixture *f = *state;
    make_database(f);
    open_store(f);
    HANDLE other = open_as_other(f->path, GENERIC_READ, 0);
    assert_ptr_equal(other, INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_SHARING_VIOLATION);
    put_plain(f, 2);
    assert_ids(f, "1 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(store__a_file_that_others_do_not_share__is_locked_and_said_so),
        STORE_TEST(store__a_file_in_use__cannot_be_taken_away),
    };
    return cmocka_run_group_tests_name("store_win", tests, NULL, NULL);
}
