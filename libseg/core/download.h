/* One active download as a pure state machine: events in, effects out. It decides which ranges
 * are asked for, what an answer means, what is written where, what may be called durable, and how
 * it all ends. It has no clock, no I/O and no thread; whoever drives it (the engine, a test, the
 * simulator) carries out the effects and tells what came of them.
 *
 *   opening ─► fetching ◄─► creating          probing: the first request is on its way
 *      │          ▲  │         ▲
 *      └► probing ┴──┼─────────┘
 *                    ▼
 *                draining ─► syncing ─► verifying ─► finishing ─► ended
 *
 * Every way out goes through draining and syncing, so that whatever was fetched is kept: a stop, a
 * failure and success differ only in the outcome that was set when draining began. A restart
 * (the server's file changed) goes through draining back to probing.
 *
 * Invariants:
 *   - the record's `extents` are durable: flushed before they were committed;
 *   - record.extents ⊆ written ⊆ taken; no byte is taken before the part file is ready;
 *   - bytes of two versions of the server's file are never both in `written`. */
#ifndef SEGUE_CORE_DOWNLOAD_H
#define SEGUE_CORE_DOWNLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/extents.h"
#include "core/plan.h"
#include "core/profile.h"
#include "core/rate.h"
#include "core/record.h"
#include "core/reply.h"
#include "core/seam.h"
#include "core/tuner.h"

/* X(constant, word) */
#define DOWNLOAD_PHASE_TABLE(X)        \
    X(DOWNLOAD_IDLE, "idle")           \
    X(DOWNLOAD_OPENING, "opening")     \
    X(DOWNLOAD_PROBING, "probing")     \
    X(DOWNLOAD_CREATING, "creating")   \
    X(DOWNLOAD_FETCHING, "fetching")   \
    X(DOWNLOAD_DRAINING, "draining")   \
    X(DOWNLOAD_SYNCING, "syncing")     \
    X(DOWNLOAD_VERIFYING, "verifying") \
    X(DOWNLOAD_FINISHING, "finishing") \
    X(DOWNLOAD_ENDED, "ended")

enum download_phase {
#define X(code, word) code,
    DOWNLOAD_PHASE_TABLE(X)
#undef X
        DOWNLOAD_PHASE_COUNT
};

/* What the driver must do. */
enum effect_kind {
    FX_REOPEN_PART, /* open record.part_path if it is still ours → EV_PART_OPENED */
    FX_CREATE_PART, /* make, name and reserve a part file, commit the record → EV_PART_READY */
    FX_RESET_PART,  /* commit the record (no extents any more), empty the part → EV_PART_READY */
    FX_OPEN_LANE, /* ask for [first, end) on `lane` (end 0: open) → EV_HEAD, bytes, EV_LANE_END */
    FX_CLOSE_LANE, /* submit the lane's buffer and drop its transfer: no further event of it */
    FX_FLUSH_LANE, /* submit what the lane's buffer holds */
    FX_CHECKPOINT, /* flush the part file, then commit `syncing` → EV_CHECKPOINTED */
    FX_COMPARE,    /* compare `comparing` with the part file → EV_COMPARED */
    FX_VERIFY,     /* compare the part file with job_record_wanted_digest → EV_VERIFIED */
    FX_FINISH,     /* give the file its name → EV_FINISHED */
    FX_END,        /* it is over: `outcome` says how */
};

struct effect {
    enum effect_kind kind;
    int lane;
    int source; /* FX_OPEN_LANE: 0: the job's URL; n: its n-th mirror */
    uint64_t first;
    uint64_t end;
    bool wants_range;
};

/* Each lane is opened and closed at most once in a step and flushed at most twice, besides a few
 * effects of the whole. */
enum { EFFECTS_MAX = 4 * PLAN_LANES_MAX + 16 };

struct effects {
    size_t count;
    struct effect items[EFFECTS_MAX];
};

enum event_kind {
    EV_START,        /* begin: once, first */
    EV_PART_OPENED,  /* after FX_REOPEN_PART; SG_E_NOT_FOUND: it is gone or another file */
    EV_PART_READY,   /* after FX_CREATE_PART or FX_RESET_PART; as the one before: `is_ascending` */
    EV_HEAD,         /* a lane's reply began: `reply` */
    EV_LANE_FULL,    /* download_take said is_lane_full: called right after it */
    EV_LANE_END,     /* a lane's transfer ended: SG_OK at the end of its body */
    EV_WRITTEN,      /* [offset, offset + n_bytes) was written, or failed to be */
    EV_CHECKPOINTED, /* after FX_CHECKPOINT */
    EV_COMPARED,     /* after FX_COMPARE: `differing` */
    EV_VERIFIED,     /* after FX_VERIFY; SG_E_CHECKSUM; SG_E_CANCELLED after EV_STOP */
    EV_FINISHED,     /* after FX_FINISH */
    EV_TICK,         /* every DOWNLOAD_TICK_US */
    EV_WOKE,         /* the machine slept: connections from before may be dead */
    EV_STOP,         /* end with `outcome` as soon as what is there is durable */
};

