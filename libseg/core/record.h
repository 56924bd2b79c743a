/* The record of a job: what was asked for, what is known about the file, how far it got. It is what
 * the store keeps, what the engine works on and what the control channel shows. Plain data, no
 * behaviour. */
#ifndef SEGUE_CORE_RECORD_H
#define SEGUE_CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/extents.h"

/*   queued ─► active ─► verifying ─► done
 *     ▲         │ ▲         │
 *     │         ▼ │         ▼
 *   paused ◄─ waiting ◄─────┴─► failed, cancelled
 * The words are part of the protocol. */
#define JOB_STATE_TABLE(X)        \
    X(JOB_QUEUED, "queued")       \
    X(JOB_ACTIVE, "active")       \
    X(JOB_VERIFYING, "verifying") \
    X(JOB_PAUSED, "paused")       \
    X(JOB_WAITING, "waiting")     \
    X(JOB_DONE, "done")           \
    X(JOB_FAILED, "failed")       \
    X(JOB_CANCELLED, "cancelled")

/* What a waiting job waits for. */
#define JOB_REASON_TABLE(X)            \
    X(JOB_REASON_NONE, "")             \
    X(JOB_REASON_RETRY, "retry")       \
    X(JOB_REASON_NETWORK, "network")   \
    X(JOB_REASON_LINK, "link")         \
    X(JOB_REASON_SCHEDULE, "schedule") \
    X(JOB_REASON_SPACE, "space")       \
    X(JOB_REASON_OWNER, "owner")       \
    X(JOB_REASON_METERED, "metered")

/* What happens when the target's name is taken. */
#define JOB_IF_EXISTS_TABLE(X)        \
    X(JOB_IF_EXISTS_RENAME, "rename") \
    X(JOB_IF_EXISTS_FAIL, "fail")     \
    X(JOB_IF_EXISTS_OVERWRITE, "overwrite")

/* What happens when the server's file changes in mid-download. */
#define JOB_ON_CHANGE_TABLE(X)          \
    X(JOB_ON_CHANGE_RESTART, "restart") \
    X(JOB_ON_CHANGE_FAIL, "fail")

/* What happens on a network that is paid for by the byte; AS_SET: what the setting says. */
#define JOB_METERED_TABLE(X)      \
    X(JOB_METERED_AS_SET, "")     \
    X(JOB_METERED_PAUSE, "pause") \
    X(JOB_METERED_IGNORE, "ignore")

#define X(code, word) code,
enum job_state { JOB_STATE_TABLE(X) JOB_STATE_COUNT };
enum job_reason { JOB_REASON_TABLE(X) JOB_REASON_COUNT };
enum job_if_exists { JOB_IF_EXISTS_TABLE(X) JOB_IF_EXISTS_COUNT };
enum job_on_change { JOB_ON_CHANGE_TABLE(X) JOB_ON_CHANGE_COUNT };
enum job_metered { JOB_METERED_TABLE(X) JOB_METERED_COUNT };
#undef X

/* Text fields: X(field, meaning). NULL means "not given" or "not known". Lists have one entry a
 * line; no entry contains a line break. Columns of the store have the same names. */
#define JOB_TEXT_FIELDS(X)                                                                \
    X(url)       /* the address to ask */                                                 \
    X(mirrors)   /* list: further addresses of the same file */                           \
    X(key)       /* the caller's own name for the job: unique, makes adding idempotent */ \
    X(folder)    /* absolute folder that the file goes to */                              \
    X(name)      /* file name that the caller asked for */                                \
    X(checksum)  /* "sha256:HEX" that the file must have */                               \
    X(headers)   /* list of "Name: value" to send; secret */                              \
    X(userinfo)  /* "user:password" to send; secret */                                    \
    X(cookies)   /* a Cookie header's value; secret */                                    \
    X(proxy)     /* URL of a proxy; secret where it has a password */                     \
    X(owner)     /* who added it (a SID on Windows) */                                    \
    X(path)      /* the target, once its name is decided */                               \
    X(part_path) /* where the bytes are until then */                                     \
    X(final_url) /* where redirects led */                                                \
    X(etag)      /* validators of the version being fetched, as sent */                   \
    X(last_modified)                                                                      \
    X(digest)        /* "sha256:HEX" that the server declared for that version */         \
    X(allocation)    /* how room was reserved (enum file_allocation's word) */            \
    X(error_message) /* the sentence behind error_code */

