/* A VFS over tests/sim/os/disk: what SQLite writes is lost, kept or torn by a power cut as any
 * other file is. It has no shared memory, which the store does not need because it locks the
 * database for itself, and no locks, because there is one process.
 * https://www.sqlite.org/vfs.html */
#include "tests/sim/sim_vfs.h"

#include <errno.h>
#include <string.h>

#include <sqlite3.h>

#include "base/assert.h"
#include "os/clock.h"
#include "tests/sim/os/disk.h"

enum { LONGEST_PATH = 256 };

struct vfs_file {
    sqlite3_file base;
    struct node *node;
};

static struct node *node_of(sqlite3_file *file)
{
    return ((struct vfs_file *)file)->node;
}

static int close_file(sqlite3_file *file)
{
    node_close(node_of(file), true);
    return SQLITE_OK;
}

/* What is missing is zeros, says the contract. */
static int read_file(sqlite3_file *file, void *out, int n_bytes, sqlite3_int64 offset)
{
    size_t n_read = node_read(node_of(file), (uint64_t)offset, out, (size_t)n_bytes);
    if (n_read == (size_t)n_bytes)
        return SQLITE_OK;
    memset((char *)out + n_read, 0, (size_t)n_bytes - n_read);
    return SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *file, const void *data, int n_bytes, sqlite3_int64 offset)
{
    int os_error = node_write(node_of(file), (uint64_t)offset, data, (size_t)n_bytes);
    if (os_error == ENOSPC)
        return SQLITE_FULL;
    return os_error == 0 ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    node_resize(node_of(file), (uint64_t)size);
    return SQLITE_OK;
}

static int sync_file(sqlite3_file *file, int flags)
{
    (void)flags;
    return node_flush(node_of(file)) == 0 ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *out_size)
{
    *out_size = (sqlite3_int64)node_size(node_of(file));
    return SQLITE_OK;
}

static int lock_file(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

static int is_reserved(sqlite3_file *file, int *out_is_reserved)
{
    (void)file;
    *out_is_reserved = 0;
    return SQLITE_OK;
}

static int control_file(sqlite3_file *file, int operation, void *argument)
{
    (void)file;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *file)
{
    (void)file;
    return 512;
}

static int characteristics(sqlite3_file *file)
{
    (void)file;
    return 0; /* it promises nothing */
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = lock_file,
    .xCheckReservedLock = is_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
};

static int find_or_make(const char *path, int flags, struct node **out)
{
    int os_error = disk_find(disk_mounted(), path, out);
    if (os_error == ENOENT && (flags & SQLITE_OPEN_CREATE) != 0)
        os_error = disk_make(disk_mounted(), path, false, out);
    return os_error;
}

/* Temporary files have no name; the store keeps them in memory. */
static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                     int *out_flags)
{
    (void)vfs;
    struct vfs_file *opened = (struct vfs_file *)file;
    *opened = (struct vfs_file){ .base = { NULL } };
    if (path == NULL || disk_open_fails(disk_mounted(), path) ||
        find_or_make(path, flags, &opened->node) != 0 || node_open(opened->node, true) != 0)
        return SQLITE_CANTOPEN;
    opened->base.pMethods = &methods;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int is_durable)
{
    (void)vfs;
    int os_error = disk_remove(disk_mounted(), path);
    if (os_error == 0 && is_durable)
        disk_flush_names(disk_mounted(), disk_volume_of(path));
    if (os_error == ENOENT)
        return SQLITE_IOERR_DELETE_NOENT;
    return os_error == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE;
}

static int may_access(sqlite3_vfs *vfs, const char *path, int flags, int *out_may)
{
    (void)vfs;
    (void)flags;
    struct node *node;
    *out_may = disk_find(disk_mounted(), path, &node) == 0;
    return SQLITE_OK;
}

static int full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
    (void)vfs;
    size_t length = strlen(path);
    if (length >= (size_t)size)
        return SQLITE_CANTOPEN;
    memcpy(out, path, length + 1);
    return SQLITE_OK;
}

static int random_bytes(sqlite3_vfs *vfs, int n_bytes, char *out)
{
    (void)vfs;
    for (int i = 0; i < n_bytes; i++)
        out[i] = (char)clock_random();
    return n_bytes;
}

static int sleep_us(sqlite3_vfs *vfs, int duration_us)
{
    (void)vfs;
    sim_spend_us((uint64_t)duration_us);
    return duration_us;
}

/* Days since the noon of 24 November 4714 BC, in milliseconds. */
static int current_time(sqlite3_vfs *vfs, double *out_days)
{
    (void)vfs;
    *out_days = 2440587.5 + (double)clock_wall_ms() / 86400000.0;
    return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

void sim_vfs_use(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(struct vfs_file),
        .mxPathname = LONGEST_PATH,
        .zName = "sim",
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = may_access,
        .xFullPathname = full_path,
        .xRandomness = random_bytes,
        .xSleep = sleep_us,
        .xCurrentTime = current_time,
        .xGetLastError = last_error,
    };
    SG_ASSERT(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
    sqlite3_randomness(0, NULL); /* to be seeded anew */
}
