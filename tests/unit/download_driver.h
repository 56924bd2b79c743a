/* Drives a download through virtual time against a made-up server and disk: it carries out the
 * effects, tells what came of them in later turns, and looks at every invariant after every step.
 * What goes wrong is up to the test: each request's answer passes through a hook, and each disk
 * operation has a fault. Tests and the fuzzer share it, so a broken invariant ends the process
 * (SG_ASSERT). One thread. */
#ifndef SEGUE_TESTS_UNIT_DOWNLOAD_DRIVER_H
#define SEGUE_TESTS_UNIT_DOWNLOAD_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/download.h"

enum {
    KIB = 1024,
    MIB = 1024 * 1024,
    MS = 1000, /* in microseconds */
    SECOND = 1000000,
    DRIVER_TURN_US = 10 * MS,
    DRIVER_VERSIONS = 8,
    DRIVER_FILE_MAX = 12 * MIB,
    DRIVER_WRITES_MAX = 4096,
};

struct driver;

/* What the server does with one request. Texts of `reply` are static. */
struct answer {
    enum sg_status failure; /* not SG_OK: no reply comes, the transfer ends with it */
    uint64_t delay_us;      /* until the reply or the failure; UINT64_MAX: for ever */
    struct reply reply;
    int version;         /* the file whose bytes the body has */
    uint64_t body_first; /* offset in that file of the body's first byte */
    uint64_t body_length;
    enum sg_status body_end; /* SG_OK: its end; SG_PENDING: it falls silent; else it breaks */
    uint64_t rate_bps;
};

/* A server that behaves, as far as it does not say otherwise. */
struct origin {
    int version;                      /* of the file that it serves now */
    uint64_t totals[DRIVER_VERSIONS]; /* lengths of the versions */
    bool ignores_ranges;
    bool hides_length;
    uint64_t rate_bps; /* of each connection */
    uint64_t delay_us; /* until the reply */
};

/* One lane's transfer. */
struct fake_lane {
    bool is_open;
    bool has_replied;
    bool is_over; /* its end was told */
    bool is_full; /* its last byte was taken */
    int source;
    uint64_t first;
    uint64_t end;
    bool wants_range;
    struct answer answer;
    uint64_t asked_us;
    uint64_t sent;
    double credit_bytes; /* may be sent this turn */
    bool is_held_back;   /* no buffer: the driver does not read */
    uint64_t buffer_offset;
    uint64_t buffer_length;
    uint64_t buffer_source; /* in the version's file */
};

struct fake_write {
    uint64_t offset;
    uint64_t length;
    uint64_t source;
    int version;
    uint64_t due_us;
};

/* A worker's operation that is under way. */
struct fake_work {
    bool is_pending;
    enum effect_kind kind;
    uint64_t due_us;
};

/* What becomes of a kind of disk operation: fine `after` times, then it fails: once or always. */
struct fault {
    enum sg_status status; /* SG_OK: never */
    uint64_t after;
    bool is_once;
};

typedef void answer_fn(struct driver *driver, int lane, struct answer *answer);

struct driver {
    struct job_record record;
    struct job_record committed; /* what a crash leaves */
    struct download_config config;
    struct download download;
    bool is_running;
    struct download_outcome outcome; /* of the last run */
    uint64_t now_us;
    uint64_t last_tick_us;
    uint64_t seed;

    struct origin origin;
    bool has_secrets;      /* content changes under the same validators: it tells no version */
    answer_fn *on_request; /* may change the answer; NULL: none */
    void *ctx;
    int n_requests;
    int n_open; /* open lanes now, and the most there ever were */
    int most_open;
    uint64_t n_steps;

    struct fake_lane lanes[PLAN_LANES_MAX];
    struct fake_write writes[DRIVER_WRITES_MAX];
    size_t n_writes;
    struct fake_work part_work;
    struct fake_work sync_work;
    struct fake_work compare_work;
    struct fake_work last_work; /* verify, finish */
    struct fault open, create, write, flush, compare, verify, finish;
    uint64_t buffer_bytes;
    bool is_ascending; /* the part file should be written from its low end */
    uint64_t furthest; /* behind the lowest byte not written yet was anything written */
    uint64_t write_delay_us;
    bool writes_at_once; /* a lane's last write is told before its EV_LANE_FULL */
    uint64_t work_delay_us;

    uint8_t *disk; /* from the first part file on: room for the longest version */
    uint64_t disk_size;
    bool has_part;
    bool is_finished;        /* the file has its name */
    struct extents on_disk;  /* written */
    struct extents flushing; /* written when the flush began */
    struct extents flushed;  /* survives a crash */
    struct extents arrived;  /* taken, or there at the start */
    int n_resets;            /* times the part file was emptied */
    int n_checkpoints;
    uint64_t compared_bytes; /* of seams, in all runs */
    uint64_t taken_bytes;    /* in all runs */
};

/* A job for a file of `total` bytes at a server with ranges, 4 MiB/s a lane, 20 ms until a reply.
 * The caller owns it. */
struct driver *driver_create(uint64_t total, int max_lanes);
void driver_destroy(struct driver *driver);

/* Begins a run with the record as it is. */
void driver_start(struct driver *driver);

/* Lets DRIVER_TURN_US pass; false when the run has ended, whose outcome then is in `outcome`. */
bool driver_turn(struct driver *driver);

/* Turns until the run ends, at most `seconds` of virtual time; false when it did not. */
bool driver_run(struct driver *driver, unsigned seconds);

/* Turns until the phase is reached, `bytes` were taken in this run, or the run ended; false when it
 * ended first. */
bool driver_run_to_phase(struct driver *driver, enum download_phase phase);
bool driver_run_to_bytes(struct driver *driver, uint64_t bytes);

/* Runs, and runs again after each wait for a retry; false when that took more than `rounds` runs or
 * one of them more than `seconds`. */
bool driver_run_job(struct driver *driver, int rounds, unsigned seconds);

/* Asks the run to end in `state`. */
void driver_stop(struct driver *driver, enum job_state state);

/* The process dies: what was not committed and not flushed is gone. */
void driver_crash(struct driver *driver);

/* Ends a lane's transfer from outside, whatever it is at. Nothing when it is not open. */
void driver_abort_lane(struct driver *driver, int lane, enum sg_status status);

/* Tells that the machine slept. */
void driver_wake(struct driver *driver);

/* The driver stops or begins to read from a lane. */
void driver_hold_back(struct driver *driver, int lane, bool is_held_back);

/* True when the disk holds exactly the version's bytes. */
bool driver_has_version(const struct driver *driver, int version);

/* The answer of a server that behaves. */
void driver_answer(const struct driver *driver, uint64_t first, uint64_t end, bool wants_range,
                   struct answer *out);

#endif
