/* Moving the log's files on. A file that was taken away is begun again with the next line. */
#include "daemon/log_files.h"

#include <string.h>

#include "base/mem.h"
#include "os/log_file.h"
#include "os/path.h"

struct log_files {
    uint64_t max_bytes;
    char *paths[LOG_FILES]; /* the newest first */
    struct log_file *file;  /* NULL: it could not be opened */
    struct file_id id;      /* of the file */
    uint64_t n_bytes;
    bool is_torn; /* its last line was cut */
};

static char *make_path(const char *folder, int i)
{
    struct sg_buf name = { 0 };
    sg_buf_puts(&name, "segd.log");
    if (i > 0)
        sg_buf_printf(&name, ".%d", i);
    char *path = name.is_failed ? NULL : path_join(folder, name.data);
    sg_buf_fini(&name);
    return path;
}

static void close_newest(struct log_files *files)
{
    log_file_close(files->file);
    files->file = NULL;
}

static enum sg_status open_newest(struct log_files *files, struct sg_err *err)
{
    enum sg_status status = log_file_open(files->paths[0], &files->file, &files->n_bytes, err);
    if (status != SG_OK)
        return status;
    status = path_identity(files->paths[0], &files->id, err);
    if (status != SG_OK)
        close_newest(files);
    return status;
}

enum sg_status log_files_open(const char *folder, uint64_t max_bytes, struct log_files **out,
                              struct sg_err *err)
{
    enum sg_status status = SG_OK;
    struct log_files *files = sg_alloc(sizeof *files);
    if (files == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    files->max_bytes = max_bytes;
    for (int i = 0; i < LOG_FILES; i++) {
        files->paths[i] = make_path(folder, i);
        if (files->paths[i] == NULL)
            status = sg_err_set(err, SG_E_NOMEM, "out of memory");
    }
    if (status == SG_OK)
        status = open_newest(files, err);
    if (status != SG_OK) {
        log_files_close(files);
        return status;
    }
    *out = files;
    return SG_OK;
}

/* The oldest goes, the others move on by one. A file that somebody holds stays, and with it those
 * behind it: then there is no room for a new one, and lines are lost until it is let go. */
static void move_on(struct log_files *files)
{
    struct sg_err err;
    enum sg_status status = path_remove(files->paths[LOG_FILES - 1], &err);
    for (int i = LOG_FILES - 1; i > 0 && (status == SG_OK || status == SG_E_NOT_FOUND); i--)
        status = path_rename(files->paths[i - 1], files->paths[i], &err);
}

/* True when the file's name is another's now, or nobody's. */
static bool is_taken_away(const struct log_files *files)
{
    struct file_id id;
    return path_identity(files->paths[0], &id, NULL) != SG_OK || id.volume != files->id.volume ||
           memcmp(id.id, files->id.id, sizeof id.id) != 0;
}

void log_files_look(struct log_files *files)
{
    if (files->file != NULL && is_taken_away(files))
        close_newest(files);
}

/* Sees to a file that is open and has room for `length` bytes. */
static bool make_ready(struct log_files *files, size_t length)
{
    bool is_full = files->file != NULL && files->n_bytes + length > files->max_bytes;
    if (is_full) {
        close_newest(files);
        move_on(files);
    }
    if (files->file == NULL && open_newest(files, NULL) != SG_OK)
        return false;
    return files->n_bytes + length <= files->max_bytes;
}

bool log_files_append(struct log_files *files, const char *line, size_t length)
{
    if (!make_ready(files, length + 1))
        return false;
    if (files->is_torn && log_file_write(files->file, "\n", 1) == 1) {
        files->is_torn = false;
        files->n_bytes++;
    }
    size_t written = log_file_write(files->file, line, length);
    files->n_bytes += written;
    if (written == length)
        return true;
    files->is_torn = files->is_torn || written > 0;
    return false;
}

static void read_one_end(const char *path, size_t max_bytes, struct sg_buf *out)
{
    struct sg_err err;
    if (log_file_read_end(path, max_bytes, out, &err) != SG_OK && err.status == SG_E_NOMEM)
        sg_buf_fini(out);
}

void log_files_read_end(const struct log_files *files, size_t max_bytes, struct sg_buf *out)
{
    if (files->n_bytes < max_bytes)
        read_one_end(files->paths[1], max_bytes, out);
    read_one_end(files->paths[0], max_bytes, out);
}

void log_files_close(struct log_files *files)
{
    if (files == NULL)
        return;
    log_file_close(files->file);
    for (int i = 0; i < LOG_FILES; i++)
        sg_free(files->paths[i]);
    sg_free(files);
}
