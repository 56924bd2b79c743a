/* The hold on the machine's sleep. A plug that is pulled or put in is seen at the next look: waking
 * up for that is not worth a listener. */
#include "daemon/awake.h"

#include "base/mem.h"
#include "daemon/log.h"
#include "os/power.h"

struct awake {
    struct loop *loop;
    struct power_hold *hold;
    struct timer look;
    uint64_t look_us;
    bool is_wanted;
    bool has_complained;
};

static void apply(struct awake *awake)
{
    struct sg_err err;
    bool is_on = awake->is_wanted && power_is_on_mains();
    if (power_hold_set(awake->hold, is_on, &err) == SG_OK || awake->has_complained)
        return;
    awake->has_complained = true;
    log_line(LOG_WARNING, "the machine may go to sleep during downloads: %s", sg_err_text(&err));
}

static void on_look(struct timer *timer)
{
    struct awake *awake = sg_container_of(timer, struct awake, look);
    apply(awake);
    timer_start(awake->loop, timer, awake->look_us);
}

enum sg_status awake_create(struct loop *loop, uint32_t look_ms, struct awake **out,
                            struct sg_err *err)
{
    struct awake *awake = sg_alloc(sizeof *awake);
    if (awake == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    awake->loop = loop;
    awake->look_us = look_ms * UINT64_C(1000);
    awake->look.fire = on_look;
    enum sg_status status = power_hold_create("Segue is downloading", &awake->hold, err);
    if (status != SG_OK) {
        sg_free(awake);
        return status;
    }
    *out = awake;
    return SG_OK;
}

void awake_destroy(struct awake *awake)
{
    if (awake == NULL)
        return;
    timer_stop(awake->loop, &awake->look);
    power_hold_destroy(awake->hold);
    sg_free(awake);
}

void awake_want(struct awake *awake, bool is_wanted)
{
    if (awake == NULL || awake->is_wanted == is_wanted)
        return;
    awake->is_wanted = is_wanted;
    apply(awake);
    if (is_wanted)
        timer_start(awake->loop, &awake->look, awake->look_us);
    else
        timer_stop(awake->loop, &awake->look);
}
