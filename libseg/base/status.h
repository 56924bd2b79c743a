/* The one list of everything that can go wrong, with the word users and scripts see, a class
 * that policy acts on, and a sentence. Foreign codes (Win32, libcurl, SQLite) are translated into
 * these once, at the edge where they arise. */
#ifndef SEGUE_BASE_STATUS_H
#define SEGUE_BASE_STATUS_H

/* What may be done about a failure. */
enum sg_class {
    SG_CLASS_NONE,      /* not a failure */
    SG_CLASS_RETRY,     /* the same attempt may work later */
    SG_CLASS_PERMANENT, /* the server's or the file's fault; repeating it does not help */
    SG_CLASS_USER,      /* the caller can mend it */
    SG_CLASS_BUG,       /* ours, or the system's */
};

/* X(constant, word, class, sentence). Words are part of the protocol: never changed, never reused.
 */
#define SG_STATUS_TABLE(X)                                                                        \
    X(SG_E_TIMEOUT, "timeout", RETRY, "the server did not answer in time")                        \
    X(SG_E_CONNECT, "connect_failed", RETRY, "no connection to the server could be made")         \
    X(SG_E_DNS, "name_not_resolved", RETRY, "the server's name could not be resolved")            \
    X(SG_E_RESET, "connection_reset", RETRY, "the connection was reset")                          \
    X(SG_E_SHORT, "short_body", RETRY, "the server sent less than it promised")                   \
    X(SG_E_STALLED, "stalled", RETRY, "the server stopped sending")                               \
    X(SG_E_BUSY, "server_busy", RETRY, "the server asks for patience")                            \
    X(SG_E_SERVER, "server_error", RETRY, "the server failed")                                    \
    X(SG_E_NETWORK, "no_network", RETRY, "there is no network")                                   \
    X(SG_E_METERED, "metered", RETRY, "the network is metered")                                   \
    X(SG_E_TLS, "tls_failed", PERMANENT, "the server's identity could not be verified")           \
    X(SG_E_BAD_SERVER, "bad_server", PERMANENT, "the server's answers make no sense")             \
    X(SG_E_HTTP, "http_error", PERMANENT, "the server refused the request")                       \
    X(SG_E_AUTH, "auth_failed", PERMANENT, "the server wants other credentials")                  \
    X(SG_E_LINK, "link_expired", PERMANENT, "the link does not work any more")                    \
    X(SG_E_REDIRECT, "bad_redirect", PERMANENT, "the server's redirects lead nowhere")            \
    X(SG_E_CHANGED, "remote_changed", PERMANENT, "the file on the server changed")                \
    X(SG_E_CHECKSUM, "checksum_mismatch", PERMANENT, "the file's digest is not the expected one") \
    X(SG_E_DISK_FULL, "disk_full", USER, "the disk is full")                                      \
    X(SG_E_DENIED, "denied", USER, "access is denied")                                            \
    X(SG_E_OWNER, "owner_away", USER, "its owner is not connected")                               \
    X(SG_E_NO_FOLDER, "no_such_folder", USER, "the folder does not exist")                        \
    X(SG_E_EXISTS, "exists", USER, "the file exists already")                                     \
    X(SG_E_IN_USE, "in_use", USER, "another program holds the file")                              \
    X(SG_E_TOO_LARGE, "file_too_large", USER, "the file system cannot hold a file of this size")  \
    X(SG_E_INVALID, "invalid", USER, "a value is not valid")                                      \
    X(SG_E_SECRETS, "secrets_lost", USER, "its secrets cannot be read by this account")           \
    X(SG_E_SCHEME, "unsupported_scheme", USER, "only http and https are supported")               \
    X(SG_E_NOT_FOUND, "not_found", USER, "there is no such thing")                                \
    X(SG_E_STATE, "wrong_state", USER, "the job's state does not allow this")                     \
    X(SG_E_LIMIT, "limit_reached", USER, "a limit was reached")                                   \
    X(SG_E_PARSE, "parse_error", USER, "the message is not valid JSON")                           \
    X(SG_E_REQUEST, "invalid_request", USER, "the message is not a valid request")                \
    X(SG_E_METHOD, "unknown_method", USER, "there is no such method")                             \
    X(SG_E_TOO_LONG, "too_long", USER, "the message is too long")                                 \
    X(SG_E_NO_DAEMON, "no_daemon", USER, "no daemon is running")                                  \
    X(SG_E_LOCKED, "locked", USER, "another process uses the data folder")                        \
    X(SG_E_CANCELLED, "cancelled", USER, "it was cancelled")                                      \
    X(SG_E_CLOSED, "closed", USER, "the other side closed the connection")                        \
    X(SG_E_DAMAGED, "damaged", BUG, "stored data is damaged")                                     \
    X(SG_E_IO, "io_error", BUG, "reading or writing failed")                                      \
    X(SG_E_DB, "database_error", BUG, "the database failed")                                      \
    X(SG_E_NOMEM, "no_memory", BUG, "memory ran out")                                             \
    X(SG_E_SYSTEM, "system_error", BUG, "the system refused a call")

/* SG_PENDING is returned by submissions only: the operation goes on, its callback will come. */
enum sg_status {
    SG_OK = 0,
    SG_PENDING,
#define X(code, word, class, sentence) code,
    SG_STATUS_TABLE(X)
#undef X
        SG_STATUS_COUNT
};

/* Functions that can fail are marked with it: ignoring a status is a bug. */
#define SG_MUST_USE __attribute__((warn_unused_result))

/* The status's word ("disk_full"), a static string; "ok" and "pending" for the non-failures. Any
 * thread. */
const char *sg_status_word(enum sg_status status);

/* One sentence without a full stop that says what the status means; a static string. Any thread. */
const char *sg_status_sentence(enum sg_status status);

/* The class that retry policy acts on. Any thread. */
enum sg_class sg_status_class(enum sg_status status);

/* The status whose word is `word`, or SG_STATUS_COUNT when there is none. Any thread. */
enum sg_status sg_status_from_word(const char *word);

#endif
