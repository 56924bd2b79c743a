/* The I/O completion port: waits, dispatches packets to who started the operation, and keeps the
 * OVERLAPPEDs of operations. Knows nothing of files, sockets or pipes. One thread waits and starts
 * operations; port_wake and port_now_us are for any thread. */
#include "os/win/port_win.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/assert.h"
#include "base/list.h"
#include "base/mem.h"
#include "os/win/afd.h"
#include "os/win/error_win.h"
#include "os/win/fine_timer.h"
#include "os/win/handle.h"

enum {
    BATCH = 64,
    US_PER_S = 1000000,
    US_PER_MS = 1000,
    FINE_LIMIT_US = 100 * US_PER_MS, /* waits below this are worth an exact timer */
    FINE_SLACK_MS = 50,              /* then Windows' own time limit is only a second net */
    DRAIN_MS = 10000,
};

struct port {
    HANDLE handle;
    uint64_t ticks_per_s;

    /* any thread */
    struct packet wake;
    atomic_bool is_wake_posted;

    /* port thread only */
    uint64_t woke_us;
    uint64_t n_owed; /* packets that the kernel will still send */
    struct sg_list idle_flights;
    struct afd *afd;
    struct fine_timer *fine_timer; /* NULL where the system has none */
    struct packet fine_packet;
    bool is_fine_armed;
};

/* One started operation. `op` is NULL when its result was reported before its packet came. */
struct flight {
    struct packet packet;
    struct port *port;
    struct op *op;
    uint32_t n_expected;
    struct sg_list node; /* in idle_flights */
};

/* What op->reserved holds while the operation is pending. */
struct op_win {
    struct flight *flight;
};

_Static_assert(sizeof(struct op_win) <= sizeof(((struct op *)NULL)->reserved), "fits into an op");

static struct op_win *op_win(struct op *op)
{
    return (struct op_win *)(void *)op->reserved;
}

static void on_wake(struct packet *packet, int32_t nt_status, uint32_t n_bytes)
{
    (void)nt_status;
    (void)n_bytes;
    struct port *port = sg_container_of(packet, struct port, wake);
    atomic_store(&port->is_wake_posted, false);
}

static void on_fine_timer(struct packet *packet, int32_t nt_status, uint32_t n_bytes)
{
    (void)nt_status;
    (void)n_bytes;
    struct port *port = sg_container_of(packet, struct port, fine_packet);
    port->is_fine_armed = false;
}

static bool is_own_packet(const struct port *port, const struct packet *packet)
{
    return packet == &port->wake || packet == &port->fine_packet;
}

/* The status is read from the OVERLAPPED, where Windows documents it; OVERLAPPED_ENTRY.Internal is
 * "reserved". */
static void dispatch(struct port *port, const OVERLAPPED_ENTRY *entry)
{
    struct packet *packet = sg_container_of(entry->lpOverlapped, struct packet, overlapped);
    if (!is_own_packet(port, packet))
        port->n_owed--;
    packet->arrived(packet, (int32_t)entry->lpOverlapped->Internal,
                    entry->dwNumberOfBytesTransferred);
}

/* One trip into the kernel. False when it gave nothing in `timeout_ms`. */
static bool collect(struct port *port, DWORD timeout_ms)
{
    OVERLAPPED_ENTRY entries[BATCH];
    ULONG n_entries = 0;
    BOOL has_worked =
        GetQueuedCompletionStatusEx(port->handle, entries, BATCH, &n_entries, timeout_ms, FALSE);
    SG_ASSERT(has_worked || GetLastError() == WAIT_TIMEOUT);
    port->woke_us = port_now_us(port);
    if (!has_worked)
        return false; /* n_entries means nothing then */
    for (ULONG i = 0; i < n_entries; i++)
        dispatch(port, &entries[i]);
    return true;
}

static DWORD rounded_up_ms(uint64_t wait_us)
{
    uint64_t wait_ms = wait_us / US_PER_MS + (wait_us % US_PER_MS != 0);
    return wait_ms < INFINITE ? (DWORD)wait_ms : INFINITE - 1;
}

/* The time limit of GetQueuedCompletionStatusEx is rounded to the system's clock interrupt, 15.6 ms
 * as a rule: too coarse for reading sockets every 20 ms. Raising the interrupt rate
 * (timeBeginPeriod) would cost power in the whole machine, so short waits have a timer of their
 * own, as far as the system offers one. */
