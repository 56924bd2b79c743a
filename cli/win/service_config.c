/* The service's configuration, one setting after the other. What the numbers are for is told in
 * docs/internals/service.md. */
#include "cli/win/service_win.h"

#include "cli/win/text.h"

enum {
    RECOVERY_RESET_S = 24 * 60 * 60, /* failures so long ago no longer count */
    PRESHUTDOWN_MS = 10 * 1000,      /* twice of what segd takes at most */
};

static wchar_t description[] =
    L"Downloads files for the users of this machine, over many connections, and continues them "
    L"after a restart. Controlled with the command line program seg.";

/* Separated by zeros, ended by two. The first one is everybody's, the second every service's; what
 * is not named is taken from the service's token. */
static wchar_t privilege_names[] = L"SeChangeNotifyPrivilege\0SeImpersonatePrivilege\0";

/* The one place that knows of a difference. QUIRK(wine_services): Wine 8 keeps an account's name
 * but has one user, has no privileges to give, and refuses to keep some of a service's
 * configuration, which is left out there. Gone when every setting below is kept. */
static bool may_lack_settings(void)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    return ntdll != NULL && GetProcAddress(ntdll, "wine_get_version") != NULL;
}

enum sg_status service_configure(SC_HANDLE service, struct sg_err *err)
{
    SERVICE_DESCRIPTIONW about = { .lpDescription = description };
    SERVICE_DELAYED_AUTO_START_INFO start = { .fDelayedAutostart = TRUE };
    SC_ACTION steps[] = { { SC_ACTION_RESTART, 5 * 1000 },
                          { SC_ACTION_RESTART, 30 * 1000 },
                          { SC_ACTION_RESTART, 60 * 1000 } };
    SERVICE_FAILURE_ACTIONSW recovery = { .dwResetPeriod = RECOVERY_RESET_S,
                                          .cActions = sizeof steps / sizeof steps[0],
                                          .lpsaActions = steps };
    SERVICE_FAILURE_ACTIONS_FLAG which = { .fFailureActionsOnNonCrashFailures = TRUE };
    SERVICE_PRESHUTDOWN_INFO shutdown = { .dwPreshutdownTimeout = PRESHUTDOWN_MS };
    SERVICE_SID_INFO sid = { .dwServiceSidType = SERVICE_SID_TYPE_UNRESTRICTED };
    SERVICE_REQUIRED_PRIVILEGES_INFOW privileges = { .pmszRequiredPrivileges = privilege_names };
    const struct {
        DWORD level;
        void *info;
        const char *what;
    } settings[] = {
        { SERVICE_CONFIG_DESCRIPTION, &about, "describing the service" },
        { SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &start, "delaying the service's start" },
        { SERVICE_CONFIG_FAILURE_ACTIONS, &recovery, "setting the service's recovery" },
        { SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &which, "setting the service's recovery" },
        { SERVICE_CONFIG_PRESHUTDOWN_INFO, &shutdown, "setting the service's time to shut down" },
        { SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "giving the service its SID" },
        { SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &privileges, "trimming the service's rights" },
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (!ChangeServiceConfig2W(service, settings[i].level, settings[i].info) &&
            !may_lack_settings())
            return service_refuse(err, GetLastError(), settings[i].what);
    }
    return SG_OK;
}
