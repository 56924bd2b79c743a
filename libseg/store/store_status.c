/* SQLite's result codes → statuses: the only place that knows both. Pure. */
#include "store/store_private.h"

#include <stdarg.h>
#include <stdio.h>

static enum sg_status status_of_constraint(int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return SG_E_EXISTS;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return SG_E_NOT_FOUND;
    default:
        return SG_E_INVALID;
    }
}

static enum sg_status status_of_io(int code)
{
    switch (code) {
    case SQLITE_IOERR_NOMEM:
        return SG_E_NOMEM;
    case SQLITE_IOERR_CORRUPTFS:
    case SQLITE_IOERR_DATA:
        return SG_E_DAMAGED;
    case SQLITE_IOERR_ACCESS:
        return SG_E_DENIED;
    default:
        return SG_E_IO;
    }
}

/* The low byte is the primary code, the rest says more (https://www.sqlite.org/rescode.html). */
enum sg_status db_status(int code)
{
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return SG_OK;
    case SQLITE_FULL:
        return SG_E_DISK_FULL;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return SG_E_DAMAGED;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return SG_E_LOCKED;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return SG_E_DENIED;
    case SQLITE_IOERR:
        return status_of_io(code);
    case SQLITE_CONSTRAINT:
        return status_of_constraint(code);
    case SQLITE_NOMEM:
        return SG_E_NOMEM;
    case SQLITE_TOOBIG:
        return SG_E_LIMIT;
    default:
        return SG_E_DB;
    }
}

enum sg_status db_fail(struct db *db, int code, struct sg_err *err, const char *format, ...)
{
    char what[SG_ERR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if ((code & 0xFF) == SQLITE_FULL)
        return sg_err_foreign(err, SG_E_DISK_FULL, code,
                              "%s: the disk that has the database is full", what);
    bool is_last = db->handle != NULL && sqlite3_extended_errcode(db->handle) == code;
    const char *message = is_last ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code);
    enum sg_status status = db_status(code);
    if (status == SG_OK)
        status = SG_E_DB; /* an answer that nobody expects: a row too few, a value that is none */
    if (status == SG_E_DAMAGED)
        db->is_damaged = true;
    return sg_err_foreign(err, status, code, "%s: %s", what, message);
}