static DWORD prepare_wait(struct port *port, uint64_t deadline_us)
{
    if (deadline_us == UINT64_MAX)
        return INFINITE;
    uint64_t now_us = port_now_us(port);
    if (deadline_us <= now_us)
        return 0;
    uint64_t wait_us = deadline_us - now_us;
    if (port->fine_timer == NULL || wait_us > FINE_LIMIT_US)
        return rounded_up_ms(wait_us);
    port->is_fine_armed =
        fine_timer_arm(port->fine_timer, port->handle, &port->fine_packet.overlapped, wait_us);
    return rounded_up_ms(wait_us) + (port->is_fine_armed ? FINE_SLACK_MS : 0);
}

static void disarm_fine_timer(struct port *port)
{
    if (!port->is_fine_armed)
        return;
    fine_timer_disarm(port->fine_timer);
    port->is_fine_armed = false;
}

/* Windows may end a wait a little before its time: then there is another one. */
void port_wait(struct port *port, uint64_t deadline_us)
{
    bool has_come;
    do {
        has_come = collect(port, prepare_wait(port, deadline_us));
        disarm_fine_timer(port);
    } while (!has_come && port->woke_us < deadline_us);
}

uint64_t port_woke_us(const struct port *port)
{
    return port->woke_us;
}

uint64_t port_now_us(const struct port *port)
{
    LARGE_INTEGER now;
    QueryPerformanceCounter(&now);
    uint64_t ticks = (uint64_t)now.QuadPart;
    uint64_t seconds = ticks / port->ticks_per_s;
    return seconds * US_PER_S + ticks % port->ticks_per_s * US_PER_S / port->ticks_per_s;
}

/* Posting fails only while the system is out of memory for the packet; as waking must not fail, it
 * is tried until it works. */
void port_wake(struct port *port)
{
    if (atomic_exchange(&port->is_wake_posted, true))
        return;
    while (!PostQueuedCompletionStatus(port->handle, 0, 0, &port->wake.overlapped)) {
        SG_ASSERT(GetLastError() != ERROR_INVALID_HANDLE);
        SwitchToThread();
    }
}

enum sg_status port_create(struct port **out, struct sg_err *err)
{
    struct port *port = sg_alloc(sizeof *port);
    if (port == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating a completion port");
    port->handle = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (port->handle == NULL) {
        DWORD error = GetLastError();
        sg_free(port);
        return error_report_as(err, SG_E_SYSTEM, error, "creating a completion port", NULL);
    }
    LARGE_INTEGER ticks_per_s;
    QueryPerformanceFrequency(&ticks_per_s);
    port->ticks_per_s = (uint64_t)ticks_per_s.QuadPart;
    port->wake.arrived = on_wake;
    port->fine_packet.arrived = on_fine_timer;
    atomic_init(&port->is_wake_posted, false);
    sg_list_init(&port->idle_flights);
    port->fine_timer = fine_timer_create();
    port->woke_us = port_now_us(port);
    *out = port;
    return SG_OK;
}

/* What is owed now has been cancelled or has finished, so its packets are on their way. */
static void drain(struct port *port)
{
    while (port->n_owed > 0) {
        bool has_come = collect(port, DRAIN_MS);
        SG_ASSERT(has_come);
    }
}

void port_destroy(struct port *port)
{
    if (port == NULL)
        return;
    drain(port);
    for (struct sg_list *node; (node = sg_list_pop(&port->idle_flights)) != NULL;)
        sg_free(sg_container_of(node, struct flight, node));
    afd_destroy(port->afd);
    fine_timer_destroy(port->fine_timer);
    handle_close(port->handle);
    sg_free(port);
}

enum sg_status port_associate(struct port *port, HANDLE handle, struct sg_err *err)
{
    if (CreateIoCompletionPort(handle, port->handle, 0, 0) == NULL)
        return error_report_as(err, SG_E_SYSTEM, GetLastError(), "joining the completion port",
                               NULL);
    return SG_OK;
}

bool port_skip_on_success(HANDLE handle)
{
    return SetFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                          FILE_SKIP_SET_EVENT_ON_HANDLE);
}

void port_owe(struct port *port)
{
    port->n_owed++;
}

struct afd *port_afd(struct port *port)
{
    if (port->afd == NULL)
        port->afd = afd_create(port);
    return port->afd;
}

