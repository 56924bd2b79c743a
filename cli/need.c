/* Ends the program when memory runs out. */
#include "cli/need.h"

#include <stdio.h>
#include <stdlib.h>

void *need(void *memory)
{
    if (memory != NULL)
        return memory;
    fputs("seg: memory ran out: close other programs and try again\n", stderr);
    exit(EXIT_FAILURE);
}
