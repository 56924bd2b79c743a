/* The job store where permissions stand in its way. Natively only: root is above permissions, so
 * these tests give that up for as long as they look. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/store_fixture.h"

enum { NOBODY = 65534 };

static enum sg_status open_as_nobody(struct fixture *f, struct sg_err *err)
{
    bool is_root = geteuid() == 0;
    if (is_root)
        assert_int_equal(seteuid(NOBODY), 0);
    enum sg_status status = store_open(f->loop, f->path, &f->store, err);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    return status;
}

static void store__a_folder_that_cannot_be_written_to__is_denied(void **state)
{
    struct fixture *f = *state;
    char *folder = scratch_path();
    assert_int_equal(mkdir(folder, 0555), 0);
    sg_free(f->path);
    f->path = with_suffix(folder, "/segue.db");
    struct sg_err err = { 0 };
    assert_int_equal(open_as_nobody(f, &err), SG_E_DENIED);
    assert_non_null(strstr(err.message, f->path));
    assert_int_equal(rmdir(folder), 0);
    sg_free(folder);
}

static void store__a_file_that_can_only_be_read__is_denied(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    put_plain(f, 1);
    close_store(f);
    assert_int_equal(chmod(f->path, 0444), 0);
    assert_int_equal(open_as_nobody(f, NULL), SG_E_DENIED);
    assert_int_equal(chmod(f->path, 0644), 0);
    open_store(f);
    assert_ids(f, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(store__a_folder_that_cannot_be_written_to__is_denied),
        STORE_TEST(store__a_file_that_can_only_be_read__is_denied),
    };
    return cmocka_run_group_tests_name("store_posix", tests, NULL, NULL);
}
