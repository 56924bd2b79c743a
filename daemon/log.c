/* The log file. Its state is the process's: there is one log. */
#include "daemon/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/utf.h"
#include "daemon/console.h"
#include "os/clock.h"
#include "os/log_file.h"
#include "os/path.h"

enum { LINE_MAX_BYTES = 2048 };

static struct log_file *file;
static atomic_bool is_on_console = true;

static void complain(const struct sg_err *err)
{
    if (is_on_console)
        console_complain("no log file: %s", sg_err_text(err));
}

void log_open(const char *folder)
{
    struct sg_err err;
    char *path = path_join(folder, "segd.log");
    if (path != NULL && log_file_open(path, LOG_FILE_MAX, &file, &err) != SG_OK)
        complain(&err);
    sg_free(path);
}

void log_close(void)
{
    log_file_close(file);
    file = NULL;
}

void log_to_console(bool is_on)
{
    is_on_console = is_on;
}

static void make_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20)
            *text = ' ';
    }
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const words[] = { "error", "warning", "info" };
    char line[LINE_MAX_BYTES];
    char when[SG_ISO8601_SIZE];
    sg_format_iso8601(clock_wall_ms(), when);
    int head = snprintf(line, sizeof line, "%s %s ", when, words[level]);

    va_list args;
    va_start(args, format);
    vsnprintf(line + head, sizeof line - (size_t)head - 1, format, args);
    va_end(args);
    sg_utf8_trim_partial(line);
    make_one_line(line);
    size_t length = strlen(line);
    line[length++] = '\n';
    line[length] = '\0';
    if (is_on_console)
        console_write_error(line);
    log_file_append(file, line, length);
}
