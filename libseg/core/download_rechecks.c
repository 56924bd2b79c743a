/* Seams that never came. A lane has its range and is to bring the seam behind it, and the
 * connection breaks just there: the place where two requests meet would go unchecked. So it is
 * asked for once more, by a lane that brings nothing but these bytes. A server that does not give
 * them in a few tries is believed: the check is a second line of defence. */
#include "core/download_internal.h"

#include "core/retry.h"

enum { TRIES_MAX = 3, RECHECK_SIZE = SEAM_SIZE / 2 /* on each side */ };

void recheck_want(struct download *d, uint64_t offset)
{
    bool is_lost = d->sources[d->primary].state == SOURCE_DROPPED; /* nobody could be asked */
    if (!is_lost && d->n_rechecks < RECHECKS_MAX && offset > 0 && offset < d->plan.total)
        d->rechecks[d->n_rechecks++] = (struct recheck){ .offset = offset, .lane = -1 };
}

void rechecks_forget(struct download *d)
{
    d->n_rechecks = 0;
}

static void forget(struct download *d, struct recheck *recheck)
{
    *recheck = d->rechecks[--d->n_rechecks];
}

/* The one that the lane is asking for; -1: none. */
static int find(const struct download *d, int lane)
{
    for (int i = 0; i < d->n_rechecks; i++) {
        if (d->rechecks[i].lane == lane)
            return i;
    }
    return -1;
}

void rechecks_ask(struct download *d, uint64_t now_us, struct effects *fx)
{
    for (int i = 0; i < d->n_rechecks; i++) {
        struct recheck *recheck = &d->rechecks[i];
        int lane = lanes_free(d, now_us);
        bool is_due = recheck->lane < 0 && recheck->not_before_us <= now_us;
        if (!is_due || lane < 0)
            continue;
        uint64_t side = recheck->offset < RECHECK_SIZE ? recheck->offset : RECHECK_SIZE;
        uint64_t behind = d->plan.total - recheck->offset;
        uint64_t end = recheck->offset + (behind < RECHECK_SIZE ? behind : RECHECK_SIZE);
        recheck->lane = lane;
        lane_ask_proof(d, lane, d->primary, recheck->offset - side, end, now_us, fx);
    }
}

bool rechecks_are_done(const struct download *d)
{
    return d->n_rechecks == 0;
}

bool recheck_is_on(const struct download *d, int lane)
{
    return find(d, lane) >= 0;
}

void recheck_end(struct download *d, int lane, bool may_try_again, uint64_t now_us)
{
    struct recheck *recheck = &d->rechecks[find(d, lane)];
    const struct lane *l = &d->lanes[lane];
    recheck->tries++;
    recheck->lane = -1;
    recheck->not_before_us = now_us + (uint64_t)retry_delay_ms(recheck->tries, 0, -1) * 1000;
    if (l->pos == l->end || !may_try_again || recheck->tries == TRIES_MAX)
        forget(d, recheck);
}
