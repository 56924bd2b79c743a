/* The service manager: installing, removing, starting, stopping, asking. */
#include "cli/service.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/status_number.h"
#include "cli/host.h"
#include "cli/need.h"
#include "cli/service_wait.h"
#include "cli/win/event_source.h"
#include "cli/win/service_win.h"
#include "cli/win/text.h"

enum { PATH_UNITS_MAX = 32768, LOOK_APART_MS = 100, GONE_WAIT_MS = 10 * 1000 };

static const wchar_t service_name[] = L"Segue";
static const wchar_t display_name[] = L"Segue downloads";
static const wchar_t account_name[] = L"NT SERVICE\\Segue"; /* a virtual account */

enum sg_status service_refuse(struct sg_err *err, DWORD error, const char *what)
{
    char reason[TEXT_ERROR_SIZE];
    switch (error) {
    case ERROR_ACCESS_DENIED:
        return sg_err_foreign(err, SG_E_DENIED, error,
                              "%s is denied: run it in a console that was opened as administrator",
                              what);
    case ERROR_SERVICE_DOES_NOT_EXIST:
        return sg_err_foreign(
            err, SG_E_NOT_FOUND, error,
            "the service Segue is not installed: 'seg service install' does that");
    case ERROR_SERVICE_MARKED_FOR_DELETE:
        return sg_err_foreign(err, SG_E_IN_USE, error,
                              "the service Segue is being removed, but another program still looks "
                              "at it: close the Services window and try again");
    case ERROR_SERVICE_DISABLED:
        return sg_err_foreign(err, SG_E_STATE, error,
                              "the service Segue is disabled: 'seg service install' allows its "
                              "start again");
    default:
        text_of_error(error, reason);
        return sg_err_foreign(err, SG_E_SYSTEM, error,
                              "%s did not work: %s: see the System event log", what, reason);
    }
}

/* ---- handles ---- */

/* The manager and the service; close_desk closes what is not NULL. */
struct desk {
    SC_HANDLE manager;
    SC_HANDLE service;
};

static void close_desk(struct desk *desk)
{
    if (desk->service != NULL)
        CloseServiceHandle(desk->service);
    if (desk->manager != NULL)
        CloseServiceHandle(desk->manager);
    *desk = (struct desk){ 0 };
}

static enum sg_status open_desk(struct desk *desk, DWORD rights, const char *what,
                                struct sg_err *err)
{
    *desk = (struct desk){ .manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT) };
    if (desk->manager != NULL)
        desk->service = OpenServiceW(desk->manager, service_name, rights);
    if (desk->service != NULL)
        return SG_OK;
    enum sg_status status = service_refuse(err, GetLastError(), what);
    close_desk(desk);
    return status;
}

/* ---- state ---- */

static const char *state_word(DWORD state)
{
    static const char *const words[] = { "unknown", "stopped",  "starting", "stopping",
                                         "running", "going on", "pausing",  "paused" };
    return words[state < sizeof words / sizeof words[0] ? state : 0];
}

static bool look(SC_HANDLE service, SERVICE_STATUS_PROCESS *out)
{
    DWORD size;
    return QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)out, sizeof *out, &size) !=
           0;
}

/* Lets a little time pass: nobody sets the event. */
static void pause_looking(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (event == NULL)
        return;
    WaitForSingleObject(event, LOOK_APART_MS);
    CloseHandle(event);
}

/* What the service says of why it ended; 0 where it ended well. */
static uint32_t exit_number(const SERVICE_STATUS_PROCESS *status)
{
    return status->dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR
               ? status->dwServiceSpecificExitCode
               : 0;
}

static enum sg_status tell_failed_start(const SERVICE_STATUS_PROCESS *now, struct sg_err *err)
{
    char reason[TEXT_ERROR_SIZE];
    enum sg_status why = sg_status_from_number(exit_number(now));
    if (now->dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR && why != SG_STATUS_COUNT)
        return sg_err_foreign(err, SG_E_SYSTEM, exit_number(now),
                              "the service Segue could not start: %s (exit code %lu): segd.log in "
                              "its data folder says more",
                              sg_status_sentence(why), (unsigned long)exit_number(now));
    text_of_error(now->dwWin32ExitCode, reason);
    return sg_err_foreign(err, SG_E_SYSTEM, now->dwWin32ExitCode,
                          "the service Segue ended while it started: %s: see the System event log",
                          reason);
}

