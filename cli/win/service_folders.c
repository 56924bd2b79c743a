/* The service's folders and who may use them. */
#include "cli/win/service_win.h"

#include <wchar.h>

#include "base/mem.h"
#include "cli/need.h"
#include "cli/win/text.h"

/* Of the data folder: nothing is inherited from %ProgramData% (P), where every user may make files;
 * what is in it inherits (OICI). SYSTEM (SY) and administrators (BA) may do anything; the service
 * may read, write and delete (0x1301ff: FILE_ALL_ACCESS without WRITE_DAC and WRITE_OWNER). */
static const wchar_t data_sddl[] = L"O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
                                   L"(A;OICI;0x1301ff;;;" SERVICE_SID_TEXT L")";

enum { SERVICE_MODIFY = 0x1301ff };

static enum sg_status fail(struct sg_err *err, DWORD error, const wchar_t *path)
{
    char reason[TEXT_ERROR_SIZE];
    char *text = text_utf8(path);
    text_of_error(error, reason);
    enum sg_status status =
        sg_err_foreign(err, error == ERROR_ACCESS_DENIED ? SG_E_DENIED : SG_E_IO, error,
                       "the folder %s cannot be prepared: %s", text, reason);
    sg_free(text);
    return status;
}

/* `folder` and "\" and `name`; the caller's. */
static wchar_t *join(const wchar_t *folder, const wchar_t *name)
{
    size_t size = wcslen(folder) + wcslen(name) + 2;
    wchar_t *path = need(sg_alloc_array(size, sizeof *path));
    swprintf(path, size, L"%ls\\%ls", folder, name);
    return path;
}

/* The folder "Segue" in a folder of the system's; the caller's. */
static enum sg_status find(REFKNOWNFOLDERID where, wchar_t **out, struct sg_err *err)
{
    wchar_t *folder = NULL;
    HRESULT result = SHGetKnownFolderPath(where, KF_FLAG_CREATE, NULL, &folder);
    if (FAILED(result))
        return sg_err_foreign(err, SG_E_SYSTEM, result,
                              "Windows does not tell where its folders are (error 0x%lx): see "
                              "whether this account's profile is complete",
                              (unsigned long)result);
    *out = join(folder, L"Segue");
    CoTaskMemFree(folder);
    return SG_OK;
}

/* ---- what is there already ---- */

static bool is_trusted(PSID owner)
{
    static const WELL_KNOWN_SID_TYPE trusted[] = { WinLocalSystemSid, WinBuiltinAdministratorsSid };
    for (size_t i = 0; i < sizeof trusted / sizeof trusted[0]; i++) {
        if (IsWellKnownSid(owner, trusted[i]))
            return true;
    }
    return false;
}

/* The administrator who installs owns what he makes himself, where the machine's policy says so. */
static bool is_own(PSID owner)
{
    BYTE buffer[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    HANDLE token;
    DWORD size;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    bool is_known = GetTokenInformation(token, TokenUser, buffer, sizeof buffer, &size) != 0;
    CloseHandle(token);
    return is_known && EqualSid(owner, ((const TOKEN_USER *)(const void *)buffer)->User.Sid);
}

static enum sg_status check_owner(const wchar_t *path, struct sg_err *err)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL;
    DWORD error = GetNamedSecurityInfoW(path, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner,
                                        NULL, NULL, NULL, &descriptor);
    if (error != ERROR_SUCCESS)
        return fail(err, error, path);
    bool may_use = is_trusted(owner) || is_own(owner);
    LocalFree(descriptor);
    if (may_use)
        return SG_OK;
    char *text = text_utf8(path);
    enum sg_status status = sg_err_set(err, SG_E_DENIED,
                                       "the folder %s belongs to somebody else, who may have "
                                       "prepared it: look at what it holds, and delete it",
                                       text);
    sg_free(text);
    return status;
}

