/* Segue as a library: downloads that run by themselves.
 *
 * One call starts a download and returns an object to poll, to wait for, to be called back by, or
 * to cancel; it tells bytes, seconds and rate at any time. No thread is made for it: one engine
 * thread serves all.
 *
 *     struct seg_engine *engine;
 *     struct seg_download *download;
 *     struct seg_error error;
 *
 *     if (!seg_engine_open(NULL, &engine, &error))
 *         return fail(&error);
 *     if (seg_start(engine, "https://example.org/big.iso", "D:\\Downloads", NULL, &download,
 *     &error))
 *         seg_wait(download, SEG_FOREVER);
 *     seg_release(download);
 *     seg_engine_close(engine);
 *
 * Downloads are split into byte ranges over several connections, and each range is written with its
 * own overlapped WriteFile at its offset; all of it completes on one I/O completion port. What is
 * on disk is noted in a database, so a download whose process ended goes on when it is started
 * again with the same key (struct seg_options).
 *
 * Strings are UTF-8. Every function may be called on any thread. */
#ifndef SEGUE_SEG_H
#define SEGUE_SEG_H

#include <stdbool.h>
#include <stdint.h>

/* Why something did not work. `code` is a word such as "disk_full" (docs/reference.md lists them);
 * `message` is for people. Functions that take one accept NULL. */
struct seg_error {
    char code[32];
    char message[512];
};

struct seg_engine;
struct seg_download;

/* How an engine is set up; zero-initialise it: every field has a default. */
struct seg_engine_options {
    const char *data_folder;  /* where state is kept; default: only while the engine is open */
    uint32_t max_active;      /* downloads at once, others queue; default 4 */
    uint32_t max_connections; /* of one download; default 16 */
    uint64_t memory_limit;    /* bytes of write buffers; default 64 MiB */
    const char *ca_file;      /* PEM bundle to trust in place of the system's */
    bool has_no_zone_mark;    /* finished files do not get the mark of the web, "Zone.Identifier" */
};

/* Starts an engine with its thread. `options` may be NULL. False and *error when it cannot. */
bool seg_engine_open(const struct seg_engine_options *options, struct seg_engine **out,
                     struct seg_error *error);

/* Stops it: what is fetched is made durable, unfinished downloads stay in the database, waiting
 * calls return. Every download must have been released. NULL is allowed. */
void seg_engine_close(struct seg_engine *engine);

enum seg_state {
    SEG_QUEUED,  /* waits for its turn, or for the next attempt */
    SEG_ACTIVE,  /* bytes come, or the file is being finished */
    SEG_DONE,    /* the file is there under its name */
    SEG_STOPPED, /* failed or cancelled: seg_result says why */
};

/* Called once when a download is done or stopped, on the engine's thread: return soon, and do not
 * wait for other downloads in it. */
typedef void seg_finished_fn(void *context, struct seg_download *download);

/* What a download may be told; zero-initialise it. */
struct seg_options {
    const char *name;     /* file name; default: what the server or the URL says */
    const char *checksum; /* "sha256:HEX" (also sha1, sha512, md5) that the file must have */
    const char *key;      /* names the download: starting the same key again resumes it */
    const char *headers;  /* "Name: value" lines to send */
    uint32_t connections; /* fewer than the engine's */
    bool replaces;        /* an existing file is replaced; default: a number is added to the name */
    seg_finished_fn *finished;
    void *context;
};

/* Starts a download into an existing folder (absolute path). `options` may be NULL. Returns as soon
 * as the download is noted in the database. False and *error when it cannot be. */
bool seg_start(struct seg_engine *engine, const char *url, const char *folder,
               const struct seg_options *options, struct seg_download **out,
               struct seg_error *error);

/* Where a download stands. */
struct seg_progress {
    enum seg_state state;
    uint64_t bytes;       /* received, of earlier runs too */
    int64_t total;        /* -1 while it is not known */
    double seconds;       /* since it was started here */
    uint64_t rate;        /* bytes per second now */
    uint32_t connections; /* open now */
};

/* Reads the progress without a lock: at most 100 ms old. */
void seg_progress(const struct seg_download *download, struct seg_progress *out);

#define SEG_FOREVER UINT32_MAX

/* Waits until it is done or stopped, at most `timeout_ms` (SEG_FOREVER). True when it is. */
bool seg_wait(struct seg_download *download, uint32_t timeout_ms);

/* Cancels it; what was fetched of it is deleted. Nothing happens when it is over. Wait for the end
 * as ever. */
void seg_cancel(struct seg_download *download);

/* How it ended: true when the file is complete; then *path (NULL: not wanted), valid until
 * seg_release, is its name. False and *error otherwise, also when it goes on still ("wrong_state").
 */
bool seg_result(struct seg_download *download, const char **path, struct seg_error *error);

/* Lets go of the object; the download goes on. NULL is allowed. */
void seg_release(struct seg_download *download);

#endif
