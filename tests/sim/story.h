/* What the stories on the simulated machine share: how they begin. */
#ifndef SEGUE_TESTS_SIM_STORY_H
#define SEGUE_TESTS_SIM_STORY_H

#include "tests/sim/world.h"

enum { KIB = 1024, MIB = 1024 * KIB, A_WHILE_MS = 120000 };

/* For cmocka: a world of its own for each story. */
static inline int set_up(void **state)
{
    *state = world_create(1);
    return 0;
}

/* The end of that world. */
static inline int tear_down(void **state)
{
    world_destroy(*state);
    return 0;
}

/* A server with "file.bin" that sends 4 MiB/s, half of them on each connection. */
static inline struct server *serve_file(struct world *world, uint64_t size)
{
    struct server *server = internet_add_server(&world->internet);
    server->link_bps = 4 * MIB;
    server_share(server, "file.bin", size);
    return server;
}

/* Adds a job, and waits until that is told. */
static inline struct promise *add_with(struct world *world, const char *url,
                                       struct job_record *record)
{
    struct promise *promise = world_add(world, url, record);
    while (!promise->is_add_told)
        world_run_ms(world, 1);
    return promise;
}

/* The same for the server's file. */
static inline struct promise *add(struct world *world)
{
    return add_with(world, "http://server-1/file.bin", NULL);
}

#endif
