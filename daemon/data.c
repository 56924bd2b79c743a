/* Opening and salvaging the database. A salvage may be interrupted between any two of its steps:
 *
 *   segue.db is damaged; segue.db.salvaged, if it is there, may be half made
 *   segue.db has become segue.db.damaged-DATE; segue.db.salvaged is whole
 *   segue.db.salvaged has become segue.db */
#include "daemon/data.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "daemon/event_log.h"
#include "daemon/log.h"
#include "os/clock.h"
#include "os/path.h"

/* ---- the notice ---- */

void data_notice_fini(struct data_notice *notice)
{
    sg_free(notice->text);
    sg_free(notice->file);
    *notice = (struct data_notice){ 0 };
}

/* Takes the text over. */
static void set_notice(struct data_notice *notice, struct sg_buf *text, const char *file)
{
    data_notice_fini(notice);
    notice->text = sg_buf_take(text);
    notice->file = sg_strdup(file);
    notice->is_stale = true;
}

char *data_notice_write(const struct data_notice *notice)
{
    struct sg_buf value = { 0 };
    if (notice->text == NULL || notice->file == NULL)
        return NULL;
    sg_buf_printf(&value, "%s\n%s", notice->file, notice->text);
    return sg_buf_take(&value);
}

void data_notice_read(struct data_notice *notice, const char *value)
{
    const char *end = strchr(value, '\n');
    if (notice->text != NULL || end == NULL)
        return;
    notice->file = sg_strndup(value, (size_t)(end - value));
    if (notice->file != NULL && path_exists(notice->file)) {
        notice->text = sg_strdup(end + 1);
        return;
    }
    data_notice_fini(notice);
    notice->is_stale = true;
}

/* ---- names ---- */

/* The file segue.db in the folder, with something behind its name; the caller's. */
static enum sg_status name_file(const char *folder, const char *suffix, char **out,
                                struct sg_err *err)
{
    struct sg_buf name = { 0 };
    sg_buf_printf(&name, "segue.db%s", suffix);
    *out = name.is_failed ? NULL : path_join(folder, name.data);
    sg_buf_fini(&name);
    return *out != NULL ? SG_OK : sg_err_set(err, SG_E_NOMEM, "out of memory");
}

/* All names of one salvage. */
struct names {
    char *path;
    char *salvaged;
    char *aside;
};

static void names_fini(struct names *names)
{
    sg_free(names->path);
    sg_free(names->salvaged);
    sg_free(names->aside);
}

static enum sg_status names_init(struct names *names, const char *folder, struct sg_err *err)
{
    char suffix[sizeof ".damaged-" + SG_ISO8601_SIZE] = ".damaged-";
    char *date = suffix + strlen(suffix);
    *names = (struct names){ 0 };
    sg_format_iso8601(clock_wall_ms(), date);
    for (char *c = date; *c != '\0'; c++)
        *c = *c == ':' ? '-' : *c;
    enum sg_status status = name_file(folder, "", &names->path, err);
    if (status == SG_OK)
        status = name_file(folder, ".salvaged", &names->salvaged, err);
    if (status == SG_OK)
        status = name_file(folder, suffix, &names->aside, err);
    if (status != SG_OK)
        names_fini(names);
    return status;
}

/* ---- salvaging ---- */

static enum sg_status put_aside_one(const struct names *names, const char *suffix,
                                    struct sg_err *err)
{
    struct sg_buf from = { 0 };
    struct sg_buf to = { 0 };
    sg_buf_printf(&from, "%s%s", names->path, suffix);
    sg_buf_printf(&to, "%s%s", names->aside, suffix);
    enum sg_status status = from.is_failed || to.is_failed
                                ? sg_err_set(err, SG_E_NOMEM, "out of memory")
                                : path_rename(from.data, to.data, err);
    sg_buf_fini(&from);
    sg_buf_fini(&to);
    return status == SG_E_NOT_FOUND ? SG_OK : status;
}

