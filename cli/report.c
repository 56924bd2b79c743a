/* Error messages, output, exit codes. */
#include "cli/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/columns.h"
#include "cli/console.h"
#include "cli/json.h"
#include "cli/need.h"

enum exit_code exit_code_of(enum sg_status status)
{
    switch (status) {
    case SG_OK:
        return EXIT_DONE;
    case SG_E_INVALID:
    case SG_E_SCHEME:
    case SG_E_TOO_LONG:
        return EXIT_USAGE;
    case SG_E_NO_DAEMON:
    case SG_E_CLOSED:
        return EXIT_NO_DAEMON;
    case SG_E_NOT_FOUND:
        return EXIT_NO_JOB;
    case SG_E_DENIED:
        return EXIT_DENIED;
    case SG_E_CANCELLED:
        return EXIT_INTERRUPTED;
    default:
        return EXIT_FAILED;
    }
}

/* What to do about failures of the connection, whose messages only tell what happened. */
static const char *advice_for(enum sg_status status)
{
    switch (status) {
    case SG_E_CLOSED:
        return "jobs are kept; 'seg list' shows them";
    case SG_E_TIMEOUT:
        return "try again, or look at the daemon with 'seg status'";
    case SG_E_METHOD:
    case SG_E_PARSE:
    case SG_E_REQUEST:
        return "seg and segd may be of different versions; 'seg status' shows the daemon's";
    case SG_E_NOMEM:
        return "close other programs and try again";
    default:
        return "";
    }
}

static void write_error(const char *message, const char *advice)
{
    struct sg_buf text = { 0 };
    sg_buf_puts(&text, "seg: ");
    columns_put(&text, message);
    if (advice[0] != '\0')
        sg_buf_printf(&text, ": %s", advice);
    sg_buf_putc(&text, '\n');
    need(text.is_failed ? NULL : text.data);
    console_write(CONSOLE_ERR, text.data); /* there is nobody left to tell when that fails */
    sg_buf_fini(&text);
}

enum exit_code report_failure(const struct sg_err *err)
{
    write_error(sg_err_text(err), advice_for(err->status));
    return exit_code_of(err->status);
}

enum exit_code report_error(enum exit_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    size_t size = length >= 0 ? (size_t)length + 1 : 1;
    char *text = need(sg_alloc(size));
    va_list again;
    va_start(again, format);
    vsnprintf(text, size, format, again);
    va_end(again);
    write_error(text, "");
    sg_free(text);
    return code;
}

static void write_out(const char *text)
{
    if (console_write(CONSOLE_OUT, text))
        return;
    report_error(EXIT_FAILED, "the output could not be written: see who reads it, and whether the "
                              "disk is full");
    exit(EXIT_FAILED);
}

void print_text(struct sg_buf *text)
{
    need(text->is_failed ? NULL : text);
    if (text->length > 0)
        write_out(text->data);
    sg_buf_clear(text);
}

void print_json(const cJSON *value)
{
    char *line = json_line(value);
    struct sg_buf text = { 0 };
    sg_buf_puts(&text, line);
    sg_buf_putc(&text, '\n');
    cJSON_free(line);
    print_text(&text);
    sg_buf_fini(&text);
}
