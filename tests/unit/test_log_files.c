/* The log's files in a real folder: moved on when full, bounded, begun again when taken away; and
 * the log above them. */
#include "daemon/log_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/log.h"
#include "os/log_file.h"
#include "os/path.h"
#include "tests/contract/contract.h"

enum { SMALL = 100 };

static const char ten[] = "123456789\n";

static int set_up(void **state)
{
    *state = scratch_create();
    return 0;
}

static int tear_down(void **state)
{
    scratch_remove(*state);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static struct log_files *open_files(const char *folder)
{
    struct log_files *files = NULL;
    assert_int_equal(log_files_open(folder, SMALL, &files, NULL), SG_OK);
    return files;
}

/* What the file `name` holds; the caller's. "" when there is none. */
static char *content_of(const char *folder, const char *name)
{
    struct sg_buf content = { 0 };
    char *path = scratch_path(folder, name);
    (void)!log_file_read_end(path, 1 << 20, &content, NULL);
    sg_free(path);
    return sg_buf_take(&content);
}

static size_t size_of(const char *folder, const char *name)
{
    char *content = content_of(folder, name);
    size_t size = strlen(content);
    sg_free(content);
    return size;
}

static void append_numbered(struct log_files *files, int from, int to)
{
    for (int i = from; i < to; i++) {
        char line[16];
        snprintf(line, sizeof line, "line %04d\n", i);
        assert_true(log_files_append(files, line, strlen(line)));
    }
}

static void append__any_number_of_lines__never_exceeds_the_bound(void **state)
{
    const char *folder = *state;
    struct log_files *files = open_files(folder);
    append_numbered(files, 0, 500);
    log_files_close(files);
    for (int i = 0; i < LOG_FILES + 1; i++) {
        char name[16] = "segd.log";
        if (i > 0)
            snprintf(name, sizeof name, "segd.log.%d", i);
        assert_in_range(size_of(folder, name), i < LOG_FILES ? 10 : 0, i < LOG_FILES ? SMALL : 0);
    }
    char *newest = content_of(folder, "segd.log");
    assert_non_null(strstr(newest, "line 0499\n"));
    sg_free(newest);
}

static void append__after_opening_again__goes_on_at_the_end(void **state)
{
    const char *folder = *state;
    struct log_files *files = open_files(folder);
    append_numbered(files, 0, 8);
    log_files_close(files);
    files = open_files(folder);
    append_numbered(files, 8, 12);
    log_files_close(files);
    char *older = content_of(folder, "segd.log.1");
    char *newer = content_of(folder, "segd.log");
    assert_memory_equal(older, "line 0000\n", 10);
    assert_string_equal(newer + strlen(newer) - 10, "line 0011\n");
    sg_free(older);
    sg_free(newer);
}

static void look__file_was_taken_away__is_begun_again(void **state)
{
    const char *folder = *state;
    char *path = scratch_path(folder, "segd.log");
    char *elsewhere = scratch_path(folder, "kept.log");
    struct log_files *files = open_files(folder);
    append_numbered(files, 0, 3);
    assert_int_equal(path_rename(path, elsewhere, NULL), SG_OK);
    log_files_look(files);
    append_numbered(files, 3, 4);
    log_files_close(files);
    char *content = content_of(folder, "segd.log");
    assert_string_equal(content, "line 0003\n");
    sg_free(content);
    sg_free(elsewhere);
    sg_free(path);
}

static void append__name_of_an_older_file_is_a_folder__keeps_the_bound(void **state)
{
    const char *folder = *state;
    char *path = scratch_path(folder, "segd.log.4");
    struct log_files *files = open_files(folder);
    int n_lost = 0;
    assert_int_equal(path_make_folders(path, NULL), SG_OK);
    for (int i = 0; i < 100; i++)
        n_lost += !log_files_append(files, ten, sizeof ten - 1);
    assert_in_range(n_lost, 1, 99);
    assert_in_range(size_of(folder, "segd.log"), 10, SMALL);
    log_files_close(files);
    sg_free(path);
}

static void read_end__short_newest_file__begins_in_the_one_before(void **state)
{
    const char *folder = *state;
    struct sg_buf end = { 0 };
    struct log_files *files = open_files(folder);
    append_numbered(files, 0, 12);
    log_files_read_end(files, SMALL, &end);
    assert_non_null(strstr(end.data, "line 0008\n"));
    assert_non_null(strstr(end.data, "line 0011\n"));
    sg_buf_fini(&end);
    log_files_close(files);
}

/* ---- the log ---- */

static void count_line(void *ctx, uint64_t number, enum log_level level, const char *text,
                       size_t length)
{
    (void)number;
    (void)level;
    (void)text;
    (void)length;
    ++*(int *)ctx;
}

static int count_lines(enum log_level level)
{
    int n = 0;
    const struct log_query query = { .level = level, .max_lines = 100, .max_bytes = 100000 };
    log_read(&query, count_line, &n);
    return n;
}

static void log__lines__are_in_the_file_after_a_flush(void **state)
{
    const char *folder = *state;
    log_open(folder);
    log_line(LOG_WARNING, "the name is %s", "a\nb");
    log_flush();
    char *content = content_of(folder, "segd.log");
    assert_non_null(strstr(content, " warning the name is a\\nb\n"));
    sg_free(content);
    log_close();
}

static void log__level__leaves_lesser_lines_out(void **state)
{
    log_open(*state);
    log_line(LOG_DEBUG, "not at first");
    log_set_level(LOG_DEBUG);
    log_line(LOG_DEBUG, "now");
    log_set_level(LOG_ERROR);
    log_line(LOG_WARNING, "not any more");
    log_set_level(LOG_INFO);
    assert_int_equal(count_lines(LOG_DEBUG), 1);
    assert_int_equal(count_lines(LOG_INFO), 0);
    log_close();
}

static void log__opened_again__remembers_what_was_written(void **state)
{
    const char *folder = *state;
    log_open(folder);
    log_line(LOG_ERROR, "before");
    log_line(LOG_INFO, "before too");
    log_close();
    log_open(folder);
    assert_int_equal(count_lines(LOG_DEBUG), 2);
    assert_int_equal(count_lines(LOG_ERROR), 1);
    log_line(LOG_INFO, "after");
    assert_int_equal(count_lines(LOG_DEBUG), 3);
    log_close();
    char *content = content_of(folder, "segd.log");
    assert_ptr_equal(strstr(strstr(content, "before\n") + 1, "before\n"), NULL);
    sg_free(content);
}

static void count_call(void *ctx)
{
    ++*(int *)ctx;
}

static void log__watcher__hears_of_each_line(void **state)
{
    int n = 0;
    log_open(*state);
    log_watch(count_call, &n);
    log_line(LOG_INFO, "one");
    log_line(LOG_DEBUG, "not wanted");
    log_line(LOG_INFO, "two");
    log_watch(NULL, NULL);
    log_line(LOG_INFO, "three");
    assert_int_equal(n, 2);
    log_close();
}

static void log__file_that_cannot_be_written__tells_how_many_lines_are_missing(void **state)
{
    const char *folder = *state;
    char *path = scratch_path(folder, "segd.log");
    char *elsewhere = scratch_path(folder, "kept.log");
    log_open(folder);
    assert_int_equal(path_rename(path, elsewhere, NULL), SG_OK);
    assert_int_equal(path_make_folders(path, NULL), SG_OK); /* no file can have this name now */
    log_line(LOG_INFO, "lost");
    log_line(LOG_INFO, "lost too");
    log_flush();
    remove_tree(path);
    log_line(LOG_INFO, "written");
    log_flush();
    char *content = content_of(folder, "segd.log");
    assert_non_null(strstr(content, " warning 2 lines are missing here"));
    assert_non_null(strstr(content, " info written\n"));
    assert_null(strstr(content, "lost"));
    sg_free(content);
    sg_free(elsewhere);
    sg_free(path);
    log_close();
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(append__any_number_of_lines__never_exceeds_the_bound),
        IN_FOLDER(append__after_opening_again__goes_on_at_the_end),
        IN_FOLDER(look__file_was_taken_away__is_begun_again),
        IN_FOLDER(append__name_of_an_older_file_is_a_folder__keeps_the_bound),
        IN_FOLDER(read_end__short_newest_file__begins_in_the_one_before),
        IN_FOLDER(log__lines__are_in_the_file_after_a_flush),
        IN_FOLDER(log__level__leaves_lesser_lines_out),
        IN_FOLDER(log__opened_again__remembers_what_was_written),
        IN_FOLDER(log__watcher__hears_of_each_line),
        IN_FOLDER(log__file_that_cannot_be_written__tells_how_many_lines_are_missing),
    };
    log_init();
    log_to_console(false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
