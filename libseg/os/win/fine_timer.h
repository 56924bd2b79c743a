/* A timer exact to about half a millisecond that ends a wait on a completion port. Built from a
 * high-resolution waitable timer (documented, Windows 10 1803) and a wait completion packet, which
 * turns "the timer is signalled" into a packet on the port (exported by ntdll since Windows 8,
 * undocumented, used by the Go runtime since 1.23). One thread. */
#ifndef SEGUE_OS_WIN_FINE_TIMER_H
#define SEGUE_OS_WIN_FINE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "os/win/win.h"

struct fine_timer;

/* NULL where the system does not offer it (Wine 8) or is out of memory: then waits are as exact as
 * GetQueuedCompletionStatusEx makes them. Owned by the caller. */
struct fine_timer *fine_timer_create(void);

/* NULL is allowed. */
void fine_timer_destroy(struct fine_timer *timer);

/* After `delay_us` a packet with `overlapped` and zero bytes arrives at `port`; false when that
 * could not be arranged. Not while it is armed. */
bool fine_timer_arm(struct fine_timer *timer, HANDLE port, OVERLAPPED *overlapped,
                    uint64_t delay_us);

/* The packet will not arrive any more, also when it was queued already. */
void fine_timer_disarm(struct fine_timer *timer);

#endif
