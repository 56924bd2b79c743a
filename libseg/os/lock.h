/* A lock with a condition to wait for, for what threads share. Not recursive; fair to nobody. */
#ifndef SEGUE_OS_LOCK_H
#define SEGUE_OS_LOCK_H

#include <stdint.h>

/* Embed it; it stays where it is between lock_init and lock_fini. */
struct lock {
    uintptr_t reserved[12]; /* the seam's; the size is asserted where it is used */
};

/* Makes it ready; cannot fail. */
void lock_init(struct lock *lock);

/* Its end; no thread holds it or waits. */
void lock_fini(struct lock *lock);

/* Waits until no other thread holds it, and holds it. Any thread that does not hold it. */
void lock_take(struct lock *lock);

/* Lets it go. The thread that holds it. */
void lock_release(struct lock *lock);

/* Lets it go, waits until it is woken, and holds it again. It may be woken without a reason: look
 * again at what was waited for. The thread that holds it. */
void lock_wait(struct lock *lock);

/* Wakes one of the threads in lock_wait, or all. Any thread. */
void lock_wake_one(struct lock *lock);
void lock_wake_all(struct lock *lock);

#endif
