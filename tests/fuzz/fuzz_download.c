/* A download to which the input does everything that may happen to one: see download_chaos.h for
 * what must hold all the time and in the end. */
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "base/mem.h"
#include "tests/unit/download_chaos.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    size_t left;
};

/* The next bytes as a number; when they are used up nothing happens any more: the last of the
 * choices is always the harmless one. */
static uint32_t pick_from_input(void *ctx, uint32_t n)
{
    struct input *input = ctx;
    uint32_t value = 0;
    for (uint32_t range = n - 1; range > 0; range >>= 8) {
        if (input->left == 0)
            return n - 1;
        value = value << 8 | *input->at++;
        input->left--;
    }
    return value % n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    chaos_run(pick_from_input, &input);
    SG_ASSERT(sg_mem_live() == 0);
    return 0;
}
