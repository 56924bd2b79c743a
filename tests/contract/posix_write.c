/* Writes that fail on their way, which POSIX can bring about: a limit on the size of files lets the
 * first part of a write pass and refuses the rest. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/file.h"
#include "tests/contract/contract.h"

enum { LIMIT = 10000, WHOLE = 16384 };

struct write {
    struct op op;
    int n_done;
    enum sg_status status;
    uint32_t n_bytes;
    char data[WHOLE];
};

static void on_written(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    struct write *write = sg_container_of(op, struct write, op);
    write->n_done++;
    write->status = status;
    write->n_bytes = n_bytes;
}

static void limit_file_size(rlim_t n_bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = n_bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void write__cut_short_by_the_system__fails_and_tells_how_far_it_came(void **state)
{
    (void)state;
    struct loop *loop = create_loop();
    char *folder = scratch_create();
    char *path = scratch_path(folder, "limited.bin");
    struct file *file = NULL;
    struct write *write = sg_alloc(sizeof *write);
    assert_non_null(write);
    memset(write->data, 'w', sizeof write->data);
    write->op.done = on_written;
    assert_int_equal(file_open(loop, path, FILE_CREATE_NEW, &file, NULL), SG_OK);

    signal(SIGXFSZ, SIG_IGN);
    limit_file_size(LIMIT);
    assert_int_equal(file_write(file, &write->op, 0, write->data, WHOLE), SG_PENDING);
    assert_true(turn_until(loop, &write->n_done, 1));
    limit_file_size(RLIM_INFINITY);
    signal(SIGXFSZ, SIG_DFL);

    assert_int_equal(write->status, SG_E_TOO_LARGE);
    assert_int_equal(write->op.os_error, EFBIG);
    assert_int_equal(write->n_bytes, LIMIT);
    uint64_t size = 0;
    assert_int_equal(file_size(file, &size, NULL), SG_OK);
    assert_int_equal(size, LIMIT);
    file_close(file);
    sg_free(write);
    sg_free(path);
    loop_destroy(loop);
    scratch_remove(folder);
    assert_int_equal(sg_mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write__cut_short_by_the_system__fails_and_tells_how_far_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
