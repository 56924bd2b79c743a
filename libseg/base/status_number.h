/* Numbers for statuses, for where a word cannot go: the exit code that a service leaves with the
 * service manager. Other programs compare them, so they never change and none is used again; the
 * order of enum sg_status means nothing. Pure. */
#ifndef SEGUE_BASE_STATUS_NUMBER_H
#define SEGUE_BASE_STATUS_NUMBER_H

#include <stdint.h>

#include "base/status.h"

/* The number of a status; 0 for SG_OK. Any thread. */
uint32_t sg_status_number(enum sg_status status);

/* The status with this number, or SG_STATUS_COUNT when none has it. Any thread. */
enum sg_status sg_status_from_number(uint32_t number);

#endif
