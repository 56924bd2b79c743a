/* Files on the simulated disk. Overlapped writes take their time, overtake each other and read the
 * caller's buffer only when they complete; some are finished at once. Codes are errno's, and what
 * they mean is os/posix/error.c's. */
#include "os/file.h"

#include <errno.h>

#include "base/assert.h"
#include "base/mem.h"
#include "os/path.h"
#include "os/posix/fail_posix.h"
#include "tests/sim/os/disk.h"
#include "tests/sim/os/sim_clock.h"
#include "tests/sim/os/sim_port.h"

enum { OPENING_US = 300 };

struct file {
    struct port *port;
    struct disk *disk;
    struct node *node;
    char *path;
    bool is_read_only;
    uint32_t n_pending;
    uint64_t busy_until_us; /* the medium moves so many bytes a second */
};

/* A write on its way. */
struct pending {
    struct sim_event event;
    struct disk_write write;
    struct file *file;
    struct op *op;
};

static int open_node(struct disk *disk, const char *path, enum file_mode mode, struct node **out)
{
    bool may_write = mode != FILE_READ_ONLY;
    if (disk_open_fails(disk, path))
        return EIO;
    bool is_new =
        mode == FILE_CREATE_NEW || mode == FILE_CREATE_PLAIN || mode == FILE_CREATE_FOR_OWNER;
    int result = is_new ? disk_make(disk, path, false, out) : disk_find(disk, path, out);
    return result == 0 ? node_open(*out, may_write) : result;
}

/* ENOENT is said of a missing file and of a missing folder above it. */
static enum sg_status status_for_path(struct disk *disk, int os_error, const char *path)
{
    if (os_error != ENOENT)
        return os_error_status(os_error);
    struct node *folder;
    sg_mem_spare_begin();
    char *parent = path_parent(path);
    sg_mem_spare_end();
    bool has_folder = parent != NULL && disk_find(disk, parent, &folder) == 0;
    sg_free(parent);
    return has_folder ? SG_E_NOT_FOUND : SG_E_NO_FOLDER;
}

enum sg_status file_open(struct loop *loop, const char *path, enum file_mode mode,
                         struct file **out, struct sg_err *err)
{
    struct file *file = sg_alloc(sizeof *file);
    char *copy = sg_strdup(path);
    enum sg_status status = SG_E_NOMEM;
    if (file == NULL || copy == NULL) {
        sg_err_set(err, status, "opening %s", path);
        goto free_both;
    }
    *file = (struct file){ .port = loop_port(loop),
                           .disk = disk_mounted(),
                           .path = copy,
                           .is_read_only = mode == FILE_READ_ONLY };
    sim_spend_us(OPENING_US);
    int os_error = open_node(file->disk, path, mode, &file->node);
    if (os_error != 0) {
        status = status_for_path(file->disk, os_error, path);
        posix_fail_as(err, status, os_error, "opening", path);
        goto free_both;
    }
    *out = file;
    return SG_OK;

free_both:
    sg_free(copy);
    sg_free(file);
    return status;
}

void file_close(struct file *file)
{
    if (file == NULL)
        return;
    SG_ASSERT(file->n_pending == 0);
    node_close(file->node, !file->is_read_only);
    sg_free(file->path);
    sg_free(file);
}

static enum sg_status write_now(struct op *op, struct node *node, uint64_t offset, const void *data,
                                uint32_t n_bytes)
{
    op->os_error = node_write(node, offset, data, n_bytes);
    return op->os_error == 0 ? SG_OK : os_error_status(op->os_error);
}

static void on_landed(struct sim_event *event)
{
    struct pending *pending = sg_container_of(event, struct pending, event);
    struct op *op = pending->op;
    const struct disk_write *write = &pending->write;
    uint32_t n_bytes = write->n_bytes;
    sg_list_remove(&pending->write.link);
    pending->file->n_pending--;
    enum sg_status status = write_now(op, write->node, write->offset, write->data, n_bytes);
    sg_free(pending);

    op->done(op, status, status == SG_OK ? n_bytes : 0);
}

/* When the write will be on the medium: after those before it, and then any time within the
 * latency, so that a later one may overtake it. */
static uint64_t landing_us(struct file *file, uint32_t n_bytes)
{
    const struct volume_nature *nature = disk_volume(file->disk, disk_volume_of(file->path));
    uint64_t now_us = sim_now_us();
    if (file->busy_until_us < now_us)
        file->busy_until_us = now_us;
    file->busy_until_us += (uint64_t)n_bytes * 1000000 / nature->write_bps;
    return file->busy_until_us + dice_below(disk_dice(file->disk), nature->latency_us);
}

