/* Where an open file is, and another name for it there. The folder is opened and held (it cannot be
 * renamed or removed meanwhile), the file is looked for in it by its handle, and the new name is
 * relative to it: so nothing that is done to a path in between has any effect. Blocking; any
 * thread.
 *
 * Windows documentation: "FILE_RENAME_INFORMATION", "NtCreateFile" (RootDirectory). The call of
 * kernel32 would take the name for a path. */
#include <stddef.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/file_win.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

/* Classes of NtSetInformationFile. */
enum { NT_RENAME = 10, NT_RENAME_EX = 65 };

/* "\\?\C:\x\y.part"; NULL: see the last error. The caller's (sg_free). */
static wchar_t *final_path(HANDLE handle)
{
    for (DWORD capacity = MAX_PATH;;) {
        wchar_t *path = sg_alloc_array(capacity, sizeof *path);
        if (path == NULL) {
            SetLastError(ERROR_NOT_ENOUGH_MEMORY);
            return NULL;
        }
        DWORD units = GetFinalPathNameByHandleW(handle, path, capacity, VOLUME_NAME_DOS);
        if (units > 0 && units < capacity)
            return path;
        DWORD error = GetLastError();
        sg_free(path);
        SetLastError(error);
        if (units == 0)
            return NULL;
        capacity = units + 1;
    }
}

/* Without the start that only programs know. */
static char *plain_path(const wchar_t *path)
{
    static const wchar_t local[] = L"\\\\?\\";
    static const wchar_t share[] = L"\\\\?\\UNC\\";
    if (wcsncmp(path, share, wcslen(share)) == 0) {
        char *rest = wide_to_utf8(path + wcslen(share) - 2); /* "C\server": both are overwritten */
        if (rest != NULL)
            rest[0] = rest[1] = '\\';
        return rest;
    }
    return wide_to_utf8(wcsncmp(path, local, wcslen(local)) == 0 ? path + wcslen(local) : path);
}

