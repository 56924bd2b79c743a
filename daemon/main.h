/* The program, with its command line in UTF-8. */
#ifndef SEGUE_DAEMON_MAIN_H
#define SEGUE_DAEMON_MAIN_H

/* Runs segd and returns the process's exit code: 0 a clean end, 1 a failure, 2 wrong usage. */
int segd_main(int argc, char **argv);

#endif
