/* Access lists in SDDL, piece by piece:
 *
 *   O:SID              the owner is the user we run as, also in an elevated process, where it would
 *                      be the group of administrators; clients look at it before they say anything
 *   D:P                an access list that inherits nothing (P: protected)
 *   (D;;GA;;;NU)       D: denied; GA: everything; NU: whoever came over the network. In front,
 *                      since the first entry that decides about a right wins
 *   (A;;GA;;;SID)      A: allowed; we ourselves: further instances of the pipe need it
 *   (A;;GA;;;SY)       SY: the system
 *   (A;;GA;;;BA)       BA: administrators (elevated)
 *   (A;;0x12019b;;;IU) PIPE_CLIENT_RIGHTS; IU: users logged on here, at the screen or remotely
 *   (A;;0x12019b;;;S-1-5-3)  likewise; S-1-5-3: users whose scheduled tasks run here
 *
 * Nobody else is named, so nobody else gets in: not Everyone, not Anonymous, not other services.
 * Windows documentation: "Security Descriptor String Format", "ACE Strings", "SID Strings" */
#include "ipc/win/pipe_access.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ipc/win/sid.h"
#include "os/win/error_win.h"
#include "os/win/wide.h"

static char *sddl_of(enum pipe_access access, const char *own_sid)
{
    struct sg_buf sddl = { 0 };
    sg_buf_printf(&sddl, "O:%sD:P(D;;GA;;;NU)(A;;GA;;;%s)(A;;GA;;;SY)(A;;GA;;;BA)", own_sid,
                  own_sid);
    if (access == PIPE_ACCESS_LOCAL_USERS)
        sg_buf_printf(&sddl, "(A;;0x%x;;;IU)(A;;0x%x;;;S-1-5-3)", (unsigned)PIPE_CLIENT_RIGHTS,
                      (unsigned)PIPE_CLIENT_RIGHTS);
    return sg_buf_take(&sddl);
}

static enum sg_status convert(const char *sddl, PSECURITY_DESCRIPTOR *out, struct sg_err *err)
{
    wchar_t *wide = wide_from_utf8(sddl);
    if (wide == NULL)
        return sg_err_set(err, SG_E_NOMEM, "making an access list");
    BOOL has_worked =
        ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1, out, NULL);
    DWORD error = GetLastError();
    sg_free(wide);
    return has_worked ? SG_OK : error_report(err, error, "making an access list", NULL);
}

enum sg_status pipe_access_create(enum pipe_access access, PSECURITY_DESCRIPTOR *out,
                                  struct sg_err *err)
{
    char *own_sid;
    enum sg_status status = sid_of_process(&own_sid, err);
    if (status != SG_OK)
        return status;
    char *sddl = sddl_of(access, own_sid);
    status = sddl != NULL ? convert(sddl, out, err)
                          : sg_err_set(err, SG_E_NOMEM, "making an access list");
    sg_free(sddl);
    sg_free(own_sid);
    return status;
}

void pipe_access_destroy(PSECURITY_DESCRIPTOR descriptor)
{
    LocalFree(descriptor);
}
