/* Part files that are there: found again, verified, given their name, deleted. */
#include "engine/part.h"

#include <string.h>

#include "base/mem.h"
#include "core/digest_header.h"
#include "core/name.h"
#include "core/zone.h"
#include "os/path.h"

enum { NAMES_TRIED_MAX = 1000 };

struct file_id part_id(const struct job_record *record)
{
    struct file_id id = { .volume = (uint64_t)record->part_volume };
    memcpy(id.id, &record->part_id_low, 8);
    memcpy(id.id + 8, &record->part_id_high, 8);
    return id;
}

static uint64_t end_of(const struct extents *set)
{
    return set->count > 0 ? set->items[set->count - 1].to : 0;
}

enum sg_status part_task_init(struct part_task *task, struct loop *loop,
                              const struct job_record *record)
{
    *task =
        (struct part_task){ .loop = loop, .total = record->total, .if_exists = record->if_exists };
    enum sg_status status = job_record_set(&task->folder, record->folder);
    if (status == SG_OK)
        status = job_record_set(&task->path, record->path);
    if (status == SG_OK)
        status = job_record_set(&task->part_path, record->part_path);
    if (status == SG_OK)
        status = job_record_set(&task->wanted, job_record_wanted_digest(record));
    if (status != SG_OK)
        part_task_fini(task);
    task->is_declared = record->checksum == NULL;
    task->id = part_id(record);
    task->least_size = end_of(&record->extents);
    task->done = record->done;
    return status;
}

void part_task_fini(struct part_task *task)
{
    actor_fini(&task->actor);
    sg_free(task->folder);
    sg_free(task->name);
    sg_free(task->path);
    sg_free(task->part_path);
    sg_free(task->wanted);
    sg_free(task->mark);
    task->folder = task->name = task->path = task->part_path = task->wanted = task->mark = NULL;
}

static bool is_it(const struct file_id *wanted, const char *path)
{
    struct file_id id;
    return path_identity(path, &id, NULL) == SG_OK && file_id_is_same(&id, wanted);
}

static bool is_known(const struct file_id *id)
{
    static const struct file_id unknown;
    return !file_id_is_same(id, &unknown);
}

/* Its identity is committed before anything is put into it: so without one it is empty, or
 * another's. */
static void delete_if_empty(struct loop *loop, const char *path)
{
    struct file *file;
    uint64_t size = 1;
    if (file_open(loop, path, FILE_OPEN_EXISTING, &file, NULL) != SG_OK)
        return;
    if (file_size(file, &size, NULL) == SG_OK && size == 0)
        (void)!file_delete(file, NULL);
    file_close(file);
}

/* What is called so may be another file the next moment: the open one is looked at, and removed. */
static void delete_opened(const struct actor *actor, struct loop *loop, const char *path,
                          const struct file_id *id)
{
    struct file *file;
    struct file_id found;
    if (actor_open(actor, loop, path, FILE_OPEN_EXISTING, id, &file, NULL) != SG_OK)
        return;
    if (file_identity(file, &found, NULL) == SG_OK && file_id_is_same(&found, id))
        (void)!file_delete(file, NULL);
    file_close(file);
}

static void delete_unknown(const struct actor *actor, struct loop *loop, const char *path)
{
    if (!actor_try(actor))
        return; /* whose file it is could not be told */
    delete_if_empty(loop, path);
    actor_end(actor);
}

void part_delete(const struct actor *actor, struct loop *loop, const char *path,
                 const struct file_id *id)
{
    if (!is_known(id))
        delete_unknown(actor, loop, path);
    else if (actor->is_service)
        delete_opened(actor, loop, path, id);
    else if (is_it(id, path))
        (void)!path_remove(path, NULL);
}

/* Takes `target`, which has the file by now, for both names. */
static void note_target(struct part_task *task, const char *target)
{
    if (job_record_set(&task->part_path, target) == SG_OK)
        (void)!job_record_set(&task->path, target);
}

