/* How the durable ranges of a part file are written down. The format carries its own checksum: a
 * damaged claim must be noticed, because it would turn bytes that were never fetched into "done".
 *
 *   byte 0       version, 1
 *   varint       number of ranges
 *   per range    varint gap (bytes since the end of the range before), varint length
 *   4 bytes      CRC-32C of everything before, little-endian
 *
 * Varints are little-endian base 128, least significant group first. Pure. */
#ifndef SEGUE_CORE_CHECKPOINT_H
#define SEGUE_CORE_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/extents.h"

/* Appends the encoding of `set`, whose offsets are below 2^63, to `out`; ask out->is_failed
 * afterwards. */
void checkpoint_encode(const struct extents *set, struct sg_buf *out);

/* Replaces `set` by what `data` says. SG_E_DAMAGED when it is not exactly an encoding with ranges
 * in ascending order that fit 63 bits; SG_E_NOMEM. On failure `set` is untouched. */
SG_MUST_USE enum sg_status checkpoint_decode(const void *data, size_t length, struct extents *set);

/* CRC-32C (Castagnoli) of `length` bytes: RFC 3720, appendix B.4. */
uint32_t checkpoint_crc32c(const void *data, size_t length);

#endif
