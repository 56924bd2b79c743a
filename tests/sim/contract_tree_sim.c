/* Removing a scratch folder on the simulated disk: the whole disk goes, with what it remembers of
 * names that are gone. */
#include <stddef.h>

#include "base/mem.h"
#include "tests/contract/contract.h"
#include "tests/sim/os/disk.h"

void remove_tree(const char *folder)
{
    (void)folder;
    disk_destroy(disk_mount(NULL));
}

char *scratch_stream(const char *path, const char *name)
{
    struct node *node;
    const char *text = disk_find(disk_mounted(), path, &node) == 0 ? node_stream(node, name) : NULL;
    return sg_strdup(text);
}
