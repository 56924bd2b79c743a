/* A new database from what a damaged one still holds. What was found is input: every record is
 * judged alone, and one that makes no sense is refused without harm to the others. Runs at
 * start-up, before there is a store.
 *
 * Which claims may be believed is argued in docs/internals/store.md. */
#include "store/store.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf.h"
#include "os/path.h"
#include "store/store_private.h"
#include "store/store_recover.h"

struct salvaging {
    struct db *fresh;
    struct store_salvage found;
    enum sg_status status;
    struct sg_err *err;
};

static bool is_text(const char *text)
{
    return text == NULL || sg_utf8_is_valid(text, strlen(text));
}

/* What the reading of rows does not ask, because a sound database answers it. */
static bool makes_sense(const struct job_record *record)
{
    bool is_sound = record->url != NULL && record->id <= DB_ID_MAX && record->done >= 0;
#define X(field) is_sound = is_sound && is_text(record->field);
    JOB_TEXT_FIELDS(X)
#undef X
    return is_sound;
}

static bool is_refusal(enum sg_status status)
{
    return status == SG_E_EXISTS || status == SG_E_INVALID || status == SG_E_LIMIT;
}

static bool keep_job(void *ctx, struct job_record *record)
{
    struct salvaging *salvaging = ctx;
    enum sg_status status = SG_E_INVALID;
    if (makes_sense(record))
        status = db_put_job(salvaging->fresh, record, salvaging->err);
    job_record_fini(record);
    if (status == SG_OK)
        salvaging->found.n_jobs++;
    else if (is_refusal(status))
        salvaging->found.n_refused++;
    else
        salvaging->status = status;
    return salvaging->status == SG_OK;
}

static void keep_setting(void *ctx, const char *name, const char *value)
{
    struct salvaging *salvaging = ctx;
    if (salvaging->status == SG_OK && is_text(name) && is_text(value))
        salvaging->status = db_put_setting(salvaging->fresh, name, value, salvaging->err);
}

static enum sg_status keep_all(struct salvaging *salvaging, struct db *recovered,
                               struct sg_err *err)
{
    size_t n_refused = 0;
    int64_t last_id = 0;
    enum sg_status status = db_read_jobs(recovered, keep_job, salvaging, &n_refused, err);
    salvaging->found.n_refused += n_refused;
    if (status == SG_OK && salvaging->status == SG_OK)
        status = db_load_settings(recovered, keep_setting, salvaging, err);
    if (status == SG_OK)
        status = salvaging->status;
    if (status == SG_OK)
        status = recover_last_id(recovered, &last_id, err);
    if (status == SG_OK) /* with a margin: the counter may be an older one, or not found */
        status = db_put_last_id(salvaging->fresh, last_id + DB_ID_MARGIN, err);
    return status;
}

static enum sg_status fill_fresh(struct db *fresh, struct db *recovered, struct store_salvage *out,
                                 struct sg_err *err)
{
    struct salvaging salvaging = { .fresh = fresh, .err = err };
    enum sg_status status = db_begin(fresh, err);
    if (status == SG_OK)
        status = keep_all(&salvaging, recovered, err);
    if (status == SG_OK)
        status = db_commit(fresh, err);
    if (status == SG_OK)
        *out = salvaging.found;
    else
        db_rollback(fresh);
    return status;
}

static enum sg_status salvage_into(struct db *fresh, const char *damaged, const char *scratch,
                                   struct store_salvage *out, struct sg_err *err)
{
    struct db recovered = { 0 };
    enum sg_status status = recover_open(damaged, scratch, fresh, &recovered, err);
    if (status == SG_OK)
        status = fill_fresh(fresh, &recovered, out, err);
    db_close(&recovered);
    return status;
}

static void remove_fresh(const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-journal" };
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        struct sg_buf name = { 0 };
        sg_buf_printf(&name, "%s%s", path, suffixes[i]);
        if (!name.is_failed)
            (void)!path_remove(name.data, NULL);
        sg_buf_fini(&name);
    }
}

enum sg_status store_salvage(const char *damaged, const char *fresh, struct store_salvage *out,
                             struct sg_err *err)
{
    struct sg_buf scratch = { 0 };
    struct db db = { 0 };
    sg_buf_printf(&scratch, "%s-copy", fresh);
    if (scratch.is_failed)
        return sg_err_set(err, SG_E_NOMEM, "salvaging the database %s", damaged);
    remove_fresh(fresh); /* of an attempt that was interrupted */
    enum sg_status status = db_open(&db, fresh, err);
    if (status == SG_OK)
        status = salvage_into(&db, damaged, scratch.data, out, err);
    db_close(&db);
    sg_buf_fini(&scratch);
    if (status == SG_OK)
        return SG_OK;
    remove_fresh(fresh);
    return sg_err_prefix(err, status, "salvaging the database %s", damaged);
}
