/* SRWLOCK and CONDITION_VARIABLE: neither can fail, and neither has anything to release. */
#include "os/lock.h"

#include "base/assert.h"
#include "os/win/win.h"

struct lock_win {
    SRWLOCK lock;
    CONDITION_VARIABLE woken;
};

_Static_assert(sizeof(struct lock_win) <= sizeof(struct lock), "fits into a lock");

static struct lock_win *lock_win(struct lock *lock)
{
    return (struct lock_win *)(void *)lock->reserved;
}

void lock_init(struct lock *lock)
{
    InitializeSRWLock(&lock_win(lock)->lock);
    InitializeConditionVariable(&lock_win(lock)->woken);
}

void lock_fini(struct lock *lock)
{
    (void)lock;
}

void lock_take(struct lock *lock)
{
    AcquireSRWLockExclusive(&lock_win(lock)->lock);
}

void lock_release(struct lock *lock)
{
    ReleaseSRWLockExclusive(&lock_win(lock)->lock);
}

void lock_wait(struct lock *lock)
{
    struct lock_win *win = lock_win(lock);
    BOOL is_woken = SleepConditionVariableSRW(&win->woken, &win->lock, INFINITE, 0);
    SG_ASSERT(is_woken);
}

void lock_wake_one(struct lock *lock)
{
    WakeConditionVariable(&lock_win(lock)->woken);
}

void lock_wake_all(struct lock *lock)
{
    WakeAllConditionVariable(&lock_win(lock)->woken);
}
