/* The client's end of a named pipe. Overlapped, because only such a handle can be waited for with a
 * time limit. Nothing is said before it is known who listens: what is written to somebody who
 * merely took the name lets him act as us. One thread at a time per connection. */
#include "ipc/dial.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "ipc/win/pipe_access.h"
#include "ipc/win/pipe_name.h"
#include "ipc/win/sid.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"

enum { WRITE_TIMEOUT_MS = 30000, PIECE_MAX = 64 * 1024 };

struct dial {
    HANDLE pipe;
    HANDLE finished;
    OVERLAPPED overlapped;
};

uint64_t dial_now_ms(void)
{
    return GetTickCount64();
}

static enum sg_status fail_no_daemon(struct sg_err *err, DWORD error, const char *name)
{
    if (error == ERROR_FILE_NOT_FOUND || error == ERROR_BAD_PIPE)
        return sg_err_foreign(err, SG_E_NO_DAEMON, error, "nobody listens at %s", name);
    if (error == ERROR_SEM_TIMEOUT || error == ERROR_PIPE_BUSY)
        return sg_err_foreign(err, SG_E_TIMEOUT, error, "the daemon at %s is busy", name);
    return error_report(err, error, "connecting to the daemon", NULL);
}

static DWORD open_pipe(const wchar_t *name, HANDLE *out)
{
    *out = handle_normal(
        CreateFileW(name, PIPE_CLIENT_RIGHTS, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION, NULL));
    return *out != NULL ? ERROR_SUCCESS : GetLastError();
}

/* A limit of 0 would be the server's own default. */
static DWORD wait_for_instance(const wchar_t *name, uint64_t deadline_ms)
{
    uint64_t now_ms = dial_now_ms();
    if (now_ms >= deadline_ms)
        return ERROR_PIPE_BUSY;
    return WaitNamedPipeW(name, (DWORD)(deadline_ms - now_ms)) ? ERROR_SUCCESS : GetLastError();
}

/* Somebody else may be faster than we are, and take the instance that became free. */
static DWORD open_waiting(const wchar_t *name, uint32_t timeout_ms, HANDLE *out)
{
    uint64_t deadline_ms = dial_now_ms() + timeout_ms;
    for (;;) {
        DWORD error = open_pipe(name, out);
        if (error != ERROR_PIPE_BUSY)
            return error;
        error = wait_for_instance(name, deadline_ms);
        if (error != ERROR_SUCCESS)
            return error;
    }
}

static enum sg_status check_is_known(PSID sid, struct sg_err *err)
{
    char *owner = NULL;
    char *self = NULL;
    enum sg_status status = sid_to_text(sid, &owner, err);
    if (status == SG_OK)
        status = sid_of_process(&self, err);
    if (status == SG_OK && strcmp(owner, self) != 0 && strcmp(owner, SID_OF_SERVICE) != 0)
        status = sg_err_set(err, SG_E_DENIED,
                            "another user (%s) listens there: nothing was sent to him", owner);
    sg_free(self);
    sg_free(owner);
    return status;
}

/* Wine tells no owner of a pipe that was made without an access list. */
static enum sg_status judge_owner(PSID owner, struct sg_err *err)
{
    if (owner == NULL)
        return sg_err_set(err, SG_E_DENIED, "nobody owns the pipe: nothing was sent");
    bool is_trusted = IsWellKnownSid(owner, WinLocalSystemSid) ||
                      IsWellKnownSid(owner, WinBuiltinAdministratorsSid);
    return is_trusted ? SG_OK : check_is_known(owner, err);
}

static enum sg_status check_owner(HANDLE pipe, struct sg_err *err)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    DWORD error = GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL,
                                  NULL, NULL, &descriptor);
    if (error != ERROR_SUCCESS)
        return error_report_as(err, SG_E_DENIED, error, "asking who listens", NULL);
    enum sg_status status = judge_owner(owner, err);
    LocalFree(descriptor);
    return status;
}

