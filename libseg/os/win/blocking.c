/* Waiting for one overlapped call without the completion port. The OVERLAPPED is on the heap, and
 * is never released before the kernel is done with it. */
#include "os/win/blocking.h"

#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "os/win/handle.h"

struct blocking {
    OVERLAPPED overlapped;
    HANDLE event;
};

struct blocking *blocking_create(void)
{
    struct blocking *call = sg_alloc(sizeof *call);
    if (call == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    call->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (call->event == NULL) {
        blocking_destroy(call);
        return NULL;
    }
    return call;
}

void blocking_destroy(struct blocking *call)
{
    if (call == NULL)
        return;
    handle_close(call->event);
    sg_free(call);
}

OVERLAPPED *blocking_begin(struct blocking *call, uint64_t offset)
{
    memset(&call->overlapped, 0, sizeof call->overlapped);
    call->overlapped.Offset = (DWORD)offset;
    call->overlapped.OffsetHigh = (DWORD)(offset >> 32);
    call->overlapped.hEvent = (char *)call->event + 1; /* handles are multiples of four */
    return &call->overlapped;
}

bool blocking_end(struct blocking *call, HANDLE handle, bool has_worked, uint32_t *out_bytes)
{
    if (!has_worked) {
        if (GetLastError() != ERROR_IO_PENDING)
            return false;
        DWORD result = WaitForSingleObject(call->event, INFINITE);
        SG_ASSERT(result == WAIT_OBJECT_0);
    }
    DWORD n_bytes = 0;
    if (!GetOverlappedResult(handle, &call->overlapped, &n_bytes, FALSE))
        return false;
    *out_bytes = n_bytes;
    return true;
}