/* The database first: once it is gone, the salvaged one is known to be whole. */
static enum sg_status put_aside(const struct names *names, struct sg_err *err)
{
    static const char *const parts[] = { "", "-wal", "-shm", "-journal" };
    enum sg_status status = SG_OK;
    for (size_t i = 0; status == SG_OK && i < sizeof parts / sizeof parts[0]; i++)
        status = put_aside_one(names, parts[i], err);
    return status;
}

static enum sg_status replace(const struct names *names, struct sg_err *err)
{
    enum sg_status status = put_aside(names, err);
    return status == SG_OK ? path_rename(names->salvaged, names->path, err) : status;
}

static void tell(struct data_notice *notice, const struct names *names, const char *why,
                 const struct store_salvage *found)
{
    struct sg_buf text = { 0 };
    sg_buf_printf(&text, "the database was damaged: %u job%s saved", (unsigned)found->n_jobs,
                  found->n_jobs == 1 ? " was" : "s were");
    if (found->n_refused > 0)
        sg_buf_printf(&text, ", %u made no sense", (unsigned)found->n_refused);
    sg_buf_printf(&text, "; the damaged file is %s", names->aside);
    event_report(EVENT_DATABASE_DAMAGED, "%s (%s)",
                 text.is_failed ? "the database was damaged" : text.data, why);
    set_notice(notice, &text, names->aside);
}

enum sg_status data_salvage(const char *folder, const char *why, struct data_notice *notice,
                            struct sg_err *err)
{
    struct names names;
    struct store_salvage found = { 0 };
    enum sg_status status = names_init(&names, folder, err);
    if (status != SG_OK)
        return status;
    status = store_salvage(names.path, names.salvaged, &found, err);
    if (status == SG_OK)
        status = replace(&names, err);
    if (status == SG_OK)
        tell(notice, &names, why, &found);
    else
        sg_err_prefix(err, status, "the database is damaged (%s) and cannot be salvaged", why);
    names_fini(&names);
    return status;
}

/* What an interrupted salvage left to do. */
static enum sg_status finish_salvage(const char *folder, struct sg_err *err)
{
    struct names names;
    enum sg_status status = names_init(&names, folder, err);
    if (status != SG_OK)
        return status;
    if (!path_exists(names.path) && path_exists(names.salvaged)) {
        log_line(LOG_WARNING, "the database was being salvaged: %s", names.salvaged);
        status = replace(&names, err);
    }
    names_fini(&names);
    return status;
}

/* ---- opening ---- */

static const char *trouble_text(enum store_trouble trouble)
{
    switch (trouble) {
    case STORE_WAS_EMPTY:
        return "the database was empty: jobs that were in it are lost";
    case STORE_LOST_LOG:
        return "the database's log, segue.db-wal, was gone or unreadable: what changed shortly "
               "before the last end may be lost";
    default:
        return NULL;
    }
}

static void tell_trouble(const struct store *store, struct data_notice *notice)
{
    const char *trouble = trouble_text(store_trouble(store));
    if (trouble == NULL)
        return;
    event_report(EVENT_DATABASE_DAMAGED, "%s", trouble);
    if (notice->text == NULL)
        notice->text = sg_strdup(trouble);
}

static enum sg_status open_or_salvage(struct loop *loop, const char *folder, const char *path,
                                      struct store **out, struct data_notice *notice,
                                      struct sg_err *err)
{
    enum sg_status status = store_open(loop, path, out, err);
    if (status != SG_E_DAMAGED)
        return status;
    struct sg_err why = *err;
    status = data_salvage(folder, sg_err_text(&why), notice, err);
    return status == SG_OK ? store_open(loop, path, out, err) : status;
}

enum sg_status data_open(struct loop *loop, const char *folder, struct store **out,
                         struct data_notice *notice, struct sg_err *err)
{
    char *path;
    enum sg_status status = name_file(folder, "", &path, err);
    if (status != SG_OK)
        return status;
    status = finish_salvage(folder, err);
    if (status == SG_OK)
        status = open_or_salvage(loop, folder, path, out, notice, err);
    if (status == SG_OK)
        tell_trouble(*out, notice);
    sg_free(path);
    return status;
}