static enum sg_status tell_silence(const char *what, DWORD state, struct sg_err *err)
{
    return sg_err_set(err, SG_E_TIMEOUT,
                      "%s takes too long; it is %s and says nothing new: look at segd.log in its "
                      "data folder",
                      what, state_word(state));
}

static bool is_started_or_failed(DWORD state)
{
    return state != SERVICE_START_PENDING;
}

/* One that was told to stop may say for a moment that it runs. */
static bool is_stopped(DWORD state)
{
    return state == SERVICE_STOPPED;
}

static enum sg_status await_state(SC_HANDLE service, bool (*is_over)(DWORD state), const char *what,
                                  SERVICE_STATUS_PROCESS *out, struct sg_err *err)
{
    struct service_wait wait;
    service_wait_begin(&wait, GetTickCount64());
    for (;;) {
        if (!look(service, out))
            return service_refuse(err, GetLastError(), what);
        if (is_over(out->dwCurrentState))
            return SG_OK;
        if (!service_wait_goes_on(&wait, out->dwCheckPoint, out->dwWaitHint, GetTickCount64()))
            return tell_silence(what, out->dwCurrentState, err);
        pause_looking();
    }
}

/* ---- starting and stopping ---- */

static const char starting[] = "starting the service";
static const char stopping[] = "stopping the service";

static enum sg_status start_service(SC_HANDLE service, bool *out_was, struct sg_err *err)
{
    SERVICE_STATUS_PROCESS now;
    bool was = !StartServiceW(service, 0, NULL);
    if (was && GetLastError() != ERROR_SERVICE_ALREADY_RUNNING)
        return service_refuse(err, GetLastError(), starting);
    enum sg_status status = await_state(service, is_started_or_failed, starting, &now, err);
    if (status != SG_OK)
        return status;
    if (now.dwCurrentState != SERVICE_RUNNING)
        return tell_failed_start(&now, err);
    *out_was = was;
    return SG_OK;
}

enum sg_status service_start(bool *out_was, struct sg_err *err)
{
    struct desk desk;
    enum sg_status status = open_desk(&desk, SERVICE_START | SERVICE_QUERY_STATUS, starting, err);
    if (status == SG_OK)
        status = start_service(desk.service, out_was, err);
    close_desk(&desk);
    return status;
}

/* One that is starting takes no stop: it is waited for first. */
static enum sg_status stop_service(SC_HANDLE service, bool *out_was, struct sg_err *err)
{
    SERVICE_STATUS_PROCESS now;
    SERVICE_STATUS ignored;
    enum sg_status status = await_state(service, is_started_or_failed, stopping, &now, err);
    if (status != SG_OK)
        return status;
    bool was = now.dwCurrentState == SERVICE_STOPPED;
    if (now.dwCurrentState == SERVICE_RUNNING &&
        !ControlService(service, SERVICE_CONTROL_STOP, &ignored)) {
        DWORD error = GetLastError();
        was = error == ERROR_SERVICE_NOT_ACTIVE;
        if (!was && error != ERROR_SERVICE_CANNOT_ACCEPT_CTRL)
            return service_refuse(err, error, stopping);
    }
    status = await_state(service, is_stopped, stopping, &now, err);
    if (status == SG_OK)
        *out_was = was;
    return status;
}

enum sg_status service_stop(bool *out_was, struct sg_err *err)
{
    struct desk desk;
    enum sg_status status = open_desk(&desk, SERVICE_STOP | SERVICE_QUERY_STATUS, stopping, err);
    if (status == SG_OK)
        status = stop_service(desk.service, out_was, err);
    close_desk(&desk);
    return status;
}

/* ---- asking ---- */

static const char asking[] = "asking about the service";

/* The caller's (sg_free); NULL leaves the reason in GetLastError. */
static QUERY_SERVICE_CONFIGW *read_config(SC_HANDLE service)
{
    DWORD size = 0;
    QueryServiceConfigW(service, NULL, 0, &size);
    QUERY_SERVICE_CONFIGW *config = need(sg_alloc(size + sizeof *config));
    if (QueryServiceConfigW(service, config, size + (DWORD)sizeof *config, &size))
        return config;
    DWORD error = GetLastError();
    sg_free(config);
    SetLastError(error);
    return NULL;
}

static bool is_delayed(SC_HANDLE service)
{
    SERVICE_DELAYED_AUTO_START_INFO info = { 0 };
    DWORD size;
    return QueryServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, (BYTE *)&info,
                                sizeof info, &size) &&
           info.fDelayedAutostart;
}

