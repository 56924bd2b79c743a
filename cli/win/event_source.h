/* The source "Segue" of Windows' Application event log: the registry key by which Windows finds the
 * sentences of events in the program that wrote them. Made with the service, gone with it.
 * Windows documentation: "Event Sources". */
#ifndef SEGUE_CLI_WIN_EVENT_SOURCE_H
#define SEGUE_CLI_WIN_EVENT_SOURCE_H

#include "base/err.h"

/* Makes it, or renews it; `program` is the path of segd.exe. SG_E_DENIED, SG_E_SYSTEM, SG_E_NOMEM.
 */
SG_MUST_USE enum sg_status event_source_install(const char *program, struct sg_err *err);

/* Removes it; SG_OK when there is none. Events that were written stay, without sentences. */
SG_MUST_USE enum sg_status event_source_uninstall(struct sg_err *err);

#endif
