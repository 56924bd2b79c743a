/* An open file's identity, and changing or removing its name by its handle: no other file can slip
 * in between. Blocking; any thread. */
#include "os/file.h"

#include <stddef.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/file_win.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

_Static_assert(sizeof((FILE_ID_INFO *)NULL)->FileId == sizeof((struct file_id *)NULL)->id,
               "both have 16 bytes");

/* File systems with short identities (and Wine's, in part) answer only the older question. */
static bool read_short_identity(HANDLE handle, struct file_id *out)
{
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(handle, &info))
        return false;
    memset(out, 0, sizeof *out);
    out->volume = info.dwVolumeSerialNumber;
    memcpy(out->id, &info.nFileIndexLow, sizeof info.nFileIndexLow);
    memcpy(out->id + sizeof info.nFileIndexLow, &info.nFileIndexHigh, sizeof info.nFileIndexHigh);
    return true;
}

enum sg_status file_handle_identity(HANDLE handle, const char *path, struct file_id *out_id,
                                    struct sg_err *err)
{
    FILE_ID_INFO info;
    if (GetFileInformationByHandleEx(handle, FileIdInfo, &info, sizeof info)) {
        out_id->volume = info.VolumeSerialNumber;
        memcpy(out_id->id, &info.FileId, sizeof out_id->id);
        return SG_OK;
    }
    struct file_id id;
    if (!read_short_identity(handle, &id))
        return error_report(err, GetLastError(), "reading the identity of", path);
    *out_id = id;
    return SG_OK;
}

enum sg_status file_identity(struct file *file, struct file_id *out_id, struct sg_err *err)
{
    return file_handle_identity(file->handle, file->path, out_id, err);
}

bool file_is_unknown_request(DWORD error)
{
    return error == ERROR_INVALID_PARAMETER || error == ERROR_INVALID_FUNCTION ||
           error == ERROR_NOT_SUPPORTED || error == ERROR_CALL_NOT_IMPLEMENTED ||
           error == ERROR_INVALID_LEVEL;
}

static FILE_RENAME_INFO *make_rename_request(const wchar_t *target, DWORD *out_size)
{
    size_t name_size = wcslen(target) * sizeof *target;
    size_t size = offsetof(FILE_RENAME_INFO, FileName) + name_size + sizeof *target;
    if (size < sizeof(FILE_RENAME_INFO))
        size = sizeof(FILE_RENAME_INFO);
    FILE_RENAME_INFO *request = sg_alloc(size);
    if (request == NULL)
        return NULL;
    request->FileNameLength = (DWORD)name_size;
    memcpy(request->FileName, target, name_size);
    *out_size = (DWORD)size;
    return request;
}

/* POSIX semantics let a target go that someone reads who consents to its removal (indexers, some
 * virus scanners); file systems without them get the plain request. A Windows error, 0 for done. */
static DWORD rename_handle(HANDLE handle, const wchar_t *target, bool may_replace)
{
    DWORD size;
    FILE_RENAME_INFO *request = make_rename_request(target, &size);
    if (request == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    DWORD error = ERROR_SUCCESS;
    request->Flags = FILE_RENAME_FLAG_POSIX_SEMANTICS;
    if (may_replace)
        request->Flags |= FILE_RENAME_FLAG_REPLACE_IF_EXISTS;
    if (!SetFileInformationByHandle(handle, (FILE_INFO_BY_HANDLE_CLASS)INFO_RENAME_EX, request,
                                    size))
        error = GetLastError();
    if (file_is_unknown_request(error)) {
        request->Flags = 0;
        request->ReplaceIfExists = may_replace;
        error = SetFileInformationByHandle(handle, FileRenameInfo, request, size) ? ERROR_SUCCESS
                                                                                  : GetLastError();
    }
    sg_free(request);
    return error;
}

/* Windows refuses to replace a file that someone has open with "access denied". Asking to have it
 * alone tells that from a lack of rights. */
static bool is_held(const wchar_t *path)
{
    HANDLE handle =
        handle_normal(CreateFileW(path, DELETE, 0, NULL, OPEN_EXISTING,
                                  FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL));
    if (handle == NULL)
        return os_error_status((int32_t)GetLastError()) == SG_E_IN_USE;
    handle_close(handle);
    return false;
}

enum sg_status file_rename_status(DWORD error, const wchar_t *target)
{
    enum sg_status status = os_error_status((int32_t)error);
    if (status == SG_E_DENIED && is_held(target))
        return SG_E_IN_USE;
    if (status == SG_E_NOT_FOUND)
        return SG_E_NO_FOLDER; /* the file itself is open: what is missing is the target's folder */
    return status;
}

enum sg_status file_rename(struct file *file, const char *target, bool may_replace,
                           struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(target, &wide, err);
    if (status != SG_OK)
        return status;
    DWORD error = rename_handle(file->handle, wide, may_replace);
    if (error != ERROR_SUCCESS)
        status =
            error_report_as(err, file_rename_status(error, wide), error, "renaming to", target);
    sg_free(wide);
    return status;
}

/* With POSIX semantics the name goes when this handle is closed, even if others are still open. */
static bool delete_handle(HANDLE handle)
{
    FILE_DISPOSITION_INFO_EX extended = { .Flags = FILE_DISPOSITION_FLAG_DELETE |
                                                   FILE_DISPOSITION_FLAG_POSIX_SEMANTICS };
    if (SetFileInformationByHandle(handle, (FILE_INFO_BY_HANDLE_CLASS)INFO_DISPOSITION_EX,
                                   &extended, sizeof extended))
        return true;
    if (!file_is_unknown_request(GetLastError()))
        return false;
    FILE_DISPOSITION_INFO plain = { .DeleteFile = TRUE };
    return SetFileInformationByHandle(handle, FileDispositionInfo, &plain, sizeof plain);
}

enum sg_status file_delete(struct file *file, struct sg_err *err)
{
    if (!delete_handle(file->handle))
        return error_report(err, GetLastError(), "removing", file->path);
    return SG_OK;
}
