/* Proxies by WinHTTP: what Windows' settings say, and scripts, which it fetches and runs. */
#include "os/proxy.h"

#include <string.h>

#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/wide.h"
#include "os/win/win.h"

/* Of each step of fetching a script. Whoever waits for the answer gives up later than that. */
enum { STEP_TIMEOUT_MS = 5000 };

static enum sg_status no_memory(struct sg_err *err)
{
    return sg_err_set(err, SG_E_NOMEM, "reading the settings for proxies");
}

/* NULL and "" both mean that there is none. False when memory ran out. Frees `text`. */
static bool take_text(wchar_t *text, char **out)
{
    bool is_there = text != NULL && text[0] != L'\0';
    if (is_there)
        *out = wide_to_utf8(text);
    GlobalFree(text);
    return !is_there || *out != NULL;
}

static enum sg_status read_user(struct proxy_config *out, struct sg_err *err)
{
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG found = { 0 };
    if (!WinHttpGetIEProxyConfigForCurrentUser(&found)) {
        uint32_t code = GetLastError();
        return code == ERROR_FILE_NOT_FOUND /* there are no settings */
                   ? SG_OK
                   : error_report(err, code, "reading the user's Internet settings", NULL);
    }
    bool has_script = take_text(found.lpszAutoConfigUrl, &out->script);
    bool has_servers = take_text(found.lpszProxy, &out->servers);
    bool has_bypass = take_text(found.lpszProxyBypass, &out->bypass);
    out->detects = found.fAutoDetect;
    return has_script && has_servers && has_bypass ? SG_OK : no_memory(err);
}

static enum sg_status read_machine(struct proxy_config *out, struct sg_err *err)
{
    WINHTTP_PROXY_INFO found = { 0 };
    if (!WinHttpGetDefaultProxyConfiguration(&found))
        return error_report(err, GetLastError(), "reading WinHTTP's settings", NULL);
    bool has_servers = take_text(found.lpszProxy, &out->servers);
    bool has_bypass = take_text(found.lpszProxyBypass, &out->bypass);
    return has_servers && has_bypass ? SG_OK : no_memory(err);
}

enum sg_status proxy_config_read(enum proxy_scope scope, struct proxy_config *out,
                                 struct sg_err *err)
{
    struct proxy_config config = { 0 };
    enum sg_status status =
        scope == PROXY_OF_USER ? read_user(&config, err) : read_machine(&config, err);
    if (status == SG_OK)
        *out = config;
    else
        proxy_config_fini(&config);
    return status;
}

void proxy_config_fini(struct proxy_config *config)
{
    sg_free(config->script);
    sg_free_secret(config->servers);
    sg_free(config->bypass);
    *config = (struct proxy_config){ 0 };
}

/* WinHTTP's errors have no text among those of the system. */
static const char *error_text(uint32_t code)
{
    switch (code) {
    case ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT:
        return "it cannot be fetched";
    case ERROR_WINHTTP_TIMEOUT:
        return "its server does not answer";
    case ERROR_WINHTTP_UNRECOGNIZED_SCHEME:
        return "its address is neither http nor https";
    default:
        return "it does not work";
    }
}

/* That a network names no script is the rule; one that it names and that is no good is not. */
static enum sg_status script_error(const char *script, uint32_t code, struct sg_err *err)
{
    if (code == ERROR_NOT_ENOUGH_MEMORY)
        return no_memory(err);
    if (script == NULL && code != ERROR_WINHTTP_BAD_AUTO_PROXY_SCRIPT)
        return sg_err_foreign(err, SG_E_NOT_FOUND, code, "the network names no proxy script");
    return sg_err_foreign(err, SG_E_SYSTEM, code, "%s (WinHTTP error %u)", error_text(code),
                          (unsigned)code);
}

static const char *keyword_of(const WINHTTP_PROXY_RESULT_ENTRY *entry)
{
    if (entry->ProxyScheme == INTERNET_SCHEME_SOCKS)
        return "SOCKS";
    return entry->ProxyScheme == INTERNET_SCHEME_HTTPS ? "HTTPS" : "PROXY";
}

static enum sg_status append_entry(const WINHTTP_PROXY_RESULT_ENTRY *entry, struct sg_buf *out)
{
    if (!entry->fProxy) {
        sg_buf_puts(out, "DIRECT;");
        return SG_OK;
    }
    char *host = wide_to_utf8(entry->pwszProxy);
    if (host == NULL)
        return SG_E_NOMEM;
    bool is_bare_v6 = strchr(host, ':') != NULL && host[0] != '[';
    sg_buf_printf(out, is_bare_v6 ? "%s [%s]:%u;" : "%s %s:%u;", keyword_of(entry), host,
                  (unsigned)entry->ProxyPort);
    sg_free(host);
    return SG_OK;
}

/* Lives until its call has completed, and it always does. */
struct asking {
    HANDLE done;
    DWORD error;
};

/* On a thread of WinHTTP's. */
static void CALLBACK on_status(HINTERNET resolver, DWORD_PTR context, DWORD status, void *info,
                               DWORD size)
{
    struct asking *asking = (struct asking *)context;
    (void)resolver;
    (void)size;
    if (status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR)
        asking->error = ((const WINHTTP_ASYNC_RESULT *)info)->dwError;
    SetEvent(asking->done);
}

