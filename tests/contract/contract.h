/* What the cases of the seam's contract share: waiting without sleeping, and a scratch folder. */
#ifndef SEGUE_TESTS_CONTRACT_CONTRACT_H
#define SEGUE_TESTS_CONTRACT_CONTRACT_H

#include <stdbool.h>

#include "os/loop.h"

/* Turns the loop until `*count` is at least `wanted`; false after 20 seconds. */
bool turn_until(struct loop *loop, const int *count, int wanted);

/* A loop; fails the test when there is none. */
struct loop *create_loop(void);

/* Makes an empty folder with a name of its own in the current folder and gives its absolute path,
 * owned by the caller; fails the test when it cannot. */
char *scratch_create(void);

/* The path of `name` in `folder`; the caller's (sg_free). */
char *scratch_path(const char *folder, const char *name);

/* Removes the folder with all that is in it, and releases the string. */
void scratch_remove(char *folder);

/* Creates the file `path` with `text` in it. */
void scratch_write(struct loop *loop, const char *path, const char *text);

/* What the file's stream `name` holds, the caller's (sg_free); NULL when it has none.
 * contract_tree_*.c. */
char *scratch_stream(const char *path, const char *name);

/* Removes `folder` and what is in it; contract_tree_posix.c and contract_tree_win.c. */
void remove_tree(const char *folder);

#endif