enum sg_status file_place(struct file *file, char **out_path, struct sg_err *err)
{
    wchar_t *path = final_path(file->handle);
    if (path == NULL)
        return error_report(err, GetLastError(), "asking for the place of", file->path);
    char *plain = plain_path(path);
    sg_free(path);
    if (plain == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    *out_path = plain;
    return SG_OK;
}

static UNICODE_STRING nt_name(wchar_t *name)
{
    USHORT size = (USHORT)(wcslen(name) * sizeof *name);
    return (UNICODE_STRING){ .Length = size, .MaximumLength = size, .Buffer = name };
}

/* True when `name` in the open folder is the open file itself, not a link to it. */
static bool has_file(HANDLE folder, wchar_t *name, struct file *file)
{
    HANDLE found;
    IO_STATUS_BLOCK io;
    struct file_id wanted, id;
    UNICODE_STRING relative = nt_name(name);
    OBJECT_ATTRIBUTES attributes = { .Length = sizeof attributes,
                                     .RootDirectory = folder,
                                     .ObjectName = &relative,
                                     .Attributes = OBJ_CASE_INSENSITIVE };
    NTSTATUS status =
        NtCreateFile(&found, FILE_READ_ATTRIBUTES | SYNCHRONIZE, &attributes, &io, NULL, 0,
                     FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN,
                     FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_REPARSE_POINT, NULL, 0);
    if (!NT_SUCCESS(status))
        return false;
    bool is_same = file_identity(file, &wanted, NULL) == SG_OK &&
                   file_handle_identity(found, file->path, &id, NULL) == SG_OK &&
                   file_id_is_same(&id, &wanted);
    handle_close(found);
    return is_same;
}

static FILE_RENAME_INFO *make_request(HANDLE folder, const wchar_t *name, ULONG *out_size)
{
    size_t name_size = wcslen(name) * sizeof *name;
    size_t size = offsetof(FILE_RENAME_INFO, FileName) + name_size + sizeof *name;
    if (size < sizeof(FILE_RENAME_INFO))
        size = sizeof(FILE_RENAME_INFO);
    FILE_RENAME_INFO *request = sg_alloc(size);
    if (request == NULL)
        return NULL;
    request->RootDirectory = folder;
    request->FileNameLength = (DWORD)name_size;
    memcpy(request->FileName, name, name_size);
    *out_size = (ULONG)size;
    return request;
}

static DWORD set_name(HANDLE handle, FILE_RENAME_INFO *request, ULONG size, int class)
{
    IO_STATUS_BLOCK io;
    return error_from_nt(
        NtSetInformationFile(handle, &io, request, size, (FILE_INFORMATION_CLASS) class));
}

/* As in file_name.c: POSIX semantics, or the plain request. A Windows error, 0 for done. */
static DWORD rename_in(HANDLE folder, HANDLE handle, const wchar_t *name, bool may_replace)
{
    ULONG size;
    FILE_RENAME_INFO *request = make_request(folder, name, &size);
    if (request == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    request->Flags = FILE_RENAME_FLAG_POSIX_SEMANTICS;
    if (may_replace)
        request->Flags |= FILE_RENAME_FLAG_REPLACE_IF_EXISTS;
    DWORD error = set_name(handle, request, size, NT_RENAME_EX);
    if (file_is_unknown_request(error)) {
        request->Flags = 0;
        request->ReplaceIfExists = may_replace;
        error = set_name(handle, request, size, NT_RENAME);
    }
    sg_free(request);
    return error;
}

/* Cut behind its last separator, which stays: "\\?\C:\" is a folder, "\\?\C:" is none. */
static HANDLE open_folder(wchar_t *path, wchar_t *name)
{
    wchar_t first = name[0];
    name[0] = L'\0';
    HANDLE folder = handle_normal(CreateFileW(
        path, FILE_LIST_DIRECTORY | FILE_TRAVERSE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
        OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL));
    name[0] = first;
    return folder;
}

/* The error for a target in the way asks who holds it. */
static enum sg_status report_rename(struct sg_err *err, DWORD error, const wchar_t *own_path,
                                    const wchar_t *own_name, const wchar_t *name)
{
    size_t folder_units = (size_t)(own_name - own_path);
    size_t size = (folder_units + wcslen(name) + 1) * sizeof *name;
    wchar_t *target = sg_alloc(size);
    if (target == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    memcpy(target, own_path, folder_units * sizeof *target);
    memcpy(target + folder_units, name, size - folder_units * sizeof *target);
    char *plain = plain_path(target);
    enum sg_status status =
        error_report_as(err, file_rename_status(error, target), error, "renaming to", plain);
    sg_free(plain);
    sg_free(target);
    return status;
}

static enum sg_status rename_beside(struct file *file, wchar_t *path, const wchar_t *name,
                                    bool may_replace, struct sg_err *err)
{
    wchar_t *own_name = wcsrchr(path, L'\\') + 1;
    HANDLE folder = open_folder(path, own_name);
    if (folder == NULL)
        return error_report(err, GetLastError(), "opening the folder of", file->path);
    enum sg_status status = SG_OK;
    if (!has_file(folder, own_name, file))
        status = sg_err_set(err, SG_E_NOT_FOUND, "%s is being moved", file->path);
    DWORD error =
        status == SG_OK ? rename_in(folder, file->handle, name, may_replace) : ERROR_SUCCESS;
    handle_close(folder);
    if (error != ERROR_SUCCESS)
        status = report_rename(err, error, path, own_name, name);
    return status;
}

enum sg_status file_rename_here(struct file *file, const char *name, bool may_replace,
                                struct sg_err *err)
{
    wchar_t *wide = wide_from_utf8(name);
    if (wide == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    wchar_t *path = final_path(file->handle);
    enum sg_status status;
    if (path != NULL)
        status = rename_beside(file, path, wide, may_replace, err);
    else
        status = error_report(err, GetLastError(), "asking for the place of", file->path);
    sg_free(path);
    sg_free(wide);
    return status;
}
