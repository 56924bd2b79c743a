/* A terminal of a POSIX system that does not echo; for tests. */
#define _GNU_SOURCE
#include "cli/secret_input.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/console.h"
#include "cli/need.h"

enum { LINE_SIZE = 4096 }; /* no terminal gives a longer one */

static struct termios shown; /* the terminal as it was */
static volatile sig_atomic_t is_hiding;

void secret_input_restore(void)
{
    if (is_hiding)
        tcsetattr(STDIN_FILENO, TCSANOW, &shown); /* async-signal-safe: POSIX, 2.4.3 */
    is_hiding = 0;
}

/* What was typed before the prompt is not meant for it, and was seen. */
static bool hide(void)
{
    struct termios hidden;
    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return false;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    is_hiding = 1;
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

static ssize_t read_line(char *line)
{
    ssize_t n;
    do {
        n = read(STDIN_FILENO, line, LINE_SIZE);
    } while (n < 0 && errno == EINTR);
    return n;
}

enum sg_status secret_input_read(const char *prompt, char **out, struct sg_err *err)
{
    if (!hide())
        return sg_err_set(err, SG_E_INVALID,
                          "stdin is no terminal: give the login in a list (-i LIST) or a header "
                          "(--header @FILE)");
    char *line = need(sg_alloc(LINE_SIZE));
    console_write(CONSOLE_ERR, prompt);
    ssize_t n = read_line(line);
    secret_input_restore();
    console_write(CONSOLE_ERR, "\n");
    if (n <= 0 || line[n - 1] != '\n') {
        sg_free_secret(line);
        return sg_err_set(err, SG_E_INVALID, "no line was typed: try again");
    }
    line[n - 1] = '\0';
    *out = line;
    return SG_OK;
}
