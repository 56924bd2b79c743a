/* How secrets stand in the file: what must not be read by others is given to os/secret.h, and
 * marked. The mark is a byte that begins no secret as it was stored before version 4, so that an
 * old row and a new one can be told apart wherever one is found: a migration that was interrupted,
 * a database that was salvaged.
 *
 *   a job's secret          MARK bytes
 *   the setting of a proxy  scheme:// MARK HEX @host:port      (HEX: what stood before the "@")
 *
 * Of a proxy only the login is protected: where it cannot be read, the proxy itself stays, and
 * refuses us; without it requests would go past it. */
#include "store/store_private.h"

#include <string.h>

#include "base/mem.h"
#include "base/redact.h"
#include "os/path.h"
#include "os/secret.h"

enum { MARK = 1, MARK_SIZE = 1 };

enum sg_status db_set_home(struct db *db, const char *path, struct sg_err *err)
{
    db->home = path_parent(path);
    return db->home != NULL ? SG_OK : sg_err_set(err, SG_E_NOMEM, "out of memory");
}

/* ---- a job's secrets ---- */

enum sg_status db_protect(const struct db *db, const void *value, size_t length, struct sg_buf *out,
                          struct sg_err *err)
{
    sg_buf_clear(out);
    sg_buf_putc(out, MARK);
    return secret_protect(db->home, value, length, out, err);
}

bool db_is_protected(const void *value, size_t length)
{
    return length > 0 && *(const uint8_t *)value == MARK;
}

enum sg_status db_reveal(const struct db *db, const void *value, size_t length, struct sg_buf *out,
                         struct sg_err *err)
{
    const uint8_t *bytes = value;
    return secret_reveal(db->home, bytes + MARK_SIZE, length - MARK_SIZE, out, err);
}

void db_wipe(struct sg_buf *plain)
{
    if (plain->data != NULL)
        sg_wipe(plain->data, plain->capacity);
    sg_buf_fini(plain);
}

/* ---- settings ---- */

static void append_hex(struct sg_buf *out, const struct sg_buf *bytes)
{
    for (size_t i = 0; i < bytes->length; i++)
        sg_buf_printf(out, "%02x", (unsigned)(uint8_t)bytes->data[i]);
}

static bool take_digit(char digit, unsigned *value)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit != '\0' ? strchr(digits, digit) : NULL;
    if (found == NULL)
        return false;
    *value = *value * 16 + (unsigned)(found - digits);
    return true;
}

static bool parse_hex(const char *text, size_t length, struct sg_buf *out)
{
    for (size_t i = 0; i + 1 < length; i += 2) {
        unsigned value = 0;
        if (!take_digit(text[i], &value) || !take_digit(text[i + 1], &value))
            return false;
        sg_buf_putc(out, (char)value);
    }
    return length % 2 == 0;
}

enum sg_status db_protect_setting(const struct db *db, const char *name, const char *value,
                                  char **out, struct sg_err *err)
{
    size_t at;
    size_t length;
    struct sg_buf bytes = { 0 };
    struct sg_buf text = { 0 };
    enum sg_status status = SG_OK;
    *out = NULL;
    if (value == NULL || strcmp(name, "proxy") != 0 || strchr(value, MARK) != NULL ||
        !sg_find_userinfo(value, &at, &length))
        return SG_OK;
    status = secret_protect(db->home, value + at, length, &bytes, err);
    sg_buf_append(&text, value, at);
    sg_buf_putc(&text, MARK);
    append_hex(&text, &bytes);
    sg_buf_puts(&text, value + at + length);
    sg_buf_fini(&bytes);
    char *made = sg_buf_take(&text);
    if (status == SG_OK && made == NULL)
        status = sg_err_set(err, SG_E_NOMEM, "out of memory");
    if (status == SG_OK)
        *out = made;
    else
        sg_free(made);
    return status;
}

/* Without the login where that cannot be read. */
static void append_revealed(const struct db *db, const char *mark, const char *end,
                            struct sg_buf *out)
{
    struct sg_buf bytes = { 0 };
    struct sg_buf plain = { 0 };
    bool is_hex = parse_hex(mark + MARK_SIZE, (size_t)(end - mark) - MARK_SIZE, &bytes);
    if (is_hex && !bytes.is_failed && bytes.length > 0 &&
        secret_reveal(db->home, bytes.data, bytes.length, &plain, NULL) == SG_OK) {
        sg_buf_append(out, plain.data, plain.length);
        sg_buf_puts(out, end);
    } else {
        sg_buf_puts(out, end + 1);
    }
    db_wipe(&plain);
    sg_buf_fini(&bytes);
}

