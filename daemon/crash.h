/* What happens when the daemon itself breaks: a dump beside the log, a note of it, and the end of
 * the process with the exception as its exit code, so that the service manager starts it again. The
 * next run tells of it. */
#ifndef SEGUE_DAEMON_CRASH_H
#define SEGUE_DAEMON_CRASH_H

/* From now on a crash of any thread writes segd-DATE.dmp and segd.crash in `folder`. Of dumps that
 * are there the newest few are kept. The start thread, once the folder is ours.
 * SetUnhandledExceptionFilter, MiniDumpWriteDump. */
void crash_guard(const char *folder);

/* The end of it. */
void crash_unguard(void);

/* Reports EVENT_CRASHED if a note of the last run is in `folder`, and removes it. The log is open.
 */
void crash_tell_last(const char *folder);

#endif
