/* Memory of the simulation itself. It never runs out, also where a test lets that of what is
 * simulated run out. Released by sg_free. */
#ifndef SEGUE_TESTS_SIM_OS_SIM_MEM_H
#define SEGUE_TESTS_SIM_OS_SIM_MEM_H

#include <stddef.h>

/* As sg_alloc. */
void *sim_alloc(size_t size);

/* As sg_realloc. */
void *sim_realloc(void *memory, size_t size);

/* As sg_strdup. */
char *sim_strdup(const char *text);

#endif
