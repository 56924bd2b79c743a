/* Questions to the file system about paths. No state but the locks it hands out; any thread. */
#include "os/path.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/assert.h"
#include "base/mem.h"
#include "base/utf.h"
#include "os/clock.h"
#include "os/win/error_win.h"
#include "os/win/file_win.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

struct path_lock {
    HANDLE handle;
};

/* ---- pure: the shape of paths ---- */

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

static bool is_drive(const char *text)
{
    bool is_letter = (text[0] >= 'A' && text[0] <= 'Z') || (text[0] >= 'a' && text[0] <= 'z');
    return is_letter && text[1] == ':';
}

/* The bytes up to and including the separator that ends a component, or up to the end. */
static size_t component_length(const char *text)
{
    size_t length = strcspn(text, "\\/");
    return length + (text[length] != '\0');
}

/* "server\share\" */
static size_t share_length(const char *text)
{
    size_t server = component_length(text);
    return server + component_length(text + server);
}

/* The part that is not a name in a folder: "C:\", "\\server\share\", "\\?\C:\"; 0 when the path
 * depends on a current folder or drive. */
static size_t root_length(const char *path)
{
    if (is_drive(path))
        return is_separator(path[2]) ? 3 : 0;
    if (!is_separator(path[0]) || !is_separator(path[1]) || path[2] == '\0')
        return 0;
    if (strchr("?.", path[2]) == NULL || !is_separator(path[3]))
        return 2 + share_length(path + 2);
    if (strncmp(path + 4, "UNC", 3) == 0 && is_separator(path[7]))
        return 8 + share_length(path + 8);
    return 4 + component_length(path + 4);
}

bool path_is_absolute(const char *path)
{
    return root_length(path) > 0;
}

char *path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    bool has_separator = length > 0 && is_separator(folder[length - 1]);
    size_t size = length + strlen(name) + 2; /* a separator, a NUL */
    char *joined = sg_alloc(size);
    if (joined != NULL)
        snprintf(joined, size, "%s%s%s", folder, has_separator ? "" : "\\", name);
    return joined;
}

const char *path_name(const char *path)
{
    const char *name = path;
    for (const char *at = path; *at != '\0'; at++) {
        if (is_separator(*at))
            name = at + 1;
    }
    return name;
}

char *path_parent(const char *path)
{
    size_t root = root_length(path);
    size_t length = (size_t)(path_name(path) - path);
    while (length > root && is_separator(path[length - 1]))
        length--;
    return sg_strndup(path, length > root ? length : root);
}

/* ---- blocking ---- */

/* Characters that no Windows file system allows in a name; the colon would name a stream. */
static bool has_forbidden_character(const char *names)
{
    for (; *names != '\0'; names++) {
        if ((unsigned char)*names < 0x20 || strchr("<>\"|?*:", *names) != NULL)
            return true;
    }
    return false;
}

static enum sg_status check_shape(const char *path, struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status != SG_OK)
        return status;
    sg_free(wide);
    if (has_forbidden_character(path + root_length(path)))
        return sg_err_set(err, SG_E_INVALID, "no file can have this name: %s", path_name(path));
    return SG_OK;
}

static enum sg_status full_path(const char *path, char **out, struct sg_err *err)
{
    wchar_t *wide = wide_from_utf8(path);
    if (wide == NULL)
        return sg_err_set(err, SG_E_NOMEM, "reading a path");
    wchar_t *full = NULL;
    enum sg_status status = wide_full_path(wide, &full, err);
    sg_free(wide);
    if (full == NULL)
        return status;
    char *narrow = wide_to_utf8(full);
    sg_free(full);
    if (narrow == NULL)
        return sg_err_set(err, SG_E_NOMEM, "reading a path");
    *out = narrow;
    return SG_OK;
}

enum sg_status path_absolute(const char *path, char **out, struct sg_err *err)
{
    if (path[0] == '\0')
        return sg_err_set(err, SG_E_INVALID, "the path is empty");
    if (!sg_utf8_is_valid(path, strlen(path)))
        return sg_err_set(err, SG_E_INVALID, "the path is not valid UTF-8");
    char *full = NULL;
    enum sg_status status = full_path(path, &full, err);
    if (full == NULL)
        return status;
    status = check_shape(full, err);
    if (status != SG_OK) {
        sg_free(full);
        return status;
    }
    *out = full;
    return SG_OK;
}

/* Where "not found" and "a folder of it not found" mean the same: nothing has this name. */
static enum sg_status report_missing(struct sg_err *err, DWORD error, enum sg_status missing,
                                     const char *what, const char *path)
{
    enum sg_status status = os_error_status((int32_t)error);
    if (status == SG_E_NOT_FOUND || status == SG_E_NO_FOLDER)
        status = missing;
    return error_report_as(err, status, error, what, path);
}

static enum sg_status check_folder(const wchar_t *wide, const char *path, struct sg_err *err)
{
    DWORD attributes = GetFileAttributesW(wide);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return report_missing(err, GetLastError(), SG_E_NO_FOLDER, "looking for", path);
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
        return sg_err_set(err, SG_E_NO_FOLDER, "%s is not a folder", path);
    return SG_OK;
}

