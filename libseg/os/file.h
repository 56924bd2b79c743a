/* Files, written at offsets without waiting and otherwise by blocking calls that are made on a
 * work thread. Paths are UTF-8, absolute, as the system writes them; long paths work. */
#ifndef SEGUE_OS_FILE_H
#define SEGUE_OS_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "os/loop.h"
#include "os/op.h"

struct file;

/* What tells a file from every other one on the machine: FILE_ID_INFO on Windows, st_dev and
 * st_ino on POSIX. All zero: unknown. */
struct file_id {
    uint64_t volume;
    uint8_t id[16];
};

/* True when both mean the same file. Pure. */
static inline bool file_id_is_same(const struct file_id *a, const struct file_id *b)
{
    return a->volume == b->volume && memcmp(a->id, b->id, sizeof a->id) == 0;
}

/* "For its owner": for a file that the process does not make and keep for itself. Its account gets
 * an entry of its own in the new file's access list, where that can be done, so that it can open it
 * again whoever it belongs to; file_admit_others takes it away. On POSIX there is no such list. */
enum file_mode {
    FILE_CREATE_NEW,       /* must not exist: SG_E_EXISTS */
    FILE_CREATE_PLAIN,     /* the same, for a file whose room will not be reserved */
    FILE_CREATE_FOR_OWNER, /* the same, as its owner (os/identity.h) */
    FILE_OPEN_EXISTING,    /* must exist: SG_E_NOT_FOUND */
    FILE_OPEN_FOR_OWNER,   /* the same for a file that was made for its owner */
    FILE_READ_ONLY,        /* must exist, only read; others may do with it what they like */
};

/* How the room for a file was reserved; users see words for it. */
enum file_allocation {
    FILE_ALLOC_NONE,       /* grows as it is written: writes should come in ascending order */
    FILE_ALLOC_SPARSE,     /* holes; nothing is zero-filled, room is not promised */
    FILE_ALLOC_VALID_DATA, /* room reserved, valid length set: SetFileValidData */
    FILE_ALLOC_RESERVED,   /* room reserved by the file system: fallocate */
};

/* Opens a file for overlapped writes that complete on the loop's port. Any thread; blocks. A file
 * that may be written is opened so that others may read, but neither write, delete nor rename it.
 * Where the process may set valid lengths (SeManageVolumePrivilege is enabled), a new file is
 * closed to other accounts until file_admit_others; one with FILE_CREATE_PLAIN is not. Owned by the
 * caller. SG_E_NO_FOLDER when a folder of the path is missing. CreateFileW. */
SG_MUST_USE enum sg_status file_open(struct loop *loop, const char *path, enum file_mode mode,
                                     struct file **out, struct sg_err *err);

/* Closes it; no op may be pending. Any thread; may block. NULL is allowed. */
void file_close(struct file *file);

/* Writes `n_bytes` > 0 at `offset`, as one operation; `data` must stay until it completed. Loop
 * thread. A short write is reported as SG_E_DISK_FULL. See os/op.h for what it returns. WriteFile
 * with an OVERLAPPED whose Offset is the place. */
SG_MUST_USE enum sg_status file_write(struct file *file, struct op *op, uint64_t offset,
                                      const void *data, uint32_t n_bytes);

/* Reads up to `n_bytes` at `offset` into `out`; `*out_read` is less only at the end of the file.
 * Any thread; blocks. */
SG_MUST_USE enum sg_status file_read(struct file *file, uint64_t offset, void *out,
                                     uint32_t n_bytes, uint32_t *out_read, struct sg_err *err);

/* What was written before is on the medium when this returns. Any thread; blocks.
 * FlushFileBuffers. */
SG_MUST_USE enum sg_status file_flush(struct file *file, struct sg_err *err);

/* Makes room for `size` bytes in the best way the volume offers (see enum file_allocation) and says
 * which it was. SG_E_DISK_FULL when the volume has not enough free room, counted as the account may
 * use it. A file closed to others stays so only with FILE_ALLOC_VALID_DATA. Any thread; blocks.
 * FileAllocationInfo and SetFileValidData; FSCTL_SET_SPARSE; GetDiskFreeSpaceExW. */