static const char *start_word(SC_HANDLE service, DWORD start_type)
{
    switch (start_type) {
    case SERVICE_AUTO_START:
        return is_delayed(service) ? "delayed-auto" : "auto";
    case SERVICE_DEMAND_START:
        return "demand";
    case SERVICE_DISABLED:
        return "disabled";
    default:
        return "unknown";
    }
}

static enum sg_status query(SC_HANDLE service, struct service_facts *out, struct sg_err *err)
{
    SERVICE_STATUS_PROCESS now;
    QUERY_SERVICE_CONFIGW *config = read_config(service);
    if (config == NULL || !look(service, &now)) {
        DWORD error = GetLastError();
        sg_free(config);
        return service_refuse(err, error, asking);
    }
    uint32_t system_error = now.dwWin32ExitCode;
    if (system_error == ERROR_SERVICE_SPECIFIC_ERROR || system_error == ERROR_SERVICE_NEVER_STARTED)
        system_error = 0;
    *out = (struct service_facts){
        .state = state_word(now.dwCurrentState),
        .start_type = start_word(service, config->dwStartType),
        .account = text_utf8(config->lpServiceStartName != NULL ? config->lpServiceStartName
                                                                : L"LocalSystem"),
        .command = text_utf8(config->lpBinaryPathName),
        .pid = now.dwProcessId,
        .exit_code = exit_number(&now),
        .system_error = system_error,
    };
    sg_free(config);
    return SG_OK;
}

enum sg_status service_query(struct service_facts *out, struct sg_err *err)
{
    struct desk desk;
    enum sg_status status =
        open_desk(&desk, SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG, asking, err);
    if (status == SG_OK)
        status = query(desk.service, out, err);
    close_desk(&desk);
    return status;
}

/* ---- installing ---- */

static const char installing[] = "installing the service";

/* segd.exe beside this program; the caller's. */
static char *program_beside(void)
{
    wchar_t *path = need(sg_alloc_array(PATH_UNITS_MAX, sizeof *path));
    DWORD length = GetModuleFileNameW(NULL, path, PATH_UNITS_MAX);
    while (length > 0 && path[length - 1] != L'\\')
        length--;
    path[length] = L'\0';
    char *folder = text_utf8(path);
    struct sg_buf program = { 0 };
    sg_buf_printf(&program, "%ssegd.exe", folder);
    sg_free(folder);
    sg_free(path);
    return need(sg_buf_take(&program));
}

static enum sg_status find_program(const char *wanted, char **out, struct sg_err *err)
{
    char *program = NULL;
    if (wanted == NULL) {
        program = program_beside();
    } else {
        enum sg_status status = host_absolute(wanted, &program, err);
        if (status != SG_OK)
            return status;
    }
    wchar_t *wide = text_wide(program);
    DWORD attributes = GetFileAttributesW(wide);
    sg_free(wide);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
        *out = program;
        return SG_OK;
    }
    enum sg_status status = sg_err_set(
        err, SG_E_INVALID, "there is no program %s: name segd.exe with --program", program);
    sg_free(program);
    return status;
}

/* In quotation marks, or a path with a blank would be tried word by word (Windows documentation:
 * CreateServiceW, lpBinaryPathName). The caller's. */
static wchar_t *service_command(const char *program)
{
    struct sg_buf command = { 0 };
    sg_buf_printf(&command, "\"%s\" service", program);
    wchar_t *wide = text_wide(need(command.data));
    sg_buf_fini(&command);
    return wide;
}

static bool has_program(const QUERY_SERVICE_CONFIGW *config, const wchar_t *command)
{
    const wchar_t *quote = wcschr(command + 1, L'"');
    size_t length = (size_t)(quote - command) + 1;
    return _wcsnicmp(config->lpBinaryPathName, command, length) == 0;
}

static enum sg_status refuse_other(const QUERY_SERVICE_CONFIGW *config, struct sg_err *err)
{
    char *present = text_utf8(config->lpBinaryPathName);
    enum sg_status status = sg_err_set(err, SG_E_EXISTS,
                                       "the service Segue is already installed with another "
                                       "program, %s: 'seg service uninstall' removes it",
                                       present);
    sg_free(present);
    return status;
}

/* Of one that is there with the same program: automatic start and account as for a new one. Its
 * arguments stay: somebody may have given it some. */
