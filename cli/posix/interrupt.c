/* Ctrl-C as a signal; for tests. */
#define _GNU_SOURCE
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/report.h"
#include "cli/secret_input.h"

static volatile sig_atomic_t is_caught;
static volatile sig_atomic_t is_pending;

static void on_interrupt(int number)
{
    (void)number;
    if (!is_caught || is_pending) {
        secret_input_restore();
        _exit(EXIT_INTERRUPTED);
    }
    is_pending = 1;
}

void interrupt_init(void)
{
    struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = SA_RESTART };
    sigaction(SIGINT, &action, NULL);
}

void interrupt_catch(void)
{
    is_caught = 1;
}

bool interrupt_is_pending(void)
{
    return is_pending != 0;
}
