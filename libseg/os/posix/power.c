/* Power as tests set it; nothing here keeps a machine awake. One thread. */
#include "os/power.h"

#include "base/mem.h"
#include "os/posix/power_posix.h"

struct power_hold {
    bool is_on;
};

static bool is_on_battery;
static uint32_t n_held;

void power_posix_set_mains(bool is_on_mains)
{
    is_on_battery = !is_on_mains;
}

uint32_t power_posix_held(void)
{
    return n_held;
}

enum sg_status power_hold_create(const char *why, struct power_hold **out, struct sg_err *err)
{
    (void)why;
    struct power_hold *hold = sg_alloc(sizeof *hold);
    if (hold == NULL)
        return sg_err_set(err, SG_E_NOMEM, "keeping the machine awake");
    *out = hold;
    return SG_OK;
}

void power_hold_destroy(struct power_hold *hold)
{
    if (hold == NULL)
        return;
    n_held -= hold->is_on;
    sg_free(hold);
}

enum sg_status power_hold_set(struct power_hold *hold, bool is_on, struct sg_err *err)
{
    (void)err;
    if (hold->is_on != is_on)
        n_held = is_on ? n_held + 1 : n_held - 1;
    hold->is_on = is_on;
    return SG_OK;
}

bool power_is_on_mains(void)
{
    return !is_on_battery;
}
