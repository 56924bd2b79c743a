/* What a crash leaves behind, and the exit code. The program starts itself again and lets that one
 * crash. */
#include "daemon/crash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/mem.h"
#include "daemon/log.h"
#include "os/log_file.h"
#include "os/path.h"
#include "os/thread.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"
#include "tests/contract/contract.h"

enum { DEADLINE_MS = 120000 };

/* ---- the one that crashes ---- */

static void fault(void *ctx)
{
    *(volatile char *)ctx = 1;
}

static volatile int depth_max = 1 << 30;

__attribute__((noinline)) static int sink(int depth)
{
    volatile char room[4096];
    room[depth % 4096] = (char)depth;
    return depth < depth_max ? sink(depth + 1) + room[0] : 0;
}

static void overflow(void *ctx)
{
    *(volatile int *)ctx = sink(0);
}

static int run_in_thread(thread_fn *run)
{
    static int value;
    struct thread *thread;
    if (thread_start("crasher", run, run == overflow ? &value : NULL, &thread, NULL) == SG_OK)
        thread_join(thread);
    return 1;
}

static int crash_as(const char *how, const char *folder)
{
    log_init();
    log_to_console(false);
    log_open(folder);
    crash_guard(folder);
    SG_ASSERT(strcmp(how, "assert") != 0);
    if (strcmp(how, "fault") == 0)
        fault(NULL);
    return run_in_thread(strcmp(how, "overflow") == 0 ? overflow : fault);
}

/* ---- the one that looks ---- */

static DWORD exit_code_of(const char *how, const char *folder)
{
    DWORD code = 0;
    char *program = NULL;
    struct sg_buf line = { 0 };
    STARTUPINFOW startup = { .cb = sizeof startup };
    PROCESS_INFORMATION child;
    assert_int_equal(path_known(PATH_PROGRAM, &program, NULL), SG_OK);
    sg_buf_printf(&line, "\"%s\" %s \"%s\"", program, how, folder);
    wchar_t *wide = wide_from_utf8(line.data);
    assert_non_null(wide);
    assert_true(CreateProcessW(NULL, wide, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    assert_int_equal(WaitForSingleObject(child.hProcess, DEADLINE_MS), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(child.hProcess, &code));
    handle_close(child.hThread);
    handle_close(child.hProcess);
    sg_free(wide);
    sg_buf_fini(&line);
    sg_free(program);
    return code;
}

static int count_dumps(const char *folder)
{
    WIN32_FIND_DATAW found;
    wchar_t *wide;
    int n = 0;
    char *pattern = scratch_path(folder, "segd-*.dmp");
    assert_int_equal(wide_path(pattern, &wide, NULL), SG_OK);
    HANDLE search = handle_normal(FindFirstFileW(wide, &found));
    for (BOOL is_there = search != NULL; is_there; is_there = FindNextFileW(search, &found))
        n++;
    if (search != NULL)
        FindClose(search);
    sg_free(wide);
    sg_free(pattern);
    return n;
}

static char *content_of(const char *folder, const char *name)
{
    struct sg_buf content = { 0 };
    char *path = scratch_path(folder, name);
    assert_int_equal(log_file_read_end(path, 1 << 20, &content, NULL), SG_OK);
    sg_free(path);
    return sg_buf_take(&content);
}

/* The note names the dump, which is one, and the log has the same words. */
static void assert_written_down(const char *folder, const char *cause)
{
    struct sg_buf head = { 0 };
    char *note = content_of(folder, "segd.crash");
    char *log = content_of(folder, "segd.log");
    assert_non_null(strstr(note, cause));
    assert_non_null(strstr(log, note));
    const char *dump = strstr(note, "the dump is ");
    assert_non_null(dump);
    assert_int_equal(log_file_read_end(dump + strlen("the dump is "), 1 << 24, &head, NULL), SG_OK);
    assert_in_range(head.length, 1024, 16 << 20);
    assert_memory_equal(head.data, "MDMP", 4);
    sg_buf_fini(&head);
    sg_free(note);
    sg_free(log);
}

static void assert_crash(const char *how, DWORD code, const char *cause)
{
    char *folder = scratch_create();
    assert_int_equal(exit_code_of(how, folder), code);
    assert_written_down(folder, cause);
    scratch_remove(folder);
}

static void crash__fault__leaves_a_dump_and_its_code(void **state)
{
    (void)state;
    assert_crash("fault", EXCEPTION_ACCESS_VIOLATION, "exception 0xc0000005 at segd.exe+0x");
}

static void crash__fault_of_another_thread__leaves_a_dump_and_its_code(void **state)
{
    (void)state;
    assert_crash("thread", EXCEPTION_ACCESS_VIOLATION, "exception 0xc0000005 at segd.exe+0x");
}

static void crash__broken_invariant__leaves_its_words(void **state)
{
    (void)state;
    assert_crash("assert", 0xE0536567, "broken invariant: strcmp(how, \"assert\") != 0 (");
}

static void crash__stack_overflow_of_a_thread__leaves_a_dump_and_its_code(void **state)
{
    (void)state;
    assert_crash("overflow", EXCEPTION_STACK_OVERFLOW, "exception 0xc00000fd at segd.exe+0x");
}

static void crash__again_and_again__keeps_three_dumps(void **state)
{
    (void)state;
    char *folder = scratch_create();
    for (int i = 1; i <= 5; i++) {
        exit_code_of("fault", folder);
        assert_int_equal(count_dumps(folder), i < 3 ? i : 3);
    }
    scratch_remove(folder);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crash__fault__leaves_a_dump_and_its_code),
        cmocka_unit_test(crash__fault_of_another_thread__leaves_a_dump_and_its_code),
        cmocka_unit_test(crash__broken_invariant__leaves_its_words),
        cmocka_unit_test(crash__stack_overflow_of_a_thread__leaves_a_dump_and_its_code),
        cmocka_unit_test(crash__again_and_again__keeps_three_dumps),
    };
    return argc == 3 ? crash_as(argv[1], argv[2]) : cmocka_run_group_tests(tests, NULL, NULL);
}
