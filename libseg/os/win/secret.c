/* Secrets by DPAPI. The scope is that of the account: with CRYPTPROTECT_LOCAL_MACHINE everybody on
 * the machine who can read the database could read the secrets. The entropy is no secret; it keeps
 * another program of the account from revealing our bytes by accident. */
#include "os/secret.h"

#include <string.h>

#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/win.h"

static const char entropy_text[] = "Segue secrets 1";

/* DPAPI only reads what it is given, though its type does not say so. */
static DATA_BLOB blob_of(const void *data, size_t n_bytes)
{
    return (DATA_BLOB){ .cbData = (DWORD)n_bytes, .pbData = (BYTE *)(uintptr_t)data };
}

/* Appends what DPAPI gave, and gives it back wiped. */
static enum sg_status take_blob(DATA_BLOB *blob, struct sg_buf *out, struct sg_err *err)
{
    bool has_room = sg_buf_reserve(out, blob->cbData);
    if (has_room)
        sg_buf_append(out, blob->pbData, blob->cbData);
    sg_wipe(blob->pbData, blob->cbData);
    LocalFree(blob->pbData);
    return has_room ? SG_OK : sg_err_set(err, SG_E_NOMEM, "out of memory");
}

static bool is_too_long(size_t n_bytes)
{
    return n_bytes > MAXDWORD;
}

enum sg_status secret_protect(const char *folder, const void *data, size_t n_bytes,
                              struct sg_buf *out, struct sg_err *err)
{
    (void)folder;
    DATA_BLOB plain = blob_of(data, n_bytes);
    DATA_BLOB entropy = blob_of(entropy_text, sizeof entropy_text);
    DATA_BLOB made = { 0 };
    if (is_too_long(n_bytes) ||
        !CryptProtectData(&plain, L"Segue", &entropy, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &made))
        return error_report_as(err, SG_E_SYSTEM, GetLastError(), "protecting a secret", NULL);
    return take_blob(&made, out, err);
}

enum sg_status secret_reveal(const char *folder, const void *data, size_t n_bytes,
                             struct sg_buf *out, struct sg_err *err)
{
    (void)folder;
    DATA_BLOB made = blob_of(data, n_bytes);
    DATA_BLOB entropy = blob_of(entropy_text, sizeof entropy_text);
    DATA_BLOB plain = { 0 };
    if (is_too_long(n_bytes) ||
        !CryptUnprotectData(&made, NULL, &entropy, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &plain))
        return error_report_as(err, SG_E_SECRETS, GetLastError(), "reading a secret", NULL);
    return take_blob(&plain, out, err);
}
