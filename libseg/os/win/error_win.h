/* Reporting a refused Windows call: the other half of what os/op.h promises about error codes. */
#ifndef SEGUE_OS_WIN_ERROR_WIN_H
#define SEGUE_OS_WIN_ERROR_WIN_H

#include <stdint.h>

#include "base/err.h"

/* Records that `what` ("opening") failed with the Windows error `code`, in Windows' words, and
 * returns the status that os_error_status gives it. `subject` is the path it is about, or NULL. Any
 * thread. */
enum sg_status error_report(struct sg_err *err, uint32_t code, const char *what,
                            const char *subject);

/* As error_report, with a status that the caller knows better. */
enum sg_status error_report_as(struct sg_err *err, enum sg_status status, uint32_t code,
                               const char *what, const char *subject);

/* The Windows error that stands for an NTSTATUS. Any thread. RtlNtStatusToDosError. */
uint32_t error_from_nt(int32_t nt_status);

#endif
