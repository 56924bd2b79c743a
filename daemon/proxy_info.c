/* daemon.info's `proxy`: the setting, or what Windows' settings say in its place. */
#include "daemon/proxy_info.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "daemon/access.h"
#include "daemon/settings.h"
#include "net/net.h"
#include "net/net_route.h"

struct reading {
    struct work work;
    struct call *call;
    cJSON *result;
    enum proxy_scope scope;
    struct sg_buf text; /* made on the other thread */
};

/* Takes `result` over; `text` may be NULL when memory ran out. */
static void reply(struct call *call, cJSON *result, const char *mode, const char *text)
{
    cJSON *proxy = cJSON_AddObjectToObject(result, "proxy");
    cJSON_AddStringToObject(proxy, "mode", mode);
    cJSON_AddStringToObject(proxy, "text", text != NULL ? text : mode);
    call_reply(call, result);
}

/* On a thread of the pool. */
static void read_system(struct work *work)
{
    struct reading *reading = sg_container_of(work, struct reading, work);
    struct proxy_config config = { 0 };
    struct sg_err err = { 0 };
    bool is_user = reading->scope == PROXY_OF_USER;
    sg_buf_puts(&reading->text, is_user ? "by Windows (" : "by Windows, machine-wide (");
    if (proxy_config_read(reading->scope, &config, &err) == SG_OK)
        route_describe(&config, &reading->text);
    else
        sg_buf_printf(&reading->text, "none: %s", sg_err_text(&err));
    sg_buf_putc(&reading->text, ')');
    proxy_config_fini(&config);
}

static void on_read(struct work *work)
{
    struct reading *reading = sg_container_of(work, struct reading, work);
    bool is_whole = !reading->text.is_failed;
    reply(reading->call, reading->result, NET_PROXY_SYSTEM, is_whole ? reading->text.data : NULL);
    sg_buf_fini(&reading->text);
    sg_free(reading);
}

static void reply_later(struct app *app, struct call *call, cJSON *result)
{
    struct reading *reading = sg_alloc(sizeof *reading);
    if (reading == NULL) {
        reply(call, result, NET_PROXY_SYSTEM, NULL);
        return;
    }
    reading->work.run = read_system;
    reading->work.done = on_read;
    reading->call = call;
    reading->result = result;
    reading->scope = app_options(app)->mode == APP_SERVICE ? PROXY_OF_MACHINE : PROXY_OF_USER;
    work_submit(app_work_pool(app), &reading->work);
}

static void reply_explicit(struct app *app, struct call *call, cJSON *result)
{
    struct sg_buf text = { 0 };
    char *shown = access_sees_all(app, call_session(call))
                      ? settings_shown(app_settings(app), SET_PROXY)
                      : NULL;
    sg_buf_printf(&text, "explicit%s%s", shown != NULL ? " " : "", shown != NULL ? shown : "");
    reply(call, result, "explicit", text.data);
    sg_buf_fini(&text);
    sg_free(shown);
}

void proxy_info_reply(struct app *app, struct call *call, cJSON *result)
{
    const char *setting = settings_text(app_settings(app), SET_PROXY);
    if (strcmp(setting, NET_PROXY_SYSTEM) == 0)
        reply_later(app, call, result);
    else if (setting[0] == '\0' || strcmp(setting, NET_PROXY_NONE) == 0)
        reply(call, result, NET_PROXY_NONE, NULL);
    else
        reply_explicit(app, call, result);
}
