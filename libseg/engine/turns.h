/* Who may hash now. The digest of a large file takes a work thread for minutes, and running
 * downloads need those threads to open, flush and rename: so only some works that hash have their
 * turn at once, and of these only one that no download waits for. Loop thread only. */
#ifndef SEGUE_ENGINE_TURNS_H
#define SEGUE_ENGINE_TURNS_H

#include <stdbool.h>

#include "base/list.h"
#include "os/work.h"

enum turn_rank {
    TURN_OF_DOWNLOAD, /* a complete file that is to get its name */
    TURN_OF_REQUEST,  /* somebody wants to know */
    TURN_RANK_COUNT
};

enum { TURNS_MAX = WORK_THREADS - 1, TURNS_OF_REQUESTS_MAX = 1 };

struct turns {
    struct work_pool *pool;
    struct sg_list waiting[TURN_RANK_COUNT];
    int n_running[TURN_RANK_COUNT];
};

/* One work's turn. Embed it, zeroed. */
struct turn {
    struct sg_list node; /* while it waits */
    struct work *work;
    enum turn_rank rank;
    bool is_counted;
};

/* Prepares it, with nobody waiting. */
void turns_init(struct turns *turns, struct work_pool *pool);

/* Submits `work`, now or as soon as it is its turn; then `turn_end` is due when it is done. Those
 * of downloads go first, else first come, first served. */
void turn_begin(struct turns *turns, struct turn *turn, enum turn_rank rank, struct work *work);

/* The work was cancelled and will not take long: it waits no longer. Nothing for one that was
 * submitted already, or never began. */
void turn_hurry(struct turns *turns, struct turn *turn);

/* The work is done: the next one has its turn. */
void turn_end(struct turns *turns, struct turn *turn);

#endif
