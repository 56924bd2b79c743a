/* The methods of the control channel by number and name. Pure. */
#ifndef SEGUE_IPC_WIRE_METHOD_H
#define SEGUE_IPC_WIRE_METHOD_H

/* X(constant, name). Both sides, the help texts and the reference use this table. */
#define METHOD_TABLE(X)                                  \
    X(METHOD_DAEMON_INFO, "daemon.info")                 \
    X(METHOD_DAEMON_STATS, "daemon.stats")               \
    X(METHOD_DAEMON_SHUTDOWN, "daemon.shutdown")         \
    X(METHOD_DAEMON_LOG, "daemon.log")                   \
    X(METHOD_DAEMON_HOSTS, "daemon.hosts")               \
    X(METHOD_DAEMON_FORGET_HOSTS, "daemon.forget_hosts") \
    X(METHOD_JOB_ADD, "job.add")                         \
    X(METHOD_JOB_GET, "job.get")                         \
    X(METHOD_JOB_LIST, "job.list")                       \
    X(METHOD_JOB_PAUSE, "job.pause")                     \
    X(METHOD_JOB_RESUME, "job.resume")                   \
    X(METHOD_JOB_CANCEL, "job.cancel")                   \
    X(METHOD_JOB_REMOVE, "job.remove")                   \
    X(METHOD_JOB_MOVE, "job.move")                       \
    X(METHOD_JOB_SET, "job.set")                         \
    X(METHOD_JOB_REFRESH, "job.refresh")                 \
    X(METHOD_JOB_VERIFY, "job.verify")                   \
    X(METHOD_SETTINGS_GET, "settings.get")               \
    X(METHOD_SETTINGS_SET, "settings.set")               \
    X(METHOD_EVENTS_SUBSCRIBE, "events.subscribe")       \
    X(METHOD_EVENTS_UNSUBSCRIBE, "events.unsubscribe")

enum method {
#define X(constant, name) constant,
    METHOD_TABLE(X)
#undef X
        METHOD_COUNT
};

/* The method's name, a static string. */
const char *method_name(enum method method);

/* The method with this name, or METHOD_COUNT. */
enum method method_from_name(const char *name);

#endif
