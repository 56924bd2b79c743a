/* SeManageVolumePrivilege, which lets SetFileValidData make room that was never written readable.
 *
 * Whoever enables it takes a duty: until every byte is written, such a file shows what the disk
 * held before, so others must not be able to read it. Nothing in libseg enables it; file_reserve
 * only looks whether someone did. */
#ifndef SEGUE_OS_WIN_PRIVILEGE_H
#define SEGUE_OS_WIN_PRIVILEGE_H

#include <stdbool.h>

/* True when the calling thread (or, where it does not impersonate, the process) has it enabled. Any
 * thread. */
bool privilege_may_manage_volume(void);

/* Enables it for the process; false when the process does not hold it. Any thread.
 * AdjustTokenPrivileges. */
bool privilege_enable_manage_volume(void);

/* Disables it for the process. Any thread. */
void privilege_disable_manage_volume(void);

#endif
