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

/* One tick, or something else that may happen between two. */
static void tell(struct tuner *tuner, const struct told *told, struct tuner_view *view)
{
    view->now_us += (uint64_t)told->wait_ms * 1000;
    view->bytes += bytes_of(told->number);
    view->left = (uint64_t)told->wait_ms << told->what % 48;
    view->receiving = told->lanes;
    view->setup_us = (uint64_t)told->what * 1000;
    if (told->what % 8 == 0)
        tuner_refused(tuner, view->now_us, told->lanes, told->number);
    else if (told->what % 8 == 1)
        tuner_set_ceiling(tuner, ceiling_of(told->lanes));
    else if (told->what % 8 == 2)
        tuner_skip(tuner, view);
    else
        tuner_tick(tuner, view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tuner tuner;
    struct told told;
    struct tuner_view view = { 0 };
    if (size < 2)
        return 0;
    int ceiling = ceiling_of(data[0]);
    tuner_init(&tuner, (int8_t)data[1], ceiling, view.now_us, view.bytes);
    check(&tuner, ceiling);
    for (size_t i = 2; i + sizeof told <= size; i += sizeof told) {
        memcpy(&told, data + i, sizeof told);
        tell(&tuner, &told, &view);
        if (told.what % 8 == 1)
            ceiling = ceiling_of(told.lanes);
        check(&tuner, ceiling);
    }
    return 0;
}
