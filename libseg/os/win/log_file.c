/* Files that are appended to. Opened with FILE_APPEND_DATA alone, so that every write goes to the
 * end, whoever else writes. */
#include "os/log_file.h"

#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

struct log_file {
    HANDLE handle;
};

static enum sg_status open_path(const char *path, DWORD access, DWORD disposition, HANDLE *out,
                                struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status != SG_OK)
        return status;
    HANDLE handle = handle_normal(
        CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                    disposition, FILE_ATTRIBUTE_NORMAL, NULL));
    DWORD error = GetLastError();
    sg_free(wide);
    if (handle == NULL)
        return error_report(err, error, "opening", path);
    *out = handle;
    return SG_OK;
}

static uint64_t size_of(HANDLE handle)
{
    LARGE_INTEGER size;
    return GetFileSizeEx(handle, &size) ? (uint64_t)size.QuadPart : 0;
}

enum sg_status log_file_open(const char *path, struct log_file **out, uint64_t *out_bytes,
                             struct sg_err *err)
{
    struct log_file *file = sg_alloc(sizeof *file);
    if (file == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    enum sg_status status = open_path(path, FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
                                      OPEN_ALWAYS, &file->handle, err);
    if (status != SG_OK) {
        sg_free(file);
        return status;
    }
    *out_bytes = size_of(file->handle);
    *out = file;
    return SG_OK;
}

size_t log_file_write(struct log_file *file, const char *data, size_t length)
{
    DWORD written = 0;
    return WriteFile(file->handle, data, (DWORD)length, &written, NULL) ? written : 0;
}

void log_file_close(struct log_file *file)
{
    if (file == NULL)
        return;
    handle_close(file->handle);
    sg_free(file);
}

static void read_end(HANDLE handle, size_t max_bytes, struct sg_buf *out)
{
    DWORD n = 0;
    uint64_t size = size_of(handle);
    size_t wanted = size < max_bytes ? (size_t)size : max_bytes;
    LARGE_INTEGER begin = { .QuadPart = (LONGLONG)(size - wanted) };
    if (!sg_buf_reserve(out, wanted))
        return;
    if (SetFilePointerEx(handle, begin, NULL, FILE_BEGIN) &&
        ReadFile(handle, out->data + out->length, (DWORD)wanted, &n, NULL))
        out->length += n;
    out->data[out->length] = '\0';
}

enum sg_status log_file_read_end(const char *path, size_t max_bytes, struct sg_buf *out,
                                 struct sg_err *err)
{
    HANDLE handle = NULL;
    enum sg_status status = open_path(path, GENERIC_READ, OPEN_EXISTING, &handle, err);
    if (status != SG_OK)
        return status;
    read_end(handle, max_bytes, out);
    handle_close(handle);
    return out->is_failed ? sg_err_set(err, SG_E_NOMEM, "out of memory") : SG_OK;
}
