/* Removing a scratch folder on the simulated disk: the whole disk goes, with what it remembers of
 * names that are gone. */
#include "tests/contract/contract.h"
#include "tests/sim/os/disk.h"

void remove_tree(const char *folder)
{
    (void)folder;
    disk_destroy(disk_mount(NULL));
}
