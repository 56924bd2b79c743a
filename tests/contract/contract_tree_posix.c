/* Removing a scratch folder, and reading a stream, on POSIX. */
#define _GNU_SOURCE
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
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

char *scratch_stream(const char *path, const char *name)
{
    char attribute[64];
    char text[4096];
    snprintf(attribute, sizeof attribute, "user.%s", name);
    ssize_t n = getxattr(path, attribute, text, sizeof text);
    return n >= 0 ? sg_strndup(text, (size_t)n) : NULL;
}
