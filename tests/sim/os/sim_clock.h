/* The simulated world's time and dice: what makes a run differ, in one place, so that a seed
 * repeats it. One world at a time, one thread. */
#ifndef SEGUE_TESTS_SIM_OS_SIM_CLOCK_H
#define SEGUE_TESTS_SIM_OS_SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A generator of its own for each part of the world, so that one more draw here changes nothing
 * there. Zero-initialise it, or seed `state`. */
struct sim_dice {
    uint64_t state;
};

/* The next 64 bits. Vigna: SplitMix64. */
uint64_t dice_roll(struct sim_dice *dice);

/* A number in [0, n); 0 for n = 0. */
uint64_t dice_below(struct sim_dice *dice, uint64_t n);

/* A number in [from, to]. */
uint64_t dice_between(struct sim_dice *dice, uint64_t from, uint64_t to);

/* True in `permille` of 1000 cases. */
bool dice_chance(struct sim_dice *dice, uint32_t permille);

/* Begins a world: sets the clock to its start and seeds what clock_random gives. */
void sim_clock_reset(uint64_t seed);

/* The virtual monotonic time. */
uint64_t sim_now_us(void);

/* Since the world began. */
uint64_t sim_elapsed_us(void);

/* Time goes on, never back: the port's business. */
void sim_clock_advance(uint64_t now_us);

/* A blocking call says how long it would have taken; whoever simulates its thread takes the sum. */
void sim_spend_us(uint64_t duration_us);

/* The sum since the last call. */
uint64_t sim_take_spent_us(void);

#endif
