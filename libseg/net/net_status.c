/* The translation table of libcurl's error codes. */
#include "net/net_status.h"

#include <string.h>

#include "os/op.h"

/* CURLE_TOO_LARGE; libcurl before 8.6 has no name for it. */
enum { CODE_TOO_LARGE = 100 };

struct translation {
    CURLcode code;
    enum sg_status status;
};

/* CURLE_SSL_CONNECT_ERROR is a handshake that broke off, which happens to sound servers too; that a
 * server's identity is in doubt has codes of its own. What is not listed is SG_E_SYSTEM. */
static const struct translation translations[] = {
    { CURLE_COULDNT_RESOLVE_HOST, SG_E_DNS },
    { CURLE_COULDNT_RESOLVE_PROXY, SG_E_DNS },
    { CURLE_COULDNT_CONNECT, SG_E_CONNECT },
    { CURLE_INTERFACE_FAILED, SG_E_CONNECT },
    { CURLE_PROXY, SG_E_CONNECT },
    { CURLE_SSL_CONNECT_ERROR, SG_E_CONNECT },
    { CURLE_NO_CONNECTION_AVAILABLE, SG_E_CONNECT },
    { CURLE_OPERATION_TIMEDOUT, SG_E_TIMEOUT },
    { CURLE_SEND_ERROR, SG_E_RESET },
    { CURLE_RECV_ERROR, SG_E_RESET },
    { CURLE_GOT_NOTHING, SG_E_RESET },
    { CURLE_SSL_SHUTDOWN_FAILED, SG_E_RESET },
    { CURLE_PARTIAL_FILE, SG_E_SHORT },
    { CURLE_PEER_FAILED_VERIFICATION, SG_E_TLS },
    { CURLE_SSL_CERTPROBLEM, SG_E_TLS },
    { CURLE_SSL_CIPHER, SG_E_TLS },
    { CURLE_SSL_CACERT_BADFILE, SG_E_TLS },
    { CURLE_SSL_CRL_BADFILE, SG_E_TLS },
    { CURLE_SSL_ISSUER_ERROR, SG_E_TLS },
    { CURLE_SSL_INVALIDCERTSTATUS, SG_E_TLS },
    { CURLE_SSL_PINNEDPUBKEYNOTMATCH, SG_E_TLS },
    { CURLE_USE_SSL_FAILED, SG_E_TLS },
    { CURLE_WEIRD_SERVER_REPLY, SG_E_BAD_SERVER },
    { CURLE_UNSUPPORTED_PROTOCOL, SG_E_BAD_SERVER }, /* not HTTP/1: the URL's scheme was checked */
    { CURLE_BAD_CONTENT_ENCODING, SG_E_BAD_SERVER },
    { CURLE_RANGE_ERROR, SG_E_BAD_SERVER },
    { CURLE_FILESIZE_EXCEEDED, SG_E_BAD_SERVER },
    { (CURLcode)CODE_TOO_LARGE, SG_E_BAD_SERVER },
    { CURLE_HTTP2, SG_E_BAD_SERVER },
    { CURLE_HTTP2_STREAM, SG_E_BAD_SERVER },
    { CURLE_TOO_MANY_REDIRECTS, SG_E_REDIRECT },
    { CURLE_LOGIN_DENIED, SG_E_AUTH },
    { CURLE_AUTH_ERROR, SG_E_AUTH },
    { CURLE_URL_MALFORMAT, SG_E_INVALID },
    { CURLE_OUT_OF_MEMORY, SG_E_NOMEM },
};

static enum sg_status look_up(CURLcode code)
{
    for (size_t i = 0; i < sizeof translations / sizeof translations[0]; i++) {
        if (translations[i].code == code)
            return translations[i].status;
    }
    return SG_E_SYSTEM;
}

/* QUIRK(curl_chunk_error): a broken chunked encoding is CURLE_RECV_ERROR, as a reset connection is
 * (7.88 to 8.14); only the text tells them apart ("... in chunked-encoding", "chunk hex-length
 * ..."). Gone when libcurl gives CURLE_WEIRD_SERVER_REPLY or the like. */
static bool is_chunk_error(CURLcode code, const char *text)
{
    return code == CURLE_RECV_ERROR && strstr(text, "chunk") != NULL;
}

/* QUIRK(curl_many_headers): a reply with more than 300 KiB of headers is CURLE_RECV_ERROR (7.88 to
 * 8.14, "Too large response headers: ..."). Gone when it is CURLE_TOO_LARGE. */
static bool has_many_headers(CURLcode code, const char *text)
{
    return code == CURLE_RECV_ERROR && strstr(text, "response headers") != NULL;
}

/* QUIRK(schannel_expired): with the system's own trust store Schannel itself finds a certificate
 * expired or revoked, which libcurl (8.14) reports as CURLE_SSL_CONNECT_ERROR with the name of
 * Windows' code in the text. Gone when it is CURLE_PEER_FAILED_VERIFICATION, as for an unknown
 * issuer. */
static bool is_certificate_error(CURLcode code, const char *text)
{
    return code == CURLE_SSL_CONNECT_ERROR &&
           (strstr(text, "SEC_E_CERT_") != NULL || strstr(text, "CRYPT_E_REVOKED") != NULL);
}

/* QUIRK(curl_proxy_login): a proxy that wants a login before it makes a tunnel is CURLE_RECV_ERROR,
 * as a reset connection is (7.88 to 8.14, "CONNECT tunnel failed, response 407"). Gone when it has
 * a code of its own. */
static bool is_proxy_login_error(CURLcode code, const char *text)
{
    return code == CURLE_RECV_ERROR && strstr(text, "CONNECT") != NULL &&
           strstr(text, "response 407") != NULL;
}

static enum sg_status status_of(CURLcode code, const char *text)
{
    if (is_proxy_login_error(code, text))
        return SG_E_AUTH;
    if (is_chunk_error(code, text) || has_many_headers(code, text))
        return SG_E_BAD_SERVER;
    if (is_certificate_error(code, text))
        return SG_E_TLS;
    return look_up(code);
}

enum sg_status net_status_set(struct sg_err *err, CURLcode code, const char *text)
{
    if (text == NULL || text[0] == '\0')
        text = curl_easy_strerror(code);
    return sg_err_foreign(err, status_of(code, text), code, "%s%s (libcurl error %d)",
                          is_proxy_login_error(code, text) ? "the proxy wants other credentials: "
                                                           : "",
                          text, (int)code);
}

bool net_status_is_unreachable(enum sg_status status, int32_t os_error)
{
    return status == SG_E_DNS ||
           (status == SG_E_CONNECT && os_error_status(os_error) == SG_E_NETWORK);
}
