/* Room on the disk: how much a download still needs, and what is said when it is not there. */
#ifndef SEGUE_ENGINE_ROOM_H
#define SEGUE_ENGINE_ROOM_H

#include <stdint.h>

#include "base/err.h"

/* Bytes that must be free before a download that ran out of room is worth another try. `total` is
 * -1 where the length is not known: such a download begins again, in the room that its part file
 * has already, and would end at the same place without a good deal more. Pure. */
uint64_t room_needed(int64_t total, int64_t done);

/* Makes of `err`, which says SG_E_DISK_FULL, a message that tells how much is missing in `folder`
 * for the file `path`. Leaves it as it is when the free room cannot be read or is large enough by
 * now. Blocks; a work thread. */
void room_explain(const char *folder, const char *path, int64_t total, int64_t done,
                  struct sg_err *err);

#endif
