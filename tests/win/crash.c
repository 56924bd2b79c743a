/* Crashes another process from outside, as a fault of its own would: starts a thread in it at an
 * address where there is no code.
 *
 *     crash PID
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "os/win/handle.h"
#include "os/win/win.h"

int main(int argc, char **argv)
{
    const DWORD access = PROCESS_CREATE_THREAD | PROCESS_QUERY_INFORMATION | PROCESS_VM_OPERATION |
                         PROCESS_VM_READ | PROCESS_VM_WRITE;
    if (argc != 2)
        return 2;
    HANDLE process = OpenProcess(access, FALSE, (DWORD)strtoul(argv[1], NULL, 10));
    if (process == NULL)
        return 1;
    const uintptr_t nowhere = 1;
    LPTHREAD_START_ROUTINE start;
    memcpy(&start, &nowhere, sizeof start);
    HANDLE thread = CreateRemoteThread(process, NULL, 0, start, NULL, 0, NULL);
    bool has_started = thread != NULL;
    handle_close(thread);
    handle_close(process);
    return has_started ? 0 : 1;
}
