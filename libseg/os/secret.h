/* Bytes that only the account which this process runs as can read again, on this machine.
 *
 * Windows: CryptProtectData in the scope of the account (not of the machine, which every process on
 * it could undo), with an entropy of ours and without any user interface. The key is in the
 * account's profile: a thread that impersonates somebody would use that one's key, and an account
 * whose profile is not loaded has none, which makes both functions fail. Virtual service accounts
 * have a profile, which the service manager loads.
 *
 * POSIX is a double for tests and protects nobody: AES-256-GCM with a key in the file
 * "segue-secret.key" (mode 0600) beside the data.
 *
 * May block; any thread that impersonates nobody. */
#ifndef SEGUE_OS_SECRET_H
#define SEGUE_OS_SECRET_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends what stands for the `n_bytes` at `data`. `folder` has the data; Windows needs it not.
 * SG_E_NOMEM, SG_E_SYSTEM; on failure nothing was appended. CryptProtectData. */
SG_MUST_USE enum sg_status secret_protect(const char *folder, const void *data, size_t n_bytes,
                                          struct sg_buf *out, struct sg_err *err);

/* Appends what was protected; `out` is the caller's to wipe. SG_E_SECRETS when it was not this
 * account on this machine that protected it, when the bytes are damaged, or when the account's key
 * cannot be had now; SG_E_NOMEM. On failure nothing was appended. CryptUnprotectData. */
SG_MUST_USE enum sg_status secret_reveal(const char *folder, const void *data, size_t n_bytes,
                                         struct sg_buf *out, struct sg_err *err);

#endif
