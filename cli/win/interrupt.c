/* Ctrl-C and Ctrl-Break of a console. The handler runs in a thread of its own. */
#include "cli/interrupt.h"

#include <stdatomic.h>

#include "cli/report.h"
#include "cli/secret_input.h"
#include "os/win/win.h"

static atomic_bool is_caught;
static atomic_bool is_pending;

static BOOL WINAPI on_control(DWORD kind)
{
    if (kind != CTRL_C_EVENT && kind != CTRL_BREAK_EVENT)
        return FALSE;
    if (!atomic_load(&is_caught) || atomic_exchange(&is_pending, true)) {
        secret_input_restore();
        ExitProcess(EXIT_INTERRUPTED);
    }
    return TRUE;
}

void interrupt_init(void)
{
    SetConsoleCtrlHandler(on_control, TRUE);
}

void interrupt_catch(void)
{
    atomic_store(&is_caught, true);
}

bool interrupt_is_pending(void)
{
    return atomic_load(&is_pending);
}
