/* The rule of every method. Owns nothing; does not know how a caller is recognised. */
#include "daemon/access.h"

#include <string.h>

#include "base/assert.h"

/* X(method, rule) */
#define RULE_TABLE(X)                                    \
    X(METHOD_DAEMON_INFO, ACCESS_ANYONE)                 \
    X(METHOD_DAEMON_STATS, ACCESS_OWN_JOBS)              \
    X(METHOD_DAEMON_SHUTDOWN, ACCESS_ADMINISTRATORS)     \
    X(METHOD_DAEMON_HOSTS, ACCESS_ADMINISTRATORS)        \
    X(METHOD_DAEMON_FORGET_HOSTS, ACCESS_ADMINISTRATORS) \
    X(METHOD_DAEMON_LOG, ACCESS_ADMINISTRATORS)          \
    X(METHOD_JOB_ADD, ACCESS_OWN_JOBS)                   \
    X(METHOD_JOB_GET, ACCESS_OWN_JOBS)                   \
    X(METHOD_JOB_LIST, ACCESS_OWN_JOBS)                  \
    X(METHOD_JOB_PAUSE, ACCESS_OWN_JOBS)                 \
    X(METHOD_JOB_RESUME, ACCESS_OWN_JOBS)                \
    X(METHOD_JOB_CANCEL, ACCESS_OWN_JOBS)                \
    X(METHOD_JOB_REMOVE, ACCESS_OWN_JOBS)                \
    X(METHOD_JOB_MOVE, ACCESS_OWN_JOBS)                  \
    X(METHOD_JOB_SET, ACCESS_OWN_JOBS)                   \
    X(METHOD_JOB_REFRESH, ACCESS_OWN_JOBS)               \
    X(METHOD_JOB_VERIFY, ACCESS_OWN_JOBS)                \
    X(METHOD_SETTINGS_GET, ACCESS_ADMINISTRATORS)        \
    X(METHOD_SETTINGS_SET, ACCESS_ADMINISTRATORS)        \
    X(METHOD_EVENTS_SUBSCRIBE, ACCESS_OWN_JOBS)          \
    X(METHOD_EVENTS_UNSUBSCRIBE, ACCESS_ANYONE)

/* With as many rules as methods, and none twice (the compiler refuses that below), none is missing.
 */
enum {
#define X(method, rule) +1
    RULE_COUNT = 0 RULE_TABLE(X)
#undef X
};
_Static_assert((int)RULE_COUNT == (int)METHOD_COUNT, "every method has one rule");

static const enum access_rule rules[METHOD_COUNT] = {
#define X(method, rule) [method] = (rule),
    RULE_TABLE(X)
#undef X
};

enum access_rule access_rule_of(enum method method)
{
    SG_ASSERT((unsigned)method < METHOD_COUNT);
    return rules[method];
}

bool access_sees_all(const struct app *app, const struct session *session)
{
    return app_options(app)->mode == APP_USER || session_caller(session)->is_administrator;
}

bool access_may_call(const struct app *app, const struct session *session, enum method method)
{
    return access_rule_of(method) != ACCESS_ADMINISTRATORS || access_sees_all(app, session);
}

bool access_may_see(const struct app *app, const struct session *session, const char *owner)
{
    return access_sees_all(app, session) ||
           (owner != NULL && strcmp(owner, session_caller(session)->sid) == 0);
}
