/* Turns of works that hash. */
#include "engine/turns.h"

static bool may_run(const struct turns *turns, enum turn_rank rank)
{
    int n_all = turns->n_running[TURN_OF_DOWNLOAD] + turns->n_running[TURN_OF_REQUEST];
    bool is_full =
        rank == TURN_OF_REQUEST && turns->n_running[TURN_OF_REQUEST] >= TURNS_OF_REQUESTS_MAX;
    return n_all < TURNS_MAX && !is_full;
}

static void hand_out(struct turns *turns, enum turn_rank rank)
{
    while (!sg_list_is_empty(&turns->waiting[rank]) && may_run(turns, rank)) {
        struct sg_list *node = sg_list_pop(&turns->waiting[rank]);
        struct turn *turn = sg_container_of(node, struct turn, node);
        turns->n_running[rank]++;
        turn->is_counted = true;
        work_submit(turns->pool, turn->work);
    }
}

static void hand_out_all(struct turns *turns)
{
    hand_out(turns, TURN_OF_DOWNLOAD);
    hand_out(turns, TURN_OF_REQUEST);
}

void turns_init(struct turns *turns, struct work_pool *pool)
{
    *turns = (struct turns){ .pool = pool };
    for (int i = 0; i < TURN_RANK_COUNT; i++)
        sg_list_init(&turns->waiting[i]);
}

void turn_begin(struct turns *turns, struct turn *turn, enum turn_rank rank, struct work *work)
{
    *turn = (struct turn){ .work = work, .rank = rank };
    sg_list_insert(&turns->waiting[rank], &turn->node);
    hand_out_all(turns);
}

void turn_hurry(struct turns *turns, struct turn *turn)
{
    if (sg_list_is_empty(&turn->node))
        return;
    sg_list_remove(&turn->node);
    work_submit(turns->pool, turn->work);
}

void turn_end(struct turns *turns, struct turn *turn)
{
    if (turn->is_counted)
        turns->n_running[turn->rank]--;
    turn->is_counted = false;
    hand_out_all(turns);
}
