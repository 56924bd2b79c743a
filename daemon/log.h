/* The daemon's log: one line a record, "2026-11-23T13:01:02.345Z info text". It goes to segd.log in
 * the data folder, which is moved to segd.log.1 when it is full, and to stderr while the daemon has
 * a console. Any thread. */
#ifndef SEGUE_DAEMON_LOG_H
#define SEGUE_DAEMON_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO };

enum { LOG_FILE_MAX = 10 * 1024 * 1024 };

/* Opens the file in `folder`. Without one (it cannot be written) only stderr gets the lines. */
void log_open(const char *folder);

/* Closes it. */
void log_close(void);

/* Says whether lines go to stderr too; true at first. */
void log_to_console(bool is_on);

/* Writes one record; line breaks in it become blanks. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
