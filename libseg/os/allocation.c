/* The words for the kinds of allocation; the same on every system. */
#include "base/assert.h"
#include "os/file.h"

const char *file_allocation_word(enum file_allocation kind)
{
    switch (kind) {
    case FILE_ALLOC_NONE:
        return "none";
    case FILE_ALLOC_SPARSE:
        return "sparse";
    case FILE_ALLOC_VALID_DATA:
    case FILE_ALLOC_RESERVED:
        return "reserved";
    }
    SG_UNREACHABLE("not a kind of allocation");
}
