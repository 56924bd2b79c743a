/* Look-ups in the method table. */
#include "ipc/wire/method.h"

#include <string.h>

#include "base/assert.h"

static const char *const names[METHOD_COUNT] = {
#define X(constant, name) [constant] = (name),
    METHOD_TABLE(X)
#undef X
};

const char *method_name(enum method method)
{
    SG_ASSERT((unsigned)method < METHOD_COUNT);
    return names[method];
}

enum method method_from_name(const char *name)
{
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(names[i], name) == 0)
            return (enum method)i;
    }
    return METHOD_COUNT;
}
