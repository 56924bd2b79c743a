/* Keeps the machine awake while downloads run and it is on mains, where the setting keep_awake says
 * so. Loop thread only. */
#ifndef SEGUE_DAEMON_AWAKE_H
#define SEGUE_DAEMON_AWAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "os/loop.h"

struct awake;

/* How often the plug is looked at while downloads run, unless a test wants it sooner. */
enum { AWAKE_LOOK_MS = 30 * 1000 };

/* Creates it, looking at the plug every `look_ms`; nothing is held yet. SG_E_NOMEM; SG_E_SYSTEM
 * where the system has no such thing. */
SG_MUST_USE enum sg_status awake_create(struct loop *loop, uint32_t look_ms, struct awake **out,
                                        struct sg_err *err);

/* Lets go and frees it. NULL is allowed. */
void awake_destroy(struct awake *awake);

/* Says whether downloads run that shall not be put to sleep. NULL is allowed and does nothing. */
void awake_want(struct awake *awake, bool is_wanted);

#endif
