/* The terminal, or whatever takes its place. Implemented by cli/win, and by cli/posix for tests.
 * One thread. */
#ifndef SEGUE_CLI_CONSOLE_H
#define SEGUE_CLI_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

enum console_stream { CONSOLE_OUT, CONSOLE_ERR };

/* What stdout is able to do. */
struct console_traits {
    bool is_terminal;
    bool has_vt;      /* understands escape sequences (ECMA-48); false unless a terminal */
    bool has_cursor;  /* console_go_up works; has_vt is the better way where there are both */
    bool has_colour;  /* has_vt, and NO_COLOR is not in the environment (https://no-color.org) */
    bool has_unicode; /* shows block characters */
};

/* Finds out what is there and turns on escape sequences where they have to be turned on
 * (SetConsoleMode, ENABLE_VIRTUAL_TERMINAL_PROCESSING). Once, at the start. */
void console_open(void);

/* Sets the console's mode back. */
void console_close(void);

/* What console_open found. */
const struct console_traits *console_traits(void);

/* The present size of stdout's terminal in columns and lines; 80 and 24 where it cannot be told. */
void console_size(uint32_t *out_columns, uint32_t *out_lines);

/* Puts the cursor at the beginning of the line `n_lines` further up. Does nothing unless the traits
 * have has_cursor. SetConsoleCursorPosition. */
void console_go_up(uint32_t n_lines);

/* Writes UTF-8 text: to a Windows console by WriteConsoleW, otherwise as it is. False when it could
 * not all be written; the reader may have gone. */
bool console_write(enum console_stream stream, const char *text);

#endif
