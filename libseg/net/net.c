/* Owns libcurl's multi handle and what drives it: the timeout that libcurl asks for, the list of
 * transfers that want something, and the bytes that one loop turn may deliver. It knows nothing of
 * HTTP.
 *
 * All calls into libcurl are made from one place, `do_work`, which runs as deferred work at the end
 * of a turn and at most once in it. The public functions only note what is wanted, so they are safe
 * inside libcurl's callbacks, where libcurl could not be called, and call nobody back. */
#include "net/net.h"

#include <limits.h>

#include "base/assert.h"
#include "base/mem.h"
#include "net/net_impl.h"
#include "net/net_route.h"
#include "net/net_status.h"
#include "net/xfer_impl.h"

static const char DEFAULT_USER_AGENT[] = "Segue/" SEGUE_VERSION;

static void free_settings(struct net_settings *settings)
{
    sg_free(settings->user_agent);
    sg_free(settings->ca_file);
    sg_free_secret(settings->proxy);
    *settings = (struct net_settings){ 0 };
}

static enum sg_status copy_settings(const struct net_config *config, struct net_settings *out)
{
    const char *user_agent = config->user_agent != NULL ? config->user_agent : DEFAULT_USER_AGENT;
    struct net_settings settings = {
        .user_agent = sg_strdup(user_agent),
        .ca_file = sg_strdup(config->ca_file),
        .proxy = sg_strdup(config->proxy),
        .connect_timeout_ms = config->connect_timeout_ms,
        .max_idle_connections = config->max_idle_connections,
    };
    if (settings.user_agent == NULL || (settings.ca_file == NULL && config->ca_file != NULL) ||
        (settings.proxy == NULL && config->proxy != NULL)) {
        free_settings(&settings);
        return SG_E_NOMEM;
    }
    *out = settings;
    return SG_OK;
}

/* CURLMOPT_TIMERFUNCTION. What is due at once is done by the work that goes on, if it has not come
 * to the timeouts yet, or else in the next turn. */
static int on_curl_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    (void)multi;
    struct net *net = ctx;
    timer_stop(net->loop, &net->timeout);
    net->is_timeout_due = timeout_ms == 0;
    if (timeout_ms == 0)
        net_wake(net);
    else if (timeout_ms > 0)
        timer_start(net->loop, &net->timeout, (uint64_t)timeout_ms * 1000);
    return 0;
}

static void on_timeout(struct timer *timer)
{
    struct net *net = sg_container_of(timer, struct net, timeout);
    net->is_timeout_due = true;
    net_wake(net);
}

static void on_kick(struct timer *timer)
{
    net_wake(sg_container_of(timer, struct net, kick));
}

static uint64_t turn_elapsed_us(const struct net *net)
{
    return loop_clock_us(net->loop) - net->turn_start_us;
}

/* Transfers that go on where the last turn interrupted them may take half of this one: the rest is
 * for sockets. */
static bool is_half_spent(const struct net *net)
{
    return net->turn_bytes >= NET_TURN_BYTES / 2 || turn_elapsed_us(net) >= NET_TURN_US / 2;
}

static void do_timeout(struct net *net)
{
    int n_running;
    if (!net->is_timeout_due)
        return;
    net->is_timeout_due = false;
    curl_multi_socket_action(net->multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
}

/* What a transfer wants while this runs is done in the next turn. A transfer that is resumed reads
 * in the next call to libcurl, which runs all that were resumed before it: hence one by one. */
static void do_todo(struct net *net)
{
    struct sg_list todo;
    sg_list_init(&todo);
    for (struct sg_list *node; (node = sg_list_pop(&net->todo)) != NULL;)
        sg_list_insert(&todo, node);
    for (struct sg_list *node; (node = sg_list_pop(&todo)) != NULL;) {
        if (is_half_spent(net)) {
            sg_list_insert(&net->todo, node);
        } else {
            xfer_advance(sg_container_of(node, struct xfer, todo));
            do_timeout(net);
        }
    }
}

static void end_finished(struct net *net)
{
    int n_left;
    for (CURLMsg *message; (message = curl_multi_info_read(net->multi, &n_left)) != NULL;) {
        struct xfer *xfer = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&xfer);
        xfer_finish(xfer, message->data.result);
    }
}

static bool has_more(const struct net *net)
{
    return net->is_timeout_due || !sg_list_is_empty(&net->todo) || net_socks_has_ready(net);
}

