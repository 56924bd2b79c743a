/* Keeping the machine from going to sleep by itself while there is work, and hearing when it slept
 * all the same: a person who closes the lid or chooses sleep is obeyed. */
#ifndef SEGUE_OS_POWER_H
#define SEGUE_OS_POWER_H

#include <stdbool.h>

#include "base/err.h"
#include "os/loop.h"

struct power_hold;

/* Creates a hold that holds nothing yet. `why` is shown to administrators (powercfg /requests).
 * Any thread. SG_E_NOMEM; SG_E_SYSTEM where the system has no such thing.
 * Windows: PowerCreateRequest. */
SG_MUST_USE enum sg_status power_hold_create(const char *why, struct power_hold **out,
                                             struct sg_err *err);

/* Lets go and frees it. NULL is allowed. */
void power_hold_destroy(struct power_hold *hold);

/* Holds the machine awake, or lets go; the same again changes nothing. One thread at a time.
 * SG_E_SYSTEM: the hold is as it was.
 * Windows: PowerSetRequest, PowerClearRequest, PowerRequestSystemRequired: the display may go off.
 */
SG_MUST_USE enum sg_status power_hold_set(struct power_hold *hold, bool is_on, struct sg_err *err);

/* True unless the machine is known to run on a battery. Any thread. GetSystemPowerStatus. */
bool power_is_on_mains(void);

struct power_watch;

typedef void power_woke_fn(void *ctx);

/* Calls `woke(ctx)` on the loop thread each time that the machine has come back from sleep or
 * hibernation; several times that follow each other closely may be told as one. Never inside this
 * call. Loop thread. SG_E_NOMEM; SG_E_SYSTEM where the system does not tell.
 * Windows: PowerRegisterSuspendResumeNotification, PBT_APMRESUMEAUTOMATIC; POSIX, for tests:
 * SIGCONT, and one watch at a time. */
SG_MUST_USE enum sg_status power_watch_open(struct loop *loop, power_woke_fn *woke, void *ctx,
                                            struct power_watch **out, struct sg_err *err);

/* Ends the watch: `woke` is not called any more. NULL is allowed. Loop thread. */
void power_watch_close(struct power_watch *watch);

#endif
