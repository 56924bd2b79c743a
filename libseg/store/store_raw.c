/* Files as bytes. A connection that no statement was run on has only opened its file. */
#include "store/store_raw.h"

#include <string.h>

enum sg_status raw_open(struct raw *raw, const char *path, int flags, struct sg_err *err)
{
    *raw = (struct raw){ 0 };
    int code = sqlite3_open_v2(path, &raw->db.handle, flags | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_file_control(raw->db.handle, "main", SQLITE_FCNTL_FILE_POINTER, &raw->file);
    if (code == SQLITE_OK)
        code = raw->file->pMethods->xFileSize(raw->file, &raw->size);
    if (code == SQLITE_OK)
        return SG_OK;
    enum sg_status status = db_fail(&raw->db, code, err, "opening %s", path);
    raw_close(raw);
    return status;
}

void raw_close(struct raw *raw)
{
    sqlite3_close(raw->db.handle);
    *raw = (struct raw){ 0 };
}

void raw_read(struct raw *raw, sqlite3_int64 at, void *out, size_t n)
{
    size_t there = 0;
    if (at < raw->size)
        there = raw->size - at < (sqlite3_int64)n ? (size_t)(raw->size - at) : n;
    memset(out, 0, n);
    if (there > 0 && raw->file->pMethods->xRead(raw->file, out, (int)there, at) != SQLITE_OK)
        memset(out, 0, n);
}

int raw_write(struct raw *raw, sqlite3_int64 at, const void *data, size_t n)
{
    return raw->file->pMethods->xWrite(raw->file, data, (int)n, at);
}
