/* Handles to the driver \Device\Afd, grouped, and its poll request. Knows nothing of who waits for
 * what: that is sock.c. */
#include "os/win/afd.h"

#include <stddef.h>
#include <string.h>

#include "base/assert.h"
#include "base/list.h"
#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"

/* Cancelling walks through all requests of a handle, so a handle has few of them. */
enum { GROUP_SIZE = 32 };

enum { IOCTL_POLL = 0x00012024 };

/* The driver reads and writes these bytes. */
_Static_assert(offsetof(struct afd_request, sockets) == 16, "layout of the driver");
_Static_assert(sizeof(struct afd_request) == 16 + 2 * sizeof(HANDLE), "layout of the driver");

/* A request's status block is the head of its OVERLAPPED. */
_Static_assert(offsetof(OVERLAPPED, Internal) == offsetof(IO_STATUS_BLOCK, Status), "same place");
_Static_assert(offsetof(OVERLAPPED, InternalHigh) == offsetof(IO_STATUS_BLOCK, Information),
               "same place");

struct afd {
    struct port *port;
    struct sg_list groups;
};

struct afd_group {
    struct sg_list node;
    struct port *port;
    HANDLE driver;
    unsigned n_sockets;
};

static IO_STATUS_BLOCK *status_block(struct packet *packet)
{
    return (IO_STATUS_BLOCK *)(void *)&packet->overlapped;
}

struct afd *afd_create(struct port *port)
{
    struct afd *afd = sg_alloc(sizeof *afd);
    if (afd == NULL)
        return NULL;
    afd->port = port;
    sg_list_init(&afd->groups);
    return afd;
}

static void close_group(struct afd_group *group)
{
    SG_ASSERT(group->n_sockets == 0);
    handle_close(group->driver);
    sg_free(group);
}

void afd_destroy(struct afd *afd)
{
    if (afd == NULL)
        return;
    for (struct sg_list *node; (node = sg_list_pop(&afd->groups)) != NULL;)
        close_group(sg_container_of(node, struct afd_group, node));
    sg_free(afd);
}

/* Opened without the extended attributes that would make it a socket, the device gives a handle
 * that only takes requests about other sockets. The last part of the name is free. */
static enum sg_status open_driver(HANDLE *out, struct sg_err *err)
{
    static wchar_t name[] = L"\\Device\\Afd\\Segue";
    UNICODE_STRING device = { .Length = sizeof name - sizeof name[0],
                              .MaximumLength = sizeof name,
                              .Buffer = name };
    OBJECT_ATTRIBUTES attributes = { .Length = sizeof attributes, .ObjectName = &device };
    IO_STATUS_BLOCK block;
    HANDLE driver;
    NTSTATUS status = NtCreateFile(&driver, SYNCHRONIZE, &attributes, &block, NULL, 0,
                                   FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0);
    if (!NT_SUCCESS(status))
        return error_report_as(err, SG_E_SYSTEM, error_from_nt(status), "opening the socket driver",
                               NULL);
    *out = driver;
    return SG_OK;
}

/* Only the handle's event is switched off: a poll that ends at once still sends its packet. */
static enum sg_status join_port(struct port *port, HANDLE driver, struct sg_err *err)
{
    enum sg_status status = port_associate(port, driver, err);
    if (status != SG_OK)
        return status;
    if (!SetFileCompletionNotificationModes(driver, FILE_SKIP_SET_EVENT_ON_HANDLE))
        return error_report_as(err, SG_E_SYSTEM, GetLastError(), "opening the socket driver", NULL);
    return SG_OK;
}

static enum sg_status open_group(struct afd_group *group, struct sg_err *err)
{
    enum sg_status status = open_driver(&group->driver, err);
    return status == SG_OK ? join_port(group->port, group->driver, err) : status;
}

