/* The rotating log file. Opened with FILE_APPEND_DATA alone, so that every write goes to the end,
 * whoever else writes. */
#include "os/log_file.h"

#include "base/buf.h"
#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

struct log_file {
    SRWLOCK lock;
    wchar_t *path;
    wchar_t *old_path;
    uint64_t max_bytes;
    /* under lock */
    HANDLE handle;
    uint64_t size;
};

static HANDLE open_append(const wchar_t *path)
{
    return handle_normal(CreateFileW(path, FILE_APPEND_DATA | SYNCHRONIZE,
                                     FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_ALWAYS,
                                     FILE_ATTRIBUTE_NORMAL, NULL));
}

static enum sg_status make_paths(struct log_file *log, const char *path, struct sg_err *err)
{
    struct sg_buf old = { 0 };
    sg_buf_printf(&old, "%s.1", path);
    enum sg_status status = wide_path(path, &log->path, err);
    if (status == SG_OK && old.is_failed)
        status = sg_err_set(err, SG_E_NOMEM, "out of memory");
    if (status == SG_OK)
        status = wide_path(old.data, &log->old_path, err);
    sg_buf_fini(&old);
    return status;
}

enum sg_status log_file_open(const char *path, uint64_t max_bytes, struct log_file **out,
                             struct sg_err *err)
{
    LARGE_INTEGER size;
    struct log_file *log = sg_alloc(sizeof *log);
    if (log == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    InitializeSRWLock(&log->lock);
    log->max_bytes = max_bytes;
    enum sg_status status = make_paths(log, path, err);
    if (status == SG_OK) {
        log->handle = open_append(log->path);
        if (log->handle == NULL)
            status = error_report(err, GetLastError(), "opening", path);
    }
    if (status != SG_OK) {
        log_file_close(log);
        return status;
    }
    if (GetFileSizeEx(log->handle, &size))
        log->size = (uint64_t)size.QuadPart;
    *out = log;
    return SG_OK;
}

/* A reader that does not share deletion keeps the file where it is: then it goes on growing. */
static void rotate(struct log_file *log)
{
    CloseHandle(log->handle);
    if (MoveFileExW(log->path, log->old_path, MOVEFILE_REPLACE_EXISTING))
        log->size = 0;
    log->handle = open_append(log->path);
}

void log_file_append(struct log_file *log, const char *line, size_t length)
{
    DWORD written;
    if (log == NULL)
        return;
    AcquireSRWLockExclusive(&log->lock);
    if (log->handle != NULL && log->size + length > log->max_bytes)
        rotate(log);
    if (log->handle != NULL && WriteFile(log->handle, line, (DWORD)length, &written, NULL))
        log->size += written;
    ReleaseSRWLockExclusive(&log->lock);
}

void log_file_close(struct log_file *log)
{
    if (log == NULL)
        return;
    if (log->handle != NULL)
        CloseHandle(log->handle);
    sg_free(log->path);
    sg_free(log->old_path);
    sg_free(log);
}