static enum sg_status check_folder(const wchar_t *path, struct sg_err *err)
{
    DWORD attributes = GetFileAttributesW(path);
    bool is_plain = attributes != INVALID_FILE_ATTRIBUTES &&
                    (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 &&
                    (attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0;
    if (is_plain)
        return check_owner(path, err);
    char *text = text_utf8(path);
    enum sg_status status = sg_err_set(err, SG_E_DENIED,
                                       "%s is a file or a link, and no folder: look at it, and "
                                       "delete it",
                                       text);
    sg_free(text);
    return status;
}

/* ---- access ---- */

static DWORD close_to_others(const wchar_t *path, PSECURITY_DESCRIPTOR wanted)
{
    BOOL is_present;
    BOOL is_default;
    PACL list = NULL;
    PSID owner = NULL;
    if (!GetSecurityDescriptorDacl(wanted, &is_present, &list, &is_default) ||
        !GetSecurityDescriptorOwner(wanted, &owner, &is_default))
        return GetLastError();
    return SetNamedSecurityInfoW((wchar_t *)path, SE_FILE_OBJECT,
                                 OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION |
                                     PROTECTED_DACL_SECURITY_INFORMATION,
                                 owner, NULL, list, NULL);
}

/* An entry more in the list that is there. */
static DWORD admit_service(const wchar_t *path)
{
    PSID sid = NULL;
    PACL present = NULL;
    PACL changed = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (!ConvertStringSidToSidW(L"" SERVICE_SID_TEXT, &sid))
        return GetLastError();
    EXPLICIT_ACCESS_W entry = { .grfAccessPermissions = SERVICE_MODIFY,
                                .grfAccessMode = SET_ACCESS,
                                .grfInheritance = SUB_CONTAINERS_AND_OBJECTS_INHERIT,
                                .Trustee = { .TrusteeForm = TRUSTEE_IS_SID,
                                             .TrusteeType = TRUSTEE_IS_USER,
                                             .ptstrName = (wchar_t *)sid } };
    DWORD error = GetNamedSecurityInfoW(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
                                        &present, NULL, &descriptor);
    if (error == ERROR_SUCCESS)
        error = SetEntriesInAclW(1, &entry, present, &changed);
    if (error == ERROR_SUCCESS)
        error = SetNamedSecurityInfoW((wchar_t *)path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
                                      NULL, NULL, changed, NULL);
    LocalFree(changed);
    LocalFree(descriptor);
    LocalFree(sid);
    return error;
}

/* ---- making ---- */

static enum sg_status make_closed(const wchar_t *path, struct sg_err *err)
{
    SECURITY_ATTRIBUTES attributes = { .nLength = sizeof attributes };
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            data_sddl, SDDL_REVISION_1, &attributes.lpSecurityDescriptor, NULL))
        return fail(err, GetLastError(), path);
    enum sg_status status = SG_OK;
    if (!CreateDirectoryW(path, &attributes)) {
        DWORD error = GetLastError();
        status = error == ERROR_ALREADY_EXISTS ? check_folder(path, err) : fail(err, error, path);
    }
    if (status == SG_OK) {
        DWORD error = close_to_others(path, attributes.lpSecurityDescriptor);
        status = error == ERROR_SUCCESS ? SG_OK : fail(err, error, path);
    }
    LocalFree(attributes.lpSecurityDescriptor);
    return status;
}

enum sg_status service_folders_make_data(char **out_path, struct sg_err *err)
{
    wchar_t *path;
    enum sg_status status = find(&FOLDERID_ProgramData, &path, err);
    if (status != SG_OK)
        return status;
    status = make_closed(path, err);
    if (status == SG_OK)
        *out_path = text_utf8(path);
    sg_free(path);
    return status;
}

static enum sg_status make_shared(const wchar_t *path, struct sg_err *err)
{
    if (!CreateDirectoryW(path, NULL)) {
        DWORD error = GetLastError();
        enum sg_status status =
            error == ERROR_ALREADY_EXISTS ? check_folder(path, err) : fail(err, error, path);
        if (status != SG_OK)
            return status;
    }
    DWORD error = admit_service(path);
    return error == ERROR_SUCCESS ? SG_OK : fail(err, error, path);
}

enum sg_status service_folders_make_public(char **out_path, struct sg_err *err)
{
    wchar_t *path;
    enum sg_status status = find(&FOLDERID_PublicDownloads, &path, err);
    if (status != SG_OK)
        return status;
    status = make_shared(path, err);
    if (status == SG_OK)
        *out_path = text_utf8(path);
    sg_free(path);
    return status;
}

/* ---- deleting ---- */

static enum sg_status delete_folder(const wchar_t *path, struct sg_err *err);

/* Windows removes no folder that has something in it, so nothing of anybody's is lost. A link that
 * stands there is somebody else's. */
void service_folders_remove_public(void)
{
    wchar_t *path;
    struct sg_err ignored = { 0 };
    if (find(&FOLDERID_PublicDownloads, &path, &ignored) != SG_OK)
        return;
    DWORD attributes = GetFileAttributesW(path);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0)
        RemoveDirectoryW(path);
    sg_free(path);
}

/* A link to a folder is deleted as a folder, and what it leads to stays. */
static enum sg_status delete_entry(const wchar_t *path, DWORD attributes, struct sg_err *err)
{
    bool is_folder = (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    if (is_folder && (attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0)
        return delete_folder(path, err);
    BOOL has_worked = is_folder ? RemoveDirectoryW(path) : DeleteFileW(path);
    return has_worked ? SG_OK : fail(err, GetLastError(), path);
}

static bool is_dots(const wchar_t *name)
{
    return wcscmp(name, L".") == 0 || wcscmp(name, L"..") == 0;
}

static enum sg_status empty_folder(const wchar_t *path, struct sg_err *err)
{
    WIN32_FIND_DATAW found;
    enum sg_status status = SG_OK;
    wchar_t *pattern = join(path, L"*");
    HANDLE search = FindFirstFileW(pattern, &found);
    sg_free(pattern);
    if (search == INVALID_HANDLE_VALUE)
        return fail(err, GetLastError(), path);
    do {
        if (is_dots(found.cFileName))
            continue;
        wchar_t *entry = join(path, found.cFileName);
        status = delete_entry(entry, found.dwFileAttributes, err);
        sg_free(entry);
    } while (status == SG_OK && FindNextFileW(search, &found));
    FindClose(search);
    return status;
}

static enum sg_status delete_folder(const wchar_t *path, struct sg_err *err)
{
    enum sg_status status = empty_folder(path, err);
    if (status == SG_OK && !RemoveDirectoryW(path))
        status = fail(err, GetLastError(), path);
    return status;
}

enum sg_status service_folders_purge(struct sg_err *err)
{
    wchar_t *path;
    enum sg_status status = find(&FOLDERID_ProgramData, &path, err);
    if (status != SG_OK)
        return status;
    DWORD attributes = GetFileAttributesW(path);
    if (attributes != INVALID_FILE_ATTRIBUTES)
        status = delete_entry(path, attributes, err);
    sg_free(path);
    return status;
}