enum sg_status db_reveal_setting(const struct db *db, const char *value, char **out,
                                 struct sg_err *err)
{
    const char *mark = strchr(value, MARK);
    const char *end = mark != NULL ? strchr(mark, '@') : NULL;
    struct sg_buf text = { 0 };
    if (end != NULL) {
        sg_buf_append(&text, value, (size_t)(mark - value));
        append_revealed(db, mark, end, &text);
    } else {
        sg_buf_puts(&text, value);
    }
    char *made = sg_buf_take(&text);
    if (made == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    *out = made;
    return SG_OK;
}

/* ---- rows of before ---- */

static const char old_secrets_sql[] =
    "SELECT job_id, name, value FROM secret"
    " WHERE length(value) > 0 AND substr(value, 1, 1) <> x'01' ORDER BY job_id, name LIMIT 1";

static const char replace_secret_sql[] =
    "UPDATE secret SET value = ?3 WHERE job_id = ?1 AND name = ?2";

/* Replaces the value of the row that `row` stands on. */
static enum sg_status protect_row(struct db *db, sqlite3_stmt *row, sqlite3_stmt *replace,
                                  struct sg_err *err)
{
    const void *value = sqlite3_column_blob(row, 2);
    size_t length = (size_t)sqlite3_column_bytes(row, 2);
    enum sg_status status = value != NULL ? db_protect(db, value, length, &db->encoding, err)
                                          : sg_err_set(err, SG_E_NOMEM, "out of memory");
    if (status != SG_OK)
        return status;
    sqlite3_bind_value(replace, 1, sqlite3_column_value(row, 0));
    sqlite3_bind_value(replace, 2, sqlite3_column_value(row, 1));
    sqlite3_bind_blob64(replace, 3, db->encoding.data, db->encoding.length, SQLITE_TRANSIENT);
    sqlite3_step(replace);
    int code = sqlite3_reset(replace);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "protecting a secret");
}

/* One after the other, each found anew: a row must not be changed below a reader. */
static enum sg_status protect_rows(struct db *db, sqlite3_stmt *rows, sqlite3_stmt *replace,
                                   struct sg_err *err)
{
    enum sg_status status = SG_OK;
    int code;
    while (status == SG_OK && (code = sqlite3_step(rows)) != SQLITE_DONE) {
        status = code == SQLITE_ROW ? protect_row(db, rows, replace, err)
                                    : db_fail(db, code, err, "reading the secrets");
        sqlite3_reset(rows);
    }
    return status;
}

static enum sg_status protect_secrets(struct db *db, struct sg_err *err)
{
    sqlite3_stmt *rows = NULL;
    sqlite3_stmt *replace = NULL;
    enum sg_status status = db_prepare(db, old_secrets_sql, 0, &rows, err);
    if (status == SG_OK)
        status = db_prepare(db, replace_secret_sql, 0, &replace, err);
    if (status == SG_OK)
        status = protect_rows(db, rows, replace, err);
    sqlite3_finalize(rows);
    sqlite3_finalize(replace);
    return status;
}

static enum sg_status read_proxy(struct db *db, char **out, struct sg_err *err)
{
    sqlite3_stmt *row = NULL;
    enum sg_status status =
        db_prepare(db, "SELECT value FROM setting WHERE name = 'proxy'", 0, &row, err);
    if (status != SG_OK)
        return status;
    int code = sqlite3_step(row);
    *out = code == SQLITE_ROW ? sg_strdup((const char *)sqlite3_column_text(row, 0)) : NULL;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = db_fail(db, code, err, "reading the settings");
    else if (code == SQLITE_ROW && *out == NULL)
        status = sg_err_set(err, SG_E_NOMEM, "out of memory");
    sqlite3_finalize(row);
    return status;
}

static enum sg_status replace_proxy(struct db *db, const char *value, struct sg_err *err)
{
    sqlite3_stmt *replace = NULL;
    enum sg_status status =
        db_prepare(db, "UPDATE setting SET value = ? WHERE name = 'proxy'", 0, &replace, err);
    if (status != SG_OK)
        return status;
    sqlite3_bind_text(replace, 1, value, -1, SQLITE_TRANSIENT);
    sqlite3_step(replace);
    int code = sqlite3_finalize(replace);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "protecting a setting");
}

static enum sg_status protect_proxy(struct db *db, struct sg_err *err)
{
    char *plain = NULL;
    char *made = NULL;
    enum sg_status status = read_proxy(db, &plain, err);
    if (status == SG_OK && plain != NULL)
        status = db_protect_setting(db, "proxy", plain, &made, err);
    if (status == SG_OK && made != NULL)
        status = replace_proxy(db, made, err);
    sg_free_secret(plain);
    sg_free(made);
    return status;
}

enum sg_status db_protect_old(struct db *db, struct sg_err *err)
{
    enum sg_status status = protect_secrets(db, err);
    return status == SG_OK ? protect_proxy(db, err) : status;
}