enum sg_status path_check_folder(const char *path, struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status != SG_OK)
        return status;
    status = check_folder(wide, path, err);
    sg_free(wide);
    return status;
}

/* What may not be looked at is there. */
static enum sg_status create_and_drop(const char *name, const char *folder, struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(name, &wide, err);
    if (status != SG_OK)
        return status;
    HANDLE file =
        handle_normal(CreateFileW(wide, GENERIC_WRITE | DELETE, 0, NULL, CREATE_NEW,
                                  FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL));
    if (file == NULL)
        status = error_report(err, GetLastError(), "writing to the folder", folder);
    handle_close(file);
    sg_free(wide);
    return status;
}

enum sg_status path_check_writable(const char *path, struct sg_err *err)
{
    char name[48];
    enum sg_status status = path_check_folder(path, err);
    if (status != SG_OK)
        return status;
    snprintf(name, sizeof name, "segue-%016llx.tmp", (unsigned long long)clock_random());
    char *probe = path_join(path, name);
    if (probe == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    status = create_and_drop(probe, path, err);
    sg_free(probe);
    return status;
}

bool path_exists(const char *path)
{
    wchar_t *wide;
    if (wide_path(path, &wide, NULL) != SG_OK)
        return false;
    DWORD attributes = GetFileAttributesW(wide);
    enum sg_status status =
        attributes != INVALID_FILE_ATTRIBUTES ? SG_OK : os_error_status((int32_t)GetLastError());
    sg_free(wide);
    return status == SG_OK || status == SG_E_DENIED || status == SG_E_IN_USE;
}

enum sg_status path_identity(const char *path, struct file_id *out_id, struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status != SG_OK)
        return status;
    HANDLE handle = handle_normal(CreateFileW(
        wide, FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
        OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL));
    DWORD error = GetLastError();
    sg_free(wide);
    if (handle == NULL)
        return report_missing(err, error, SG_E_NOT_FOUND, "looking for", path);
    status = file_handle_identity(handle, path, out_id, err);
    handle_close(handle);
    return status;
}

/* A Windows error, 0 when the folder is there afterwards. */
static DWORD make_folder(const wchar_t *wide)
{
    if (CreateDirectoryW(wide, NULL))
        return ERROR_SUCCESS;
    DWORD error = GetLastError();
    DWORD attributes = GetFileAttributesW(wide);
    bool is_folder =
        attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    return is_folder ? ERROR_SUCCESS : error;
}

/* `wide` is cut behind each component in turn. */
static DWORD make_folders(wchar_t *wide, size_t root_units)
{
    for (wchar_t *at = wide + root_units; *at != L'\0'; at++) {
        if (*at != L'\\')
            continue;
        *at = L'\0';
        DWORD error = make_folder(wide);
        *at = L'\\';
        if (error != ERROR_SUCCESS)
            return error;
    }
    return make_folder(wide);
}

/* The same as root_length for the wide form; 0 when memory ran out. */
static size_t root_units(const wchar_t *wide)
{
    char *narrow = wide_to_utf8(wide);
    if (narrow == NULL)
        return 0;
    narrow[root_length(narrow)] = '\0';
    size_t units = sg_utf16_units(narrow);
    sg_free(narrow);
    return units;
}

enum sg_status path_make_folders(const char *path, struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status != SG_OK)
        return status;
    size_t root = root_units(wide);
    DWORD error = root > 0 ? make_folders(wide, root) : ERROR_NOT_ENOUGH_MEMORY;
    sg_free(wide);
    if (error != ERROR_SUCCESS)
        return error_report(err, error, "making the folder", path);
    return SG_OK;
}

enum sg_status path_remove(const char *path, struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status != SG_OK)
        return status;
    if (!DeleteFileW(wide))
        status = report_missing(err, GetLastError(), SG_E_NOT_FOUND, "removing", path);
    sg_free(wide);
    return status;
}

static enum sg_status move_file(const wchar_t *from, const wchar_t *to, const char *subject,
                                struct sg_err *err)
{
    if (MoveFileExW(from, to, 0))
        return SG_OK;
    return report_missing(err, GetLastError(), SG_E_NOT_FOUND, "renaming", subject);
}

enum sg_status path_rename(const char *from, const char *to, struct sg_err *err)
{
    wchar_t *wide_from;
    wchar_t *wide_to;
    enum sg_status status = wide_path(from, &wide_from, err);
    if (status != SG_OK)
        return status;
    status = wide_path(to, &wide_to, err);
    if (status == SG_OK) {
        status = move_file(wide_from, wide_to, from, err);
        sg_free(wide_to);
    }
    sg_free(wide_from);
    return status;
}

enum sg_status path_free_bytes(const char *path, uint64_t *out_bytes, struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status != SG_OK)
        return status;
    ULARGE_INTEGER available;
    if (GetDiskFreeSpaceExW(wide, &available, NULL, NULL))
        *out_bytes = available.QuadPart;
    else
        status =
            report_missing(err, GetLastError(), SG_E_NO_FOLDER, "reading the free room of", path);
    sg_free(wide);
    return status;
}