SG_MUST_USE enum sg_status file_reserve(struct file *file, uint64_t size,
                                        enum file_allocation *out_kind, struct sg_err *err);

/* Gives a file that was created closed to others, or for its owner, the access that its folder
 * gives to new files, and no other; nothing happens to any other file. Only when every byte below
 * its valid length was written, else others read what the disk held before. As somebody who may
 * look at the folder's access list. Any thread; blocks. SetSecurityInfo. */
SG_MUST_USE enum sg_status file_admit_others(struct file *file, struct sg_err *err);

/* Sets the file's length. Any thread; blocks. */
SG_MUST_USE enum sg_status file_set_size(struct file *file, uint64_t size, struct sg_err *err);

/* The file's length now. Any thread; blocks. */
SG_MUST_USE enum sg_status file_size(struct file *file, uint64_t *out_size, struct sg_err *err);

/* The file's identity. Any thread; blocks. */
SG_MUST_USE enum sg_status file_identity(struct file *file, struct file_id *out_id,
                                         struct sg_err *err);

/* Gives the open file another name in the same volume. With `may_replace` an existing file there is
 * replaced, else SG_E_EXISTS. SG_E_IN_USE while someone holds the target. No op may be pending. Any
 * thread; blocks. FileRenameInfo by handle; on POSIX the path it was opened with is renamed, and it
 * is SG_E_NOT_FOUND when that is not this file any more. */
SG_MUST_USE enum sg_status file_rename(struct file *file, const char *target, bool may_replace,
                                       struct sg_err *err);

/* The path that leads to the open file by now, without links and letters of a session: its folder
 * may have been renamed since, or have been another one than its path said. The caller owns it
 * (sg_free). SG_E_NOT_FOUND when it has none. Any thread; blocks. GetFinalPathNameByHandleW. */
SG_MUST_USE enum sg_status file_place(struct file *file, char **out_path, struct sg_err *err);

/* As file_rename, for a name in the folder that the open file is in, wherever that is by now: the
 * folder is held open, it is seen that the file is in it, and no path is looked up after that. The
 * name has no separators. SG_E_NOT_FOUND when somebody moves the file at the same time. Any thread;
 * blocks. FileRenameInformation with the folder as RootDirectory; renameat2. */
SG_MUST_USE enum sg_status file_rename_here(struct file *file, const char *name, bool may_replace,
                                            struct sg_err *err);

/* Removes the open file from its folder; it is gone when it is closed. Any thread; blocks. */
SG_MUST_USE enum sg_status file_delete(struct file *file, struct sg_err *err);

/* Sets the time of the last change, in milliseconds since 1970 UTC. Any thread; blocks. */
SG_MUST_USE enum sg_status file_set_modified(struct file *file, int64_t wall_ms,
                                             struct sg_err *err);

/* True when the file's volume has named streams, which go where the file goes: NTFS and ReFS, not
 * FAT. Any thread; blocks. GetVolumeInformationByHandleW, FILE_NAMED_STREAMS; on POSIX extended
 * attributes stand for them. */
bool file_has_streams(struct file *file);

/* Makes `text` the content of the file's stream `name`, on the medium when this returns. Only where
 * file_has_streams says so (elsewhere Windows refuses it, and Wine makes a file of that name), and
 * before file_rename. SG_E_DENIED, SG_E_DISK_FULL, SG_E_IN_USE while somebody holds the stream. Any
 * thread; blocks. "File Streams" in the Windows documentation: CreateFileW of "PATH:NAME". */
SG_MUST_USE enum sg_status file_write_stream(struct file *file, const char *name, const char *text,
                                             struct sg_err *err);

/* The word for users: "none", "sparse", or, either way to have it, "reserved". Any thread. */
const char *file_allocation_word(enum file_allocation kind);

#endif
