/* The terminal of a POSIX system; for tests. */
#define _GNU_SOURCE
#include "cli/console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct console_traits traits;

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

/* The first of the three that is set decides: POSIX, "Internationalization Variables". */
static bool has_utf8_locale(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return false;
}

void console_open(void)
{
    const char *term = getenv("TERM");
    traits.is_terminal = isatty(STDOUT_FILENO) != 0;
    traits.has_vt = traits.is_terminal && term != NULL && strcmp(term, "dumb") != 0;
    traits.has_colour = traits.has_vt && !is_set("NO_COLOR");
    traits.has_unicode = has_utf8_locale();
}

void console_close(void)
{
}

const struct console_traits *console_traits(void)
{
    return &traits;
}

void console_size(uint32_t *out_columns, uint32_t *out_lines)
{
    struct winsize size = { 0 };
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    *out_columns = is_known && size.ws_col > 0 ? size.ws_col : 80;
    *out_lines = is_known && size.ws_row > 0 ? size.ws_row : 24;
}

/* What is no escape sequence cannot move the cursor here. */
void console_go_up(uint32_t n_lines)
{
    (void)n_lines;
}

bool console_write(enum console_stream stream, const char *text)
{
    int fd = stream == CONSOLE_OUT ? STDOUT_FILENO : STDERR_FILENO;
    for (size_t left = strlen(text); left > 0;) {
        ssize_t n_written = write(fd, text, left);
        if (n_written < 0 && errno == EINTR)
            continue;
        if (n_written < 0)
            return false;
        text += n_written;
        left -= (size_t)n_written;
    }
    return true;
}
