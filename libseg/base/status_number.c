/* The table of numbers. What keeps a service from starting has the small ones. */
#include "base/status_number.h"

#include <stddef.h>

static const struct {
    enum sg_status status;
    uint32_t number;
} numbers[] = {
    { SG_OK, 0 },
    { SG_E_LOCKED, 1 },
    { SG_E_DENIED, 2 },
    { SG_E_IN_USE, 3 },
    { SG_E_DAMAGED, 4 },
    { SG_E_DISK_FULL, 5 },
    { SG_E_NO_FOLDER, 6 },
    { SG_E_IO, 7 },
    { SG_E_DB, 8 },
    { SG_E_NOMEM, 9 },
    { SG_E_SYSTEM, 10 },
    { SG_E_INVALID, 11 },
    { SG_E_TIMEOUT, 101 },
    { SG_E_CONNECT, 102 },
    { SG_E_DNS, 103 },
    { SG_E_RESET, 104 },
    { SG_E_SHORT, 105 },
    { SG_E_STALLED, 106 },
    { SG_E_BUSY, 107 },
    { SG_E_SERVER, 108 },
    { SG_E_NETWORK, 109 },
    { SG_E_TLS, 110 },
    { SG_E_BAD_SERVER, 111 },
    { SG_E_HTTP, 112 },
    { SG_E_AUTH, 113 },
    { SG_E_LINK, 114 },
    { SG_E_REDIRECT, 115 },
    { SG_E_CHANGED, 116 },
    { SG_E_CHECKSUM, 117 },
    { SG_E_EXISTS, 118 },
    { SG_E_TOO_LARGE, 119 },
    { SG_E_SCHEME, 120 },
    { SG_E_NOT_FOUND, 121 },
    { SG_E_STATE, 122 },
    { SG_E_LIMIT, 123 },
    { SG_E_PARSE, 124 },
    { SG_E_REQUEST, 125 },
    { SG_E_METHOD, 126 },
    { SG_E_TOO_LONG, 127 },
    { SG_E_NO_DAEMON, 128 },
    { SG_E_CANCELLED, 129 },
    { SG_E_CLOSED, 130 },
    { SG_E_SECRETS, 131 },
    { SG_E_METERED, 132 },
    { SG_E_OWNER, 133 },
};

enum { N_NUMBERS = sizeof numbers / sizeof numbers[0] };

/* Everything that can go wrong has a row; SG_PENDING is no outcome. */
_Static_assert(N_NUMBERS == SG_STATUS_COUNT - 1, "each status has a number");

uint32_t sg_status_number(enum sg_status status)
{
    size_t row = 0;
    while (row + 1 < N_NUMBERS && numbers[row].status != status)
        row++;
    return numbers[row].number;
}

enum sg_status sg_status_from_number(uint32_t number)
{
    size_t row = 0;
    while (row < N_NUMBERS && numbers[row].number != number)
        row++;
    return row < N_NUMBERS ? numbers[row].status : SG_STATUS_COUNT;
}
