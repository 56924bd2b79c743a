/* Segue as a service of the machine: the service manager, and the folders that the service needs.
 * Implemented by cli/win; cli/posix, for tests, says that there is no such thing. Every call may
 * block for as long as service_wait.h allows. SG_E_DENIED: not without an administrator's rights;
 * SG_E_NOT_FOUND: it is not installed. One thread. */
#ifndef SEGUE_CLI_SERVICE_H
#define SEGUE_CLI_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What the service manager says. service_facts_fini releases it. */
struct service_facts {
    const char *state;      /* static: "running", "stopped", "starting", "stopping", ... */
    const char *start_type; /* static: "delayed-auto", "auto", "demand", "disabled" */
    char *account;
    char *command;         /* the program with its arguments */
    uint32_t pid;          /* 0: it does not run */
    uint32_t exit_code;    /* sg_status_number of why it ended last, 0: well */
    uint32_t system_error; /* of Windows, where that ended it; 0: none */
};

/* Releases it. */
void service_facts_fini(struct service_facts *facts);

/* What service_install did. service_made_fini releases it. */
struct service_made {
    bool was_there; /* it was installed with this program: its configuration was renewed */
    char *program;
    char *account;
    char *data_folder;   /* closed to all but the system, administrators and the service */
    char *public_folder; /* where the service may finish files with nobody logged on */
};

/* Releases it. */
void service_made_fini(struct service_made *made);

/* Installs the service with this segd; NULL: the one beside this program. SG_E_EXISTS: it is
 * installed with another program. CreateServiceW, ChangeServiceConfig2W. */
SG_MUST_USE enum sg_status service_install(const char *program, struct service_made *out,
                                           struct sg_err *err);

/* Stops and removes it, and deletes its data folder with `purges`. The public folder stays if
 * there is something in it. */
SG_MUST_USE enum sg_status service_uninstall(bool purges, struct sg_err *err);

/* Starts it and waits until it serves; `*out_was` says that it did already. */
SG_MUST_USE enum sg_status service_start(bool *out_was, struct sg_err *err);

/* Stops it and waits until it has ended; `*out_was` says that it had already. */
SG_MUST_USE enum sg_status service_stop(bool *out_was, struct sg_err *err);

/* Asks about it. QueryServiceStatusEx, QueryServiceConfigW. */
SG_MUST_USE enum sg_status service_query(struct service_facts *out, struct sg_err *err);

#endif
