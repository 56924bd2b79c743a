/* Looking up a name by GetAddrInfoW. */
#include "os/resolve.h"

#include "base/mem.h"
#include "os/win/wide.h"
#include "os/win/win.h"

enum { TEXT_SIZE = 64 }; /* more than INET6_ADDRSTRLEN */

/* NULL for other families, and for those of one link (RFC 4291, section 2.5.6). */
static const char *to_text(const ADDRINFOW *item, char text[TEXT_SIZE])
{
    if (item->ai_family == AF_INET) {
        struct sockaddr_in *address = (struct sockaddr_in *)item->ai_addr;
        return inet_ntop(AF_INET, &address->sin_addr, text, TEXT_SIZE);
    }
    if (item->ai_family != AF_INET6)
        return NULL;
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)item->ai_addr;
    if (address->sin6_scope_id != 0)
        return NULL;
    return inet_ntop(AF_INET6, &address->sin6_addr, text, TEXT_SIZE);
}

static enum sg_status append(const ADDRINFOW *item, struct sg_buf *out)
{
    char text[TEXT_SIZE];
    size_t n = 0;
    for (; item != NULL && n < RESOLVE_ADDRESSES_MAX; item = item->ai_next) {
        if (to_text(item, text) == NULL)
            continue;
        bool is_v6 = item->ai_family == AF_INET6;
        sg_buf_printf(out, is_v6 ? "%s[%s]" : "%s%s", n > 0 ? "," : "", text);
        n++;
    }
    if (out->is_failed)
        return SG_E_NOMEM;
    return n > 0 ? SG_OK : SG_E_DNS;
}

static enum sg_status look_up(const wchar_t *host, struct sg_buf *out)
{
    ADDRINFOW *found = NULL;
    const ADDRINFOW hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    int error = GetAddrInfoW(host, NULL, &hints, &found);
    if (error != 0)
        return error == WSA_NOT_ENOUGH_MEMORY ? SG_E_NOMEM : SG_E_DNS;
    enum sg_status status = append(found, out);
    FreeAddrInfoW(found);
    return status;
}

/* Whoever makes a name's address is about to use it: Winsock may not have been started before. */
enum sg_status resolve_now(const char *host, struct sg_buf *out)
{
    WSADATA data;
    wchar_t *wide = wide_from_utf8(host);
    if (wide == NULL)
        return SG_E_NOMEM;
    enum sg_status status = SG_E_DNS;
    if (WSAStartup(MAKEWORD(2, 2), &data) == 0) {
        status = look_up(wide, out);
        WSACleanup();
    }
    sg_free(wide);
    return status;
}
