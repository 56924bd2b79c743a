/* What the bytes of a version are: blocks out of one table of noise, each from a place that depends
 * on version and block, so that no two blocks of any two files are likely to be equal, and making
 * them costs no more than copying. */
#include <string.h>

#include "tests/sim/net/internet.h"

enum { BLOCK_BYTES = 4096, TABLE_BYTES = 65536 };

static unsigned char table[TABLE_BYTES + BLOCK_BYTES];

static void fill_table(void)
{
    struct sim_dice dice = { .state = 20260101 };
    for (size_t i = 0; i < sizeof table; i += sizeof(uint64_t)) {
        uint64_t noise = dice_roll(&dice);
        memcpy(table + i, &noise, sizeof noise);
    }
}

static const unsigned char *block(uint64_t version, uint64_t number)
{
    if (table[0] == 0 && table[1] == 0)
        fill_table();
    struct sim_dice dice = { .state = version * UINT64_C(0x9FB21C651E98DF25) ^ number };
    return table + dice_below(&dice, TABLE_BYTES);
}

static size_t in_block(uint64_t offset, size_t n_bytes)
{
    size_t room = (size_t)(BLOCK_BYTES - offset % BLOCK_BYTES);
    return n_bytes < room ? n_bytes : room;
}

void version_bytes(uint64_t version, uint64_t offset, void *out, size_t n_bytes)
{
    unsigned char *to = out;
    while (n_bytes > 0) {
        size_t n = in_block(offset, n_bytes);
        memcpy(to, block(version, offset / BLOCK_BYTES) + offset % BLOCK_BYTES, n);
        to += n;
        offset += n;
        n_bytes -= n;
    }
}

bool version_has(uint64_t version, uint64_t offset, const void *data, size_t n_bytes)
{
    const unsigned char *from = data;
    while (n_bytes > 0) {
        size_t n = in_block(offset, n_bytes);
        if (memcmp(from, block(version, offset / BLOCK_BYTES) + offset % BLOCK_BYTES, n) != 0)
            return false;
        from += n;
        offset += n;
        n_bytes -= n;
    }
    return true;
}
