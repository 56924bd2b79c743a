/* The end of a process that found itself broken. */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void sg_assert_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "segue: broken invariant: %s (%s:%d)\n", what, file, line);
    fflush(stderr);
    abort();
}
