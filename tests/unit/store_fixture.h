/* What the tests of the store share: a loop and a store with a file of its own in the temporary
 * folder, jobs to put into it, and a view of the file from outside. Every function fails the test
 * when it cannot do what it says. */
#ifndef SEGUE_TESTS_UNIT_STORE_FIXTURE_H
#define SEGUE_TESTS_UNIT_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/record.h"
#include "os/loop.h"
#include "store/store.h"

struct fixture {
    struct loop *loop;
    struct store *store; /* NULL while none is open */
    char *path;
    int64_t live_before; /* allocations, for teardown to compare with */
};

/* What became of one call or of several. */
struct outcome {
    int n_calls;
    enum sg_status status; /* of the last one */
    struct sg_err err;
};

enum { MOST_LOADED = 128 };

/* What a reading of all jobs gave. */
struct loaded {
    struct job_record jobs[MOST_LOADED];
    size_t n;
    size_t most; /* the reading is ended after so many; 0: never */
    int64_t next_id;
    size_t damaged;
};

/* A fixture without an open store, and its end, which finds memory that was not released. */
int store_setup(void **state);
int store_teardown(void **state);

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)

/* Opens the fixture's store; closes it and lets the loop deliver what is left. */
void open_store(struct fixture *f);
void close_store(struct fixture *f);

/* A store_done_fn that writes down what it is told; its `ctx` is a struct outcome. */
void on_done(void *ctx, enum sg_status status, const struct sg_err *err);

/* Turns the loop until exactly `n_calls` came back. */
void await(struct fixture *f, const struct outcome *outcome, int n_calls);

/* job_record_set. */
void set(char **field, const char *text);

/* A job with a URL. */
struct job_record make_job(int64_t id, const char *owner, const char *key);

/* A job in which each field has one of its kinds of values (NULL, empty, long; extreme numbers;
 * each word of an enum), by `seed`; id is seed + 1. Made from the tables of core/record.h. */
struct job_record make_sample(unsigned seed);

/* Compares all fields and the ranges. */
void assert_same_job(const struct job_record *a, const struct job_record *b);

/* Puts one job and gives the outcome; the second wants SG_OK; the third puts a plain one. */
enum sg_status put_status(struct fixture *f, const struct job_record *job);
void put(struct fixture *f, const struct job_record *job);
void put_plain(struct fixture *f, int64_t id);

/* Deletes a job and waits. */
void delete_job(struct fixture *f, int64_t id);

/* Reads all jobs; `loaded` is released by fini_loaded. */
void load(struct fixture *f, struct loaded *loaded);
void fini_loaded(struct loaded *loaded);

/* A store_record_fn that counts in its `ctx`, a size_t, and keeps nothing. */
bool drop_job(void *ctx, struct job_record *record);

/* Wants exactly these jobs in the store: "1 2 5". */
void assert_ids(struct fixture *f, const char *expected);

/* A path in the temporary folder that nothing has; the caller's (sg_free). */
char *scratch_path(void);

/* Path and suffix as one string; the caller's. */
char *with_suffix(const char *path, const char *suffix);

/* Removes a database with its companions. */
void remove_database(const char *path);

/* Runs SQL in a closed database file; closes the store, does that and opens it again; asks for one
 * number. */
void execute_at(const char *path, const char *sql);
void tamper(struct fixture *f, const char *sql);
int64_t number_at(const char *path, const char *sql);

/* The file's bytes (sg_buf_fini), none where there is no such file; and the way back. */
struct sg_buf read_file(const char *path);
void write_file(const char *path, const struct sg_buf *content);

/* Copies `from`SUFFIX to `to`SUFFIX, if there is one. */
void copy_file(const char *from, const char *to, const char *suffix);

#endif
