/* Names out of URLs, by libcurl's own parser, so that what is looked up is what it would look up.
 */
#include "net/net_place.h"

#include <string.h>

#include <curl/curl.h>

#include "base/mem.h"
#include "base/text.h"

/* What libcurl takes for a proxy's port where none is given (CURLOPT_PROXYPORT). */
static const char proxy_port[] = "1080";

/* `*out` is NULL where there is no such part. The caller's. */
static enum sg_status get(CURLU *url, CURLUPart part, unsigned flags, char **out)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(url, part, &text, flags);
    *out = NULL;
    if (code == CURLUE_OK)
        *out = sg_strdup(text);
    curl_free(text);
    bool lacks_memory = code == CURLUE_OUT_OF_MEMORY || (code == CURLUE_OK && *out == NULL);
    return lacks_memory ? SG_E_NOMEM : SG_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A host whose last part begins with a digit is an IPv4 address (WHATWG URL, "ends in a number").
 */
static bool is_address(const char *host)
{
    const char *last = strrchr(host, '.');
    return strchr(host, ':') != NULL || is_digit(last != NULL ? last[1] : host[0]);
}

static bool is_localhost(const char *host)
{
    static const char name[] = "localhost";
    size_t length = strlen(host);
    size_t tail = sizeof name - 1;
    if (length < tail || !sg_equals_ignoring_case(host + length - tail, name))
        return false;
    return length == tail || host[length - tail - 1] == '.';
}

/* With a dot at its end a name has another entry in libcurl's table. */
static bool is_ours(const char *host)
{
    size_t length = strlen(host);
    return length > 0 && host[length - 1] != '.' && !is_address(host) && !is_localhost(host);
}

static enum sg_status take_host(CURLU *url, struct net_place *out)
{
    enum sg_status status = get(url, CURLUPART_HOST, CURLU_PUNYCODE, &out->host);
    if (out->host != NULL && !is_ours(out->host)) {
        sg_free(out->host);
        out->host = NULL;
    }
    return status;
}

static enum sg_status find_server(CURLU *url, const char *text, struct net_place *out)
{
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
        return SG_OK;
    enum sg_status status = take_host(url, out);
    return status == SG_OK ? get(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, &out->port) : status;
}

static bool is_http(const char *scheme)
{
    return scheme != NULL && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
}

static enum sg_status take_proxy_port(CURLU *url, const char *scheme, struct net_place *out)
{
    enum sg_status status = get(url, CURLUPART_PORT, 0, &out->port);
    if (status != SG_OK || out->port != NULL)
        return status;
    out->port = sg_strdup(strcmp(scheme, "https") == 0 ? "443" : proxy_port);
    return out->port != NULL ? SG_OK : SG_E_NOMEM;
}

static enum sg_status find_proxy(CURLU *url, const char *text, struct net_place *out)
{
    char *scheme = NULL;
    unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME;
    out->is_proxy = true;
    if (curl_url_set(url, CURLUPART_URL, text, flags) != CURLUE_OK)
        return SG_OK;
    enum sg_status status = get(url, CURLUPART_SCHEME, 0, &scheme);
    if (is_http(scheme)) {
        status = take_host(url, out);
        if (status == SG_OK)
            status = take_proxy_port(url, scheme, out);
    }
    sg_free(scheme);
    return status;
}

enum sg_status net_place_find(const char *url, const char *proxy, struct net_place *out)
{
    CURLU *parsed = curl_url();
    if (parsed == NULL)
        return SG_E_NOMEM;
    bool has_proxy = proxy != NULL && proxy[0] != '\0';
    enum sg_status status =
        has_proxy ? find_proxy(parsed, proxy, out) : find_server(parsed, url, out);
    curl_url_cleanup(parsed);
    if (status != SG_OK)
        net_place_fini(out);
    return status;
}

void net_place_fini(struct net_place *place)
{
    sg_free(place->host);
    sg_free(place->port);
    *place = (struct net_place){ 0 };
}
