/* Looking up a name by getaddrinfo. */
#define _GNU_SOURCE
#include "os/resolve.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

static bool is_numeric(const struct addrinfo *item, char text[NI_MAXHOST])
{
    return getnameinfo(item->ai_addr, item->ai_addrlen, text, NI_MAXHOST, NULL, 0,
                       NI_NUMERICHOST) == 0 &&
           strchr(text, '%') == NULL;
}

static enum sg_status append(const struct addrinfo *item, struct sg_buf *out)
{
    char text[NI_MAXHOST];
    size_t n = 0;
    for (; item != NULL && n < RESOLVE_ADDRESSES_MAX; item = item->ai_next) {
        if (!is_numeric(item, text))
            continue;
        bool is_v6 = item->ai_family == AF_INET6;
        sg_buf_printf(out, is_v6 ? "%s[%s]" : "%s%s", n > 0 ? "," : "", text);
        n++;
    }
    if (out->is_failed)
        return SG_E_NOMEM;
    return n > 0 ? SG_OK : SG_E_DNS;
}

enum sg_status resolve_now(const char *host, struct sg_buf *out)
{
    struct addrinfo *found = NULL;
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    int error = getaddrinfo(host, NULL, &hints, &found);
    if (error != 0)
        return error == EAI_MEMORY ? SG_E_NOMEM : SG_E_DNS;
    enum sg_status status = append(found, out);
    freeaddrinfo(found);
    return status;
}
