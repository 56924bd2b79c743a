/* What the parts of the download driver share: download_driver.c has time, transfers and disk,
 * download_origin.c the server, download_check.c the invariants. */
#ifndef SEGUE_TESTS_UNIT_DOWNLOAD_DRIVER_INTERNAL_H
#define SEGUE_TESTS_UNIT_DOWNLOAD_DRIVER_INTERNAL_H

#include "tests/unit/download_driver.h"

/* The bytes of a version of the file, from `offset` on. None of them is 0. */
const uint8_t *origin_bytes(int version, uint64_t offset);

/* The version whose validators a record has; -1 when it has none. */
int origin_version_of(const struct job_record *record);

/* True when all of `inner` is in `outer`. */
bool driver_is_subset(const struct extents *inner, const struct extents *outer);

/* What a record claims lies on the disk, would survive a crash, and is its version's. */
void driver_check_claims(const struct driver *driver, const struct job_record *record);

/* What holds after every step. */
void driver_check(const struct driver *driver);

/* Whoever has ended has left nothing under way. */
void driver_check_end(const struct driver *driver);

#endif
