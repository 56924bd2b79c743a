/* URLs by libcurl's own parser, so that what was checked is what libcurl will connect to. Pure; any
 * thread. */
#include "net/net_url.h"

#include <string.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/redact.h"
#include "base/text.h"
#include "net/net.h"

/* Foreign schemes are let in to be told apart from nonsense; spaces and bytes beyond ASCII, as
 * people paste them, are encoded. */
enum { PARSE_FLAGS = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The length of the scheme with which `text` begins; 0 when it begins with none. RFC 3986 3.1. */
static size_t scheme_length(const char *text)
{
    size_t length = 0;
    if (!is_letter(text[0]))
        return 0;
    while (is_letter(text[length]) || is_digit(text[length]) ||
           (text[length] != '\0' && strchr("+-.", text[length]) != NULL))
        length++;
    return text[length] == ':' ? length : 0;
}

static bool is_supported(const char *scheme)
{
    return sg_equals_ignoring_case(scheme, "http") || sg_equals_ignoring_case(scheme, "https");
}

static enum sg_status refuse_scheme(struct sg_err *err)
{
    return sg_err_set(err, SG_E_SCHEME, "the URL's scheme is not http or https");
}

/* Messages never repeat the URL: it may hold a password. */
static enum sg_status translate(CURLUcode code, struct sg_err *err)
{
    switch (code) {
    case CURLUE_OK:
        return SG_OK;
    case CURLUE_OUT_OF_MEMORY:
        return sg_err_set(err, SG_E_NOMEM, "reading a URL");
    default:
        return sg_err_foreign(err, SG_E_INVALID, code, "not a valid URL: %s",
                              curl_url_strerror(code));
    }
}

/* Whether `text` is absolute, strictly: libcurl would forgive a missing or a third slash, and make
 * a host of what comes next. A "scheme" with a number behind it is a host with its port. */
static enum sg_status check_beginning(const char *text, struct sg_err *err)
{
    size_t length = scheme_length(text);
    const char *rest = text + length;
    if (length == 0 || is_digit(rest[1]))
        return sg_err_set(err, SG_E_INVALID,
                          "not an absolute URL: it must begin with http:// or "
                          "https://");
    char *scheme = sg_strndup(text, length);
    if (scheme == NULL)
        return translate(CURLUE_OUT_OF_MEMORY, err);
    bool may_go_on = is_supported(scheme);
    sg_free(scheme);
    if (!may_go_on)
        return refuse_scheme(err);
    if (strncmp(rest, "://", 3) != 0 || rest[3] == '/')
        return sg_err_set(err, SG_E_INVALID,
                          "not a valid URL: two slashes and a host must follow "
                          "the scheme");
    return SG_OK;
}

/* A part's copy of our own, or NULL with the reason. */
static char *get(CURLU *url, CURLUPart part, unsigned flags, CURLUcode *out_code)
{
    char *text = NULL;
    *out_code = curl_url_get(url, part, &text, flags);
    if (*out_code != CURLUE_OK)
        return NULL;
    char *copy = sg_strdup(text);
    curl_free(text);
    if (copy == NULL)
        *out_code = CURLUE_OUT_OF_MEMORY;
    return copy;
}

static enum sg_status check_scheme(CURLU *url, struct sg_err *err)
{
    CURLUcode code;
    char *scheme = get(url, CURLUPART_SCHEME, 0, &code);
    if (scheme == NULL)
        return translate(code, err);
    bool is_ours = is_supported(scheme);
    sg_free(scheme);
    return is_ours ? SG_OK : refuse_scheme(err);
}

static enum sg_status lower_host(CURLU *url, struct sg_err *err)
{
    CURLUcode code;
    char *host = get(url, CURLUPART_HOST, 0, &code);
    if (host == NULL)
        return translate(code, err);
    bool is_changed = false;
    for (char *c = host; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c = (char)(*c - 'A' + 'a');
            is_changed = true;
        }
    }
    code = is_changed ? curl_url_set(url, CURLUPART_HOST, host, 0) : CURLUE_OK;
    sg_free(host);
    return translate(code, err);
}

/* Decoded; `*out` stays NULL when the URL has no such part. */
static CURLUcode get_secret(CURLU *url, CURLUPart part, char **out)
{
    CURLUcode code;
    *out = get(url, part, CURLU_URLDECODE, &code);
    return code == CURLUE_NO_USER || code == CURLUE_NO_PASSWORD ? CURLUE_OK : code;
}

/* A colon in the name could not be told from the one behind it: RFC 7617 section 2. */
static enum sg_status join_userinfo(const char *user, const char *password, char **out,
                                    struct sg_err *err)
{
    if (user != NULL && strchr(user, ':') != NULL)
        return sg_err_set(err, SG_E_INVALID, "not a valid URL: a user name cannot have a colon");
    bool is_empty = (user == NULL || *user == '\0') && (password == NULL || *password == '\0');
    *out = NULL;
    if (is_empty)
        return SG_OK;
    struct sg_buf joined = { 0 };
    sg_buf_printf(&joined, "%s:%s", user != NULL ? user : "", password != NULL ? password : "");
    *out = sg_buf_take(&joined);
    return *out != NULL ? SG_OK : translate(CURLUE_OUT_OF_MEMORY, err);
}

static enum sg_status take_userinfo(CURLU *url, char **out, struct sg_err *err)
{
    char *user = NULL;
    char *password = NULL;
    enum sg_status status = translate(get_secret(url, CURLUPART_USER, &user), err);
    if (status == SG_OK)
        status = translate(get_secret(url, CURLUPART_PASSWORD, &password), err);
    if (status == SG_OK)
        status = join_userinfo(user, password, out, err);
    sg_free(user);
    sg_free(password);
    return status;
}

