/* When to try again. Pure. */
#ifndef SEGUE_CORE_RETRY_H
#define SEGUE_CORE_RETRY_H

#include <stdint.h>

enum { RETRY_FIRST_MS = 1000, RETRY_LONGEST_MS = 60000, RETRY_AFTER_LONGEST_MS = 86400000 };

/* The delay before attempt `attempt` + 1 (attempt counts from 1): RETRY_FIRST_MS doubling up to
 * RETRY_LONGEST_MS, of which the last quarter is spread by `random` so that many clients do not
 * come back at the same instant. What the server asked for (`retry_after_ms`; 0 or -1: nothing)
 * wins, up to a day. RFC 9110, 10.2.3. */
int64_t retry_delay_ms(int64_t attempt, uint64_t random, int64_t retry_after_ms);

#endif