/* Those of them that are secret. */
#define JOB_SECRET_FIELDS(X) X(headers) X(userinfo) X(cookies) X(proxy)

/* Number fields: X(field, type). */
#define JOB_NUMBER_FIELDS(X)                                                         \
    X(id, int64_t) /* > 0, never reused */                                           \
    X(state, enum job_state)                                                         \
    X(reason, enum job_reason)                                                       \
    X(error_code, enum sg_status) /* why it failed or waits; stored as its word */   \
    X(if_exists, enum job_if_exists)                                                 \
    X(on_change, enum job_on_change)                                                 \
    X(metered, enum job_metered)                                                     \
    X(priority, int64_t)      /* higher goes first; 0 is usual */                    \
    X(rank, int64_t)          /* order among equals, ascending */                    \
    X(max_lanes, int64_t)     /* ceiling for this job; 0: the setting's */           \
    X(limit_bps, int64_t)     /* bytes per second; 0: none */                        \
    X(not_before_ms, int64_t) /* wall clock; 0: at once */                           \
    X(total, int64_t)         /* bytes; -1 while unknown */                          \
    X(done, int64_t)          /* bytes that are durable */                           \
    X(restarts, int64_t)      /* times it began again because the file changed */    \
    X(attempts, int64_t)      /* rounds of retries so far */                         \
    X(added_ms, int64_t)      /* wall clock */                                       \
    X(started_ms, int64_t)    /* first activity; 0: not yet */                       \
    X(finished_ms, int64_t)   /* done, failed or cancelled; 0: not yet */            \
    X(part_volume, int64_t)   /* identity of the part file: enum file_id's volume */ \
    X(part_id_high, int64_t)  /* ... and its id, as two numbers */                   \
    X(part_id_low, int64_t)

/* Bounds of the field `priority`. */
enum { JOB_PRIORITY_MIN = -1000, JOB_PRIORITY_MAX = 1000 };

struct job_record {
#define X(field) char *field;
    JOB_TEXT_FIELDS(X)
#undef X
#define X(field, type) type field;
    JOB_NUMBER_FIELDS(X)
#undef X
    struct extents extents; /* the durable ranges of the part file */
};

/* An empty record: total unknown, nothing allocated. Caller's memory. */
void job_record_init(struct job_record *record);

/* Releases what the record owns; it is then as after job_record_init. */
void job_record_fini(struct job_record *record);

/* Makes `copy` (uninitialised) an independent copy. SG_E_NOMEM leaves it initialised and empty. */
SG_MUST_USE enum sg_status job_record_copy(struct job_record *copy,
                                           const struct job_record *record);

/* Replaces a text field by a copy of `text` (NULL empties it): `job_record_set(&record->etag,
 * etag)`. SG_E_NOMEM leaves the field as it was. */
SG_MUST_USE enum sg_status job_record_set(char **field, const char *text);

/* The digest that the file must have: the caller's, else what the server declared; NULL: none. It
 * belongs to the record. */
const char *job_record_wanted_digest(const struct job_record *record);

/* Secrets of the job cannot be read: it must not go on without them by itself. One that is done or
 * cancelled stays so. SG_E_NOMEM leaves it as it was. */
SG_MUST_USE enum sg_status job_record_lose_secrets(struct job_record *record);

/* The record knows no part file any more. */
void job_record_forget_part(struct job_record *record);

/* True for done, failed and cancelled: nothing more will happen by itself. */
bool job_state_is_final(enum job_state state);

/* Words and back; `..._from_word` returns the COUNT value for an unknown word. */
const char *job_state_word(enum job_state state);
enum job_state job_state_from_word(const char *word);
const char *job_reason_word(enum job_reason reason);
enum job_reason job_reason_from_word(const char *word);
const char *job_if_exists_word(enum job_if_exists choice);
enum job_if_exists job_if_exists_from_word(const char *word);
const char *job_on_change_word(enum job_on_change choice);
enum job_on_change job_on_change_from_word(const char *word);
const char *job_metered_word(enum job_metered choice);
enum job_metered job_metered_from_word(const char *word);

#endif
