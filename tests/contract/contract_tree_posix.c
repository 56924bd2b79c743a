/* Removing a scratch folder on POSIX. */
#define _GNU_SOURCE
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void remove_tree(const char *folder)
{
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (is_dots(entry->d_name))
            continue;
        char *path = scratch_path(folder, entry->d_name);
        if (entry->d_type == DT_DIR)
            remove_tree(path);
        else
            assert_int_equal(unlink(path), 0);
        sg_free(path);
    }
    closedir(entries);
    assert_int_equal(rmdir(folder), 0);
}
