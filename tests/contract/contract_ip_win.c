/* Addresses by netsh on Windows, and in Wine, whose netsh cannot do it, by the host's iproute2. */
#include "tests/contract/contract_ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#include <cmocka.h>

#include "os/clock.h"
#include "os/win/win.h"

enum { COMMAND_UNITS = 400 };

static bool is_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

/* Wine gives no handle to a program of the host's, but what was on its stack, which may be one of
 * ours: so nothing is closed there. What the program did shows as a change. */
static void run(wchar_t *command)
{
    STARTUPINFOW startup = { .cb = sizeof startup };
    PROCESS_INFORMATION process = { 0 };
    assert_true(
        CreateProcessW(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    if (is_wine())
        return;
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
}

/* The network is the machine's. */
void ip_start(void)
{
}

/* Any address: several tests may run side by side on one machine. */
void ip_change_address(void)
{
    static const wchar_t by_netsh[] =
        L"cmd /c \"netsh interface ipv4 add address \"Loopback Pseudo-Interface 1\" 127.9.%u.%u & "
        L"netsh interface ipv4 delete address \"Loopback Pseudo-Interface 1\" 127.9.%u.%u\"";
    static const wchar_t by_ip[] = L"Z:\\bin\\sh -c \"PATH=/usr/sbin:/sbin; "
                                   L"ip address add 127.9.%u.%u/32 dev lo; "
                                   L"ip address delete 127.9.%u.%u/32 dev lo\"";
    wchar_t command[COMMAND_UNITS];
    unsigned number = (unsigned)(clock_random() % 65534) + 1;
    unsigned high = number / 256;
    unsigned low = number % 256;
    swprintf(command, COMMAND_UNITS, is_wine() ? by_ip : by_netsh, high, low, high, low);
    run(command);
}
