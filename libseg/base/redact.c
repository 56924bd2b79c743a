/* Looks for the last "@", wherever it is: to take too much away is harmless. */
#include "base/redact.h"

#include <string.h>

#include "base/buf.h"

static const char stars[] = "***";

bool sg_find_userinfo(const char *address, size_t *out_at, size_t *out_length)
{
    const char *end = strrchr(address, '@');
    const char *scheme_end = strstr(address, "://");
    if (end == NULL)
        return false;
    const char *start = scheme_end != NULL && scheme_end < end ? scheme_end + 3 : address;
    *out_at = (size_t)(start - address);
    *out_length = (size_t)(end - start);
    return true;
}

/* What of "user:password" may be shown: up to the colon and with it. */
static size_t shown_length(const char *userinfo, size_t length)
{
    const char *colon = memchr(userinfo, ':', length);
    return colon != NULL ? (size_t)(colon - userinfo) + 1 : 0;
}

char *sg_redact_address(const char *address)
{
    size_t at;
    size_t length;
    struct sg_buf out = { 0 };
    if (sg_find_userinfo(address, &at, &length)) {
        sg_buf_append(&out, address, at + shown_length(address + at, length));
        sg_buf_puts(&out, stars);
        address += at + length;
    }
    sg_buf_puts(&out, address);
    return sg_buf_take(&out);
}

bool sg_is_redacted(const char *address)
{
    size_t at;
    size_t length;
    if (!sg_find_userinfo(address, &at, &length))
        return false;
    size_t shown = shown_length(address + at, length);
    return length - shown == sizeof stars - 1 &&
           memcmp(address + at + shown, stars, sizeof stars - 1) == 0;
}
