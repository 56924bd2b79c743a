/* A watched socket with its peer, for the cases of os/sock.h. That something is not reported is
 * shown by a sentinel: another socket that became ready later and is reported first. */
#ifndef SEGUE_TESTS_CONTRACT_CONTRACT_END_H
#define SEGUE_TESTS_CONTRACT_CONTRACT_END_H

#include <stdbool.h>
#include <stdint.h>

#include "os/loop.h"
#include "os/sock.h"

struct end {
    struct loop *loop;
    uintptr_t socket; /* the watched one */
    uintptr_t peer;
    struct sock_watch *watch;
    int n_reports;
    uint32_t events;   /* of the last report */
    uint64_t turn;     /* of the last report */
    struct end *other; /* for those that act on another one */
    bool is_arming;
};

/* Before and after each case; *state is the loop. All watches must have been closed. */
int end_set_up(void **state);
int end_tear_down(void **state);

/* A sock_ready_fn that keeps what was reported and checks that it comes at a time when it may. */
void end_on_ready(void *ctx, uint32_t events);

/* Connects two sockets and watches one. */
void end_open(struct end *end, struct loop *loop, sock_ready_fn *ready);

/* Watches end->socket. */
void end_watch(struct end *end, sock_ready_fn *ready);

/* Closes the watch and both sockets. */
void end_close(struct end *end);

/* Closes the watch and its socket, for an end whose peer is gone. */
void end_close_own(struct end *end);

/* Arms the watch. */
void end_arm(struct end *end, uint32_t events);

/* Has the peer send one byte. */
void end_make_readable(struct end *end);

/* Turns until a socket that becomes readable only now has been reported. */
void pass_sentinel(struct loop *loop);

#endif
