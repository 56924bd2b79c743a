/* A mutex and a condition variable. */
#include "os/lock.h"

#include <pthread.h>

struct lock_posix {
    pthread_mutex_t mutex;
    pthread_cond_t woken;
};

_Static_assert(sizeof(struct lock_posix) <= sizeof(struct lock), "fits into a lock");

static struct lock_posix *lock_posix(struct lock *lock)
{
    return (struct lock_posix *)(void *)lock->reserved;
}

void lock_init(struct lock *lock)
{
    pthread_mutex_init(&lock_posix(lock)->mutex, NULL);
    pthread_cond_init(&lock_posix(lock)->woken, NULL);
}

void lock_fini(struct lock *lock)
{
    pthread_cond_destroy(&lock_posix(lock)->woken);
    pthread_mutex_destroy(&lock_posix(lock)->mutex);
}

void lock_take(struct lock *lock)
{
    pthread_mutex_lock(&lock_posix(lock)->mutex);
}

void lock_release(struct lock *lock)
{
    pthread_mutex_unlock(&lock_posix(lock)->mutex);
}

void lock_wait(struct lock *lock)
{
    pthread_cond_wait(&lock_posix(lock)->woken, &lock_posix(lock)->mutex);
}

void lock_wake_one(struct lock *lock)
{
    pthread_cond_signal(&lock_posix(lock)->woken);
}

void lock_wake_all(struct lock *lock)
{
    pthread_cond_broadcast(&lock_posix(lock)->woken);
}
