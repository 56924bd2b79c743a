/* Open files: overlapped writes on the loop's port, and blocking calls for work threads. How room
 * is made is in file_reserve.c, names and identity in file_name.c. */
#include "os/file.h"

#include <wchar.h>

#include "base/mem.h"
#include "os/win/blocking.h"
#include "os/win/error_win.h"
#include "os/win/file_win.h"
#include "os/win/handle.h"
#include "os/win/port_win.h"
#include "os/win/privilege.h"
#include "os/win/time_win.h"
#include "os/win/wide.h"
#include "os/win/win.h"

/* DELETE is the right to rename and to remove by handle. A new file must not be made where a link
 * that waits under its name leads to: CREATE_NEW alone follows one whose target is missing. */
static bool is_to_make(enum file_mode mode)
{
    return mode == FILE_CREATE_NEW || mode == FILE_CREATE_PLAIN || mode == FILE_CREATE_FOR_OWNER;
}

static HANDLE open_handle(const wchar_t *path, enum file_mode mode, PSECURITY_DESCRIPTOR closed)
{
    SECURITY_ATTRIBUTES security = { sizeof security, closed, FALSE };
    DWORD access = GENERIC_READ;
    if (mode != FILE_READ_ONLY)
        access |= GENERIC_WRITE | DELETE;
    DWORD share = FILE_SHARE_READ;
    if (mode ==
        FILE_READ_ONLY) /* what takes minutes to read is not closed to its owner meanwhile */
        share |= FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    bool is_new = is_to_make(mode);
    DWORD flags = FILE_FLAG_OVERLAPPED | (is_new ? FILE_FLAG_OPEN_REPARSE_POINT : 0);
    return handle_normal(CreateFileW(path, access, share, &security,
                                     is_new ? CREATE_NEW : OPEN_EXISTING,
                                     FILE_ATTRIBUTE_NORMAL | flags, NULL));
}

/* The list has to be there from the first moment: who opened the file before it would go on
 * reading. The privilege has to be enabled at that moment too (SetFileValidData, "Remarks"): who
 * makes a file as its owner does not have it then. */
static PSECURITY_DESCRIPTOR descriptor_for(enum file_mode mode)
{
    bool is_to_close = mode == FILE_CREATE_NEW && privilege_may_manage_volume();
    return is_to_close ? file_closed_descriptor() : NULL;
}

/* "C:\x\NUL" and "C:\x\COM1" open devices. */
static enum sg_status open_disk_file(const char *path, enum file_mode mode,
                                     PSECURITY_DESCRIPTOR closed, HANDLE *out, struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status != SG_OK)
        return status;
    HANDLE handle = open_handle(wide, mode, closed);
    DWORD error = GetLastError();
    sg_free(wide);
    if (handle == NULL)
        return error_report(err, error, "opening", path);
    if (GetFileType(handle) != FILE_TYPE_DISK) {
        handle_close(handle);
        return sg_err_set(err, SG_E_INVALID, "opening %s: the name is a device's", path);
    }
    *out = handle;
    return SG_OK;
}

enum sg_status file_open(struct loop *loop, const char *path, enum file_mode mode,
                         struct file **out, struct sg_err *err)
{
    struct file *file = sg_alloc(sizeof *file);
    if (file == NULL)
        return sg_err_set(err, SG_E_NOMEM, "opening %s", path);
    file->port = loop_port(loop);
    file->path = sg_strdup(path);
    enum sg_status status = file->path != NULL ? SG_OK : sg_err_set(err, SG_E_NOMEM, "opening");
    PSECURITY_DESCRIPTOR closed = descriptor_for(mode);
    if (status == SG_OK)
        status = open_disk_file(path, mode, closed, &file->handle, err);
    LocalFree(closed);
    if (status == SG_OK)
        status = port_associate(file->port, file->handle, err);
    if (status != SG_OK) {
        file_close(file);
        return status;
    }
    file->may_write = mode != FILE_READ_ONLY;
    file->is_closed = closed != NULL;
    file->is_for_owner = mode == FILE_CREATE_FOR_OWNER || mode == FILE_OPEN_FOR_OWNER;
    file->is_skipping = port_skip_on_success(file->handle);
    if (mode == FILE_CREATE_FOR_OWNER)
        (void)!file_admit_us(file, NULL); /* else only the owner can open it again */
    *out = file;
    return SG_OK;
}

