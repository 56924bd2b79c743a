/* A simulated disk in memory: volumes with names and files, and for both what has been written and
 * what would still be there after a power cut. One thread.
 *
 * Content is kept in pages that versions of a file and copies of a disk share until one of them is
 * written to. What was written is volatile until the file is flushed. Names change in the order of
 * a journal, as on NTFS and ext4: flushing any file of a volume makes every change of names before
 * it durable; a power cut keeps some first part of the rest. */
#ifndef SEGUE_TESTS_SIM_OS_DISK_H
#define SEGUE_TESTS_SIM_OS_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "os/file.h"
#include "tests/sim/os/sim_clock.h"

struct disk;
struct node;

/* Where a path lies: "/data/...", "/downloads/...", anything else. */
enum volume_number { VOLUME_DATA, VOLUME_DOWNLOADS, VOLUME_OTHER, VOLUME_COUNT };

/* How a volume behaves; change it at any time. */
struct volume_nature {
    uint64_t capacity_bytes;
    enum file_allocation allocation; /* what file_reserve can do */
    uint64_t write_bps;
    uint64_t latency_us;       /* the longest that one write takes besides */
    uint64_t flush_us;         /* the longest that a flush takes */
    uint32_t at_once_permille; /* of the writes are finished when they are submitted */
    uint64_t write_fails_in;   /* the n-th write from now fails; 0: none */
    uint64_t flush_fails_in;   /* likewise */
    uint64_t open_fails_in;
    uint64_t reserve_fails_in;
    uint64_t name_fails_in; /* making, renaming, removing */
    uint32_t write_fails_permille;
    uint32_t flush_fails_permille;
    bool has_streams;  /* files may have a named stream */
    bool streams_fail; /* writing one does not work */
    bool forgets;      /* what a failed flush left unwritten counts as written: QUIRK(fsyncgate) */
};

/* A write that is on its way: in the disk's list until it completes. */
struct disk_write {
    struct sg_list link;
    struct node *node;
    uint64_t offset;
    const void *data;
    uint32_t n_bytes;
};

typedef void disk_alarm_fn(void *ctx);

/* An empty disk with its volumes and a folder for each, generous and without faults. NULL when
 * memory ran out. */
struct disk *disk_create(uint64_t seed);

/* Frees it; no file may be open. NULL is allowed. */
void disk_destroy(struct disk *disk);

/* The disk that the seam's functions work on; made when there is none. */
struct disk *disk_mounted(void);

/* True when there is one: asking does not make it. */
bool disk_is_mounted(void);

/* Another disk (which stays the caller's), or none. Gives the one before. */
struct disk *disk_mount(struct disk *disk);

/* What is left when the power goes this moment: the durable, some of the rest, by the dice. Writes
 * on their way may have reached the medium in part. Open files do not matter. */
struct disk *disk_after_cut(struct disk *disk, struct sim_dice *dice);

/* Calls `cut` once, inside of the n-th operation from now that changes the disk; 0: never. */
void disk_cut_after(struct disk *disk, uint64_t n_operations, disk_alarm_fn *cut, void *ctx);

/* The same, for somebody else: what he does with it must not change the disk. */
void disk_glimpse_after(struct disk *disk, uint64_t n_operations, disk_alarm_fn *glimpse,
                        void *ctx);

/* Operations so far. */
uint64_t disk_operations(const struct disk *disk);

/* The volume's nature. */
struct volume_nature *disk_volume(struct disk *disk, enum volume_number volume);

/* Bytes that are free in the volume. */
uint64_t disk_free_bytes(const struct disk *disk, enum volume_number volume);

/* The volume that a path lies in. */
enum volume_number disk_volume_of(const char *path);

/* The dice that decide latencies and failures. */
struct sim_dice *disk_dice(struct disk *disk);

/* The writes on their way, as struct disk_write. */
struct sg_list *disk_writes(struct disk *disk);

/* Names: each gives 0 or an errno. */

/* What has this name: ENOENT, ENOTDIR when a folder above is a file. Borrowed. */
int disk_find(struct disk *disk, const char *path, struct node **out);

/* Makes a file or a folder: EEXIST, ENOENT when the folder is missing. Borrowed. */
int disk_make(struct disk *disk, const char *path, bool is_folder, struct node **out);

/* True when opening this path fails this time; whoever opens files asks before he does. */
bool disk_open_fails(struct disk *disk, const char *path);

/* EBUSY while it is open to write. */
int disk_remove(struct disk *disk, const char *path);

/* EEXIST unless it may replace; EBUSY while the target is open. */
int disk_rename(struct disk *disk, const char *from, const char *to, bool may_replace);

/* Makes every change of names in the volume durable. */
void disk_flush_names(struct disk *disk, enum volume_number volume);

/* The name of the i-th file or folder, or NULL. */
const char *disk_name(const struct disk *disk, enum volume_number volume, size_t i);

/* Files. */

/* One more who keeps the node; gives it back. */
struct node *node_ref(struct node *node);

/* One less; the last one frees it. */
void node_unref(struct node *node);

/* Opens it: EBUSY when it is open for writing and is to be so again, EISDIR. Shared with others who
 * only read. */
int node_open(struct node *node, bool may_write);

/* Ends one node_open. */
void node_close(struct node *node, bool may_write);

/* Whether it is a folder. */
bool node_is_folder(const struct node *node);

/* Its number, unique on the disk for ever. */
uint64_t node_number(const struct node *node);

/* Its length. */
uint64_t node_size(const struct node *node);

/* Writes at once: ENOSPC, EIO. */
int node_write(struct node *node, uint64_t offset, const void *data, size_t n_bytes);

/* Reads what is there; returns how much. */
size_t node_read(const struct node *node, uint64_t offset, void *out, size_t n_bytes);

/* Cuts it, or lets it grow with zeros. */
void node_resize(struct node *node, uint64_t size);

/* Gives it a stream in place of the one it had, durable at once: EIO. */
int node_write_stream(struct node *node, const char *name, const char *text);

/* What its stream of this name holds, or NULL. Borrowed. */
const char *node_stream(const struct node *node, const char *name);

/* Makes it durable with all names of its volume; EIO: nothing is, or, where the volume forgets,
 * some of it is, and what is not never will be unless it is written again. */
int node_flush(struct node *node);

/* Reserves room: ENOSPC. */
int node_reserve(struct node *node, uint64_t size, enum file_allocation *out_kind);

#endif
