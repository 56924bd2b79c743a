/* What tests ask and set of the power. */
#ifndef SEGUE_OS_POSIX_POWER_POSIX_H
#define SEGUE_OS_POSIX_POWER_POSIX_H

#include <stdbool.h>
#include <stdint.h>

/* Puts the machine on mains or on its battery. */
void power_posix_set_mains(bool is_on_mains);

/* The number of holds that are on. */
uint32_t power_posix_held(void);

#endif
