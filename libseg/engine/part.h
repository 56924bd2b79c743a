/* The part file of a job: how it gets its name, is found again, and becomes the finished file. All
 * of it blocks and runs on a work thread; it touches only what it is given. */
#ifndef SEGUE_ENGINE_PART_H
#define SEGUE_ENGINE_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/record.h"
#include "engine/actor.h"
#include "engine/hash.h"
#include "os/file.h"

/* What a part operation needs and gives. Strings and the actor are owned by it (part_task_fini). */
struct part_task {
    struct actor actor; /* as whom */
    struct loop *loop;
    struct file *file;        /* the open part file; given by reopen and create, taken by finish */
    char *folder;             /* choose: where to */
    char *name;               /* choose: the safe name wanted */
    char *path;               /* the target: given by choose, may be changed by finish */
    char *part_path;          /* reopen, create: what to open; given by choose */
    char *wanted;             /* verify: "sha256:HEX" */
    bool is_declared;         /* verify: the server declared it, not the caller */
    struct hash_watch *watch; /* verify: the caller's */
    struct file_id id;        /* reopen: what it must be; given by create */
    uint64_t least_size;      /* reopen: where the last range ends that is claimed of it */
    int64_t total;            /* -1: not known */
    int64_t done;             /* bytes that are durable */
    int64_t modified_ms;      /* finish: the file's time; 0: leave it */
    char *mark;               /* create, finish: content of the stream ZONE_STREAM; NULL: none */
    struct sg_err warning;    /* given by both: what did not work and stops nothing */
    enum job_if_exists if_exists;
    enum file_allocation allocation; /* given by reserve and reset */
    struct sg_err err;
};

/* The identity of a job's part file, which it keeps when it gets its name. Any thread. */
struct file_id part_id(const struct job_record *record);

/* Deletes what is called `path` if it is this very file: by now the name may be another's. Without
 * an identity (part_create may have been interrupted) it is deleted if it is empty. That it is gone
 * already, or held by others, is no failure. */
void part_delete(const struct actor *actor, struct loop *loop, const char *path,
                 const struct file_id *id);

/* Copies what an operation on this job needs. SG_E_NOMEM leaves nothing to release. */
SG_MUST_USE enum sg_status part_task_init(struct part_task *task, struct loop *loop,
                                          const struct job_record *record);

/* Releases the strings and the actor; not the file. Loop thread. */
void part_task_fini(struct part_task *task);

/* Opens the part file of an earlier run. A file that got its final name already, just before that
 * could be noted, is found there (both names are then that one). SG_E_NOT_FOUND when it is gone or
 * is another file now; SG_E_NO_FOLDER when its folder is not there, with which it may come back;
 * SG_E_IN_USE: try again later; SG_E_OWNER: the owner alone can open it. */
SG_MUST_USE enum sg_status part_reopen(struct part_task *task);

/* Making one takes three steps, so that what a crash between them leaves behind can be told from
 * files of others: its path is committed before it is made, its identity before there is anything
 * in it.
 *
 * In the service all three are the owner's (SG_E_OWNER), and the file has its mark from the
 * beginning: when it is finished the owner may not be there to set it.
 *
 * Decides how target and part file are called: a free name in the folder. SG_E_NO_FOLDER,
 * SG_E_EXISTS (if_exists = fail, or a folder has the name). */
SG_MUST_USE enum sg_status part_choose(struct part_task *task);

/* Makes it, empty. In the service the paths are then where it really is. SG_E_EXISTS: the name was
 * taken meanwhile, choose again; SG_E_DENIED. On failure nothing is left behind. */
SG_MUST_USE enum sg_status part_create(struct part_task *task);

/* Whether a file of this length (-1: not known) gets no room reserved: it fits into one write, and
 * what a file system fills with zeros below a write is nothing then. Any thread. */
bool part_is_small(int64_t total);

/* Reserves room in one that is not small. SG_E_DISK_FULL; on failure it is deleted and closed. */
SG_MUST_USE enum sg_status part_reserve(struct part_task *task);

/* Empties the open part file and reserves room for the new total. */
SG_MUST_USE enum sg_status part_reset(struct part_task *task);

/* Compares the digest of the part file with `wanted`: SG_E_CHECKSUM, with a message that says whose
 * it was. SG_E_CANCELLED when it was given up. */
SG_MUST_USE enum sg_status part_verify(struct part_task *task);

/* Sets length, mark and time of the complete part file and gives it its name, for good: both names
 * are then that one, also when only what comes behind the renaming failed. The name is never there
 * without the mark, unless the volume has no streams or the mark could not be set, which is no
 * failure (`warning`). Closes it unless it fails. In the service it gets a name in the folder that
 * it is in, and the service loses its entry in the access list; without the owner that is done
 * where the service has a right to the folder, and nothing is replaced (SG_E_OWNER). SG_E_IN_USE:
 * try again later. */
SG_MUST_USE enum sg_status part_finish(struct part_task *task);

/* Sets the open file's mark, as whoever the thread is: for part_create.c and part.c. */
void part_set_mark(struct part_task *task);

#endif
