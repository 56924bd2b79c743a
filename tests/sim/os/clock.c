/* Virtual time and repeatable randomness. Knows no event: the port decides when time goes on. */
#include "os/clock.h"

#include "base/assert.h"
#include "tests/sim/os/sim_clock.h"

/* No machine has just been switched on, and no wall clock is at 1970. */
static const uint64_t start_us = UINT64_C(3600) * 1000000;
static const int64_t start_wall_ms = INT64_C(1767225600000); /* 2026-01-01 */

static struct {
    uint64_t now_us;
    uint64_t spent_us;
    struct sim_dice dice;
} world = { .now_us = UINT64_C(3600) * 1000000 };

uint64_t dice_roll(struct sim_dice *dice)
{
    uint64_t mixed = dice->state += UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

uint64_t dice_below(struct sim_dice *dice, uint64_t n)
{
    uint64_t bits = dice_roll(dice);
    return n > 0 ? bits % n : 0;
}

uint64_t dice_between(struct sim_dice *dice, uint64_t from, uint64_t to)
{
    return from + dice_below(dice, to - from + 1);
}

bool dice_chance(struct sim_dice *dice, uint32_t permille)
{
    return dice_below(dice, 1000) < permille;
}

void sim_clock_reset(uint64_t seed)
{
    world.now_us = start_us;
    world.spent_us = 0;
    world.dice = (struct sim_dice){ .state = seed };
}

uint64_t sim_now_us(void)
{
    return world.now_us;
}

uint64_t sim_elapsed_us(void)
{
    return world.now_us - start_us;
}

void sim_clock_advance(uint64_t now_us)
{
    SG_ASSERT(now_us >= world.now_us);
    world.now_us = now_us;
}

void sim_spend_us(uint64_t duration_us)
{
    world.spent_us += duration_us;
}

uint64_t sim_take_spent_us(void)
{
    uint64_t spent_us = world.spent_us;
    world.spent_us = 0;
    return spent_us;
}

int64_t clock_wall_ms(void)
{
    return start_wall_ms + (int64_t)(sim_elapsed_us() / 1000);
}

uint64_t clock_random(void)
{
    return dice_roll(&world.dice);
}