enum { DOWNLOAD_TICK_US = 25000 };

/* How a download ends: the job's next state. */
struct download_outcome {
    enum job_state state;
    enum job_reason reason;
    struct sg_err err;
    int64_t delay_ms; /* JOB_WAITING for JOB_REASON_RETRY: until the next attempt */
};

struct event {
    enum event_kind kind;
    uint64_t now_us;
    int lane;
    enum sg_status status;
    const struct sg_err *err; /* detail of `status`; may be NULL */
    bool is_ascending;        /* the part file should be written from its low end */
    const struct reply *reply;
    uint64_t setup_us; /* EV_HEAD: from asking to the reply */
    uint64_t offset;
    uint64_t n_bytes;
    uint32_t differing; /* bit n: the n-th of `comparing` is not what the part file has */
    const struct download_outcome *outcome;
};

enum lane_state {
    LANE_FREE,
    LANE_ASSIGNED,  /* it has a range and asks for it at the end of the same step */
    LANE_ASKING,    /* the request is on its way */
    LANE_RECEIVING, /* body bytes come */
    LANE_ENDING,    /* its range is complete; the seam behind it and the end are about to come */
};

struct lane {
    enum lane_state state;
    int source;
    bool is_doomed;    /* another took its range: to be closed */
    bool is_proof;     /* fetches no range: what it brings is compared */
    uint64_t first;    /* what was asked for: its range and seams on both sides */
    uint64_t end;      /* 0: open */
    uint64_t pos;      /* of the next byte that arrives */
    uint64_t tail_end; /* once the range is complete: where the seam behind it ends */
    bool wants_range;
    bool is_paused;    /* we hold it back: its silence says nothing */
    bool is_stale;     /* asked for before the machine slept, and hardly heard of since */
    uint64_t received; /* bytes of this request */
    uint64_t last_byte_us;
    uint64_t not_before_us; /* backing off until then */
    int64_t failures;       /* in a row, without a byte received */
};

enum source_state {
    SOURCE_UNPROVED, /* a mirror: nothing of it was compared yet */
    SOURCE_PROVING,  /* that is under way */
    SOURCE_TRUSTED,  /* may give bytes */
    SOURCE_DROPPED,  /* not asked again in this run */
};

enum { SOURCES_MAX = 64 }; /* further mirrors are not used */

/* What a source's lanes showed since the last download_observe: see download_profile.c. */
struct sight {
    uint64_t from_bytes; /* the source's taken_bytes then */
    uint64_t setup_us;   /* from asking to the reply, smoothed; 0: none replied */
    uint64_t busy_us;    /* time in which a lane received */
    uint64_t lane_us;    /* the same of all lanes together */
    uint64_t held_us;    /* of that: we held the lane back */
    int most_lanes;      /* that received at once */
    bool was_refused;    /* while others received */
};

enum { RECHECKS_MAX = 32 }; /* further ones are not made */

/* A place where two requests meet whose seam never came. */
struct recheck {
    uint64_t offset;
    int lane; /* that asks for it; -1: none does */
    int tries;
    uint64_t not_before_us;
};

/* A place that has the file: see download_sources.c. */
struct source {
    enum source_state state;
    struct tuner tuner;
    uint64_t taken_bytes;
    int share;              /* of the lanes of the download */
    uint64_t not_before_us; /* backing off until then */
    int64_t failures;       /* in a row, without a byte received */
    uint64_t proved_bytes;
    enum sg_status fault; /* what went wrong with it last, for display; SG_OK: nothing */
    char *fault_text;     /* NULL where there was no memory for it */
    char *etag;           /* a mirror's own validators, as they were with its proof */
    char *last_modified;
    struct sight sight;
    struct profile known; /* from earlier downloads */
};

/* Settings that hold for one download. */
struct download_config {
    int max_lanes;
    int64_t retries;
    uint64_t stall_timeout_us;
    uint64_t checkpoint_interval_us;
    uint64_t checkpoint_bytes;
};

