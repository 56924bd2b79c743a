/* The job store on a disk that fails: from one point on every write or every flush is refused, for
 * each such point there is. Whatever a call reported, reopening the file must find that and nothing
 * else, and a disk that works again must find a store that works again.
 *
 * The failing disk is a VFS between SQLite and the real one (https://www.sqlite.org/vfs.html). */
#include <string.h>

#include <sqlite3.h>

#include "tests/unit/store_fixture.h"

/* ---- the failing disk ---- */

/* The real file follows it in memory. */
struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real;
};

/* Used by one thread at a time, as the store's connection is. */
static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    int n_left; /* operations that still work */
    int code;   /* what the others give; 0: nothing fails */
    bool is_hit;
} disk;

static bool fails(void)
{
    if (disk.code == 0)
        return false;
    if (disk.n_left > 0) {
        disk.n_left--;
        return false;
    }
    disk.is_hit = true;
    return true;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct faulty_file *)file)->real;
}

static int close_real(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int read_real(sqlite3_file *file, void *data, int n, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), data, n, at);
}

static int write_or_fail(sqlite3_file *file, const void *data, int n, sqlite3_int64 at)
{
    if (fails())
        return disk.code == SQLITE_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return real_of(file)->pMethods->xWrite(real_of(file), data, n, at);
}

static int truncate_real(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int sync_or_fail(sqlite3_file *file, int flags)
{
    if (fails())
        return SQLITE_IOERR_FSYNC;
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int size_of_real(sqlite3_file *file, sqlite3_int64 *out_size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out_size);
}

static int lock_real(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int unlock_real(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int check_lock_of_real(sqlite3_file *file, int *out_is_locked)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out_is_locked);
}

static int control_real(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int sector_size_of_real(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int traits_of_real(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1 has no shared memory: this also proves that the store's WAL does without. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close_real,
    .xRead = read_real,
    .xWrite = write_or_fail,
    .xTruncate = truncate_real,
    .xSync = sync_or_fail,
    .xFileSize = size_of_real,
    .xLock = lock_real,
    .xUnlock = unlock_real,
    .xCheckReservedLock = check_lock_of_real,
    .xFileControl = control_real,
    .xSectorSize = sector_size_of_real,
    .xDeviceCharacteristics = traits_of_real,
};

static int open_faulty(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                       int *out_flags)
{
    (void)vfs;
    struct faulty_file *faulty = (struct faulty_file *)file;
    faulty->real = (sqlite3_file *)(void *)(faulty + 1);
    int code = disk.real->xOpen(disk.real, name, faulty->real, flags, out_flags);
    faulty->base.pMethods = faulty->real->pMethods != NULL ? &methods : NULL;
    return code;
}

static int insert_disk(void **state)
{
    (void)state;
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "faulty";
    disk.vfs.szOsFile += (int)sizeof(struct faulty_file);
    disk.vfs.xOpen = open_faulty;
    return sqlite3_vfs_register(&disk.vfs, 1);
}

static int remove_disk(void **state)
{
    (void)state;
    return sqlite3_vfs_unregister(&disk.vfs);
}

static void break_disk(int n_left, int code)
{
    disk.n_left = n_left;
    disk.is_hit = false;
    disk.code = code;
}

static void mend_disk(void)
{
    disk.code = 0;
}

/* ---- the store on it ---- */

enum { N_CALLS = 3, MOST_POINTS = 200 };

/* Asks for jobs 2 to 4 at once and gives the status of each. */
static void put_three(struct fixture *f, struct outcome outcomes[N_CALLS])
{
    for (int i = 0; i < N_CALLS; i++) {
        struct job_record job = make_job(i + 2, NULL, NULL);
        const struct job_record *pointer = &job;
        outcomes[i] = (struct outcome){ 0 };
        assert_int_equal(store_put_jobs(f->store, &pointer, 1, on_done, &outcomes[i]), SG_OK);
        job_record_fini(&job);
    }
    for (int i = 0; i < N_CALLS; i++)
        await(f, &outcomes[i], 1);
}

static void assert_found(struct fixture *f, const struct outcome outcomes[N_CALLS])
{
    char expected[16] = "1";
    for (int i = 0; i < N_CALLS; i++) {
        char id[3] = { ' ', (char)('2' + i), '\0' };
        if (outcomes[i].status == SG_OK)
            memcpy(expected + strlen(expected), id, sizeof id);
    }
    assert_ids(f, expected);
}

/* One run with the disk failing after `n_left` operations; false when that was too late. */
static bool run_with_fault(struct fixture *f, int n_left, int code, enum sg_status expected)
{
    struct outcome outcomes[N_CALLS];
    open_store(f);
    put_plain(f, 1);
    break_disk(n_left, code);
    put_three(f, outcomes);
    mend_disk();
    for (int i = 0; i < N_CALLS; i++) {
        if (outcomes[i].status != SG_OK)
            assert_int_equal(outcomes[i].status, expected);
    }
    assert_found(f, outcomes);
    close_store(f);
    open_store(f);
    assert_found(f, outcomes);
    put_plain(f, 9);
    close_store(f);
    remove_database(f->path);
    return disk.is_hit;
}

static void run_with_every_fault(struct fixture *f, int code, enum sg_status expected)
{
    int n = 0;
    while (run_with_fault(f, n, code, expected)) {
        n++;
        assert_true(n < MOST_POINTS);
    }
    assert_true(n > 3);
}

static void store__a_disk_that_fails_at_any_point__leaves_what_was_reported(void **state)
{
    run_with_every_fault(*state, SQLITE_IOERR, SG_E_IO);
}

/* A failing flush on a full disk is an I/O error all the same. */
static void store__a_disk_that_is_full__is_reported_as_that(void **state)
{
    struct fixture *f = *state;
    assert_true(run_with_fault(f, 0, SQLITE_FULL, SG_E_DISK_FULL));
}

/* No half-made schema counts as a database of ours: the next attempt makes it. */
static void store__a_disk_that_fails_while_the_file_is_made__is_no_obstacle_later(void **state)
{
    struct fixture *f = *state;
    enum sg_status status = SG_E_IO;
    for (int n = 0; status != SG_OK; n++) {
        assert_true(n < MOST_POINTS);
        break_disk(n, SQLITE_IOERR);
        status = store_open(f->loop, f->path, &f->store, NULL);
        mend_disk();
        if (status != SG_OK)
            assert_int_equal(status, SG_E_IO);
        close_store(f);
        open_store(f);
        put_plain(f, 1);
        close_store(f);
        remove_database(f->path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(store__a_disk_that_fails_at_any_point__leaves_what_was_reported),
        STORE_TEST(store__a_disk_that_is_full__is_reported_as_that),
        STORE_TEST(store__a_disk_that_fails_while_the_file_is_made__is_no_obstacle_later),
    };
    return cmocka_run_group_tests_name("store_faults", tests, insert_disk, remove_disk);
}
