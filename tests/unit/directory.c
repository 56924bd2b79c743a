/* See directory.h. */
#include "tests/unit/directory.h"

#include <stdbool.h>
#include <string.h>

#include "os/lock.h"

static struct {
    struct lock lock;

    /* under lock */
    const char *addresses;
    bool is_held_up;
    int n_begun;
    int n_under_way;
    int most_at_once;
} directory;

void directory_open(void)
{
    directory.addresses = "127.0.0.1";
    directory.is_held_up = false;
    directory.n_begun = 0;
    directory.n_under_way = 0;
    directory.most_at_once = 0;
    lock_init(&directory.lock);
}

void directory_close(void)
{
    lock_fini(&directory.lock);
}

void directory_set(const char *addresses)
{
    lock_take(&directory.lock);
    directory.addresses = addresses;
    lock_release(&directory.lock);
}

void directory_hold_up(void)
{
    lock_take(&directory.lock);
    directory.is_held_up = true;
    lock_release(&directory.lock);
}

void directory_release(void)
{
    lock_take(&directory.lock);
    directory.is_held_up = false;
    lock_wake_all(&directory.lock);
    lock_release(&directory.lock);
}

static int read_locked(const int *number)
{
    lock_take(&directory.lock);
    int value = *number;
    lock_release(&directory.lock);
    return value;
}

int directory_count(void)
{
    return read_locked(&directory.n_begun);
}

int directory_most_at_once(void)
{
    return read_locked(&directory.most_at_once);
}

void directory_wait_for(int count)
{
    lock_take(&directory.lock);
    while (directory.n_begun < count)
        lock_wait(&directory.lock);
    lock_release(&directory.lock);
}

void directory_wait_idle(void)
{
    lock_take(&directory.lock);
    while (directory.n_under_way > 0)
        lock_wait(&directory.lock);
    lock_release(&directory.lock);
}

static void begin_locked(void)
{
    directory.n_begun++;
    directory.n_under_way++;
    if (directory.n_under_way > directory.most_at_once)
        directory.most_at_once = directory.n_under_way;
    lock_wake_all(&directory.lock);
}

enum sg_status directory_look_up(const char *host, struct sg_buf *out)
{
    bool is_slow = strncmp(host, "slow", 4) == 0;
    bool is_missing = strncmp(host, "missing", 7) == 0;
    lock_take(&directory.lock);
    begin_locked();
    while (is_slow && directory.is_held_up)
        lock_wait(&directory.lock);
    if (!is_missing)
        sg_buf_puts(out, directory.addresses);
    directory.n_under_way--;
    lock_wake_all(&directory.lock);
    lock_release(&directory.lock);
    return is_missing ? SG_E_DNS : SG_OK;
}