static void release_flight(struct flight *flight)
{
    sg_list_insert(&flight->port->idle_flights, &flight->node);
}

/* The result of a finished operation, in our terms.
 *
 * QUIRK(wine-short-write): on a disk without room for all of it, Wine 8 writes what fits and
 * reports success; Windows writes nothing and says ERROR_DISK_FULL. It is gone when the test of a
 * sparse part file on a full disk passes in Wine with a short write being SG_E_IO. */
static enum sg_status judge(const struct flight *flight, int32_t nt_status, uint32_t n_bytes,
                            int32_t *out_error)
{
    if (!NT_SUCCESS(nt_status))
        *out_error = (int32_t)error_from_nt(nt_status);
    else
        *out_error = n_bytes < flight->n_expected ? ERROR_DISK_FULL : ERROR_SUCCESS;
    return os_error_status(*out_error);
}

static void on_flight(struct packet *packet, int32_t nt_status, uint32_t n_bytes)
{
    struct flight *flight = sg_container_of(packet, struct flight, packet);
    struct op *op = flight->op;
    if (op == NULL) {
        release_flight(flight);
        return;
    }
    enum sg_status status = judge(flight, nt_status, n_bytes, &op->os_error);
    release_flight(flight);
    op->done(op, status, n_bytes);
}

static struct flight *take_flight(struct port *port)
{
    struct sg_list *node = sg_list_pop(&port->idle_flights);
    if (node != NULL)
        return sg_container_of(node, struct flight, node);
    struct flight *flight = sg_alloc(sizeof *flight);
    if (flight == NULL)
        return NULL;
    flight->port = port;
    flight->packet.arrived = on_flight;
    return flight;
}

OVERLAPPED *port_begin(struct port *port, struct op *op, uint32_t n_expected)
{
    struct flight *flight = take_flight(port);
    if (flight == NULL) {
        op->os_error = ERROR_NOT_ENOUGH_MEMORY;
        return NULL;
    }
    memset(&flight->packet.overlapped, 0, sizeof flight->packet.overlapped);
    /* Wine 8 leaves it alone while a socket's control call waits */
    flight->packet.overlapped.Internal = (ULONG_PTR)STATUS_PENDING;
    flight->op = op;
    flight->n_expected = n_expected;
    op_win(op)->flight = flight;
    op->os_error = 0;
    return &flight->packet.overlapped;
}

OVERLAPPED *port_overlapped(struct op *op)
{
    return &op_win(op)->flight->packet.overlapped;
}

/* Succeeded, and everything was transferred: nothing is left to say about the operation. The kernel
 * writes the status last. */
static bool is_complete(const struct flight *flight)
{
    const OVERLAPPED *overlapped = &flight->packet.overlapped;
    if (!HasOverlappedIoCompleted(overlapped))
        return false;
    atomic_thread_fence(memory_order_acquire);
    return NT_SUCCESS((NTSTATUS)overlapped->Internal) &&
           overlapped->InternalHigh >= flight->n_expected;
}

/* An operation that is finished already is reported at once, although its packet is still to come:
 * its buffer can be used again a whole turn earlier. The flight stays behind to meet the packet.
 *
 * QUIRK(wine-write-pending): Wine 8 writes to files before WriteFile returns, but reports
 * ERROR_IO_PENDING and queues a packet even where FILE_SKIP_COMPLETION_PORT_ON_SUCCESS is set. It
 * is gone when a raw port gets no packet for such a write in Wine either (test_port_win shows how
 * to count, on pipes, where Wine does it right). */
static enum sg_status leave_to_port(struct flight *flight)
{
    port_owe(flight->port);
    if (!is_complete(flight))
        return SG_PENDING;
    flight->op = NULL;
    return SG_OK;
}

enum sg_status port_finish_start(struct port *port, struct op *op, bool has_worked,
                                 bool is_skipping)
{
    DWORD error = has_worked ? ERROR_SUCCESS : GetLastError();
    struct flight *flight = op_win(op)->flight;
    SG_ASSERT(flight->port == port);
    if (error == ERROR_IO_PENDING || (has_worked && !is_skipping))
        return leave_to_port(flight);

    if (has_worked && !is_complete(flight))
        error = ERROR_DISK_FULL; /* as in judge */
    op->os_error = (int32_t)error;
    release_flight(flight);
    return os_error_status((int32_t)error);
}
