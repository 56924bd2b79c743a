/* What the seam costs a process: handles that others cannot inherit and that are given back, and a
 * number of threads that does not depend on the load. */
#include "os/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/file.h"
#include "os/path.h"
#include "os/sock.h"
#include "os/thread.h"
#include "os/win/handle.h"
#include "os/win/win.h"
#include "tests/contract/contract.h"
#include "tests/contract/contract_net.h"

enum { HANDLE_STEP = 4, N_HANDLES = 4096, N_WORKS = 200 };

/* Which handle values are in use, and which of those a child would inherit. */
struct handles {
    bool is_used[N_HANDLES];
    bool is_inherited[N_HANDLES];
};

/* One of each thing that owns handles. */
struct things {
    struct loop *loop;
    struct file *file;
    struct path_lock *lock;
    struct work_pool *pool;
    struct worker *worker;
    struct signal *signal;
    struct sock_watch *watch;
};

struct job {
    struct work work;
    int *n_done;
    int n_threads;
};

static void read_handles(struct handles *out)
{
    memset(out, 0, sizeof *out);
    for (uintptr_t i = 1; i < N_HANDLES; i++) {
        DWORD flags;
        out->is_used[i] = GetHandleInformation((char *)NULL + i * HANDLE_STEP, &flags);
        out->is_inherited[i] = out->is_used[i] && (flags & HANDLE_FLAG_INHERIT) != 0;
    }
}

static int count_new(const struct handles *before, const struct handles *after)
{
    int n_new = 0;
    for (int i = 0; i < N_HANDLES; i++)
        n_new += after->is_used[i] && !before->is_used[i];
    return n_new;
}

static int count_inherited(const struct handles *before, const struct handles *after)
{
    int n_inherited = 0;
    for (int i = 0; i < N_HANDLES; i++)
        n_inherited += after->is_inherited[i] && !before->is_used[i];
    return n_inherited;
}

static void ignore_ready(void *ctx, uint32_t events)
{
    (void)ctx;
    (void)events;
}

static void open_things(struct things *out, const char *file, const char *lock, uintptr_t socket)
{
    out->loop = create_loop();
    assert_int_equal(file_open(out->loop, file, FILE_CREATE_NEW, &out->file, NULL), SG_OK);
    assert_int_equal(path_lock(lock, &out->lock, NULL), SG_OK);
    assert_int_equal(work_pool_create(out->loop, &out->pool, NULL), SG_OK);
    assert_int_equal(worker_create(out->loop, "test", &out->worker, NULL), SG_OK);
    assert_int_equal(signal_create(&out->signal, NULL), SG_OK);
    assert_int_equal(sock_watch_create(out->loop, socket, ignore_ready, NULL, &out->watch, NULL),
                     SG_OK);
    assert_int_equal(sock_watch_arm(out->watch, SOCK_READ), SG_OK);
}

static void close_things(struct things *things)
{
    sock_watch_close(things->watch);
    signal_destroy(things->signal);
    worker_destroy(things->worker);
    work_pool_destroy(things->pool);
    path_unlock(things->lock);
    file_close(things->file);
    loop_destroy(things->loop);
}

static void handles__of_everything__are_not_inherited_and_are_given_back(void **state)
{
    (void)state;
    net_start();
    uintptr_t pair[2];
    net_pair(pair);
    char *folder = scratch_create();
    char *file = scratch_path(folder, "data");
    char *lock = scratch_path(folder, "lock");
    struct handles *before = sg_alloc(sizeof *before);
    struct handles *after = sg_alloc(sizeof *after);
    assert_non_null(before);
    assert_non_null(after);

    struct things things;
    open_things(&things, file, lock, pair[0]); /* what the system opens once per process is open */
    close_things(&things);
    assert_int_equal(path_remove(file, NULL), SG_OK);

    read_handles(before);
    open_things(&things, file, lock, pair[0]);
    read_handles(after);
    assert_true(count_new(before, after) >= 5);
    assert_int_equal(count_inherited(before, after), 0);
    close_things(&things);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(path_remove(file, NULL), SG_OK);
        open_things(&things, file, lock, pair[0]);
        close_things(&things);
    }
    read_handles(after);
    assert_in_range(count_new(before, after), 0, 15); /* not one of each of the 21 rounds */

    sg_free(before);
    sg_free(after);
    sg_free(file);
    sg_free(lock);
    scratch_remove(folder);
    net_close(pair[0]);
    net_close(pair[1]);
    net_stop();
    assert_int_equal(sg_mem_live(), 0);
}

static int count_threads(void)
{
    HANDLE snapshot = handle_normal(CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0));
    assert_non_null(snapshot);
    THREADENTRY32 entry = { .dwSize = sizeof entry };
    int n_threads = 0;
    for (BOOL has_one = Thread32First(snapshot, &entry); has_one;
         has_one = Thread32Next(snapshot, &entry))
        n_threads += entry.th32OwnerProcessID == GetCurrentProcessId();
    handle_close(snapshot);
    return n_threads;
}

static void run_job(struct work *work)
{
    struct job *job = sg_container_of(work, struct job, work);
    job->n_threads = count_threads();
}

static void on_job_done(struct work *work)
{
    struct job *job = sg_container_of(work, struct job, work);
    (*job->n_done)++;
}

static void threads__during_two_hundred_works__stay_as_many(void **state)
{
    (void)state;
    int n_before = count_threads();
    struct loop *loop = create_loop();
    struct work_pool *pool = NULL;
    assert_int_equal(work_pool_create(loop, &pool, NULL), SG_OK);
    struct job *jobs = sg_alloc_array(N_WORKS, sizeof *jobs);
    assert_non_null(jobs);
    int n_done = 0;
    for (int i = 0; i < N_WORKS; i++) {
        jobs[i].work.run = run_job;
        jobs[i].work.done = on_job_done;
        jobs[i].n_done = &n_done;
        work_submit(pool, &jobs[i].work);
    }
    assert_true(turn_until(loop, &n_done, N_WORKS));
    for (int i = 0; i < N_WORKS; i++)
        assert_in_range(jobs[i].n_threads, 1, n_before + WORK_THREADS);
    sg_free(jobs);
    work_pool_destroy(pool);
    loop_destroy(loop);
    assert_int_equal(sg_mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles__of_everything__are_not_inherited_and_are_given_back),
        cmocka_unit_test(threads__during_two_hundred_works__stay_as_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
