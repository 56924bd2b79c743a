/* Part files that are to be: what they are called, that they are made, and the room for them. */
#include "engine/part.h"

#include <string.h>

#include "base/mem.h"
#include "core/name.h"
#include "engine/room.h"
#include "os/path.h"

enum { NAMES_TRIED_MAX = 1000, SMALL_BYTES = 1024 * 1024 };

static const char suffix[] = ".part";

static char *with_suffix(const char *path)
{
    size_t length = strlen(path);
    char *part = sg_alloc(length + sizeof suffix);
    if (part == NULL)
        return NULL;
    memcpy(part, path, length);
    memcpy(part + length, suffix, sizeof suffix);
    return part;
}

/* The n-th candidate for the target's path; with its part file's path. */
static enum sg_status candidate(struct part_task *task, unsigned n)
{
    sg_free(task->path);
    sg_free(task->part_path);
    task->path = NULL;
    task->part_path = NULL;
    char *numbered = name_numbered(task->name, n);
    if (numbered != NULL)
        task->path = path_join(task->folder, numbered);
    sg_free(numbered);
    if (task->path != NULL)
        task->part_path = with_suffix(task->path);
    return task->part_path != NULL ? SG_OK : sg_err_set(&task->err, SG_E_NOMEM, "out of memory");
}

static bool is_free(const struct part_task *task)
{
    bool is_target_free = task->if_exists != JOB_IF_EXISTS_RENAME || !path_exists(task->path);
    return is_target_free && !path_exists(task->part_path);
}

static enum sg_status find_free_name(struct part_task *task)
{
    for (unsigned n = 1; n <= NAMES_TRIED_MAX; n++) {
        enum sg_status status = candidate(task, n);
        if (status != SG_OK || is_free(task))
            return status;
    }
    return sg_err_set(&task->err, SG_E_EXISTS, "%s and its numbered names are all taken",
                      task->name);
}

/* With overwrite the part file may have a number while the target has none. */
static enum sg_status settle_target(struct part_task *task)
{
    if (task->if_exists == JOB_IF_EXISTS_RENAME)
        return SG_OK;
    char *target = path_join(task->folder, task->name);
    if (target == NULL)
        return sg_err_set(&task->err, SG_E_NOMEM, "out of memory");
    sg_free(task->path);
    task->path = target;
    return SG_OK;
}

/* What could not become the target in the end is refused now: a folder is never overwritten. */
static enum sg_status refuse_existing(struct part_task *task)
{
    if (task->if_exists == JOB_IF_EXISTS_RENAME)
        return SG_OK;
    enum sg_status status = candidate(task, 1);
    if (status != SG_OK)
        return status;
    if (path_check_folder(task->path, NULL) == SG_OK)
        return sg_err_set(&task->err, SG_E_EXISTS, "%s is a folder", task->path);
    if (task->if_exists == JOB_IF_EXISTS_FAIL && path_exists(task->path))
        return sg_err_set(&task->err, SG_E_EXISTS, "%s exists already", task->path);
    return SG_OK;
}

bool part_is_small(int64_t total)
{
    return total >= 0 && total <= SMALL_BYTES;
}

static enum sg_status reserve(struct part_task *task)
{
    if (task->total < 0 || part_is_small(task->total)) {
        task->allocation = FILE_ALLOC_NONE;
        return task->actor.is_service ? SG_OK : file_admit_others(task->file, &task->err);
    }
    return file_reserve(task->file, (uint64_t)task->total, &task->allocation, &task->err);
}

static enum sg_status explain_full(struct part_task *task, enum sg_status status)
{
    if (status == SG_E_DISK_FULL)
        room_explain(task->folder, task->path, task->total, 0, &task->err);
    return status;
}

/* An operation that is the owner's. */
static enum sg_status as_owner(struct part_task *task,
                               enum sg_status (*perform)(struct part_task *))
{
    enum sg_status status = actor_begin(&task->actor, &task->err);
    if (status != SG_OK)
        return status;
    status = perform(task);
    actor_end(&task->actor);
    return status;
}

static enum sg_status choose(struct part_task *task)
{
    enum sg_status status = path_check_folder(task->folder, &task->err);
    if (status == SG_OK)
        status = refuse_existing(task);
    if (status == SG_OK)
        status = find_free_name(task);
    return status == SG_OK ? settle_target(task) : status;
}

enum sg_status part_choose(struct part_task *task)
{
    if (task->name == NULL)
        return sg_err_set(&task->err, SG_E_NOMEM, "out of memory");
    return as_owner(task, choose);
}

/* Leaves nothing behind. */
static void abandon(struct part_task *task, enum sg_status status)
{
    if (file_delete(task->file, NULL) != SG_OK)
        sg_err_prefix(&task->err, status, "%s is left behind", task->part_path);
    file_close(task->file);
    task->file = NULL;
}

/* The folder may have been swapped since the name was chosen, and its path may have links in it:
 * what is kept, and shown, is where the file really is. A volume without a path keeps the old one.
 */
static enum sg_status note_place(struct part_task *task)
{
    char *place;
    if (file_place(task->file, &place, NULL) != SG_OK)
        return SG_OK;
    char *parent = path_parent(place);
    char *path = parent != NULL ? path_join(parent, path_name(task->path)) : NULL;
    sg_free(parent);
    if (path == NULL) {
        sg_free(place);
        return sg_err_set(&task->err, SG_E_NOMEM, "out of memory");
    }
    sg_free(task->path);
    sg_free(task->part_path);
    task->path = path;
    task->part_path = place;
    return SG_OK;
}

static enum sg_status prepare_for_owner(struct part_task *task)
{
    if (!task->actor.is_service)
        return SG_OK;
    part_set_mark(task);
    return note_place(task);
}

static enum file_mode mode_for(const struct part_task *task)
{
    if (task->actor.is_service)
        return FILE_CREATE_FOR_OWNER;
    return part_is_small(task->total) ? FILE_CREATE_PLAIN : FILE_CREATE_NEW;
}

static enum sg_status create(struct part_task *task)
{
    enum file_mode mode = mode_for(task);
    enum sg_status status = file_open(task->loop, task->part_path, mode, &task->file, &task->err);
    if (status != SG_OK)
        return explain_full(task, status);
    status = file_identity(task->file, &task->id, &task->err);
    if (status == SG_OK)
        status = prepare_for_owner(task);
    if (status != SG_OK)
        abandon(task, status);
    return status;
}

enum sg_status part_create(struct part_task *task)
{
    return as_owner(task, create);
}

static enum sg_status reserve_new(struct part_task *task)
{
    enum sg_status status = reserve(task);
    if (status != SG_OK)
        abandon(task, status);
    return explain_full(task, status);
}

/* Whether there is room is a question about the folder, which he may look at. */
enum sg_status part_reserve(struct part_task *task)
{
    bool is_owner = actor_try(&task->actor);
    enum sg_status status = reserve_new(task);
    if (is_owner)
        actor_end(&task->actor);
    return status;
}

enum sg_status part_reset(struct part_task *task)
{
    enum sg_status status = file_set_size(task->file, 0, &task->err);
    if (status != SG_OK)
        return status;
    bool is_owner = actor_try(&task->actor);
    status = explain_full(task, reserve(task));
    if (is_owner)
        actor_end(&task->actor);
    return actor_blame(&task->actor, status, &task->err);
}
