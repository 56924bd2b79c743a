/* What the program says, and the exit code it ends with. */
#ifndef SEGUE_CLI_REPORT_H
#define SEGUE_CLI_REPORT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/err.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* a download failed, or anything that has no number of its own */
    EXIT_USAGE = 2,
    EXIT_NO_DAEMON = 3,
    EXIT_NO_JOB = 4,
    EXIT_DENIED = 5,
    EXIT_INTERRUPTED = 130,
};

/* The exit code that goes with a status. */
enum exit_code exit_code_of(enum sg_status status);

/* Writes "seg: MESSAGE" to stderr, with something to do where the message has none, and returns the
 * exit code. */
enum exit_code report_failure(const struct sg_err *err);

/* The same for a message of our own: report_error(EXIT_USAGE, "what happened: what to do"). */
enum exit_code report_error(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));

/* Writes the text to stdout and empties the buffer. A reader who has gone ends the program. */
void print_text(struct sg_buf *text);

/* Writes a value to stdout as one line. */
void print_json(const cJSON *value);

#endif
