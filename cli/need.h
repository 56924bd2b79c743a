/* What this program does when memory runs out: it says so and ends with exit code 1. It holds
 * nothing that the daemon does not have, so there is nothing to save. */
#ifndef SEGUE_CLI_NEED_H
#define SEGUE_CLI_NEED_H

/* Returns `memory`, or ends the program when it is NULL. */
void *need(void *memory);

#endif
