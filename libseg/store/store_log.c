/* Whether a write-ahead log was damaged. SQLite ends a log silently at the first frame whose
 * checksum is wrong, because that is how a power cut ends one, in the middle of its last
 * transaction. We flush each transaction before the next begins, so a power cut spoils one at most:
 * where frames of this log follow behind a spoilt commit, something else has damaged it. A spoilt
 * header makes SQLite pass over the whole log. A power cut can do that too, when a log begins anew
 * and all of the old one is in the database: so it counts as a log that is gone, not as damage.
 *
 *   header  0 magic; the last bit: words of the checksum are big-endian   8 page size
 *           16 salt, 8 bytes: those of the frames of this log             24 checksum of 0..24
 *   frame   0 page   4 not 0: the last of a transaction   8 salt   16 checksum, which goes on from
 *           the frame before, of 0..8 and the page; then the page
 * Numbers are big-endian (https://www.sqlite.org/fileformat2.html#the_write_ahead_log). */
#include "store/store_private.h"

#include <string.h>

#include "base/mem.h"
#include "store/store_raw.h"

enum {
    MAGIC = 0x377F0682,
    HEADER_SIZE = 32,
    FRAME_HEADER_SIZE = 24,
    SALT_SIZE = 8,
    LARGEST_PAGE = 65536
};

struct log {
    struct raw raw;
    bool is_big_endian;
    uint32_t page_size;
    uint8_t salt[SALT_SIZE];
    uint32_t sums[2];
    uint8_t *frame;
};

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t little_endian(const uint8_t *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static void add_to_sums(struct log *log, const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        uint32_t a = log->is_big_endian ? big_endian(data + i) : little_endian(data + i);
        uint32_t b = log->is_big_endian ? big_endian(data + i + 4) : little_endian(data + i + 4);
        log->sums[0] += a + log->sums[1];
        log->sums[1] += b + log->sums[0];
    }
}

static bool are_sums(const struct log *log, const uint8_t *at)
{
    return log->sums[0] == big_endian(at) && log->sums[1] == big_endian(at + 4);
}

static bool read_header(struct log *log)
{
    uint8_t header[HEADER_SIZE];
    raw_read(&log->raw, 0, header, sizeof header);
    uint32_t magic = big_endian(header);
    log->is_big_endian = (magic & 1) != 0;
    log->page_size = big_endian(header + 8);
    memcpy(log->salt, header + 16, SALT_SIZE);
    add_to_sums(log, header, 24);
    bool is_page_size = log->page_size >= 512 && log->page_size <= LARGEST_PAGE &&
                        (log->page_size & (log->page_size - 1)) == 0;
    return (magic & ~1u) == MAGIC && is_page_size && are_sums(log, header + 24);
}

static bool is_of_this_log(const struct log *log)
{
    return memcmp(log->frame + 8, log->salt, SALT_SIZE) == 0;
}

static bool is_frame_sound(struct log *log)
{
    add_to_sums(log, log->frame, 8);
    add_to_sums(log, log->frame + FRAME_HEADER_SIZE, log->page_size);
    return is_of_this_log(log) && are_sums(log, log->frame + 16);
}

static bool is_commit(const uint8_t *frame)
{
    return big_endian(frame + 4) != 0;
}

/* The last frame of a transaction may stand there several times, to fill a sector; those do not
 * count. */
static bool has_spoilt_frames(struct log *log)
{
    sqlite3_int64 step = FRAME_HEADER_SIZE + (sqlite3_int64)log->page_size;
    uint8_t last[8] = { 0 };
    bool is_sound = true;
    bool has_spoilt_commit = false;
    for (sqlite3_int64 at = HEADER_SIZE; at + step <= log->raw.size; at += step) {
        raw_read(&log->raw, at, log->frame, (size_t)step);
        is_sound = is_sound && is_frame_sound(log);
        bool is_filling = is_commit(last) && memcmp(last, log->frame, sizeof last) == 0;
        memcpy(last, log->frame, sizeof last);
        if (is_sound || is_filling || !is_of_this_log(log))
            continue;
        if (has_spoilt_commit)
            return true;
        has_spoilt_commit = is_commit(log->frame);
    }
    return false;
}

static enum sg_status examine(struct log *log, bool *out_is_damaged, bool *out_is_readable)
{
    if (log->raw.size <= HEADER_SIZE) /* nothing was written to it */
        return SG_OK;
    *out_is_readable = read_header(log);
    if (!*out_is_readable)
        return SG_OK;
    log->frame = sg_alloc(FRAME_HEADER_SIZE + log->page_size);
    if (log->frame == NULL)
        return SG_E_NOMEM;
    *out_is_damaged = has_spoilt_frames(log);
    sg_free(log->frame);
    return SG_OK;
}

enum sg_status log_check(const char *path, bool *out_is_readable, struct sg_err *err)
{
    struct log log = { 0 };
    bool is_damaged = false;
    bool is_readable = true;
    enum sg_status status = raw_open(&log.raw, path, SQLITE_OPEN_READONLY, err);
    if (status != SG_OK)
        return status;
    status = examine(&log, &is_damaged, &is_readable);
    raw_close(&log.raw);
    if (status != SG_OK)
        return sg_err_set(err, status, "reading its write-ahead log");
    if (is_damaged)
        return sg_err_set(err, SG_E_DAMAGED, "its write-ahead log is damaged");
    *out_is_readable = is_readable;
    return SG_OK;
}
