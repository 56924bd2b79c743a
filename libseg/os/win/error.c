/* Windows' error codes: their text and what they mean for Segue. The only file that translates
 * them. No state; any thread. */
#include "os/win/error_win.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "os/op.h"
#include "os/win/win.h"

enum { TEXT_UNITS = 256, TEXT_SIZE = TEXT_UNITS * 3 + 1, CODE_SIZE = 48 };

static const struct {
    int32_t code;
    enum sg_status status;
} meanings[] = {
    { ERROR_SUCCESS, SG_OK },
    { ERROR_FILE_NOT_FOUND, SG_E_NOT_FOUND },
    { ERROR_PATH_NOT_FOUND, SG_E_NO_FOLDER },
    { ERROR_INVALID_DRIVE, SG_E_NO_FOLDER },
    { ERROR_BAD_NETPATH, SG_E_NO_FOLDER },
    { ERROR_BAD_NET_NAME, SG_E_NO_FOLDER },
    { ERROR_DIRECTORY, SG_E_NO_FOLDER },
    { ERROR_ACCESS_DENIED, SG_E_DENIED },
    { ERROR_WRITE_PROTECT, SG_E_DENIED },
    { ERROR_NETWORK_ACCESS_DENIED, SG_E_DENIED },
    { ERROR_VIRUS_INFECTED, SG_E_DENIED },
    { ERROR_VIRUS_DELETED, SG_E_DENIED },
    { ERROR_ACCESS_DISABLED_BY_POLICY, SG_E_DENIED },
    { ERROR_PRIVILEGE_NOT_HELD, SG_E_DENIED },
    { ERROR_LOGON_FAILURE, SG_E_DENIED },
    { WSAEACCES, SG_E_DENIED },
    { ERROR_SHARING_VIOLATION, SG_E_IN_USE },
    { ERROR_LOCK_VIOLATION, SG_E_IN_USE },
    { ERROR_BUSY, SG_E_IN_USE },
    { ERROR_DELETE_PENDING, SG_E_IN_USE },
    { ERROR_USER_MAPPED_FILE, SG_E_IN_USE },
    { ERROR_FILE_EXISTS, SG_E_EXISTS },
    { ERROR_ALREADY_EXISTS, SG_E_EXISTS },
    { ERROR_HANDLE_DISK_FULL, SG_E_DISK_FULL },
    { ERROR_DISK_FULL, SG_E_DISK_FULL },
    { ERROR_DISK_QUOTA_EXCEEDED, SG_E_DISK_FULL },
    { ERROR_FILE_TOO_LARGE, SG_E_TOO_LARGE },
    { ERROR_FILE_SYSTEM_LIMITATION, SG_E_TOO_LARGE },
    { ERROR_INVALID_NAME, SG_E_INVALID },
    { ERROR_BAD_PATHNAME, SG_E_INVALID },
    { ERROR_FILENAME_EXCED_RANGE, SG_E_INVALID },
    { ERROR_BUFFER_OVERFLOW, SG_E_INVALID }, /* "The file name is too long." */
    { ERROR_NOT_ENOUGH_MEMORY, SG_E_NOMEM },
    { ERROR_OUTOFMEMORY, SG_E_NOMEM },
    { ERROR_NO_SYSTEM_RESOURCES, SG_E_NOMEM },
    { ERROR_COMMITMENT_LIMIT, SG_E_NOMEM },
    { ERROR_NOT_ENOUGH_QUOTA, SG_E_NOMEM },
    { WSAENOBUFS, SG_E_NOMEM },
    { ERROR_OPERATION_ABORTED, SG_E_CANCELLED },
    { ERROR_CANCELLED, SG_E_CANCELLED },
    { ERROR_REQUEST_ABORTED, SG_E_CANCELLED },
    { ERROR_BROKEN_PIPE, SG_E_CLOSED },
    { ERROR_NO_DATA, SG_E_CLOSED },
    { ERROR_PIPE_NOT_CONNECTED, SG_E_CLOSED },
    { ERROR_NOT_READY, SG_E_IO },
    { ERROR_CRC, SG_E_IO },
    { ERROR_SEEK, SG_E_IO },
    { ERROR_SECTOR_NOT_FOUND, SG_E_IO },
    { ERROR_WRITE_FAULT, SG_E_IO },
    { ERROR_READ_FAULT, SG_E_IO },
    { ERROR_GEN_FAILURE, SG_E_IO },
    { ERROR_HANDLE_EOF, SG_E_IO },
    { ERROR_DEV_NOT_EXIST, SG_E_IO },
    { ERROR_UNEXP_NET_ERR, SG_E_IO },
    { ERROR_NETNAME_DELETED, SG_E_IO }, /* a network share that went away */
    { ERROR_SEM_TIMEOUT, SG_E_IO },     /* likewise */
    { ERROR_IO_DEVICE, SG_E_IO },
    { ERROR_DEVICE_NOT_CONNECTED, SG_E_IO },
    { ERROR_NO_SUCH_DEVICE, SG_E_IO },
    { ERROR_FILE_CORRUPT, SG_E_IO },
    { ERROR_DISK_CORRUPT, SG_E_IO },
    { WAIT_TIMEOUT, SG_E_TIMEOUT },
    { ERROR_TIMEOUT, SG_E_TIMEOUT },
    { WSAETIMEDOUT, SG_E_TIMEOUT },
    { WSAECONNREFUSED, SG_E_CONNECT },
    { WSAEHOSTUNREACH, SG_E_NETWORK },
    { WSAECONNRESET, SG_E_RESET },
    { WSAECONNABORTED, SG_E_RESET },
    { WSAENETDOWN, SG_E_NETWORK },
    { WSAENETUNREACH, SG_E_NETWORK },
    { WSAHOST_NOT_FOUND, SG_E_DNS },
    { WSATRY_AGAIN, SG_E_DNS },
    { WSANO_DATA, SG_E_DNS },
};

