/* Message digests by the system's library: CNG (BCryptCreateHash) on Windows, libcrypto on POSIX.
 * Any thread, one at a time per digest. */
#ifndef SEGUE_OS_DIGEST_H
#define SEGUE_OS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct digest;

/* Begins a digest of the kind "md5", "sha1", "sha256" or "sha512"; SG_E_INVALID for another word.
 */
SG_MUST_USE enum sg_status digest_create(const char *kind, struct digest **out, struct sg_err *err);

/* Adds bytes. */
SG_MUST_USE enum sg_status digest_update(struct digest *digest, const void *data, size_t n_bytes,
                                         struct sg_err *err);

/* Writes the digest, `size` bytes as its kind has (16, 20, 32, 64). Once, last. */
SG_MUST_USE enum sg_status digest_finish(struct digest *digest, uint8_t *out, size_t size,
                                         struct sg_err *err);

/* Frees it. NULL is allowed. */
void digest_destroy(struct digest *digest);

#endif