/* Everything about one active download. Read it freely, change it by the functions below. */
struct download {
    struct job_record *record; /* the job's; the driver owns it */
    struct download_config config;
    enum download_phase phase;
    struct download_outcome outcome; /* set when draining begins */
    bool has_outcome;
    bool is_part_ready;
    bool has_ranges;    /* the server serves ranges */
    bool is_open_ended; /* the total is not known: one lane, until its body ends */
    bool asks_whole;    /* ask without a Range header */
    bool is_restarting; /* another version is being fetched; the old partial is still there */
    bool has_changed;   /* it is, because the server's file is another one now */
    bool has_spared;    /* a lane's failure did not end it, since others might deliver */
    struct download_outcome spared; /* what it would have been */
    int bad_answers;                /* in a row, that made no sense while no other lane was open */
    uint64_t random;                /* state of the generator for jitter */
    struct plan plan;               /* valid from the first head on */
    bool has_plan;
    struct lane lanes[PLAN_LANES_MAX];
    struct source sources[SOURCES_MAX]; /* the job's URL, then its mirrors */
    int n_sources;
    bool has_hastened;            /* the first sample for mirrors */
    uint64_t shared_us;           /* when lanes last went from one source to another */
    int primary;                  /* the one that said what the file is */
    struct download_outcome lost; /* how it failed, once it is dropped */
    struct extents written;
    struct extents syncing; /* what the running checkpoint will claim */
    bool is_syncing;
    struct recheck rechecks[RECHECKS_MAX];
    int n_rechecks;
    struct seams seams;          /* what came twice, to be compared */
    struct seam_batch comparing; /* untouched from FX_COMPARE to EV_COMPARED */
    bool is_comparing;
    bool is_limited;  /* a rate limit bounds its rate: more lanes would bring nothing */
    bool must_disown; /* they differed: what the store claims is to be taken back */
    bool is_sync_due; /* buffers were submitted; the next tick takes the checkpoint */
    uint64_t last_sync_us;
    uint64_t last_tick_us;
    uint64_t woke_us;      /* when the machine last came back from a sleep */
    uint64_t last_byte_us; /* of any lane; also when their silence began to count */
    uint64_t watched_us;   /* the last tick that counted what sources showed */
    uint64_t unsynced_bytes;
    uint64_t taken_bytes;   /* taken from lanes since the start */
    uint64_t settled_bytes; /* of these: written, or failed to be */
    struct rate rate;
};

/* Prepares a download of `record`, whose extents and validators say what an earlier run made
 * durable. `seed` feeds the jitter. SG_E_NOMEM. */
SG_MUST_USE enum sg_status download_init(struct download *download, struct job_record *record,
                                         const struct download_config *config, uint64_t seed);

/* Releases what it owns; the record stays. */
void download_fini(struct download *download);

/* One step. Appends to `effects`, which are to be carried out in order after the call; what they
 * lead to is told by later steps, never from inside. */
void download_step(struct download *download, const struct event *event, struct effects *effects);

/* What becomes of body bytes. */
struct download_take {
    size_t skipped;    /* of the first bytes: a seam, not to be written */
    uint64_t offset;   /* where those behind them go in the file */
    size_t n_bytes;    /* how many of them: the rest is a seam or surplus */
    bool is_lane_full; /* the lane's range or its seam is complete: tell it by EV_LANE_FULL */
};

/* True when bytes of the lane may be taken now; else the transfer pauses until the part file is
 * ready. */
bool download_may_take(const struct download *download, int lane);

/* Takes `n_bytes` of `data` that arrived on a lane; the caller writes those that take says and
 * reports EV_WRITTEN for every one of them, once. */
struct download_take download_take(struct download *download, int lane, const void *data,
                                   size_t n_bytes, uint64_t now_us);

/* The caller stopped or resumed reading from the lane's transfer (no buffer was free, or a rate
 * limit says so): while it is held back it cannot stall. */
void download_lane_paused(struct download *download, int lane, bool is_paused, uint64_t now_us);

/* Another ceiling for lanes, from the next step on. */
void download_set_max_lanes(struct download *download, int max_lanes);

/* A rate limit bounds what the download gets, or does no more: meanwhile its rate says nothing
 * about the number of lanes. Told before every EV_TICK. */
void download_set_limited(struct download *download, bool is_limited);

/* What is known of the server behind a source, for the source to begin with: before EV_START, or
 * with the reply that shows who it is. */
void download_know(struct download *download, int source, const struct profile *known);

/* What was learned about the server behind a source since the last call; false: nothing. */
bool download_observe(struct download *download, int source, struct observation *out);

/* Bytes that have arrived, also those of earlier runs. */
uint64_t download_received(const struct download *download);

/* Present rate in bytes per second. */
double download_rate_bps(const struct download *download, uint64_t now_us);

/* Lanes that are not free. */
int download_open_lanes(const struct download *download);

/* The phase's word, for traces. */
const char *download_phase_word(enum download_phase phase);

#endif