static struct afd_group *find_room(struct afd *afd)
{
    SG_LIST_FOR_EACH(node, &afd->groups)
    {
        struct afd_group *group = sg_container_of(node, struct afd_group, node);
        if (group->n_sockets < GROUP_SIZE)
            return group;
    }
    return NULL;
}

static enum sg_status add_group(struct afd *afd, struct afd_group **out, struct sg_err *err)
{
    struct afd_group *group = sg_alloc(sizeof *group);
    if (group == NULL)
        return sg_err_set(err, SG_E_NOMEM, "watching a socket");
    group->port = afd->port;
    enum sg_status status = open_group(group, err);
    if (status != SG_OK) {
        close_group(group);
        return status;
    }
    sg_list_insert(&afd->groups, &group->node);
    *out = group;
    return SG_OK;
}

enum sg_status afd_borrow(struct afd *afd, struct afd_group **out, struct sg_err *err)
{
    struct afd_group *group = find_room(afd);
    enum sg_status status = group == NULL ? add_group(afd, &group, err) : SG_OK;
    if (group == NULL)
        return status;
    group->n_sockets++;
    *out = group;
    return SG_OK;
}

void afd_return(struct afd_group *group)
{
    SG_ASSERT(group->n_sockets > 0);
    group->n_sockets--;
}

uint32_t afd_poll(struct afd_group *group, SOCKET socket, uint32_t events, struct packet *packet,
                  struct afd_request *request)
{
    memset(request, 0, sizeof *request);
    request->timeout.QuadPart = INT64_MAX;
    request->n_sockets = 1;
    request->sockets[0].socket = socket;
    request->sockets[0].events = events;
    memset(&packet->overlapped, 0, sizeof packet->overlapped);
    packet->overlapped.Internal = STATUS_PENDING;

    NTSTATUS status =
        NtDeviceIoControlFile(group->driver, NULL, NULL, &packet->overlapped, status_block(packet),
                              IOCTL_POLL, request, sizeof *request, request, sizeof *request);
    if (!NT_SUCCESS(status))
        return error_from_nt(status);
    port_owe(group->port);
    return 0;
}

/* It may have ended in the meantime ("not found"): either way its packet comes. */
void afd_cancel(struct afd_group *group, struct packet *packet)
{
    IO_STATUS_BLOCK ignored;
    NtCancelIoFileEx(group->driver, status_block(packet), &ignored);
}

uint32_t afd_result(const struct afd_request *request)
{
    return request->n_sockets > 0 ? request->sockets[0].events : 0;
}

static uint32_t ask(SOCKET socket, DWORD question, SOCKET *out)
{
    SOCKET answer = INVALID_SOCKET;
    DWORD n_bytes = 0;
    if (WSAIoctl(socket, question, NULL, 0, &answer, sizeof answer, &n_bytes, NULL, NULL) != 0)
        return (uint32_t)WSAGetLastError();
    if (answer == INVALID_SOCKET)
        return WSAENOTSOCK;
    *out = answer;
    return 0;
}

/* One layer down, for providers that intercept SIO_BASE_HANDLE although they must not. */
static bool step_down(SOCKET *socket)
{
    static const DWORD questions[] = { SIO_BSP_HANDLE_SELECT, SIO_BSP_HANDLE_POLL, SIO_BSP_HANDLE };
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        SOCKET below = INVALID_SOCKET;
        if (ask(*socket, questions[i], &below) == 0 && below != *socket) {
            *socket = below;
            return true;
        }
    }
    return false;
}

uint32_t afd_base_socket(SOCKET socket, SOCKET *out_base)
{
    enum { MAX_LAYERS = 16 };
    uint32_t error = ask(socket, SIO_BASE_HANDLE, out_base);
    for (int layer = 0; error != 0 && error != WSAENOTSOCK && layer < MAX_LAYERS; layer++) {
        if (!step_down(&socket))
            return error;
        error = ask(socket, SIO_BASE_HANDLE, out_base);
    }
    return error;
}
