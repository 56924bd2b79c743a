/* Fair queuing under rate limits. Bytes that are given to a taker stay in the buckets until it has
 * taken them, so that a bucket's depth bounds them together with what is free. */
#include "core/share.h"

#include "base/assert.h"

enum {
    QUANTA_PER_SECOND = 40,       /* of a low limit: often enough to be smooth */
    QUANTUM_MAX = 16 * 1024,      /* what arrives at a time */
    QUANTA_PER_SECOND_MAX = 3200, /* of a high one: few enough to be cheap */
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct share_group *group_of(struct sg_list *node)
{
    return sg_container_of(node, struct share_group, member);
}

static struct share_taker *taker_of(struct sg_list *node)
{
    return sg_container_of(node, struct share_taker, node);
}

static uint64_t quantum_of(const struct bucket *bucket)
{
    if (bucket->rate_bps == 0)
        return UINT64_MAX;
    uint64_t smooth = least(bucket->rate_bps / QUANTA_PER_SECOND, QUANTUM_MAX);
    return most(most(smooth, bucket->rate_bps / QUANTA_PER_SECOND_MAX), 1);
}

static uint64_t free_of(struct bucket *bucket, uint64_t given, uint64_t now_us)
{
    uint64_t tokens = bucket_tokens(bucket, now_us);
    if (tokens == UINT64_MAX)
        return tokens;
    return tokens > given ? tokens - given : 0;
}

/* What is neither taken nor given, under both limits. */
static uint64_t free_for(struct share_group *group, uint64_t now_us)
{
    struct share *share = group->share;
    return least(free_of(&share->bucket, share->given, now_us),
                 free_of(&group->bucket, group->given, now_us));
}

static uint64_t quantum_for(const struct share_group *group)
{
    return least(quantum_of(&group->share->bucket), quantum_of(&group->bucket));
}

/* What the limits have left is not worth a quantum. */
static void look_whether_short(struct share_group *group, uint64_t now_us)
{
    struct share *share = group->share;
    share->is_short = share->bucket.rate_bps > 0 &&
                      free_of(&share->bucket, share->given, now_us) < quantum_of(&share->bucket);
    group->is_short = group->bucket.rate_bps > 0 &&
                      free_of(&group->bucket, group->given, now_us) < quantum_of(&group->bucket);
}

static bool is_waiting(const struct share_taker *taker)
{
    return !sg_list_is_empty(&taker->node);
}

/* Its own limit does not hold it back. */
static bool is_eligible(struct share_group *group, uint64_t now_us)
{
    return !sg_list_is_empty(&group->waiting) &&
           free_of(&group->bucket, group->given, now_us) >= quantum_for(group);
}

/* ---- giving ---- */

/* The virtual time at which it would be served. */
static uint64_t start_of_group(const struct share_group *group)
{
    return most(group->had, group->share->clock);
}

static uint64_t start_of_taker(const struct share_taker *taker)
{
    return most(taker->had, taker->group->clock);
}

static struct share_group *next_group(struct share *share, uint64_t now_us)
{
    struct share_group *best = NULL;
    SG_LIST_FOR_EACH(node, &share->groups)
    {
        struct share_group *group = group_of(node);
        bool is_less = best == NULL || start_of_group(group) < start_of_group(best);
        if (is_less && is_eligible(group, now_us))
            best = group;
    }
    return best;
}

static struct share_taker *next_taker(struct share_group *group)
{
    struct share_taker *best = taker_of(group->waiting.next);
    SG_LIST_FOR_EACH(node, &group->waiting)
    {
        if (start_of_taker(taker_of(node)) < start_of_taker(best))
            best = taker_of(node);
    }
    return best;
}

/* The clocks follow those who are served: who did not want anything meanwhile gets nothing for it
 * later. */
static void serve(struct share_taker *taker, uint64_t n_bytes)
{
    struct share_group *group = taker->group;
    group->share->clock = start_of_group(group);
    group->had = group->share->clock + n_bytes;
    group->clock = start_of_taker(taker);
    taker->had = group->clock + n_bytes;
}

static void give(struct share_taker *taker, uint64_t n_bytes, uint64_t now_us)
{
    struct share_group *group = taker->group;
    serve(taker, n_bytes);
    if (sg_list_is_empty(&taker->holder))
        sg_list_insert(&group->share->holders, &taker->holder);
    taker->given += n_bytes;
    taker->given_us = now_us;
    group->given += n_bytes;
    group->share->given += n_bytes;
}

/* Of what was given, so much is taken, or given back. */
static void settle(struct share_taker *taker, uint64_t n_bytes)
{
    SG_ASSERT(taker->given >= n_bytes);
    taker->given -= n_bytes;
    taker->group->given -= n_bytes;
    taker->group->share->given -= n_bytes;
    if (taker->given == 0)
        sg_list_remove(&taker->holder);
}

static void take_back(struct share_taker *taker)
{
    taker->had -= taker->given;
    taker->group->had -= taker->given;
    settle(taker, taker->given);
}

static void take_back_old(struct share *share, uint64_t now_us)
{
    SG_LIST_FOR_EACH(node, &share->holders)
    {
        struct share_taker *taker = sg_container_of(node, struct share_taker, holder);
        if (now_us - taker->given_us >= SHARE_KEPT_MS * 1000)
            take_back(taker);
    }
}

static void wake(struct share_taker *taker, struct sg_list *woken)
{
    sg_list_remove(&taker->node);
    sg_list_insert(woken, &taker->node);
    taker->used = 0;
}

static void wake_given(struct share *share, struct sg_list *woken)
{
    SG_LIST_FOR_EACH(node, &share->holders)
    {
        struct share_taker *taker = sg_container_of(node, struct share_taker, holder);
        if (is_waiting(taker))
            wake(taker, woken);
    }
}

static void wake_all(struct share_group *group, struct sg_list *woken)
{
    SG_LIST_FOR_EACH(node, &group->waiting)
    wake(taker_of(node), woken);
}

/* What it asked for, and more when more has come meanwhile as before. Not simply as much as there
 * is: slow ones would keep from the others what they cannot use. */
static uint64_t appetite(const struct share_taker *taker)
{
    return most(taker->wanted, 2 * taker->used);
}

static bool give_next(struct share *share, uint64_t now_us, struct sg_list *woken)
{
    struct share_group *group = next_group(share, now_us);
    if (group == NULL || free_for(group, now_us) < quantum_for(group))
        return false;
    struct share_taker *taker = next_taker(group);
    SG_ASSERT(appetite(taker) > taker->given);
    give(taker, least(appetite(taker) - taker->given, quantum_for(group)), now_us);
    if (taker->given >= appetite(taker))
        wake(taker, woken);
    return true;
}

bool share_deal(struct share *share, uint64_t now_us, struct sg_list *woken)
{
    bool is_short = false;
    take_back_old(share, now_us);
    SG_LIST_FOR_EACH(node, &share->groups)
    {
        if (!share_is_limited(group_of(node)))
            wake_all(group_of(node), woken);
    }
    while (give_next(share, now_us, woken)) {
    }
    wake_given(share, woken);
    share->is_short = false;
    SG_LIST_FOR_EACH(node, &share->groups)
    {
        struct share_group *group = group_of(node);
        look_whether_short(group, now_us);
        is_short |= group->is_short || share->is_short || !sg_list_is_empty(&group->waiting);
    }
    return is_short;
}

/* ---- taking ---- */

static void wait(struct share_taker *taker, uint64_t n_bytes)
{
    taker->wanted = n_bytes;
    if (!is_waiting(taker))
        sg_list_insert(&taker->group->waiting, &taker->node);
}

bool share_is_limited(const struct share_group *group)
{
    return group->share->bucket.rate_bps > 0 || group->bucket.rate_bps > 0;
}

uint64_t share_ask(struct share_taker *taker, uint64_t n_bytes, uint64_t now_us)
{
    if (!share_is_limited(taker->group))
        return n_bytes;
    uint64_t may = taker->given;
    if (may < n_bytes && !taker->group->is_short && !taker->group->share->is_short) {
        uint64_t more = least(n_bytes - may, free_for(taker->group, now_us));
        if (may + more == n_bytes || more >= quantum_for(taker->group))
            give(taker, more, now_us);
        may = taker->given;
    }
    if (may < n_bytes) {
        wait(taker, n_bytes);
        look_whether_short(taker->group, now_us);
    }
    return least(may, n_bytes);
}

void share_charge(struct share_taker *taker, uint64_t n_bytes)
{
    struct share_group *group = taker->group;
    uint64_t n_given = least(taker->given, n_bytes);
    taker->used += n_bytes;
    taker->wanted -= least(taker->wanted, n_bytes);
    settle(taker, n_given);
    if (!share_is_limited(group))
        return;
    if (n_bytes > n_given)
        serve(taker, n_bytes - n_given);
    bucket_take(&group->bucket, n_bytes);
    bucket_take(&group->share->bucket, n_bytes);
}

/* ---- coming and going ---- */

void share_init(struct share *share)
{
    *share = (struct share){ 0 };
    sg_list_init(&share->groups);
    sg_list_init(&share->holders);
}

void share_set_rate(struct share *share, uint64_t rate_bps, uint64_t now_us)
{
    bucket_set_rate(&share->bucket, rate_bps, now_us);
}

void share_group_open(struct share *share, struct share_group *group)
{
    *group = (struct share_group){ .share = share };
    sg_list_init(&group->waiting);
    sg_list_insert(&share->groups, &group->member);
}

void share_group_close(struct share_group *group)
{
    SG_ASSERT(group->given == 0 && sg_list_is_empty(&group->waiting));
    sg_list_remove(&group->member);
}

void share_group_set_rate(struct share_group *group, uint64_t rate_bps, uint64_t now_us)
{
    bucket_set_rate(&group->bucket, rate_bps, now_us);
}

void share_taker_open(struct share_group *group, struct share_taker *taker)
{
    *taker = (struct share_taker){ .group = group };
    sg_list_init(&taker->node);
    sg_list_init(&taker->holder);
}

void share_taker_leave(struct share_taker *taker)
{
    sg_list_remove(&taker->node);
    take_back(taker);
}

bool share_check(const struct share *share)
{
    uint64_t of_groups = 0;
    uint64_t of_takers = 0;
    SG_LIST_FOR_EACH(node, &share->groups)
    of_groups += group_of(node)->given;
    SG_LIST_FOR_EACH(node, &share->holders)
    of_takers += sg_container_of(node, struct share_taker, holder)->given;
    return of_groups == share->given && of_takers == share->given;
}