enum sg_status os_error_status(int32_t os_error)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].code == os_error)
            return meanings[i].status;
    }
    return SG_E_SYSTEM;
}

/* FORMAT_MESSAGE_MAX_WIDTH_MASK turns the line breaks inside a message into spaces. */
static DWORD system_sentence(int32_t os_error, DWORD language, wchar_t out[TEXT_UNITS])
{
    return FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                              FORMAT_MESSAGE_MAX_WIDTH_MASK,
                          NULL, (DWORD)os_error, language, out, TEXT_UNITS, NULL);
}

/* Without the space and the full stop at its end, so that it can stand inside a longer line. */
static DWORD trimmed_length(const wchar_t *sentence, DWORD length)
{
    while (length > 0 && (sentence[length - 1] <= L' ' || sentence[length - 1] == L'.'))
        length--;
    return length;
}

/* The sentence in English, as the rest of Segue's messages, else in the user's language. */
static void describe(int32_t os_error, char out[TEXT_SIZE])
{
    wchar_t sentence[TEXT_UNITS];
    DWORD length =
        system_sentence(os_error, MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), sentence);
    if (length == 0)
        length = system_sentence(os_error, 0, sentence);
    length = trimmed_length(sentence, length);

    int size = 0;
    if (length > 0)
        size =
            WideCharToMultiByte(CP_UTF8, 0, sentence, (int)length, out, TEXT_SIZE - 1, NULL, NULL);
    out[size] = '\0';
    if (size == 0)
        snprintf(out, TEXT_SIZE, "Windows has no text for this");
}

/* Codes with the top bit are NTSTATUS or HRESULT values, which everyone writes in hexadecimal. */
static void format_code(int32_t os_error, char out[CODE_SIZE])
{
    if (os_error < 0)
        snprintf(out, CODE_SIZE, "(Windows error 0x%08X)", (unsigned)os_error);
    else
        snprintf(out, CODE_SIZE, "(Windows error %d)", (int)os_error);
}

/* The longest beginning of `text` that fits into `room` bytes and does not cut a character. */
static int fitting_length(const char *text, size_t room)
{
    size_t length = strlen(text);
    if (length <= room)
        return (int)length;
    while (room > 0 && ((unsigned char)text[room] & 0xC0u) == 0x80u)
        room--;
    return (int)room;
}

void os_error_text(int32_t os_error, char *out_text, uint32_t size)
{
    if (size == 0)
        return;
    DWORD last_error = GetLastError();
    char sentence[TEXT_SIZE];
    char code[CODE_SIZE];
    describe(os_error, sentence);
    format_code(os_error, code);

    size_t taken = strlen(code) + 2; /* a space before it, a NUL behind it */
    size_t room = size > taken ? size - taken : 0;
    snprintf(out_text, size, "%.*s %s", fitting_length(sentence, room), sentence, code);
    SetLastError(last_error);
}

enum sg_status error_report_as(struct sg_err *err, enum sg_status status, uint32_t code,
                               const char *what, const char *subject)
{
    char text[SG_ERR_MESSAGE_SIZE];
    os_error_text((int32_t)code, text, sizeof text);
    return sg_err_foreign(err, status, code, "%s%s%s: %s", what, subject != NULL ? " " : "",
                          subject != NULL ? subject : "", text);
}

enum sg_status error_report(struct sg_err *err, uint32_t code, const char *what,
                            const char *subject)
{
    return error_report_as(err, os_error_status((int32_t)code), code, what, subject);
}

uint32_t error_from_nt(int32_t nt_status)
{
    return RtlNtStatusToDosError(nt_status);
}
