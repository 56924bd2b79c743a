/* The one place that includes the Windows headers, with the settings that everything here counts
 * on: Windows 10 1809 and upward, wide functions, no min and max macros. */
#ifndef SEGUE_OS_WIN_WIN_H
#define SEGUE_OS_WIN_WIN_H

/* The compiler's own headers give some of these a default, hence #undef first. */
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#undef NTDDI_VERSION
#define NTDDI_VERSION 0x0A000006 /* 1809 */
#ifndef UNICODE
#define UNICODE
#endif
#ifndef _UNICODE
#define _UNICODE
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif

#include <winsock2.h>

#include <mswsock.h>
#include <windows.h>
#include <winioctl.h>
#include <winternl.h>
#include <ws2tcpip.h>

#include <aclapi.h>
#include <bcrypt.h>
#include <dbghelp.h>
#include <iphlpapi.h>
#include <knownfolders.h>
#include <netlistmgr.h>
#include <psapi.h>
#include <sddl.h>
#include <shlobj.h>
#include <tlhelp32.h>
#include <wincrypt.h>
#include <winhttp.h>

/* winbase.h defines it for a function of Windows 9x that is not used here; the seam's file.h has an
 * enumerator of this name, which must mean the same whichever header comes first. */
#undef FILE_READ_ONLY

/* Documented (Windows 10 1709, FILE_INFO_BY_HANDLE_CLASS, "System Error Codes"), but not in
 * mingw-w64 10. */
enum {
    INFO_DISPOSITION_EX = 21, /* FileDispositionInfoEx */
    INFO_RENAME_EX = 22,      /* FileRenameInfoEx */
};
#ifndef ERROR_VIRUS_INFECTED
#define ERROR_VIRUS_INFECTED 225
#endif
#ifndef ERROR_VIRUS_DELETED
#define ERROR_VIRUS_DELETED 226
#endif
#ifndef ERROR_NO_SUCH_DEVICE
#define ERROR_NO_SUCH_DEVICE 433
#endif
#ifndef ERROR_FILE_SYSTEM_LIMITATION
#define ERROR_FILE_SYSTEM_LIMITATION 665
#endif
#ifndef ERROR_DISK_QUOTA_EXCEEDED
#define ERROR_DISK_QUOTA_EXCEEDED 1295
#endif

/* Exported by ntdll since Windows Vista; neither the SDK nor mingw-w64 10 declares it.
 * `request` is the status block that was given with the operation. */
NTSTATUS NTAPI NtCancelIoFileEx(HANDLE file, PIO_STATUS_BLOCK request, PIO_STATUS_BLOCK out_result);

/* Exported by kernel32 since Windows 10 1703; not declared by mingw-w64 10. */
WINBASEAPI HRESULT WINAPI SetThreadDescription(HANDLE thread, PCWSTR description);

#endif
