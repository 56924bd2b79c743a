/* Ctrl-C. Unless it is being caught it ends the program with exit code 130 at once, and so does the
 * second one. Implemented by cli/win, and by cli/posix for tests. */
#ifndef SEGUE_CLI_INTERRUPT_H
#define SEGUE_CLI_INTERRUPT_H

#include <stdbool.h>

/* Installs the handler. Once, at the start. SetConsoleCtrlHandler; sigaction. */
void interrupt_init(void);

/* From now on the first Ctrl-C only makes interrupt_is_pending true. */
void interrupt_catch(void);

/* True once it came. */
bool interrupt_is_pending(void);

#endif
