/* Keeping the machine from going to sleep by itself while there is work. A person who closes the
 * lid or chooses sleep is obeyed all the same. */
#ifndef SEGUE_OS_POWER_H
#define SEGUE_OS_POWER_H

#include <stdbool.h>

#include "base/err.h"

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

#endif