void file_close(struct file *file)
{
    if (file == NULL)
        return;
    handle_close(file->handle);
    sg_free(file->path);
    sg_free(file);
}

enum sg_status file_write(struct file *file, struct op *op, uint64_t offset, const void *data,
                          uint32_t n_bytes)
{
    OVERLAPPED *overlapped = port_begin(file->port, op, n_bytes);
    if (overlapped == NULL)
        return SG_E_NOMEM;
    overlapped->Offset = (DWORD)offset;
    overlapped->OffsetHigh = (DWORD)(offset >> 32);
    BOOL has_worked = WriteFile(file->handle, data, n_bytes, NULL, overlapped);
    return port_finish_start(file->port, op, has_worked, file->is_skipping);
}

/* One ReadFile; `*out_read` is 0 at the end of the file. False: see the last error. */
static bool read_once(struct file *file, struct blocking *call, uint64_t offset, void *out,
                      uint32_t n_bytes, uint32_t *out_read)
{
    BOOL has_worked = ReadFile(file->handle, out, n_bytes, NULL, blocking_begin(call, offset));
    if (blocking_end(call, file->handle, has_worked, out_read))
        return true;
    if (GetLastError() != ERROR_HANDLE_EOF)
        return false;
    *out_read = 0;
    return true;
}

static bool read_all(struct file *file, struct blocking *call, uint64_t offset, void *out,
                     uint32_t n_bytes, uint32_t *out_read)
{
    uint32_t n_read = 0;
    uint32_t n_more = 1;
    while (n_read < n_bytes && n_more > 0) {
        if (!read_once(file, call, offset + n_read, (char *)out + n_read, n_bytes - n_read,
                       &n_more))
            return false;
        n_read += n_more;
    }
    *out_read = n_read;
    return true;
}

enum sg_status file_read(struct file *file, uint64_t offset, void *out, uint32_t n_bytes,
                         uint32_t *out_read, struct sg_err *err)
{
    struct blocking *call = blocking_create();
    bool has_worked = call != NULL && read_all(file, call, offset, out, n_bytes, out_read);
    blocking_destroy(call);
    if (!has_worked)
        return error_report(err, GetLastError(), "reading", file->path);
    return SG_OK;
}

enum sg_status file_flush(struct file *file, struct sg_err *err)
{
    if (!FlushFileBuffers(file->handle))
        return error_report(err, GetLastError(), "flushing", file->path);
    return SG_OK;
}

/* QUIRK(wine-size-read-only): Wine 8 answers the resizing of a file opened to read with "invalid
 * parameter" instead of "access denied". It is gone when the contract's case of that name passes
 * without the first line. */
enum sg_status file_set_size(struct file *file, uint64_t size, struct sg_err *err)
{
    if (!file->may_write)
        return error_report(err, ERROR_ACCESS_DENIED, "setting the size of", file->path);
    if (size > INT64_MAX)
        return sg_err_set(err, SG_E_TOO_LARGE, "setting the size of %s", file->path);
    FILE_END_OF_FILE_INFO end = { .EndOfFile.QuadPart = (LONGLONG)size };
    if (!SetFileInformationByHandle(file->handle, FileEndOfFileInfo, &end, sizeof end))
        return error_report(err, GetLastError(), "setting the size of", file->path);
    return SG_OK;
}

enum sg_status file_size(struct file *file, uint64_t *out_size, struct sg_err *err)
{
    LARGE_INTEGER size;
    if (!GetFileSizeEx(file->handle, &size))
        return error_report(err, GetLastError(), "reading the size of", file->path);
    *out_size = (uint64_t)size.QuadPart;
    return SG_OK;
}

enum sg_status file_set_modified(struct file *file, int64_t wall_ms, struct sg_err *err)
{
    FILETIME time;
    if (!time_from_wall_ms(wall_ms, &time))
        return sg_err_set(err, SG_E_INVALID, "setting the time of %s: out of range", file->path);
    if (!SetFileTime(file->handle, NULL, NULL, &time))
        return error_report(err, GetLastError(), "setting the time of", file->path);
    return SG_OK;
}
