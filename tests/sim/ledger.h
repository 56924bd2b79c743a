/* What was promised to the user, and whether the disk keeps it. */
#ifndef SEGUE_TESTS_SIM_LEDGER_H
#define SEGUE_TESTS_SIM_LEDGER_H

#include "tests/sim/world.h"

/* The promise with this key, or NULL. */
struct promise *ledger_find(struct world *world, const char *key);

/* The user was told that the job is gone. */
void ledger_removed(struct world *world, int64_t id);

/* Fails unless every promise is kept by what the store and the disk that is mounted hold: no job is
 * lost or doubled, a job that was told to be done is so and its file is whole, and no byte is
 * claimed that the part file lacks or that is not the server's. What is found becomes a promise of
 * the jobs' ids when `is_start`: Segue goes on with it. */
void ledger_check(struct world *world, struct store *store, bool is_start);

#endif
