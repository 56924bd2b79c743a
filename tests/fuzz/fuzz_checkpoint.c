/* Any bytes are refused, or are the one encoding of the ranges they give. Each input is tried as it
 * is and, because nothing would ever get past the checksum, with the checksum that it should have.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "core/checkpoint.h"

enum { CRC_SIZE = 4 };

static void try_bytes(const void *data, size_t length)
{
    struct extents set = { 0 };
    enum sg_status status = checkpoint_decode(data, length, &set);
    SG_ASSERT(status == SG_OK || status == SG_E_DAMAGED);
    SG_ASSERT(extents_check(&set));
    if (status == SG_OK) {
        struct sg_buf encoding = { 0 };
        checkpoint_encode(&set, &encoding);
        SG_ASSERT(!encoding.is_failed);
        SG_ASSERT(encoding.length == length && memcmp(encoding.data, data, length) == 0);
        sg_buf_fini(&encoding);
    } else {
        SG_ASSERT(set.count == 0);
    }
    extents_fini(&set);
}

static void try_sealed(const uint8_t *data, size_t length)
{
    struct sg_buf sealed = { 0 };
    sg_buf_append(&sealed, data, length);
    uint32_t crc = checkpoint_crc32c(data, length);
    for (unsigned i = 0; i < CRC_SIZE; i++)
        sg_buf_putc(&sealed, (char)(uint8_t)(crc >> (8 * i)));
    try_bytes(sealed.data, sealed.length);
    sg_buf_fini(&sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    try_bytes(data, length);
    try_sealed(data, length);
    return 0;
}
