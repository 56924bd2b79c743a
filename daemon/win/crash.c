/* Writing down a crash. The thread that crashed may have no stack left and may hold any lock, so a
 * thread made for it writes, within a limit; then the process ends whatever became of that.
 *
 * The dump has the threads' stacks and registers and the list of modules, no heap. So a stack's
 * pieces of addresses, headers and passwords can be in it: it goes into the data folder, which is
 * closed to others, and nowhere else. Heap corruption and failed stack checks end the process
 * past all handlers (__fastfail); of those only Windows' own error report tells. */
#include "daemon/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/mem.h"
#include "daemon/log.h"
#include "os/path.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

enum {
    DUMPS_MAX = 3,
    NAME_SIZE = 64,
    REASON_SIZE = 512,
    WRITE_LIMIT_MS = 60000,
    STACK_LEFT_BYTES = 32 * 1024, /* of an overflown stack, for the handler */
};

static const DWORD broken_invariant = 0xE0536567; /* bit 29: an application's own code */

typedef BOOL WINAPI write_dump_fn(HANDLE process, DWORD process_id, HANDLE file, MINIDUMP_TYPE type,
                                  const PMINIDUMP_EXCEPTION_INFORMATION exception,
                                  const PMINIDUMP_USER_STREAM_INFORMATION user_stream,
                                  const PMINIDUMP_CALLBACK_INFORMATION callback);

/* Made while all is well. */
static char *data_folder;
static char *note_path;
static write_dump_fn *write_dump;

/* The one crash. */
static atomic_bool is_crashing;
static EXCEPTION_POINTERS *crash;
static DWORD crashed_thread;
static DWORD writing_thread;
static char reason[REASON_SIZE]; /* of a broken invariant */

/* ---- writing ---- */

static HANDLE create_file(const char *path)
{
    wchar_t *wide;
    if (path == NULL || wide_path(path, &wide, NULL) != SG_OK)
        return NULL;
    HANDLE file = handle_normal(CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ, NULL,
                                            CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL));
    sg_free(wide);
    return file;
}

static char *dump_path(void)
{
    SYSTEMTIME now;
    char name[NAME_SIZE];
    GetSystemTime(&now);
    snprintf(name, sizeof name, "segd-%04u-%02u-%02uT%02u-%02u-%02u.%03uZ.dmp", now.wYear,
             now.wMonth, now.wDay, now.wHour, now.wMinute, now.wSecond, now.wMilliseconds);
    return path_join(data_folder, name);
}

static bool fill_dump(HANDLE file)
{
    MINIDUMP_EXCEPTION_INFORMATION exception = {
        .ThreadId = crashed_thread,
        .ExceptionPointers = crash,
        .ClientPointers = FALSE,
    };
    MINIDUMP_TYPE type =
        (MINIDUMP_TYPE)(MiniDumpNormal | MiniDumpWithThreadInfo | MiniDumpIgnoreInaccessibleMemory);
    return write_dump != NULL && write_dump(GetCurrentProcess(), GetCurrentProcessId(), file, type,
                                            &exception, NULL, NULL);
}

/* The dump's path, the caller's; NULL when there is none. */
static char *make_dump(void)
{
    char *path = dump_path();
    HANDLE file = create_file(path);
    bool is_whole = file != NULL && fill_dump(file);
    handle_close(file);
    if (is_whole)
        return path;
    if (file != NULL)
        (void)!path_remove(path, NULL);
    sg_free(path);
    return NULL;
}

/* An address as "segd.exe+0x1234" where it is in the program: asking Windows for other modules
 * would take the loader's lock. */
static void put_address(struct sg_buf *out, const void *address)
{
    const char *base = (const char *)GetModuleHandleW(NULL);
    const IMAGE_DOS_HEADER *dos = (const void *)base;
    const IMAGE_NT_HEADERS *nt = (const void *)(base + dos->e_lfanew);
    uintptr_t offset = (uintptr_t)address - (uintptr_t)base;
    if (offset < nt->OptionalHeader.SizeOfImage)
        sg_buf_printf(out, "segd.exe+0x%llx", (unsigned long long)offset);
    else
        sg_buf_printf(out, "0x%llx", (unsigned long long)(uintptr_t)address);
}

static void put_cause(struct sg_buf *out)
{
    const EXCEPTION_RECORD *record = crash->ExceptionRecord;
    if (record->ExceptionCode == broken_invariant) {
        sg_buf_puts(out, reason[0] != '\0' ? reason : "the C library gave up");
        return;
    }
    sg_buf_printf(out, "exception 0x%08lx at ", record->ExceptionCode);
    put_address(out, record->ExceptionAddress);
}

static void write_note(const struct sg_buf *note)
{
    DWORD written;
    HANDLE file = create_file(note_path);
    if (file != NULL)
        WriteFile(file, note->data, (DWORD)note->length, &written, NULL);
    handle_close(file);
}

