/* The digest of a whole file, which can be watched and given up while it is being made. */
#ifndef SEGUE_ENGINE_HASH_H
#define SEGUE_ENGINE_HASH_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/err.h"
#include "core/digest_header.h"
#include "os/file.h"

/* What other threads see of a digest in the making, and how they stop it. Zero-initialise it. */
struct hash_watch {
    atomic_bool is_cancelled; /* set it: the making ends within a MiB */
    _Atomic uint64_t n_bytes; /* so far */
};

/* Makes the digest of the first `size` bytes of the file at `path`, which is open as `file`; `out`
 * has room for digest_size(kind) bytes. Blocks; any thread. SG_E_CANCELLED; SG_E_IO, also when the
 * file is shorter. */
SG_MUST_USE enum sg_status hash_file(struct file *file, const char *path, uint64_t size,
                                     enum digest_kind kind, struct hash_watch *watch, uint8_t *out,
                                     struct sg_err *err);

#endif