/* The crash may have come between the rename and its note; the name may have got a number. */
static void look_at_target(struct part_task *task)
{
    if (task->path == NULL || path_exists(task->part_path))
        return;
    char *parent = path_parent(task->path);
    char *name = sg_strdup(path_name(task->path));
    bool is_taken = parent != NULL && name != NULL; /* by others: then ours comes behind them */
    for (unsigned n = 1; is_taken && n <= NAMES_TRIED_MAX; n++) {
        char *numbered = name_numbered(name, n);
        char *target = numbered != NULL ? path_join(parent, numbered) : NULL;
        is_taken = target != NULL && path_exists(target);
        if (is_taken && is_it(&task->id, target)) {
            note_target(task, target);
            is_taken = false;
        }
        sg_free(target);
        sg_free(numbered);
    }
    sg_free(parent);
    sg_free(name);
}

/* The identity is not enough: some file systems give the number of a deleted file to the next one
 * at once (inodes; NTFS counts how often a number was used). */
static enum sg_status check_reopened(struct part_task *task)
{
    struct file_id id;
    uint64_t size;
    enum sg_status status = file_identity(task->file, &id, &task->err);
    if (status == SG_OK)
        status = file_size(task->file, &size, &task->err);
    if (status == SG_OK && (!file_id_is_same(&id, &task->id) || size < task->least_size))
        status = sg_err_set(&task->err, SG_E_NOT_FOUND, "%s is another file now", task->part_path);
    return status;
}

enum sg_status part_reopen(struct part_task *task)
{
    if (!is_known(&task->id)) { /* the crash came before it could be noted */
        delete_unknown(&task->actor, task->loop, task->part_path);
        return SG_E_NOT_FOUND;
    }
    bool is_owner = actor_try(&task->actor);
    look_at_target(task);
    if (is_owner)
        actor_end(&task->actor);
    enum sg_status status =
        actor_open(&task->actor, task->loop, task->part_path,
                   task->actor.is_service ? FILE_OPEN_FOR_OWNER : FILE_OPEN_EXISTING, &task->id,
                   &task->file, &task->err);
    if (status != SG_OK)
        return status;
    status = check_reopened(task);
    if (status != SG_OK) {
        file_close(task->file);
        task->file = NULL;
    }
    return status;
}

/* Whose digest it was decides what can be done about it. */
static enum sg_status mismatch(struct part_task *task, enum digest_kind kind, const uint8_t *wanted,
                               const uint8_t *found)
{
    char wanted_hex[DIGEST_HEX_SIZE];
    char found_hex[DIGEST_HEX_SIZE];
    digest_to_hex(wanted, digest_size(kind), wanted_hex);
    digest_to_hex(found, digest_size(kind), found_hex);
    return sg_err_set(&task->err, SG_E_CHECKSUM, "the file's %s is %s, but %s %s",
                      digest_word(kind), found_hex,
                      task->is_declared ? "the server declared" : "--checksum wants", wanted_hex);
}

enum sg_status part_verify(struct part_task *task)
{
    enum digest_kind kind;
    uint8_t wanted[DIGEST_SIZE_MAX], found[DIGEST_SIZE_MAX];
    if (!digest_parse(task->wanted, &kind, wanted))
        return sg_err_set(&task->err, SG_E_INVALID, "not a checksum: %s", task->wanted);
    enum sg_status status = hash_file(task->file, task->part_path, (uint64_t)task->total, kind,
                                      task->watch, found, &task->err);
    if (status == SG_OK && memcmp(wanted, found, digest_size(kind)) != 0)
        status = mismatch(task, kind, wanted, found);
    return status;
}

/* Names the file `name` in the folder of its target; in the service that is the folder that it is
 * in, since a path may lead elsewhere by now. */
static enum sg_status rename_to(struct part_task *task, const char *target)
{
    bool is_owner = task->actor.owner != NULL;
    bool may_replace = task->if_exists == JOB_IF_EXISTS_OVERWRITE;
    if (!task->actor.is_service)
        return file_rename(task->file, target, may_replace, &task->err);
    return file_rename_here(task->file, path_name(target), may_replace && is_owner, &task->err);
}

static enum sg_status rename_numbered(struct part_task *task)
{
    char *parent = path_parent(task->path);
    char *name = sg_strdup(path_name(task->path));
    enum sg_status status = parent != NULL && name != NULL ? SG_E_EXISTS : SG_E_NOMEM;
    for (unsigned n = 2; status == SG_E_EXISTS && n <= NAMES_TRIED_MAX; n++) {
        char *numbered = name_numbered(name, n);
        char *target = numbered != NULL ? path_join(parent, numbered) : NULL;
        status = target != NULL ? rename_to(task, target) : SG_E_NOMEM;
        if (status == SG_OK) {
            sg_free(task->path);
            task->path = target;
            target = NULL;
        }
        sg_free(target);
        sg_free(numbered);
    }
    sg_free(parent);
    sg_free(name);
    return status;
}