static void tear_down(struct net *net)
{
    for (struct sg_list *node; (node = sg_list_pop(&net->todo)) != NULL;)
        xfer_advance(sg_container_of(node, struct xfer, todo));
    SG_ASSERT(net->n_xfers == 0);
    while (net->n_spare_easies > 0)
        curl_easy_cleanup(net->spare_easies[--net->n_spare_easies]);
    curl_multi_cleanup(net->multi);
    names_destroy(net->names);
    routes_destroy(net->routes);
    net_socks_fini(net);
    timer_stop(net->loop, &net->timeout);
    timer_stop(net->loop, &net->kick);
    sg_list_remove(&net->work.node);
    free_settings(&net->settings);
    sg_free(net);
    curl_global_cleanup();
}

static void do_work(struct deferred *deferred)
{
    struct net *net = sg_container_of(deferred, struct net, work);
    if (net->is_closing) {
        tear_down(net);
        return;
    }
    uint64_t turn = loop_stats(net->loop)->turns;
    if (turn != net->turn) {
        net->turn = turn;
        net->turn_start_us = loop_clock_us(net->loop);
        net->turn_bytes = 0;
        do_todo(net);
        net_socks_serve(net);
        do_timeout(net);
        end_finished(net);
        net_socks_arm(net);
    }
    if (has_more(net) && !net->is_closing)
        timer_start(net->loop, &net->kick, 0);
}

static void set_up(struct net *net)
{
    sg_list_init(&net->todo);
    net->turn = UINT64_MAX;
    net->work.run = do_work;
    net->timeout.fire = on_timeout;
    net->kick.fire = on_kick;
    net_socks_init(net);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERDATA, net);
    curl_multi_setopt(net->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    net_fit_pool(net);
}

enum sg_status net_create(struct loop *loop, const struct net_config *config, struct net **out,
                          struct sg_err *err)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        return net_status_set(err, code, NULL);
    struct net *net = sg_alloc(sizeof *net);
    if (net == NULL)
        goto cleanup_curl;
    if (copy_settings(config, &net->settings) != SG_OK)
        goto free_net;
    if (names_create(loop, resolve_now, &net->names, NULL) != SG_OK)
        goto free_settings;
    if (routes_create(loop, config->is_for_machine ? route_of_machine : route_of_user, &net->routes,
                      NULL) != SG_OK)
        goto destroy_names;
    net->multi = curl_multi_init();
    if (net->multi == NULL)
        goto destroy_routes;
    net->loop = loop;
    set_up(net);
    *out = net;
    return SG_OK;

destroy_routes:
    routes_destroy(net->routes);
destroy_names:
    names_destroy(net->names);
free_settings:
    free_settings(&net->settings);
free_net:
    sg_free(net);
cleanup_curl:
    curl_global_cleanup();
    return sg_err_set(err, SG_E_NOMEM, "setting up libcurl");
}

enum sg_status net_configure(struct net *net, const struct net_config *config)
{
    struct net_settings settings;
    if (copy_settings(config, &settings) != SG_OK)
        return SG_E_NOMEM;
    free_settings(&net->settings);
    net->settings = settings;
    routes_forget(net->routes);
    return SG_OK;
}

void net_listen_trouble(struct net *net, net_proxy_trouble_fn *trouble, void *ctx)
{
    routes_listen(net->routes, trouble, ctx);
}

void net_network_changed(struct net *net)
{
    routes_forget(net->routes);
}

/* May be called inside the callback of a transfer, where libcurl cannot be left: hence later. */
void net_destroy(struct net *net)
{
    if (net == NULL)
        return;
    net->is_closing = true;
    net_wake(net);
}

const char *net_version(void)
{
    return curl_version();
}

void net_wake(struct net *net)
{
    loop_defer(net->loop, &net->work);
}

bool net_may_go_on(const struct net *net)
{
    return net->turn_bytes < NET_TURN_BYTES && turn_elapsed_us(net) < NET_TURN_US;
}

CURL *net_borrow_easy(struct net *net)
{
    if (net->n_spare_easies > 0)
        return net->spare_easies[--net->n_spare_easies];
    return curl_easy_init();
}

void net_return_easy(struct net *net, CURL *easy)
{
    curl_easy_reset(easy);
    if (net->n_spare_easies < NET_SPARE_EASIES_MAX)
        net->spare_easies[net->n_spare_easies++] = easy;
    else
        curl_easy_cleanup(easy);
}

/* Libcurl's limit counts the connections in use as well, and 0 would mean a limit of its own. */
void net_fit_pool(struct net *net)
{
    uint64_t n_connections = (uint64_t)net->n_xfers + net->settings.max_idle_connections;
    if (n_connections == 0)
        n_connections = 1;
    curl_multi_setopt(net->multi, CURLMOPT_MAXCONNECTS,
                      n_connections < INT_MAX ? (long)n_connections : (long)INT_MAX);
}
