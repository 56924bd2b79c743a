/* Who may take how much under rate limits: one limit for all, and one for each group (a job) of
 * takers (its lanes). Pure: time comes in as an argument.
 *
 * It is start-time fair queuing (Goyal, Vin, Cheng 1996), once among groups and once among the
 * takers of each. Each has a virtual time: the bytes that it has had, lifted to the clock of those
 * who wait when it comes back from a time without waiting. What there is goes in quanta to the
 * one that waits with the least.
 *
 * Invariants:
 * - No limit is passed, except by share_charge: see core/bucket.h.
 * - Of two groups that wait all the time and are not held below that by limits of their own, none
 *   gets more than two quanta more than the other; the same holds for two takers of one group. So
 *   the division is max-min fair: what one cannot use, by its own limit or because its bytes come
 *   slower, goes to the others in equal parts, and nobody starves.
 * - Nothing is kept for one who does not take it: what was given and not taken within
 *   SHARE_KEPT_MS is given again. */
#ifndef SEGUE_CORE_SHARE_H
#define SEGUE_CORE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "core/bucket.h"

enum { SHARE_KEPT_MS = 40 };

struct share {
    struct bucket bucket;
    uint64_t clock; /* virtual time at which the group served last began */
    uint64_t given; /* and not taken yet: still in the bucket */
    bool is_short; /* there is less than is wanted: it is dealt, and not taken by who comes first */
    struct sg_list groups;
    struct sg_list holders; /* takers to whom something is given */
};

struct share_group {
    struct share *share;
    struct sg_list member; /* of share's groups */
    struct bucket bucket;
    uint64_t had;   /* its virtual time */
    uint64_t clock; /* of its takers */
    uint64_t given;
    bool is_short;
    struct sg_list waiting;
};

struct share_taker {
    struct share_group *group;
    struct sg_list node;   /* among the waiting, or the woken */
    struct sg_list holder; /* among share's holders */
    uint64_t had;
    uint64_t wanted; /* while it waits */
    uint64_t used;   /* since it was last woken */
    uint64_t given;
    uint64_t given_us;
};

/* Prepares it, without a limit. */
void share_init(struct share *share);

/* Another limit for all, from now on; 0: none. */
void share_set_rate(struct share *share, uint64_t rate_bps, uint64_t now_us);

/* A group joins, without a limit of its own, and leaves when all its takers have. */
void share_group_open(struct share *share, struct share_group *group);
void share_group_close(struct share_group *group);

/* Another limit for the group. */
void share_group_set_rate(struct share_group *group, uint64_t rate_bps, uint64_t now_us);

/* A taker joins a group. */
void share_taker_open(struct share_group *group, struct share_taker *taker);

/* It does not wait any more, and leaves what it was given to the others. It may go on with
 * share_ask at any time. */
void share_taker_leave(struct share_taker *taker);

/* True when a limit holds for the group. */
bool share_is_limited(const struct share_group *group);

/* How many of `n_bytes` the taker may take now; what it takes of them is told by share_charge.
 * When it is less than all of them, the taker is waiting from now on, until share_deal wakes it. */
uint64_t share_ask(struct share_taker *taker, uint64_t n_bytes, uint64_t now_us);

/* The taker took `n_bytes`. May be more than it was granted (what cannot be held back): it is
 * waited for afterwards. */
void share_charge(struct share_taker *taker, uint64_t n_bytes);

/* Deals out what has come together since the last time, and appends those takers who got
 * something, and wait no longer, to `woken` by their `node`. In time proportional to those who
 * wait. True while there is less than is wanted: to be called again soon, as nothing else wakes
 * those who wait. */
bool share_deal(struct share *share, uint64_t now_us, struct sg_list *woken);

/* Checks that what is given adds up, for tests. */
bool share_check(const struct share *share);

#endif