static enum sg_status take_apart(CURLU *url, char **out_url, char **out_userinfo,
                                 struct sg_err *err)
{
    CURLUcode code;
    char *userinfo = NULL;
    enum sg_status status = check_scheme(url, err);
    if (status == SG_OK)
        status = lower_host(url, err);
    if (status == SG_OK)
        status = take_userinfo(url, &userinfo, err);
    if (status != SG_OK)
        return status;
    curl_url_set(url, CURLUPART_USER, NULL, 0);
    curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    char *text = get(url, CURLUPART_URL, CURLU_NO_DEFAULT_PORT, &code);
    if (text == NULL) {
        sg_free(userinfo);
        return translate(code, err);
    }
    *out_url = text;
    *out_userinfo = userinfo;
    return SG_OK;
}

enum sg_status net_url_resolve(const char *base, const char *text, char **out_url,
                               char **out_userinfo, struct sg_err *err)
{
    CURLU *url = curl_url();
    if (url == NULL)
        return translate(CURLUE_OUT_OF_MEMORY, err);
    enum sg_status status = SG_OK;
    if (base != NULL)
        status = translate(curl_url_set(url, CURLUPART_URL, base, 0), err);
    if (status == SG_OK)
        status = translate(curl_url_set(url, CURLUPART_URL, text, PARSE_FLAGS), err);
    if (status == SG_OK)
        status = take_apart(url, out_url, out_userinfo, err);
    curl_url_cleanup(url);
    return status;
}

enum sg_status net_url_check(const char *text, char **out_url, char **out_userinfo,
                             struct sg_err *err)
{
    enum sg_status status = check_beginning(text, err);
    if (status != SG_OK)
        return status;
    return net_url_resolve(NULL, text, out_url, out_userinfo, err);
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* In place. A NUL stays encoded: it would end the text. */
static void decode_percent(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        int high = in[0] == '%' ? hex_value(in[1]) : -1;
        int low = high >= 0 ? hex_value(in[2]) : -1;
        if (low >= 0 && high + low > 0) {
            *out++ = (char)(high * 16 + low);
            in += 2;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
}

char *net_url_file_name(const char *url)
{
    char *path = NULL;
    CURLU *parsed = curl_url();
    if (parsed == NULL)
        return NULL;
    CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, PARSE_FLAGS);
    if (code == CURLUE_OK)
        path = get(parsed, CURLUPART_PATH, 0, &code);
    curl_url_cleanup(parsed);
    if (path == NULL)
        return code == CURLUE_OUT_OF_MEMORY ? NULL : sg_strdup("");
    char *name = sg_strdup(strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path);
    sg_free(path);
    if (name != NULL)
        decode_percent(name);
    return name;
}

/* The three parts, or NULL where there is none. */
static char *join_origin(CURLU *url)
{
    CURLUcode code;
    char *scheme = get(url, CURLUPART_SCHEME, 0, &code);
    char *host = get(url, CURLUPART_HOST, 0, &code);
    char *port = get(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, &code);
    struct sg_buf origin = { 0 };
    if (scheme != NULL && host != NULL && port != NULL)
        sg_buf_printf(&origin, "%s://%s:%s", scheme, host, port);
    sg_free(scheme);
    sg_free(host);
    sg_free(port);
    return origin.length > 0 ? sg_buf_take(&origin) : NULL;
}

char *net_url_origin(const char *url)
{
    char *origin = NULL;
    CURLU *parsed = curl_url();
    if (parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, PARSE_FLAGS) == CURLUE_OK)
        origin = join_origin(parsed);
    curl_url_cleanup(parsed);
    return origin;
}

static bool is_proxy_scheme(const char *scheme)
{
    static const char *const schemes[] = {
        "http", "https", "socks4", "socks5", "socks4a", "socks5h"
    };
    for (size_t i = 0; scheme != NULL && i < sizeof schemes / sizeof schemes[0]; i++) {
        if (sg_equals_ignoring_case(scheme, schemes[i]))
            return true;
    }
    return false;
}

static enum sg_status check_proxy_scheme(CURLU *url, struct sg_err *err)
{
    CURLUcode code;
    char *scheme = get(url, CURLUPART_SCHEME, 0, &code);
    bool is_known = is_proxy_scheme(scheme);
    sg_free(scheme);
    if (is_known)
        return SG_OK;
    if (code == CURLUE_OUT_OF_MEMORY)
        return translate(code, err);
    return sg_err_set(
        err, SG_E_INVALID,
        "not the URL of a proxy: give http, https, socks4, socks4a, socks5 or socks5h");
}

enum sg_status net_proxy_check(const char *text, struct sg_err *err)
{
    if (strcmp(text, NET_PROXY_NONE) == 0 || strcmp(text, NET_PROXY_SYSTEM) == 0)
        return SG_OK;
    CURLU *url = curl_url();
    if (url == NULL)
        return translate(CURLUE_OUT_OF_MEMORY, err);
    CURLUcode code =
        curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
    enum sg_status status = SG_OK;
    if (code == CURLUE_OUT_OF_MEMORY)
        status = translate(code, err);
    else if (code != CURLUE_OK || sg_is_redacted(text))
        status = sg_err_set(err, SG_E_INVALID,
                            "not a proxy: give http://user:password@host:port, 'none' or 'system'");
    else
        status = check_proxy_scheme(url, err);
    curl_url_cleanup(url);
    return status;
}