/* The Windows error, or 0. */
static DWORD ask_and_wait(HINTERNET resolver, const wchar_t *url,
                          WINHTTP_AUTOPROXY_OPTIONS *options)
{
    struct asking asking = { .done = CreateEventW(NULL, TRUE, FALSE, NULL) };
    if (asking.done == NULL)
        return GetLastError();
    DWORD error = WinHttpGetProxyForUrlEx(resolver, url, options, (DWORD_PTR)&asking);
    if (error == ERROR_IO_PENDING) {
        WaitForSingleObject(asking.done, INFINITE);
        error = asking.error;
    }
    CloseHandle(asking.done);
    return error;
}

static DWORD take_result(HINTERNET resolver, struct sg_buf *out)
{
    WINHTTP_PROXY_RESULT result = { 0 };
    DWORD error = WinHttpGetProxyResult(resolver, &result);
    if (error != ERROR_SUCCESS)
        return error;
    enum sg_status status = SG_OK;
    for (DWORD i = 0; i < result.cEntries && status == SG_OK; i++)
        status = append_entry(&result.pEntries[i], out);
    WinHttpFreeProxyResult(&result);
    return status == SG_OK ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

/* "a:8080;b:8080" or nothing, which means DIRECT. */
static DWORD take_info(WINHTTP_PROXY_INFO *info, struct sg_buf *out)
{
    static const char separators[] = "; \t";
    char *servers = NULL;
    char *bypass = NULL;
    bool has_servers = take_text(info->lpszProxy, &servers);
    bool has_bypass = take_text(info->lpszProxyBypass, &bypass);
    for (const char *at = servers; at != NULL && *at != '\0';) {
        at += strspn(at, separators);
        size_t length = strcspn(at, separators);
        if (length > 0)
            sg_buf_printf(out, "PROXY %.*s;", (int)length, at);
        at += length;
    }
    if (servers == NULL)
        sg_buf_puts(out, "DIRECT;");
    sg_free(servers);
    sg_free(bypass);
    return has_servers && has_bypass ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

/* QUIRK(wine-proxy-resolver): Wine 8 has no resolvers, and its older function names only the first
 * proxy of what a script answers. Windows' names them up to the first DIRECT, and leaves that out:
 * so the newer one is asked where it is there. */
static DWORD ask_the_old_way(const wchar_t *url, WINHTTP_AUTOPROXY_OPTIONS *options,
                             struct sg_buf *out)
{
    WINHTTP_PROXY_INFO info = { 0 };
    HINTERNET session = WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    if (session == NULL)
        return GetLastError();
    WinHttpSetTimeouts(session, STEP_TIMEOUT_MS, STEP_TIMEOUT_MS, STEP_TIMEOUT_MS, STEP_TIMEOUT_MS);
    DWORD error =
        WinHttpGetProxyForUrl(session, url, options, &info) ? ERROR_SUCCESS : GetLastError();
    if (error == ERROR_SUCCESS)
        error = take_info(&info, out);
    WinHttpCloseHandle(session);
    return error;
}

static DWORD ask_resolver(HINTERNET session, const wchar_t *url, WINHTTP_AUTOPROXY_OPTIONS *options,
                          struct sg_buf *out)
{
    const DWORD events =
        WINHTTP_CALLBACK_FLAG_GETPROXYFORURL_COMPLETE | WINHTTP_CALLBACK_FLAG_REQUEST_ERROR;
    HINTERNET resolver = NULL;
    WinHttpSetTimeouts(session, STEP_TIMEOUT_MS, STEP_TIMEOUT_MS, STEP_TIMEOUT_MS, STEP_TIMEOUT_MS);
    WinHttpSetStatusCallback(session, on_status, events, 0);
    if (WinHttpCreateProxyResolver(session, &resolver) != ERROR_SUCCESS)
        return ask_the_old_way(url, options, out);
    DWORD error = ask_and_wait(resolver, url, options);
    if (error == ERROR_SUCCESS)
        error = take_result(resolver, out);
    WinHttpCloseHandle(resolver);
    return error;
}

static DWORD ask(const wchar_t *script, const wchar_t *url, struct sg_buf *out)
{
    WINHTTP_AUTOPROXY_OPTIONS options = {
        .dwFlags = script != NULL ? WINHTTP_AUTOPROXY_CONFIG_URL : WINHTTP_AUTOPROXY_AUTO_DETECT,
        .dwAutoDetectFlags =
            script != NULL ? 0 : WINHTTP_AUTO_DETECT_TYPE_DHCP | WINHTTP_AUTO_DETECT_TYPE_DNS_A,
        .lpszAutoConfigUrl = script,
    };
    HINTERNET session =
        WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, WINHTTP_FLAG_ASYNC);
    if (session == NULL)
        return GetLastError();
    DWORD error = ask_resolver(session, url, &options, out);
    WinHttpCloseHandle(session);
    return error;
}

enum sg_status proxy_script_run(const char *script, const char *url, struct sg_buf *out,
                                struct sg_err *err)
{
    wchar_t *wide_script = script != NULL ? wide_from_utf8(script) : NULL;
    wchar_t *wide_url = wide_from_utf8(url);
    bool is_wide = wide_url != NULL && (wide_script != NULL || script == NULL);
    DWORD error = is_wide ? ask(wide_script, wide_url, out) : ERROR_NOT_ENOUGH_MEMORY;
    if (error == ERROR_SUCCESS && out->is_failed)
        error = ERROR_NOT_ENOUGH_MEMORY;
    sg_free(wide_script);
    sg_free(wide_url);
    return error == ERROR_SUCCESS ? SG_OK : script_error(script, error, err);
}
