/* Without memory a simulation means nothing. */
#include "tests/sim/os/sim_mem.h"

#include "base/assert.h"
#include "base/mem.h"

void *sim_alloc(size_t size)
{
    sg_mem_spare_begin();
    void *memory = sg_alloc(size);
    sg_mem_spare_end();
    SG_ASSERT(memory != NULL);
    return memory;
}

void *sim_realloc(void *memory, size_t size)
{
    sg_mem_spare_begin();
    void *grown = sg_realloc(memory, size);
    sg_mem_spare_end();
    SG_ASSERT(grown != NULL);
    return grown;
}

char *sim_strdup(const char *text)
{
    sg_mem_spare_begin();
    char *copy = sg_strdup(text);
    sg_mem_spare_end();
    SG_ASSERT(copy != NULL || text == NULL);
    return copy;
}
