/* Who may open a part file. One whose valid length is set before it is written shows what the disk
 * held before, so it is created closed to others, and gets its folder's usual access when it is
 * complete, or as soon as it is clear that it needs no such care. The list in SDDL:
 *
 *   D:P                an access list that inherits nothing (P: protected)
 *   (A;;FA;;;SID)      A: allowed; FA: everything with a file; the account we run as
 *   (A;;FA;;;SY)       SY: the system
 *   (A;;FA;;;BA)       BA: administrators, who can read the disk anyway
 *   (A;;RC;;;S-1-3-4)  S-1-3-4: the owner's own rights; RC: to read this list. Without the entry
 *                      an owner could change the list, whoever it is
 *
 * Windows documentation: "SetFileValidData" (remarks), "Security Descriptor String Format",
 * "Well-known SIDs" */
#include "os/win/file_win.h"

#include "base/buf.h"
#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

enum { TOKEN_USER_SIZE = sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE };

/* The account's SID as text (LocalFree), or NULL. The thread may be the owner of a file, who may
 * not open the process's token: so it is not opened. */
static wchar_t *own_sid(void)
{
    _Alignas(TOKEN_USER) unsigned char buffer[TOKEN_USER_SIZE];
    wchar_t *text = NULL;
    DWORD size;
    if (GetTokenInformation(GetCurrentProcessToken(), TokenUser, buffer, sizeof buffer, &size) &&
        !ConvertSidToStringSidW(((TOKEN_USER *)(void *)buffer)->User.Sid, &text))
        text = NULL;
    return text;
}

static char *make_sddl(void)
{
    wchar_t *wide = own_sid();
    char *sid = wide != NULL ? wide_to_utf8(wide) : NULL;
    LocalFree(wide);
    if (sid == NULL)
        return NULL;
    struct sg_buf sddl = { 0 };
    sg_buf_printf(&sddl, "D:P(A;;FA;;;%s)(A;;FA;;;SY)(A;;FA;;;BA)(A;;RC;;;S-1-3-4)", sid);
    sg_free(sid);
    return sg_buf_take(&sddl);
}

PSECURITY_DESCRIPTOR file_closed_descriptor(void)
{
    char *sddl = make_sddl();
    wchar_t *wide = sddl != NULL ? wide_from_utf8(sddl) : NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (wide != NULL && !ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1,
                                                                              &descriptor, NULL))
        descriptor = NULL;
    sg_free(wide);
    sg_free(sddl);
    return descriptor;
}

/* After a restart only the list itself tells that the file is a closed one. */
static bool is_protected(HANDLE handle)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    SECURITY_DESCRIPTOR_CONTROL control = 0;
    DWORD revision;
    if (GetSecurityInfo(handle, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, NULL, NULL,
                        &descriptor) != ERROR_SUCCESS)
        return false;
    if (!GetSecurityDescriptorControl(descriptor, &control, &revision))
        control = 0;
    LocalFree(descriptor);
    return (control & SE_DACL_PROTECTED) != 0;
}

/* What we may do with a file that is somebody else's: all that a part file needs, and to take this
 * entry out of its list again. */
static const DWORD our_rights = FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE | WRITE_DAC;

/* A list with one entry, for our account (LocalFree); NULL when that fails. */
static ACL *make_our_list(void)
{
    wchar_t *text = own_sid();
    PSID sid = NULL;
    ACL *list = NULL;
    if (text != NULL && ConvertStringSidToSidW(text, &sid)) {
        EXPLICIT_ACCESSW entry = { .grfAccessPermissions = our_rights,
                                   .grfAccessMode = GRANT_ACCESS,
                                   .grfInheritance = NO_INHERITANCE };
        entry.Trustee.TrusteeForm = TRUSTEE_IS_SID;
        entry.Trustee.ptstrName = sid;
        if (SetEntriesInAclW(1, &entry, NULL, &list) != ERROR_SUCCESS)
            list = NULL;
    }
    LocalFree(sid);
    LocalFree(text);
    return list;
}

/* A list that is not protected is filled from the folder. A Windows error, 0 for done. */
static DWORD inherit_access(HANDLE handle, bool admits_us)
{
    ACL empty;
    if (!InitializeAcl(&empty, sizeof empty, ACL_REVISION))
        return GetLastError();
    ACL *ours = admits_us ? make_our_list() : NULL;
    if (admits_us && ours == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    DWORD error = SetSecurityInfo(handle, SE_FILE_OBJECT,
                                  DACL_SECURITY_INFORMATION | UNPROTECTED_DACL_SECURITY_INFORMATION,
                                  NULL, NULL, admits_us ? ours : &empty, NULL);
    LocalFree(ours);
    return error;
}

/* Who calls may be the owner, or we, with our entry in the list. A Windows error, 0 for done. */
static DWORD set_list(HANDLE file, bool admits_us)
{
    HANDLE handle = handle_normal(ReOpenFile(
        file, READ_CONTROL | WRITE_DAC, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0));
    DWORD error = handle != NULL ? inherit_access(handle, admits_us) : GetLastError();
    handle_close(handle);
    return error;
}

enum sg_status file_admit_us(struct file *file, struct sg_err *err)
{
    DWORD error = set_list(file->handle, true);
    return error == ERROR_SUCCESS
               ? SG_OK
               : error_report(err, error, "letting the service into", file->path);
}

enum sg_status file_admit_others(struct file *file, struct sg_err *err)
{
    if (!file->is_for_owner && !file->is_closed && !is_protected(file->handle))
        return SG_OK;
    DWORD error = set_list(file->handle, false);
    if (error != ERROR_SUCCESS)
        return error_report(err, error, "giving its folder's access to", file->path);
    file->is_closed = false;
    return SG_OK;
}