static enum sg_status send_off(struct file *file, struct op *op, uint64_t offset, const void *data,
                               uint32_t n_bytes)
{
    struct pending *pending = sg_alloc(sizeof *pending);
    if (pending == NULL)
        return SG_E_NOMEM;
    *pending = (struct pending){
        .event.fire = on_landed,
        .write = { .node = file->node, .offset = offset, .data = data, .n_bytes = n_bytes },
        .file = file,
        .op = op,
    };
    file->n_pending++;
    sg_list_insert(disk_writes(file->disk), &pending->write.link);
    sim_event_start(file->port, &pending->event, landing_us(file, n_bytes));
    return SG_PENDING;
}

enum sg_status file_write(struct file *file, struct op *op, uint64_t offset, const void *data,
                          uint32_t n_bytes)
{
    SG_ASSERT(n_bytes > 0);
    op->os_error = 0;
    if (file->is_read_only) {
        op->os_error = EACCES;
        return SG_E_DENIED;
    }
    const struct volume_nature *nature = disk_volume(file->disk, disk_volume_of(file->path));
    if (dice_chance(disk_dice(file->disk), nature->at_once_permille))
        return write_now(op, file->node, offset, data, n_bytes);
    return send_off(file, op, offset, data, n_bytes);
}

enum sg_status file_read(struct file *file, uint64_t offset, void *out, uint32_t n_bytes,
                         uint32_t *out_read, struct sg_err *err)
{
    (void)err;
    *out_read = (uint32_t)node_read(file->node, offset, out, n_bytes);
    return SG_OK;
}

enum sg_status file_flush(struct file *file, struct sg_err *err)
{
    int os_error = node_flush(file->node);
    return os_error == 0 ? SG_OK : posix_fail(err, os_error, "flushing", file->path);
}

enum sg_status file_reserve(struct file *file, uint64_t size, enum file_allocation *out_kind,
                            struct sg_err *err)
{
    int os_error = node_reserve(file->node, size, out_kind);
    return os_error == 0 ? SG_OK : posix_fail(err, os_error, "reserving room for", file->path);
}

/* The simulated disk has one account. */
enum sg_status file_admit_others(struct file *file, struct sg_err *err)
{
    (void)file;
    (void)err;
    return SG_OK;
}

enum sg_status file_set_size(struct file *file, uint64_t size, struct sg_err *err)
{
    if (file->is_read_only)
        return posix_fail(err, EACCES, "setting the size of", file->path);
    node_resize(file->node, size);
    return SG_OK;
}

enum sg_status file_size(struct file *file, uint64_t *out_size, struct sg_err *err)
{
    (void)err;
    *out_size = node_size(file->node);
    return SG_OK;
}

enum sg_status file_identity(struct file *file, struct file_id *out_id, struct sg_err *err)
{
    return path_identity(file->path, out_id, err);
}

enum sg_status file_rename(struct file *file, const char *target, bool may_replace,
                           struct sg_err *err)
{
    char *copy = sg_strdup(target);
    if (copy == NULL)
        return sg_err_set(err, SG_E_NOMEM, "renaming %s", file->path);
    int os_error = disk_rename(file->disk, file->path, target, may_replace);
    if (os_error != 0) {
        sg_free(copy);
        return posix_fail_as(err, status_for_path(file->disk, os_error, target), os_error,
                             "renaming to", target);
    }
    sg_free(file->path);
    file->path = copy;
    return SG_OK;
}

/* There are no links here, and no folder is renamed. */
enum sg_status file_place(struct file *file, char **out_path, struct sg_err *err)
{
    char *copy = sg_strdup(file->path);
    if (copy == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    *out_path = copy;
    return SG_OK;
}

enum sg_status file_rename_here(struct file *file, const char *name, bool may_replace,
                                struct sg_err *err)
{
    char *folder = path_parent(file->path);
    char *target = folder != NULL ? path_join(folder, name) : NULL;
    enum sg_status status = target != NULL ? file_rename(file, target, may_replace, err)
                                           : sg_err_set(err, SG_E_NOMEM, "renaming");
    sg_free(target);
    sg_free(folder);
    return status;
}

/* Only the one who has it open may remove it: it lets go of it for that moment. */
enum sg_status file_delete(struct file *file, struct sg_err *err)
{
    node_close(file->node, !file->is_read_only);
    int os_error = disk_remove(file->disk, file->path);
    SG_ASSERT(node_open(file->node, !file->is_read_only) == 0);
    return os_error == 0 ? SG_OK : posix_fail(err, os_error, "removing", file->path);
}

/* Nothing in the simulation asks for a file's time. */
enum sg_status file_set_modified(struct file *file, int64_t wall_ms, struct sg_err *err)
{
    (void)file;
    (void)wall_ms;
    (void)err;
    return SG_OK;
}

bool file_has_streams(struct file *file)
{
    return disk_volume(file->disk, disk_volume_of(file->path))->has_streams;
}

enum sg_status file_write_stream(struct file *file, const char *name, const char *text,
                                 struct sg_err *err)
{
    int os_error = node_write_stream(file->node, name, text);
    return os_error == 0 ? SG_OK : posix_fail(err, os_error, "writing a stream of", file->path);
}
