/* A tuner that is told anything: rates of no sense, refusals at any time, ceilings that come and
 * go. It always wants at least one lane and never more than the ceiling. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "core/tuner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CEILING_MAX = 64 };

/* One thing that it is told. */
struct told {
    uint8_t what;
    uint8_t lanes;
    uint16_t wait_ms;
    int32_t number;
};

static int ceiling_of(uint8_t number)
{
    return 1 + number % CEILING_MAX;
}

/* Bytes that came since it was told before: from none to more than there are. */
static uint64_t bytes_of(int32_t number)
{
    return number < 0 ? 0 : (uint64_t)number * 1024;
}

static void check(const struct tuner *tuner, int ceiling)
{
    SG_ASSERT(tuner_target(tuner) >= 1 && tuner_target(tuner) <= ceiling);
    SG_ASSERT(tuner_useful(tuner) >= 0 && tuner_useful(tuner) <= CEILING_MAX);
    SG_ASSERT(tuner_tolerated(tuner) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tuner tuner;
    struct told told;
    uint64_t now_us = 0;
    uint64_t bytes = 0;
    if (size < 2)
        return 0;
    int ceiling = ceiling_of(data[0]);
    tuner_init(&tuner, (int8_t)data[1], ceiling, now_us, bytes);
    check(&tuner, ceiling);
    for (size_t i = 2; i + sizeof told <= size; i += sizeof told) {
        memcpy(&told, data + i, sizeof told);
        now_us += (uint64_t)told.wait_ms * 1000;
        bytes += bytes_of(told.number);
        if (told.what % 8 == 0)
            tuner_refused(&tuner, now_us, told.lanes, told.number);
        else if (told.what % 8 == 1)
            tuner_set_ceiling(&tuner, ceiling = ceiling_of(told.lanes));
        else
            tuner_tick(&tuner, now_us, bytes, told.lanes, (uint64_t)told.what * 1000);
        check(&tuner, ceiling);
    }
    return 0;
}
