/* The process in numbers. Counting the threads means asking for all processes of the machine, which
 * takes a millisecond or two; there is no documented way to ask for one. */
#include "daemon/process.h"

#include "os/win/handle.h"
#include "os/win/privilege.h"
#include "os/win/win.h"

enum { STEPS_PER_MS = 10000 }; /* of 100 ns */

static uint32_t count_threads(DWORD pid)
{
    HANDLE snapshot = handle_normal(CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0));
    if (snapshot == NULL)
        return 0;
    PROCESSENTRY32W entry = { .dwSize = sizeof entry };
    BOOL has_one = Process32FirstW(snapshot, &entry);
    while (has_one && entry.th32ProcessID != pid)
        has_one = Process32NextW(snapshot, &entry);
    handle_close(snapshot);
    return has_one ? entry.cntThreads : 0;
}

static uint64_t steps(FILETIME time)
{
    return ((uint64_t)time.dwHighDateTime << 32) | time.dwLowDateTime;
}

static uint64_t cpu_ms(HANDLE process)
{
    FILETIME created;
    FILETIME ended;
    FILETIME kernel;
    FILETIME user;
    if (!GetProcessTimes(process, &created, &ended, &kernel, &user))
        return 0;
    return (steps(kernel) + steps(user)) / STEPS_PER_MS;
}

void process_usage(struct process_usage *out)
{
    HANDLE process = GetCurrentProcess();
    PROCESS_MEMORY_COUNTERS memory = { .cb = sizeof memory };
    DWORD handles = 0;
    DWORD pid = GetCurrentProcessId();
    GetProcessHandleCount(process, &handles);
    GetProcessMemoryInfo(process, &memory, sizeof memory);
    *out = (struct process_usage){
        .pid = pid,
        .threads = count_threads(pid),
        .handles = handles,
        .memory_bytes = memory.WorkingSetSize,
        .peak_bytes = memory.PeakWorkingSetSize,
        .cpu_ms = cpu_ms(process),
    };
}

void process_enable_fast_room(void)
{
    privilege_enable_manage_volume();
}