/* The folder may not have been made yet (the account's first log-on): its path is good enough. */
static enum sg_status known_folder(const GUID *folder, char **out, struct sg_err *err)
{
    wchar_t *wide = NULL;
    HRESULT result = SHGetKnownFolderPath(folder, KF_FLAG_DONT_VERIFY, NULL, &wide);
    if (FAILED(result)) {
        CoTaskMemFree(wide);
        return error_report_as(err, SG_E_SYSTEM, (uint32_t)result, "finding a system folder", NULL);
    }
    char *narrow = wide_to_utf8(wide);
    CoTaskMemFree(wide);
    if (narrow == NULL)
        return sg_err_set(err, SG_E_NOMEM, "finding a system folder");
    *out = narrow;
    return SG_OK;
}

static enum sg_status folder_in_known(const GUID *folder, char **out, struct sg_err *err)
{
    char *above = NULL;
    enum sg_status status = known_folder(folder, &above, err);
    if (above == NULL)
        return status;
    char *path = path_join(above, "Segue");
    sg_free(above);
    if (path == NULL)
        return sg_err_set(err, SG_E_NOMEM, "finding a system folder");
    *out = path;
    return SG_OK;
}

/* GetModuleFileNameW cuts what does not fit and says so by its return value. */
static enum sg_status program_path(char **out, struct sg_err *err)
{
    for (DWORD capacity = MAX_PATH;; capacity *= 2) {
        wchar_t *wide = sg_alloc_array(capacity, sizeof *wide);
        if (wide == NULL)
            return sg_err_set(err, SG_E_NOMEM, "finding the program");
        DWORD units = GetModuleFileNameW(NULL, wide, capacity);
        DWORD error = GetLastError();
        char *narrow = units > 0 && units < capacity ? wide_to_utf8(wide) : NULL;
        sg_free(wide);
        if (narrow != NULL) {
            *out = narrow;
            return SG_OK;
        }
        if (units == 0)
            return error_report_as(err, SG_E_SYSTEM, error, "finding the program", NULL);
        if (units < capacity)
            return sg_err_set(err, SG_E_NOMEM, "finding the program");
    }
}

static enum sg_status temp_folder(char **out, struct sg_err *err)
{
    wchar_t wide[MAX_PATH + 2];
    DWORD units = GetTempPathW(sizeof wide / sizeof wide[0], wide);
    if (units == 0 || units >= sizeof wide / sizeof wide[0])
        return error_report(err, GetLastError(), "finding the folder for temporary files", NULL);
    char *folder = wide_to_utf8(wide);
    if (folder == NULL)
        return sg_err_set(err, SG_E_NOMEM, "finding the folder for temporary files");
    *out = folder;
    return SG_OK;
}

enum sg_status path_known(enum path_folder which, char **out, struct sg_err *err)
{
    switch (which) {
    case PATH_USER_DATA:
        return folder_in_known(&FOLDERID_LocalAppData, out, err);
    case PATH_SERVICE_DATA:
        return folder_in_known(&FOLDERID_ProgramData, out, err);
    case PATH_DOWNLOADS:
        return known_folder(&FOLDERID_Downloads, out, err);
    case PATH_TEMP:
        return temp_folder(out, err);
    case PATH_PROGRAM:
        return program_path(out, err);
    }
    SG_UNREACHABLE("not a known folder");
}

/* An exclusive lock on the first byte, not the sharing mode, says who owns the folder: a virus
 * scanner that looks into the file must not look like another daemon. The lock goes with the
 * process. */
static DWORD lock_file(const wchar_t *path, HANDLE *out)
{
    HANDLE handle = handle_normal(CreateFileW(path, GENERIC_READ | GENERIC_WRITE,
                                              FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS,
                                              FILE_ATTRIBUTE_NORMAL, NULL));
    if (handle == NULL)
        return GetLastError();
    if (!LockFile(handle, 0, 0, 1, 0)) {
        DWORD error = GetLastError();
        handle_close(handle);
        return error;
    }
    *out = handle;
    return ERROR_SUCCESS;
}

static enum sg_status report_lock(struct sg_err *err, DWORD error, const char *path)
{
    enum sg_status status = os_error_status((int32_t)error);
    return error_report_as(err, status == SG_E_IN_USE ? SG_E_LOCKED : status, error, "locking",
                           path);
}

enum sg_status path_lock(const char *path, struct path_lock **out, struct sg_err *err)
{
    struct path_lock *lock = sg_alloc(sizeof *lock);
    if (lock == NULL)
        return sg_err_set(err, SG_E_NOMEM, "locking %s", path);
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status == SG_OK) {
        DWORD error = lock_file(wide, &lock->handle);
        sg_free(wide);
        if (error != ERROR_SUCCESS)
            status = report_lock(err, error, path);
    }
    if (status != SG_OK) {
        sg_free(lock);
        return status;
    }
    *out = lock;
    return SG_OK;
}

void path_unlock(struct path_lock *lock)
{
    if (lock == NULL)
        return;
    handle_close(lock->handle);
    sg_free(lock);
}