/* In the service its folder may be called otherwise by now. */
static enum sg_status note_place(struct part_task *task)
{
    char *place;
    if (task->actor.is_service && file_place(task->file, &place, NULL) == SG_OK) {
        sg_free(task->path);
        task->path = place;
    }
    return job_record_set(&task->part_path, task->path);
}

static enum sg_status give_name(struct part_task *task)
{
    enum sg_status status = rename_to(task, task->path);
    if (status == SG_E_EXISTS && task->if_exists == JOB_IF_EXISTS_RENAME)
        status = rename_numbered(task);
    return status == SG_OK ? note_place(task) : status;
}

void part_set_mark(struct part_task *task)
{
    if (task->mark == NULL || !file_has_streams(task->file))
        return;
    enum sg_status status = file_write_stream(task->file, ZONE_STREAM, task->mark, &task->warning);
    if (status != SG_OK)
        sg_err_prefix(&task->warning, status, "the mark of the web could not be set");
}

static bool has_its_name(const struct part_task *task)
{
    return strcmp(task->part_path, task->path) == 0; /* see look_at_target */
}

static enum sg_status finish_own(struct part_task *task)
{
    enum sg_status status = SG_OK;
    part_set_mark(task); /* before the time: writing a stream can change that */
    if (task->modified_ms != 0)
        status = file_set_modified(task->file, task->modified_ms, &task->err);
    if (status == SG_OK)
        status = file_admit_others(task->file, &task->err);
    if (status == SG_OK && !has_its_name(task))
        status = give_name(task);
    return status;
}

/* The mark is written by the file's path: not with a right that reaches further than the owner's.
 */
static enum sg_status finish_as_owner(struct part_task *task)
{
    enum sg_status status = SG_OK;
    bool is_owner = actor_try(&task->actor);
    if (is_owner)
        part_set_mark(task);
    if (task->modified_ms != 0)
        status = file_set_modified(task->file, task->modified_ms, &task->err);
    if (status == SG_OK && !has_its_name(task))
        status = give_name(task);
    if (is_owner)
        actor_end(&task->actor);
    return status;
}

/* The owner may see the folder's list, and as a rule change the file's; where he may not, our entry
 * in it may do. That it stays is no reason to keep a finished file from him. */
static enum sg_status leave_file(struct part_task *task)
{
    struct sg_err err = { 0 };
    enum sg_status status = actor_begin(&task->actor, &err);
    if (status == SG_OK) {
        status = file_admit_others(task->file, &err);
        actor_end(&task->actor);
    }
    if (status != SG_OK)
        status = file_admit_others(task->file, &err);
    if (status != SG_OK && task->actor.owner == NULL)
        return sg_err_set(&task->err, SG_E_DENIED, "%s", sg_err_text(&err));
    if (status != SG_OK)
        task->warning = err;
    return SG_OK;
}

/* The access list comes last, since it is with its entry there that the service can try again. */
static enum sg_status finish_for_owner(struct part_task *task)
{
    enum sg_status status = finish_as_owner(task);
    return status == SG_OK ? leave_file(task) : status;
}

/* Without the owner nothing is replaced: then he has to come. */
static enum sg_status blame_owner(struct part_task *task, enum sg_status status)
{
    bool may_be_replaced = status == SG_E_EXISTS && task->if_exists == JOB_IF_EXISTS_OVERWRITE;
    return actor_blame(&task->actor, may_be_replaced ? SG_E_DENIED : status, &task->err);
}

enum sg_status part_finish(struct part_task *task)
{
    enum sg_status status = file_set_size(task->file, (uint64_t)task->total, &task->err);
    if (status == SG_OK)
        status =
            task->actor.is_service ? blame_owner(task, finish_for_owner(task)) : finish_own(task);
    /* the store may be on another volume: without this, "done" could outlive the name */
    if (status == SG_OK)
        status = file_flush(task->file, &task->err);
    if (status != SG_OK)
        return status;
    file_close(task->file);
    task->file = NULL;
    return SG_OK;
}
