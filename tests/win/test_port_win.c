/* The completion port below the seam: packets that are sent, spared, and outrun. Named pipes serve
 * as handles, since their operations can be made to wait or not. */
#include "os/win/port_win.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/clock.h"
#include "os/loop.h"
#include "os/win/fine_timer.h"
#include "os/win/handle.h"
#include "tests/contract/contract.h"

enum { PIPE_ROOM = 4096 };

struct call {
    struct op op;
    int n_done;
    enum sg_status status;
    uint32_t n_bytes;
};

struct pipe {
    struct loop *loop;
    struct port *port;
    HANDLE ours;
    HANDLE theirs;
    struct call *call;
};

static void on_done(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    struct call *call = sg_container_of(op, struct call, op);
    call->status = status;
    call->n_bytes = n_bytes;
    call->n_done++;
}

static int set_up(void **state)
{
    struct pipe *pipe = sg_alloc(sizeof *pipe);
    assert_non_null(pipe);
    pipe->loop = create_loop();
    pipe->port = loop_port(pipe->loop);
    wchar_t name[64];
    swprintf(name, 64, L"\\\\.\\pipe\\segue-test-%llx", (unsigned long long)clock_random());
    pipe->ours = handle_normal(CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                                PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1,
                                                PIPE_ROOM, PIPE_ROOM, 0, NULL));
    pipe->theirs = handle_normal(
        CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL));
    assert_non_null(pipe->ours);
    assert_non_null(pipe->theirs);
    pipe->call = sg_alloc(sizeof *pipe->call);
    assert_non_null(pipe->call);
    pipe->call->op.done = on_done;
    *state = pipe;
    return 0;
}

static int tear_down(void **state)
{
    struct pipe *pipe = *state;
    handle_close(pipe->ours);
    handle_close(pipe->theirs);
    loop_destroy(pipe->loop);
    sg_free(pipe->call);
    sg_free(pipe);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void write_theirs(struct pipe *pipe, const char *text)
{
    DWORD n_written;
    assert_true(WriteFile(pipe->theirs, text, (DWORD)strlen(text), &n_written, NULL));
}

static enum sg_status start_read(struct pipe *pipe, char *out, uint32_t size, uint32_t n_expected,
                                 bool is_skipping)
{
    OVERLAPPED *overlapped = port_begin(pipe->port, &pipe->call->op, n_expected);
    assert_non_null(overlapped);
    BOOL has_worked = ReadFile(pipe->ours, out, size, NULL, overlapped);
    return port_finish_start(pipe->port, &pipe->call->op, has_worked, is_skipping);
}

/* How many packets a raw port gets from one write that works at once. */
static int count_packets(HANDLE handle)
{
    HANDLE port = CreateIoCompletionPort(handle, NULL, 0, 1);
    assert_non_null(port);
    OVERLAPPED *overlapped = sg_alloc(sizeof *overlapped);
    assert_non_null(overlapped);
    assert_true(WriteFile(handle, "x", 1, NULL, overlapped));
    int n_packets = 0;
    DWORD n_bytes;
    ULONG_PTR key;
    OVERLAPPED *back;
    while (GetQueuedCompletionStatus(port, &n_bytes, &key, &back, 0))
        n_packets++;
    handle_close(port);
    sg_free(overlapped);
    return n_packets;
}

static void skip__a_write_that_works_at_once__sends_no_packet(void **state)
{
    struct pipe *pipe = *state;
    assert_true(port_skip_on_success(pipe->ours));
    assert_int_equal(count_packets(pipe->ours), 0);
}

static void skip__not_asked_for__the_packet_comes(void **state)
{
    struct pipe *pipe = *state;
    assert_int_equal(count_packets(pipe->ours), 1);
}

static void start__what_waits__completes_once_from_a_later_turn(void **state)
{
    struct pipe *pipe = *state;
    assert_int_equal(port_associate(pipe->port, pipe->ours, NULL), SG_OK);
    bool is_skipping = port_skip_on_success(pipe->ours);
    char bytes[8];
    assert_int_equal(start_read(pipe, bytes, sizeof bytes, 0, is_skipping), SG_PENDING);
    write_theirs(pipe, "abc");
    assert_int_equal(pipe->call->n_done, 0);
    assert_true(turn_until(pipe->loop, &pipe->call->n_done, 1));
    assert_int_equal(pipe->call->status, SG_OK);
    assert_int_equal(pipe->call->n_bytes, 3);
    assert_memory_equal(bytes, "abc", 3);
    loop_turn(pipe->loop, 0);
    assert_int_equal(pipe->call->n_done, 1);
}

/* Without the skipping of packets one is on its way after the op was reported: nobody hears of it,
 * also when the op is in use again by then. */
static void start__what_is_done_already__says_so_and_its_packet_is_swallowed(void **state)
{
    struct pipe *pipe = *state;
    assert_int_equal(port_associate(pipe->port, pipe->ours, NULL), SG_OK);
    char bytes[8];
    for (int i = 0; i < 3; i++) {
        write_theirs(pipe, "abc");
        assert_int_equal(start_read(pipe, bytes, 3, 3, false), SG_OK);
    }
    assert_int_equal(start_read(pipe, bytes, 3, 3, false), SG_PENDING);
    for (int i = 0; i < 5; i++)
        loop_turn(pipe->loop, 0);
    assert_int_equal(pipe->call->n_done, 0);
    write_theirs(pipe, "xyz");
    assert_true(turn_until(pipe->loop, &pipe->call->n_done, 1));
    assert_int_equal(pipe->call->status, SG_OK);
    assert_memory_equal(bytes, "xyz", 3);
}

static void start__the_loop_ends_with_a_packet_on_its_way__leaks_nothing(void **state)
{
    struct pipe *pipe = *state;
    assert_int_equal(port_associate(pipe->port, pipe->ours, NULL), SG_OK);
    char bytes[8];
    write_theirs(pipe, "abc");
    assert_int_equal(start_read(pipe, bytes, 3, 3, false), SG_OK);
}

static void start__less_than_expected__is_a_full_disk(void **state)
{
    struct pipe *pipe = *state;
    assert_int_equal(port_associate(pipe->port, pipe->ours, NULL), SG_OK);
    bool is_skipping = port_skip_on_success(pipe->ours);
    char bytes[8];
    assert_int_equal(start_read(pipe, bytes, 8, 8, is_skipping), SG_PENDING);
    write_theirs(pipe, "abc");
    assert_true(turn_until(pipe->loop, &pipe->call->n_done, 1));
    assert_int_equal(pipe->call->status, SG_E_DISK_FULL);
    assert_int_equal(pipe->call->n_bytes, 3);
}

static void start__cancelled__completes_once_as_cancelled(void **state)
{
    struct pipe *pipe = *state;
    assert_int_equal(port_associate(pipe->port, pipe->ours, NULL), SG_OK);
    bool is_skipping = port_skip_on_success(pipe->ours);
    char bytes[8];
    assert_int_equal(start_read(pipe, bytes, 8, 0, is_skipping), SG_PENDING);
    assert_true(CancelIoEx(pipe->ours, port_overlapped(&pipe->call->op)));
    assert_true(turn_until(pipe->loop, &pipe->call->n_done, 1));
    assert_int_equal(pipe->call->status, SG_E_CANCELLED);
    assert_int_equal(pipe->call->op.os_error, ERROR_OPERATION_ABORTED);
}

static void start__the_other_end_gone__is_closed_and_never_completes(void **state)
{
    struct pipe *pipe = *state;
    assert_int_equal(port_associate(pipe->port, pipe->ours, NULL), SG_OK);
    bool is_skipping = port_skip_on_success(pipe->ours);
    handle_close(pipe->theirs);
    pipe->theirs = NULL;
    char bytes[8];
    assert_int_equal(start_read(pipe, bytes, 8, 0, is_skipping), SG_E_CLOSED);
    assert_int_equal(pipe->call->op.os_error, ERROR_BROKEN_PIPE);
    loop_turn(pipe->loop, 0);
    assert_int_equal(pipe->call->n_done, 0);
}

/* Wine leaves the status of such a call as it was until it ends. */
static void start__a_socket_call_that_waits__is_pending(void **state)
{
    struct pipe *pipe = *state;
    struct call *call = pipe->call;
    WSADATA data;
    DWORD n_bytes;
    assert_int_equal(WSAStartup(MAKEWORD(2, 2), &data), 0);
    SOCKET listener = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);
    assert_true(listener != INVALID_SOCKET);
    assert_int_equal(port_associate(pipe->port, (HANDLE)listener, NULL), SG_OK);
    OVERLAPPED *overlapped = port_begin(pipe->port, &call->op, 0);
    assert_non_null(overlapped);
    int result =
        WSAIoctl(listener, SIO_ADDRESS_LIST_CHANGE, NULL, 0, NULL, 0, &n_bytes, overlapped, NULL);
    assert_int_equal(port_finish_start(pipe->port, &call->op, result == 0, false), SG_PENDING);
    assert_int_equal(call->n_done, 0);
    closesocket(listener);
    assert_true(turn_until(pipe->loop, &call->n_done, 1));
    WSACleanup();
}

