/* What the database file itself says before SQLite looks at it: SQLite would act on it. It removes
 * a log beside an empty file, and mixes a sound log into any file, also into one that the log is
 * not of.
 *
 * Bytes of the file's header (https://www.sqlite.org/fileformat2.html#the_database_header) that
 * count here: 0 the magic, 16 the page size, 18 and 19 how it is written (1 without, 2 with a log),
 * 40 the schema's number, which begins with a random one here: the log's first page has the same
 * or, after a migration, a slightly higher one. */
#include "store/store_private.h"

#include <string.h>

enum {
    HEADER_SIZE = 100,
    PAGE_SIZE_AT = 16,
    WRITE_FORMAT_AT = 18,
    READ_FORMAT_AT = 19,
    SCHEMA_NUMBER_AT = 40,
    FORMAT_PLAIN = 1,
    FORMAT_LOG = 2,
    MOST_SCHEMA_STEPS = 1000
};

static const char magic[16] = "SQLite format 3"; /* with its NUL */

static uint32_t number_at(const uint8_t *bytes, size_t n)
{
    uint32_t number = 0;
    for (size_t i = 0; i < n; i++)
        number = number << 8 | bytes[i];
    return number;
}

static bool is_format(uint8_t format)
{
    return format == FORMAT_PLAIN || format == FORMAT_LOG;
}

static bool is_page_size(uint32_t size)
{
    return size == 1 /* 65536 */ || (size >= 512 && (size & (size - 1)) == 0);
}

static bool is_sound(const uint8_t header[HEADER_SIZE])
{
    return memcmp(header, magic, sizeof magic) == 0 && is_format(header[WRITE_FORMAT_AT]) &&
           is_format(header[READ_FORMAT_AT]) && is_page_size(number_at(header + PAGE_SIZE_AT, 2));
}

enum sg_status header_read(struct db *db, struct file_header *out, struct sg_err *err)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    uint8_t header[HEADER_SIZE] = { 0 };
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    int code = file->pMethods->xFileSize(file, &size);
    if (code == SQLITE_OK && size >= HEADER_SIZE)
        code = file->pMethods->xRead(file, header, HEADER_SIZE, 0);
    if (code != SQLITE_OK)
        return db_fail(db, code, err, "reading it");
    *out = (struct file_header){
        .is_empty = size == 0,
        .is_sound = is_sound(header),
        .wants_log = is_sound(header) && header[READ_FORMAT_AT] == FORMAT_LOG,
        .schema_number = number_at(header + SCHEMA_NUMBER_AT, 4),
    };
    return SG_OK;
}

bool header_fits_log(const struct file_header *header, int64_t schema_number)
{
    if (!header->is_sound || header->schema_number == 0) /* not known; all is in the log so far */
        return true;
    return (uint32_t)schema_number - header->schema_number <= MOST_SCHEMA_STEPS;
}

void header_forget(uint8_t *header, size_t size, bool has_log)
{
    if (size < HEADER_SIZE || is_sound(header))
        return;
    memset(header, 0, HEADER_SIZE);
    header[WRITE_FORMAT_AT] = header[READ_FORMAT_AT] = has_log ? FORMAT_LOG : FORMAT_PLAIN;
}
