/* What the parts of service.c share. Functions that return a BOOL-like bool leave the reason in
 * GetLastError. */
#ifndef SEGUE_CLI_WIN_SERVICE_WIN_H
#define SEGUE_CLI_WIN_SERVICE_WIN_H

#include <stdbool.h>

#include "base/err.h"
#include "os/win/win.h"

/* The SID of "NT SERVICE\Segue": S-1-5-80 and the SHA-1 of "SEGUE" in UTF-16, as five numbers. It
 * can be given rights before the service exists (Windows documentation: "Service Security and
 * Access Rights", sc showsid). */
#define SERVICE_SID_TEXT "S-1-5-80-4280619732-839869575-4031326268-3334226125-3369091928"

/* Translates an error of the service manager; `what` was being done ("installing the service"). */
SG_MUST_USE enum sg_status service_refuse(struct sg_err *err, DWORD error, const char *what);

/* Puts everything in force that CreateServiceW does not take: description, delayed start, recovery,
 * preshutdown time, service SID, privileges. */
SG_MUST_USE enum sg_status service_configure(SC_HANDLE service, struct sg_err *err);

/* Makes the data folder, and closes it to all but the system, administrators and the service. A
 * folder that is there is refused unless it belongs to the system or administrators: what somebody
 * else prepared is not to be trusted. Its path is the caller's (sg_free). */
SG_MUST_USE enum sg_status service_folders_make_data(char **out_path, struct sg_err *err);

/* Makes the folder "Segue" in the public Downloads, in which the service may finish files with
 * nobody logged on. Its path is the caller's (sg_free). */
SG_MUST_USE enum sg_status service_folders_make_public(char **out_path, struct sg_err *err);

/* Removes that folder if nothing is in it; with something in it, it stays as it is. */
void service_folders_remove_public(void);

/* Deletes the data folder with everything in it; SG_OK when there is none. Links in it are
 * deleted, not followed. */
SG_MUST_USE enum sg_status service_folders_purge(struct sg_err *err);

#endif
