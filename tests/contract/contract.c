/* The shared half of the contract's cases. */
#include "tests/contract/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/path.h"

enum { DEADLINE_US = 20000000 };

struct write {
    struct op op;
    int n_done;
    enum sg_status status;
};

bool turn_until(struct loop *loop, const int *count, int wanted)
{
    uint64_t until_us = loop_clock_us(loop) + DEADLINE_US;
    while (*count < wanted) {
        uint64_t now_us = loop_clock_us(loop);
        if (now_us >= until_us)
            return false;
        loop_turn(loop, until_us - now_us);
    }
    return true;
}

struct loop *create_loop(void)
{
    struct loop *loop = NULL;
    assert_int_equal(loop_create(&loop, NULL), SG_OK);
    return loop;
}

char *scratch_path(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    assert_non_null(path);
    return path;
}

char *scratch_create(void)
{
    char name[40];
    snprintf(name, sizeof name, "scratch-%016llx", (unsigned long long)clock_random());
    char *folder = NULL;
    assert_int_equal(path_absolute(name, &folder, NULL), SG_OK);
    assert_int_equal(path_make_folders(folder, NULL), SG_OK);
    return folder;
}

void scratch_remove(char *folder)
{
    remove_tree(folder);
    assert_false(path_exists(folder));
    sg_free(folder);
}

static void on_written(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    (void)n_bytes;
    struct write *write = sg_container_of(op, struct write, op);
    write->status = status;
    write->n_done++;
}

void scratch_write(struct loop *loop, const char *path, const char *text)
{
    struct file *file = NULL;
    struct write *write = sg_alloc(sizeof *write);
    assert_non_null(write);
    assert_int_equal(file_open(loop, path, FILE_CREATE_NEW, &file, NULL), SG_OK);
    write->op.done = on_written;
    write->status = file_write(file, &write->op, 0, text, (uint32_t)strlen(text));
    if (write->status == SG_PENDING)
        assert_true(turn_until(loop, &write->n_done, 1));
    assert_int_equal(write->status, SG_OK);
    file_close(file);
    sg_free(write);
}