/* The cause, and where the dump is, if there is one. */
static void tell(const char *dump, struct sg_buf *out_note)
{
    put_cause(out_note);
    if (dump != NULL)
        sg_buf_printf(out_note, "; the dump is %s", dump);
    else
        sg_buf_puts(out_note, "; there is no dump");
    if (!out_note->is_failed)
        write_note(out_note);
}

/* The cause comes first: what is broken may make a dump impossible, or slow. */
static DWORD WINAPI write_down(void *arg)
{
    (void)arg;
    struct sg_buf note = { 0 };
    tell(NULL, &note);
    char *dump = make_dump();
    if (dump != NULL) {
        sg_buf_clear(&note);
        tell(dump, &note);
    }
    if (!note.is_failed) {
        log_line(LOG_ERROR, "segd crashes: %s", note.data);
        log_flush();
    }
    sg_buf_fini(&note);
    sg_free(dump);
    return 0;
}

/* ---- crashing ---- */

static LONG WINAPI on_exception(EXCEPTION_POINTERS *pointers)
{
    DWORD code = pointers->ExceptionRecord->ExceptionCode;
    bool is_second = atomic_exchange(&is_crashing, true);
    if (!is_second) {
        crash = pointers;
        crashed_thread = GetCurrentThreadId();
        HANDLE thread = CreateThread(NULL, 0, write_down, NULL, 0, &writing_thread);
        if (thread != NULL)
            WaitForSingleObject(thread, WRITE_LIMIT_MS);
    } else if (GetCurrentThreadId() != writing_thread) {
        WaitForSingleObject(GetCurrentProcess(), WRITE_LIMIT_MS); /* the first one ends us all */
    }
    TerminateProcess(GetCurrentProcess(), code);
    return EXCEPTION_EXECUTE_HANDLER;
}

static void on_abort(int number)
{
    (void)number;
    RaiseException(broken_invariant, EXCEPTION_NONCONTINUABLE, 0, NULL);
}

static void keep_reason(const char *text)
{
    snprintf(reason, sizeof reason, "%s", text);
}

/* ---- old dumps ---- */

/* How many there are, and the name of the oldest: names are dates. */
static int count_dumps(const wchar_t *pattern, wchar_t out_oldest[MAX_PATH])
{
    WIN32_FIND_DATAW found;
    int n = 0;
    HANDLE search = handle_normal(FindFirstFileW(pattern, &found));
    if (search == NULL)
        return 0;
    do {
        if (n == 0 || wcscmp(found.cFileName, out_oldest) < 0)
            wcscpy_s(out_oldest, MAX_PATH, found.cFileName);
        n++;
    } while (FindNextFileW(search, &found));
    FindClose(search);
    return n;
}

static bool remove_dump(const wchar_t *wide_name)
{
    char *name = wide_to_utf8(wide_name);
    char *path = name != NULL ? path_join(data_folder, name) : NULL;
    bool has_gone = path != NULL && path_remove(path, NULL) == SG_OK;
    sg_free(path);
    sg_free(name);
    return has_gone;
}

/* Leaves room for the dump of this run. */
static void remove_old_dumps(void)
{
    wchar_t oldest[MAX_PATH];
    wchar_t *pattern = NULL;
    char *path = path_join(data_folder, "segd-*.dmp");
    if (path != NULL && wide_path(path, &pattern, NULL) == SG_OK) {
        while (count_dumps(pattern, oldest) >= DUMPS_MAX && remove_dump(oldest))
            continue;
    }
    sg_free(pattern);
    sg_free(path);
}

/* ---- on and off ---- */

static void load_dumper(void)
{
    HMODULE library = LoadLibraryExW(L"dbghelp.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    FARPROC found = library != NULL ? GetProcAddress(library, "MiniDumpWriteDump") : NULL;
    _Static_assert(sizeof found == sizeof write_dump, "C has no cast between these");
    memcpy(&write_dump, &found, sizeof found);
}

void crash_guard(const char *folder)
{
    ULONG left_bytes = STACK_LEFT_BYTES;
    data_folder = sg_strdup(folder);
    note_path = path_join(folder, "segd.crash");
    if (data_folder == NULL || note_path == NULL)
        return;
    remove_old_dumps();
    load_dumper();
    SetThreadStackGuarantee(&left_bytes);
    sg_assert_tell(keep_reason);
    signal(SIGABRT, on_abort);
    SetUnhandledExceptionFilter(on_exception);
}

void crash_unguard(void)
{
    SetUnhandledExceptionFilter(NULL);
    signal(SIGABRT, SIG_DFL);
    sg_assert_tell(NULL);
    sg_free(data_folder);
    sg_free(note_path);
    data_folder = NULL;
    note_path = NULL;
}