static enum sg_status renew(SC_HANDLE service, const wchar_t *command, struct sg_err *err)
{
    QUERY_SERVICE_CONFIGW *config = read_config(service);
    if (config == NULL)
        return service_refuse(err, GetLastError(), installing);
    enum sg_status status = SG_OK;
    if (!has_program(config, command))
        status = refuse_other(config, err);
    else if (!ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_AUTO_START,
                                   SERVICE_NO_CHANGE, NULL, NULL, NULL, NULL, account_name, NULL,
                                   display_name))
        status = service_refuse(err, GetLastError(), installing);
    sg_free(config);
    return status;
}

static enum sg_status create_or_renew(struct desk *desk, const wchar_t *command, bool *out_was,
                                      struct sg_err *err)
{
    const DWORD rights = SERVICE_ALL_ACCESS;
    desk->manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
    if (desk->manager == NULL)
        return service_refuse(err, GetLastError(), installing);
    desk->service = CreateServiceW(
        desk->manager, service_name, display_name, rights, SERVICE_WIN32_OWN_PROCESS,
        SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, command, NULL, NULL, NULL, account_name, NULL);
    *out_was = desk->service == NULL && GetLastError() == ERROR_SERVICE_EXISTS;
    if (*out_was)
        desk->service = OpenServiceW(desk->manager, service_name, rights);
    if (desk->service == NULL)
        return service_refuse(err, GetLastError(), installing);
    return *out_was ? renew(desk->service, command, err) : SG_OK;
}

static enum sg_status make_all(struct desk *desk, const wchar_t *command, struct service_made *made,
                               struct sg_err *err)
{
    struct service_facts facts = { 0 };
    enum sg_status status = create_or_renew(desk, command, &made->was_there, err);
    if (status != SG_OK)
        return status;
    status = service_folders_make_data(&made->data_folder, err);
    if (status == SG_OK)
        status = service_folders_make_public(&made->public_folder, err);
    if (status == SG_OK)
        status = service_configure(desk->service, err);
    if (status == SG_OK)
        status = event_source_install(made->program, err);
    if (status == SG_OK)
        status = query(desk->service, &facts, err);
    if (status == SG_OK)
        made->account = need(sg_strdup(facts.account));
    else if (!made->was_there)
        DeleteService(desk->service); /* half a service is none */
    service_facts_fini(&facts);
    return status;
}

enum sg_status service_install(const char *program, struct service_made *out, struct sg_err *err)
{
    struct desk desk = { 0 };
    struct service_made made = { 0 };
    enum sg_status status = find_program(program, &made.program, err);
    if (status != SG_OK)
        return status;
    wchar_t *command = service_command(made.program);
    status = make_all(&desk, command, &made, err);
    close_desk(&desk);
    sg_free(command);
    if (status == SG_OK)
        *out = made;
    else
        service_made_fini(&made);
    return status;
}

/* ---- removing ---- */

static const char removing[] = "removing the service";

/* The name is free when the last handle to the service is closed, ours included, and its process
 * has gone. Somebody else's window is not waited for long: the service is gone with it. */
static void await_absence(SC_HANDLE manager)
{
    uint64_t end_ms = GetTickCount64() + GONE_WAIT_MS;
    while (GetTickCount64() < end_ms) {
        SC_HANDLE service = OpenServiceW(manager, service_name, SERVICE_QUERY_STATUS);
        if (service == NULL)
            return;
        CloseServiceHandle(service);
        pause_looking();
    }
}

static enum sg_status remove_service(struct sg_err *err)
{
    struct desk desk;
    bool was;
    enum sg_status status =
        open_desk(&desk, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE, removing, err);
    if (status == SG_OK)
        status = stop_service(desk.service, &was, err);
    if (status == SG_OK && !DeleteService(desk.service))
        status = service_refuse(err, GetLastError(), removing);
    if (status == SG_OK) {
        CloseServiceHandle(desk.service);
        desk.service = NULL;
        await_absence(desk.manager);
        service_folders_remove_public();
        status = event_source_uninstall(err);
    }
    close_desk(&desk);
    return status;
}

enum sg_status service_uninstall(bool purges, struct sg_err *err)
{
    enum sg_status status = remove_service(err);
    bool may_purge = status == SG_OK || status == SG_E_NOT_FOUND; /* kept at an earlier removal */
    return purges && may_purge ? service_folders_purge(err) : status;
}
