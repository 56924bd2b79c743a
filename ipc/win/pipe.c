/* Listening on a named pipe: several instances wait for clients at any time, so that a burst of
 * them finds room; each that was found becomes a connection (conn.c) and is replaced. Loop thread
 * only. */
#include "ipc/pipe.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "ipc/win/conn.h"
#include "ipc/win/pipe_access.h"
#include "ipc/win/pipe_name.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"
#include "os/win/port_win.h"

enum {
    INSTANCES = 8, /* waiting at a time */
    BUFFER_SIZE = 64 * 1024,
    REFILL_US = 1000 * 1000,
};

struct pipe_listener {
    struct loop *loop;
    wchar_t *name;
    PSECURITY_DESCRIPTOR security;
    pipe_accept_fn *accept;
    void *ctx;

    struct sg_list instances;
    uint32_t n_instances;
    struct timer refill; /* while an instance could not be made */

    bool is_closing;
    pipe_closed_fn *closed;
    void *closed_ctx;
    struct deferred gone;
};

/* One that waits for a client. */
struct instance {
    struct packet packet; /* the kernel's while is_pending */
    struct pipe_listener *listener;
    struct sg_list node; /* in listener->instances */
    HANDLE pipe;
    bool is_pending;
    struct deferred connected; /* for a client that was there at once */
};

static enum sg_status create_pipe(const struct pipe_listener *listener, bool is_first, HANDLE *out,
                                  struct sg_err *err)
{
    SECURITY_ATTRIBUTES security = { .nLength = sizeof security,
                                     .lpSecurityDescriptor = listener->security };
    DWORD first = is_first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0;
    HANDLE pipe = handle_normal(CreateNamedPipeW(
        listener->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
        PIPE_UNLIMITED_INSTANCES, BUFFER_SIZE, BUFFER_SIZE, 0, &security));
    if (pipe != NULL) {
        *out = pipe;
        return SG_OK;
    }
    DWORD error = GetLastError();
    if (is_first && (error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY))
        return error_report_as(err, SG_E_IN_USE, error, "another process has the pipe's name",
                               NULL);
    return error_report(err, error, "creating a pipe", NULL);
}

/* QUIRK(wine-first-instance): Wine 8 accepts FILE_FLAG_FIRST_PIPE_INSTANCE and ignores it, so that
 * a second server would share the name with the first one and take half of its clients. Asking
 * before leaves a gap of an instant, which Windows itself does not have. It is gone when
 * test_pipe_access' second instance with that flag is refused in Wine too. */
static enum sg_status check_name_is_free(const wchar_t *name, struct sg_err *err)
{
    if (!WaitNamedPipeW(name, 1) && GetLastError() == ERROR_FILE_NOT_FOUND)
        return SG_OK;
    return sg_err_set(err, SG_E_IN_USE, "another process has the pipe's name");
}

static void on_gone(struct deferred *deferred)
{
    struct pipe_listener *listener = sg_container_of(deferred, struct pipe_listener, gone);
    pipe_closed_fn *closed = listener->closed;
    void *ctx = listener->closed_ctx;
    pipe_access_destroy(listener->security);
    sg_free(listener->name);
    sg_free(listener);
    if (closed != NULL)
        closed(ctx);
}

static void leave_when_empty(struct pipe_listener *listener)
{
    if (listener->is_closing && listener->n_instances == 0)
        loop_defer(listener->loop, &listener->gone);
}

/* Gives the pipe, which belongs to the caller then. */
static HANDLE instance_destroy(struct instance *instance)
{
    HANDLE pipe = instance->pipe;
    sg_list_remove(&instance->node);
    instance->listener->n_instances--;
    sg_free(instance);
    return pipe;
}

static void refill(struct pipe_listener *listener);

/* `accept` may close the listener, which stays until the turn ends. */
static void take_client(struct instance *instance)
{
    struct pipe_listener *listener = instance->listener;
    HANDLE pipe = instance_destroy(instance);
    if (listener->is_closing) {
        handle_close(pipe);
        leave_when_empty(listener);
        return;
    }
    refill(listener);
    struct pipe_conn *conn = conn_create(listener->loop, pipe);
    if (conn != NULL)
        listener->accept(listener->ctx, conn);
}

static void lose_client(struct instance *instance)
{
    struct pipe_listener *listener = instance->listener;
    handle_close(instance_destroy(instance));
    if (listener->is_closing)
        leave_when_empty(listener);
    else
        refill(listener);
}