static enum sg_status connect_to(struct dial *dial, const char *name, uint32_t timeout_ms,
                                 struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = pipe_name_to_wide(name, &wide, err);
    if (status != SG_OK)
        return status;
    DWORD error = open_waiting(wide, timeout_ms, &dial->pipe);
    sg_free(wide);
    if (error != ERROR_SUCCESS)
        return fail_no_daemon(err, error, name);
    return check_owner(dial->pipe, err);
}

enum sg_status dial_open(const char *name, uint32_t timeout_ms, struct dial **out,
                         struct sg_err *err)
{
    struct dial *dial = sg_alloc(sizeof *dial);
    if (dial == NULL)
        return sg_err_set(err, SG_E_NOMEM, "connecting to the daemon");
    enum sg_status status = SG_OK;
    dial->finished = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (dial->finished == NULL)
        status = error_report(err, GetLastError(), "connecting to the daemon", NULL);
    if (status == SG_OK)
        status = connect_to(dial, name, timeout_ms, err);
    if (status != SG_OK) {
        dial_close(dial);
        return status;
    }
    *out = dial;
    return SG_OK;
}

static OVERLAPPED *begin(struct dial *dial)
{
    memset(&dial->overlapped, 0, sizeof dial->overlapped);
    dial->overlapped.hEvent = dial->finished;
    return &dial->overlapped;
}

/* The transfer may finish in the very moment in which it is cancelled: then it counts. */
static DWORD await(struct dial *dial, BOOL has_worked, uint32_t timeout_ms, DWORD *out_bytes)
{
    DWORD error = has_worked ? ERROR_SUCCESS : GetLastError();
    if (error != ERROR_SUCCESS && error != ERROR_IO_PENDING)
        return error;
    if (WaitForSingleObject(dial->finished, timeout_ms) != WAIT_OBJECT_0)
        CancelIoEx(dial->pipe, &dial->overlapped);
    return GetOverlappedResult(dial->pipe, &dial->overlapped, out_bytes, TRUE) ? ERROR_SUCCESS
                                                                               : GetLastError();
}

static enum sg_status fail_transfer(struct sg_err *err, DWORD error, const char *doing)
{
    if (os_error_status((int32_t)error) == SG_E_CLOSED)
        return sg_err_foreign(err, SG_E_CLOSED, error, "the daemon closed the connection");
    if (error == ERROR_OPERATION_ABORTED)
        return sg_err_set(err, SG_E_TIMEOUT, "the daemon did not answer in time");
    return error_report(err, error, doing, NULL);
}

enum sg_status dial_write(struct dial *dial, const void *data, uint32_t n_bytes, struct sg_err *err)
{
    const char *bytes = data;
    while (n_bytes > 0) {
        DWORD n_written;
        DWORD piece = n_bytes < PIECE_MAX ? n_bytes : PIECE_MAX;
        BOOL has_worked = WriteFile(dial->pipe, bytes, piece, NULL, begin(dial));
        DWORD error = await(dial, has_worked, WRITE_TIMEOUT_MS, &n_written);
        if (error != ERROR_SUCCESS)
            return fail_transfer(err, error, "writing to the daemon");
        bytes += n_written;
        n_bytes -= n_written;
    }
    return SG_OK;
}

enum sg_status dial_read(struct dial *dial, void *out, uint32_t n_bytes, uint32_t timeout_ms,
                         uint32_t *out_read, struct sg_err *err)
{
    DWORD n_read;
    BOOL has_worked = ReadFile(dial->pipe, out, n_bytes, NULL, begin(dial));
    DWORD error = await(dial, has_worked, timeout_ms, &n_read);
    if (error != ERROR_SUCCESS)
        return fail_transfer(err, error, "reading from the daemon");
    *out_read = n_read;
    return SG_OK;
}

void dial_close(struct dial *dial)
{
    if (dial == NULL)
        return;
    handle_close(dial->pipe);
    handle_close(dial->finished);
    sg_free(dial);
}
