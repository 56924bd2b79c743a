/* The bytes of a database's files, as SQLite's own way of opening files gives them: names are UTF-8
 * on every system, and nothing looks at the content. Internal to the store; blocks; any thread. */
#ifndef SEGUE_STORE_STORE_RAW_H
#define SEGUE_STORE_STORE_RAW_H

#include "store/store_private.h"

struct raw {
    struct db db;
    sqlite3_file *file;
    sqlite3_int64 size; /* when it was opened */
};

/* Opens a file; `flags` are SQLITE_OPEN_... As db_status says for the failure. */
SG_MUST_USE enum sg_status raw_open(struct raw *raw, const char *path, int flags,
                                    struct sg_err *err);

/* Closes it; it was opened, or is all zeros. */
void raw_close(struct raw *raw);

/* Reads `n` bytes at `at`; those that cannot be read or are not there are zeros. */
void raw_read(struct raw *raw, sqlite3_int64 at, void *out, size_t n);

/* Writes; SQLite's code. */
SG_MUST_USE int raw_write(struct raw *raw, sqlite3_int64 at, const void *data, size_t n);

#endif
