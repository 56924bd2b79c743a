/* What the administrator of the machine should hear: a line of the daemon's log that also goes to
 * Windows' Application event log, when the daemon is the service. Any thread. */
#ifndef SEGUE_DAEMON_EVENT_LOG_H
#define SEGUE_DAEMON_EVENT_LOG_H

#include <stdbool.h>

/* The numbers are those of the messages in daemon/win/messages.mc: what Windows shows as "Event
 * ID". Behind each the level of its line in the log. */
enum event {
    EVENT_STARTED = 1,      /* info */
    EVENT_STOPPED,          /* info */
    EVENT_START_FAILED,     /* error */
    EVENT_ENDED,            /* error: it did not stop in time */
    EVENT_CRASHED,          /* error: the last run did */
    EVENT_DATABASE_DAMAGED, /* error: put aside, salvaged, or parts of it are lost */
    EVENT_LIMIT
};

/* From now on events go to the event log too. Without it they are in the daemon's own log only.
 * RegisterEventSourceW. daemon/win, and daemon/posix, which has none. */
void event_log_open(void);

/* Writes the line to the log and, once event_log_open was called, as an event. */
void event_report(enum event event, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Hands one line to the event log, if it is open: as an error unless `is_good`. False when it was
 * not taken. ReportEventW. */
bool event_log_write(enum event event, bool is_good, const char *text);

#endif
