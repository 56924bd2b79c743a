/* The end of a process that found itself broken. */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

static void (*listener)(const char *text);

void sg_assert_tell(void (*told)(const char *text))
{
    listener = told;
}

void sg_assert_failed(const char *what, const char *file, int line)
{
    char text[512];
    snprintf(text, sizeof text, "broken invariant: %s (%s:%d)", what, file, line);
    fprintf(stderr, "segue: %s\n", text);
    fflush(stderr);
    if (listener != NULL)
        listener(text);
    abort();
}
