/* stderr, in UTF-8: a Windows console shows it rightly only when it is told by UTF-16. Any thread.
 */
#ifndef SEGUE_DAEMON_CONSOLE_H
#define SEGUE_DAEMON_CONSOLE_H

/* Writes the text to stderr, as it is. What cannot be written is forgotten: there may be no stderr.
 * WriteConsoleW to a console. Implemented by daemon/win and, for tests, daemon/posix. */
void console_write_error(const char *text);

/* Writes one line, "segd: " and the text. */
void console_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
