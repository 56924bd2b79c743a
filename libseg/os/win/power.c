/* A power request of Windows. No thread and no state but the handle's. */
#include "os/power.h"

#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

enum { ON_BATTERY = 0 }; /* SYSTEM_POWER_STATUS, ACLineStatus */

struct power_hold {
    HANDLE request;
    bool is_on;
};

enum sg_status power_hold_create(const char *why, struct power_hold **out, struct sg_err *err)
{
    struct power_hold *hold = sg_alloc(sizeof *hold);
    wchar_t *reason = wide_from_utf8(why);
    enum sg_status status = SG_OK;
    if (hold == NULL || reason == NULL) {
        status = sg_err_set(err, SG_E_NOMEM, "keeping the machine awake");
        goto free_memory;
    }
    REASON_CONTEXT context = { .Version = POWER_REQUEST_CONTEXT_VERSION,
                               .Flags = POWER_REQUEST_CONTEXT_SIMPLE_STRING,
                               .Reason.SimpleReasonString = reason };
    hold->request = handle_normal(PowerCreateRequest(&context));
    if (hold->request == NULL) {
        status =
            error_report_as(err, SG_E_SYSTEM, GetLastError(), "keeping the machine awake", NULL);
        goto free_memory;
    }
    *out = hold;
    hold = NULL;

free_memory:
    sg_free(reason);
    sg_free(hold);
    return status;
}

void power_hold_destroy(struct power_hold *hold)
{
    if (hold == NULL)
        return;
    handle_close(hold->request); /* which ends the request */
    sg_free(hold);
}

enum sg_status power_hold_set(struct power_hold *hold, bool is_on, struct sg_err *err)
{
    if (hold->is_on == is_on)
        return SG_OK;
    BOOL has_worked = is_on ? PowerSetRequest(hold->request, PowerRequestSystemRequired)
                            : PowerClearRequest(hold->request, PowerRequestSystemRequired);
    if (!has_worked)
        return error_report_as(err, SG_E_SYSTEM, GetLastError(), "keeping the machine awake", NULL);
    hold->is_on = is_on;
    return SG_OK;
}

bool power_is_on_mains(void)
{
    SYSTEM_POWER_STATUS status;
    return !GetSystemPowerStatus(&status) || status.ACLineStatus != ON_BATTERY;
}
