/* Starting segd.exe as a background process. */
#include "cli/launch.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/need.h"
#include "cli/win/text.h"
#include "os/win/win.h"

/* The longest path that Windows knows. */
enum { PATH_UNITS_MAX = 32768, EVENT_NAME_SIZE = 80 };

static const char nobody_beside[] = "no daemon is running, and there is no segd.exe beside "
                                    "seg.exe to start: install it, or name a pipe by SEGUE_PIPE";

struct launch_lock {
    HANDLE mutex;
};

/* The name is the logon session's; another user's mutex of this name cannot be opened, and then
 * there is no lock. */
struct launch_lock *launch_lock_take(uint32_t timeout_ms)
{
    HANDLE mutex = CreateMutexW(NULL, FALSE, L"Local\\segue-launch");
    if (mutex == NULL)
        return NULL;
    DWORD outcome = WaitForSingleObject(mutex, timeout_ms);
    if (outcome != WAIT_OBJECT_0 && outcome != WAIT_ABANDONED) {
        CloseHandle(mutex);
        return NULL;
    }
    struct launch_lock *lock = need(sg_alloc(sizeof *lock));
    lock->mutex = mutex;
    return lock;
}

void launch_lock_give(struct launch_lock *lock)
{
    if (lock == NULL)
        return;
    ReleaseMutex(lock->mutex);
    CloseHandle(lock->mutex);
    sg_free(lock);
}

static enum sg_status fail(struct sg_err *err, const char *path, DWORD error)
{
    char reason[TEXT_ERROR_SIZE];
    text_of_error(error, reason);
    return sg_err_foreign(err, SG_E_NO_DAEMON, error,
                          "%s could not be started: %s: 'segd run' may show more", path, reason);
}

/* The folder of this program, with the separator; NULL when Windows does not tell. The caller owns
 * it. */
static wchar_t *own_folder(void)
{
    wchar_t *path = need(sg_alloc_array(PATH_UNITS_MAX, sizeof *path));
    DWORD length = GetModuleFileNameW(NULL, path, PATH_UNITS_MAX);
    while (length > 0 && path[length - 1] != L'\\')
        length--;
    path[length] = L'\0';
    if (length > 0)
        return path;
    sg_free(path);
    return NULL;
}

/* The number of a process is not used again while its handle is open, and ours is: so the name is
 * ours alone, unless somebody guesses it. Then the event exists already, and another is tried. */
static HANDLE create_event(char out_name[EVENT_NAME_SIZE])
{
    for (unsigned try = 0; try < 16; try++) {
        LARGE_INTEGER ticks;
        QueryPerformanceCounter(&ticks);
        snprintf(out_name, EVENT_NAME_SIZE, "Local\\segue-ready-%lu-%llx", GetCurrentProcessId(),
                 (unsigned long long)ticks.QuadPart);
        wchar_t *name = text_wide(out_name);
        HANDLE event = CreateEventW(NULL, FALSE, FALSE, name);
        bool is_ours = event != NULL && GetLastError() != ERROR_ALREADY_EXISTS;
        sg_free(name);
        if (is_ours)
            return event;
        if (event != NULL)
            CloseHandle(event);
    }
    return NULL;
}

/* Nothing is inherited: who waits for the end of our output must not wait for the daemon's end.
 * Its current folder is its own, so that it does not hold the caller's. */
static bool start(const wchar_t *folder, const char *path, const char *event_name,
                  HANDLE *out_process)
{
    STARTUPINFOW startup = { .cb = sizeof startup };
    PROCESS_INFORMATION made;
    struct sg_buf command = { 0 };
    sg_buf_printf(&command, "\"%s\" run --background --ready-event %s", path, event_name);
    wchar_t *wide_path = text_wide(path);
    wchar_t *wide_command = text_wide(need(command.data));
    bool is_started = CreateProcessW(wide_path, wide_command, NULL, NULL, FALSE,
                                     DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP, NULL, folder,
                                     &startup, &made) != 0;
    DWORD error = GetLastError();
    if (is_started) {
        CloseHandle(made.hThread);
        *out_process = made.hProcess;
    }
    sg_free(wide_command);
    sg_free(wide_path);
    sg_buf_fini(&command);
    SetLastError(error);
    return is_started;
}

static enum sg_status await(HANDLE event, HANDLE process, const char *path, uint32_t timeout_ms,
                            struct sg_err *err)
{
    const HANDLE both[] = { event, process };
    DWORD outcome = WaitForMultipleObjects(2, both, FALSE, timeout_ms);
    DWORD code = 0;
    if (outcome == WAIT_OBJECT_0)
        return SG_OK;
    if (outcome == WAIT_FAILED)
        return fail(err, path, GetLastError());
    if (outcome != WAIT_OBJECT_0 + 1)
        return sg_err_set(err, SG_E_TIMEOUT, "%s did not get ready", path);
    GetExitCodeProcess(process, &code);
    return sg_err_foreign(err, SG_E_NO_DAEMON, code,
                          "%s ended at once with exit code %lu: 'segd run' shows why", path, code);
}

static enum sg_status launch(const wchar_t *folder, const char *path, uint32_t timeout_ms,
                             struct sg_err *err)
{
    char event_name[EVENT_NAME_SIZE];
    HANDLE process;
    HANDLE event = create_event(event_name);
    if (event == NULL)
        return fail(err, path, GetLastError());
    enum sg_status status;
    if (start(folder, path, event_name, &process)) {
        status = await(event, process, path, timeout_ms, err);
        CloseHandle(process);
    } else {
        DWORD error = GetLastError();
        status = error == ERROR_FILE_NOT_FOUND ? sg_err_set(err, SG_E_NO_DAEMON, nobody_beside)
                                               : fail(err, path, error);
    }
    CloseHandle(event);
    return status;
}

enum sg_status launch_daemon(uint32_t timeout_ms, struct sg_err *err)
{
    wchar_t *folder = own_folder();
    if (folder == NULL)
        return fail(err, "segd.exe", GetLastError());
    char *folder_text = text_utf8(folder);
    struct sg_buf path = { 0 };
    sg_buf_printf(&path, "%ssegd.exe", folder_text);
    enum sg_status status = launch(folder, need(path.data), timeout_ms, err);
    sg_buf_fini(&path);
    sg_free(folder_text);
    sg_free(folder);
    return status;
}
