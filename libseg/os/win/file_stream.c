/* Named streams of an open file. Blocking; any thread.
 *
 * QUIRK(wine-streams): Wine's volumes do not have FILE_NAMED_STREAMS among their flags, and a path
 * with a stream's name makes a plain file with a colon in its name there. It is gone when
 * file_has_streams is true in Wine. */
#include "os/file.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/file_win.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

bool file_has_streams(struct file *file)
{
    DWORD flags = 0;
    return GetVolumeInformationByHandleW(file->handle, NULL, 0, NULL, NULL, &flags, NULL, 0) &&
           (flags & FILE_NAMED_STREAMS) != 0;
}

/* A Windows error, 0 for done. Each stream is shared on its own ([MS-FSA] 2.1.5.1.2.2), so that the
 * file itself is open without sharing to write does not matter. */
static DWORD write_whole(const wchar_t *path, const char *text)
{
    DWORD n_bytes = (DWORD)strlen(text);
    DWORD n_written;
    HANDLE stream = handle_normal(
        CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL));
    if (stream == NULL)
        return GetLastError();
    BOOL has_worked =
        WriteFile(stream, text, n_bytes, &n_written, NULL) && FlushFileBuffers(stream);
    DWORD error = has_worked ? ERROR_SUCCESS : GetLastError();
    handle_close(stream);
    return error;
}

static enum sg_status write_stream(const char *path, const char *text, struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status != SG_OK)
        return status;
    DWORD error = write_whole(wide, text);
    sg_free(wide);
    return error == ERROR_SUCCESS ? SG_OK : error_report(err, error, "writing", path);
}

enum sg_status file_write_stream(struct file *file, const char *name, const char *text,
                                 struct sg_err *err)
{
    struct sg_buf path = { 0 };
    sg_buf_printf(&path, "%s:%s", file->path, name);
    enum sg_status status = path.is_failed ? sg_err_set(err, SG_E_NOMEM, "out of memory")
                                           : write_stream(path.data, text, err);
    sg_buf_fini(&path);
    return status;
}
