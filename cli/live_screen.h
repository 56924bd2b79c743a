/* Frames on the terminal, each in the place of the one before. One thread. */
#ifndef SEGUE_CLI_LIVE_SCREEN_H
#define SEGUE_CLI_LIVE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/row.h"

/* Zero-initialise it. */
struct live_screen {
    uint32_t n_lines; /* of the frame that is on the screen */
    uint32_t width;   /* of what is to be overwritten with blanks, where nothing can be erased */
    bool is_shown;    /* a frame is on the screen */
};

/* Draws the rows that are not final. Does nothing when stdout is no terminal. */
void live_screen_draw(struct live_screen *screen, struct row *const *rows, size_t n_rows);

/* Takes the frame away and shows the cursor, so that other lines can be written where it was. */
void live_screen_clear(struct live_screen *screen);

#endif
