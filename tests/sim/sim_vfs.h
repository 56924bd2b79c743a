/* SQLite on the simulated disk. */
#ifndef SEGUE_TESTS_SIM_SIM_VFS_H
#define SEGUE_TESTS_SIM_SIM_VFS_H

/* Makes the simulated disk the place where SQLite has its files, for the whole process, and
 * SQLite's random numbers begin again. May be called again. */
void sim_vfs_use(void);

#endif
