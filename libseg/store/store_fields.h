/* Which field of a job's record is kept where, for the two files that write and read rows. The
 * order of fields is that of core/record.h. */
#ifndef SEGUE_STORE_STORE_FIELDS_H
#define SEGUE_STORE_STORE_FIELDS_H

#include "base/buf.h"
#include "core/record.h"

enum field {
#define X(field) FIELD_##field,
    JOB_TEXT_FIELDS(X)
#undef X
#define X(field, type) FIELD_##field,
        JOB_NUMBER_FIELDS(X)
#undef X
            FIELD_COUNT
};

/* The table that has the field: a column of `job`, a row of `secret`, a column of `progress`. */
enum home { HOME_JOB, HOME_SECRET, HOME_PROGRESS };

/* Where a field is kept. A field whose line is not here is a column of `job`. */
static inline enum home field_home(enum field field)
{
    switch (field) {
    case FIELD_headers:
    case FIELD_userinfo:
    case FIELD_cookies:
    case FIELD_proxy:
        return HOME_SECRET;
    case FIELD_done:
        return HOME_PROGRESS;
    default:
        return HOME_JOB;
    }
}

/* Appends the columns of `job` but `left_out` (FIELD_COUNT: none), each with `prefix` before it and
 * a comma between them. */
void field_append_columns(struct sg_buf *sql, const char *prefix, enum field left_out);

#endif
