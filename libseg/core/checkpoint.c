/* Encoding and strict decoding of durable ranges. */
#include "core/checkpoint.h"

#include <stdbool.h>

enum { VERSION = 1, CRC_SIZE = 4, LONGEST_VARINT = 9 };

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

uint32_t checkpoint_crc32c(const void *data, size_t length)
{
    const uint8_t *bytes = data;
    uint32_t crc = ~0u;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1u)));
    }
    return ~crc;
}

static void put_varint(struct sg_buf *out, uint64_t value)
{
    while (value >= 0x80) {
        sg_buf_putc(out, (char)(uint8_t)(0x80u | (value & 0x7Fu)));
        value >>= 7;
    }
    sg_buf_putc(out, (char)(uint8_t)value);
}

static bool take_varint(struct reader *in, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < LONGEST_VARINT && in->at < in->end; i++) {
        uint8_t byte = *in->at++;
        value |= (uint64_t)(byte & 0x7Fu) << (7 * i);
        if ((byte & 0x80u) == 0) {
            *out = value;
            return byte != 0 || i == 0; /* one number, one spelling */
        }
    }
    return false;
}

void checkpoint_encode(const struct extents *set, struct sg_buf *out)
{
    size_t start = out->length;
    sg_buf_putc(out, VERSION);
    put_varint(out, set->count);
    uint64_t end = 0;
    for (size_t i = 0; i < set->count; i++) {
        put_varint(out, set->items[i].from - end);
        put_varint(out, set->items[i].to - set->items[i].from);
        end = set->items[i].to;
    }
    if (out->is_failed)
        return;
    uint32_t crc = checkpoint_crc32c(out->data + start, out->length - start);
    for (unsigned i = 0; i < CRC_SIZE; i++)
        sg_buf_putc(out, (char)(uint8_t)(crc >> (8 * i)));
}

static bool has_valid_crc(const uint8_t *data, size_t length)
{
    uint32_t stored = 0;
    for (unsigned i = 0; i < CRC_SIZE; i++)
        stored |= (uint32_t)data[length - CRC_SIZE + i] << (8 * i);
    return stored == checkpoint_crc32c(data, length - CRC_SIZE);
}

/* Reads `count` ranges into `set`. */
static enum sg_status take_ranges(struct reader *in, uint64_t count, struct extents *set)
{
    uint64_t end = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t gap, length;
        if (!take_varint(in, &gap) || !take_varint(in, &length) || length == 0 ||
            (i > 0 && gap == 0) || gap > INT64_MAX - end || length > INT64_MAX - end - gap)
            return SG_E_DAMAGED;
        enum sg_status status = extents_add(set, end + gap, end + gap + length);
        if (status != SG_OK)
            return status;
        end += gap + length;
    }
    return in->at == in->end ? SG_OK : SG_E_DAMAGED;
}

enum sg_status checkpoint_decode(const void *data, size_t length, struct extents *set)
{
    const uint8_t *bytes = data;
    if (length < 2 + CRC_SIZE || bytes[0] != VERSION || !has_valid_crc(bytes, length))
        return SG_E_DAMAGED;
    struct reader in = { bytes + 1, bytes + length - CRC_SIZE };
    uint64_t count;
    if (!take_varint(&in, &count))
        return SG_E_DAMAGED;
    struct extents ranges = { 0 };
    enum sg_status status = take_ranges(&in, count, &ranges);
    if (status != SG_OK) {
        extents_fini(&ranges);
        return status;
    }
    extents_fini(set);
    *set = ranges;
    return SG_OK;
}