static void on_connect(struct packet *packet, int32_t nt_status, uint32_t n_bytes)
{
    (void)n_bytes;
    struct instance *instance = sg_container_of(packet, struct instance, packet);
    instance->is_pending = false;
    if (NT_SUCCESS(nt_status))
        take_client(instance);
    else
        lose_client(instance);
}

static void on_connected_at_once(struct deferred *deferred)
{
    take_client(sg_container_of(deferred, struct instance, connected));
}

/* A client may come before anybody waits for it: ERROR_PIPE_CONNECTED, or ERROR_NO_DATA when it has
 * left again, which the first read will tell. Then no packet comes. */
static enum sg_status wait_for_client(struct instance *instance, struct sg_err *err)
{
    struct loop *loop = instance->listener->loop;
    BOOL has_worked = ConnectNamedPipe(instance->pipe, &instance->packet.overlapped);
    DWORD error = has_worked ? ERROR_IO_PENDING : GetLastError();
    if (error == ERROR_IO_PENDING) {
        port_owe(loop_port(loop));
        instance->is_pending = true;
        return SG_OK;
    }
    if (error != ERROR_PIPE_CONNECTED && error != ERROR_NO_DATA)
        return error_report(err, error, "waiting for a client", NULL);
    loop_defer(loop, &instance->connected);
    return SG_OK;
}

static enum sg_status start_instance(struct instance *instance, bool is_first, struct sg_err *err)
{
    enum sg_status status = create_pipe(instance->listener, is_first, &instance->pipe, err);
    if (status == SG_OK)
        status = port_associate(loop_port(instance->listener->loop), instance->pipe, err);
    if (status == SG_OK)
        status = wait_for_client(instance, err);
    return status;
}

static enum sg_status add_instance(struct pipe_listener *listener, bool is_first,
                                   struct sg_err *err)
{
    struct instance *instance = sg_alloc(sizeof *instance);
    if (instance == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating a pipe");
    instance->packet.arrived = on_connect;
    instance->connected.run = on_connected_at_once;
    instance->listener = listener;
    sg_list_insert(&listener->instances, &instance->node);
    listener->n_instances++;
    enum sg_status status = start_instance(instance, is_first, err);
    if (status != SG_OK)
        handle_close(instance_destroy(instance));
    return status;
}

/* What cannot be made now is made later: clients wait for it meanwhile. */
static void refill(struct pipe_listener *listener)
{
    while (listener->n_instances < INSTANCES) {
        if (add_instance(listener, false, NULL) == SG_OK)
            continue;
        timer_start(listener->loop, &listener->refill, REFILL_US);
        return;
    }
}

static void on_refill(struct timer *timer)
{
    refill(sg_container_of(timer, struct pipe_listener, refill));
}

enum sg_status pipe_listen(struct loop *loop, const char *name, enum pipe_access access,
                           pipe_accept_fn *accept, void *ctx, struct pipe_listener **out,
                           struct sg_err *err)
{
    struct pipe_listener *listener = sg_alloc(sizeof *listener);
    if (listener == NULL)
        return sg_err_set(err, SG_E_NOMEM, "listening on a pipe");
    listener->loop = loop;
    listener->accept = accept;
    listener->ctx = ctx;
    listener->refill.fire = on_refill;
    listener->gone.run = on_gone;
    sg_list_init(&listener->instances);
    enum sg_status status = pipe_name_to_wide(name, &listener->name, err);
    if (status == SG_OK)
        status = check_name_is_free(listener->name, err);
    if (status == SG_OK)
        status = pipe_access_create(access, &listener->security, err);
    if (status == SG_OK)
        status = add_instance(listener, true, err);
    if (status != SG_OK) {
        pipe_access_destroy(listener->security);
        sg_free(listener->name);
        sg_free(listener);
        return status;
    }
    refill(listener);
    *out = listener;
    return SG_OK;
}

/* Instances that are not pending have a client already, and go at the end of the turn. */
void pipe_listener_close(struct pipe_listener *listener, pipe_closed_fn *closed, void *ctx)
{
    if (listener == NULL)
        return;
    listener->is_closing = true;
    listener->closed = closed;
    listener->closed_ctx = ctx;
    timer_stop(listener->loop, &listener->refill);
    SG_LIST_FOR_EACH(node, &listener->instances)
    {
        struct instance *instance = sg_container_of(node, struct instance, node);
        if (instance->is_pending)
            CancelIoEx(instance->pipe, &instance->packet.overlapped);
    }
    leave_when_empty(listener);
}
