/* A key of the registry. */
#include "cli/win/event_source.h"

#include <wchar.h>

#include "base/mem.h"
#include "cli/win/text.h"
#include "os/win/win.h"

static const wchar_t key_path[] =
    L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Segue";

static enum sg_status refuse(struct sg_err *err, LSTATUS error, const char *what)
{
    char reason[TEXT_ERROR_SIZE];
    if (error == ERROR_ACCESS_DENIED)
        return sg_err_foreign(err, SG_E_DENIED, error,
                              "%s the source of events is denied: run it in a console that was "
                              "opened as administrator",
                              what);
    text_of_error((unsigned long)error, reason);
    return sg_err_foreign(err, SG_E_SYSTEM, error, "%s the source of events did not work: %s", what,
                          reason);
}

static LSTATUS set_number(HKEY key, const wchar_t *name, DWORD value)
{
    return RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&value, sizeof value);
}

static LSTATUS set_path(HKEY key, const wchar_t *name, const wchar_t *path)
{
    DWORD size = (DWORD)((wcslen(path) + 1) * sizeof *path);
    return RegSetValueExW(key, name, 0, REG_EXPAND_SZ, (const BYTE *)path, size);
}

static LSTATUS fill(HKEY key, const wchar_t *program)
{
    const DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    LSTATUS error = set_path(key, L"EventMessageFile", program);
    return error == ERROR_SUCCESS ? set_number(key, L"TypesSupported", types) : error;
}

enum sg_status event_source_install(const char *program, struct sg_err *err)
{
    HKEY key;
    wchar_t *wide = text_wide(program);
    if (wide == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    LSTATUS error = RegCreateKeyExW(HKEY_LOCAL_MACHINE, key_path, 0, NULL, REG_OPTION_NON_VOLATILE,
                                    KEY_SET_VALUE, NULL, &key, NULL);
    if (error == ERROR_SUCCESS) {
        error = fill(key, wide);
        RegCloseKey(key);
    }
    sg_free(wide);
    return error == ERROR_SUCCESS ? SG_OK : refuse(err, error, "making");
}

enum sg_status event_source_uninstall(struct sg_err *err)
{
    LSTATUS error = RegDeleteKeyExW(HKEY_LOCAL_MACHINE, key_path, KEY_WOW64_64KEY, 0);
    if (error == ERROR_SUCCESS || error == ERROR_FILE_NOT_FOUND)
        return SG_OK;
    return refuse(err, error, "removing");
}
