/* Names that a test answers for, in place of the system's: at its own pace, and otherwise than
 * before when it likes. One at a time. */
#ifndef SEGUE_TESTS_UNIT_DIRECTORY_H
#define SEGUE_TESTS_UNIT_DIRECTORY_H

#include "os/resolve.h"

/* An empty directory that answers at once: names that begin with "missing" are not found, all
 * others have the address 127.0.0.1. Nothing is looked up when it begins or ends. */
void directory_open(void);
void directory_close(void);

/* The names have these addresses from now on. A literal. */
void directory_set(const char *addresses);

/* Names that begin with "slow" are answered when the directory is released, and not before it is
 * held up. */
void directory_hold_up(void);
void directory_release(void);

/* How many look-ups began, and how many were under way at the same time at most. */
int directory_count(void);
int directory_most_at_once(void);

/* Waits until so many look-ups have begun. */
void directory_wait_for(int count);

/* Likewise until none is under way. */
void directory_wait_idle(void);

/* For resolver_create and names_create. Any thread. */
resolve_fn directory_look_up;

#endif
