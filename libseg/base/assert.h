/* Assertions about our own mistakes. They stay on in release builds: going on after a broken
 * invariant could write a wrong byte, stopping cannot (everything durable is recovered at start).
 * Never used on input from the network, the pipe, the disk or the database. */
#ifndef SEGUE_BASE_ASSERT_H
#define SEGUE_BASE_ASSERT_H

/* Reports the failed condition on stderr and ends the process abnormally. */
_Noreturn void sg_assert_failed(const char *what, const char *file, int line);

/* Calls `told` with the words of a failed condition before the process ends: for whoever writes
 * down why it did. NULL: nobody. At start, before there are threads. */
void sg_assert_tell(void (*told)(const char *text));

/* Ends the process when `cond` is false. */
#define SG_ASSERT(cond) ((cond) ? (void)0 : sg_assert_failed(#cond, __FILE__, __LINE__))

/* Marks a place that no valid sequence of events reaches. */
#define SG_UNREACHABLE(why) sg_assert_failed(why, __FILE__, __LINE__)

#endif