static void start__without_memory__says_so(void **state)
{
    struct pipe *pipe = *state;
    sg_mem_fail_after(0);
    assert_null(port_begin(pipe->port, &pipe->call->op, 0));
    sg_mem_fail_after(UINT64_MAX);
    assert_int_equal(os_error_status(pipe->call->op.os_error), SG_E_NOMEM);
}

/* On systems that have the parts of it: elsewhere the port does without. */
static void fine_timer__where_the_system_has_it__sends_its_packet_unless_disarmed(void **state)
{
    (void)state;
    bool has_parts =
        GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtAssociateWaitCompletionPacket") != NULL;
    struct fine_timer *timer = fine_timer_create();
    assert_int_equal(timer != NULL, has_parts);
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    OVERLAPPED *overlapped = sg_alloc(sizeof *overlapped);
    for (int i = 0; timer != NULL && i < 3; i++) {
        DWORD n_bytes;
        ULONG_PTR key;
        OVERLAPPED *back = NULL;
        assert_true(fine_timer_arm(timer, port, overlapped, 1000));
        assert_true(GetQueuedCompletionStatus(port, &n_bytes, &key, &back, 20000));
        assert_ptr_equal(back, overlapped);
        assert_true(fine_timer_arm(timer, port, overlapped, 1));
        fine_timer_disarm(timer);
        assert_false(GetQueuedCompletionStatus(port, &n_bytes, &key, &back, 0));
    }
    handle_close(port);
    sg_free(overlapped);
    fine_timer_destroy(timer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(skip__a_write_that_works_at_once__sends_no_packet),
        CASE(skip__not_asked_for__the_packet_comes),
        CASE(start__what_waits__completes_once_from_a_later_turn),
        CASE(start__what_is_done_already__says_so_and_its_packet_is_swallowed),
        CASE(start__the_loop_ends_with_a_packet_on_its_way__leaks_nothing),
        CASE(start__less_than_expected__is_a_full_disk),
        CASE(start__cancelled__completes_once_as_cancelled),
        CASE(start__the_other_end_gone__is_closed_and_never_completes),
        CASE(start__a_socket_call_that_waits__is_pending),
        CASE(start__without_memory__says_so),
        CASE(fine_timer__where_the_system_has_it__sends_its_packet_unless_disarmed),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
