/* The program behind main and wmain, which only fetch the arguments. */
#ifndef SEGUE_CLI_SEG_MAIN_H
#define SEGUE_CLI_SEG_MAIN_H

/* Carries out one command line (UTF-8, argv[0] is the program) and returns the exit code. */
int seg_main(int argc, char *const argv[]);

#endif
