/* The database in the data folder, whatever became of it: opening it, and salvaging one that is
 * damaged. The damaged one is put aside as segue.db.damaged-DATE and never deleted. Blocks; at
 * start-up, with the folder locked. */
#ifndef SEGUE_DAEMON_DATA_H
#define SEGUE_DAEMON_DATA_H

#include "store/store.h"

/* What happened to the database, for people. Zero-initialise it. */
struct data_notice {
    char *text;    /* one line; NULL: nothing */
    char *file;    /* where the damaged database is; NULL: there is none */
    bool is_stale; /* the setting does not say so yet */
};

/* Releases what it owns. */
void data_notice_fini(struct data_notice *notice);

/* The setting under which the notice of a salvage is kept for as long as its file is there. */
#define DATA_NOTICE_SETTING "notice"

/* The notice as the setting's value; NULL when memory ran out or it has no file. The caller's
 * (sg_free). */
char *data_notice_write(const struct data_notice *notice);

/* Takes the notice from the setting's value, unless its file was taken away, or there is a newer
 * notice already. */
void data_notice_read(struct data_notice *notice, const char *value);

/* Opens the database in `folder`, salvaged if it is damaged, and notes in `notice` and the log what
 * was wrong with it. As store_open. */
SG_MUST_USE enum sg_status data_open(struct loop *loop, const char *folder, struct store **out,
                                     struct data_notice *notice, struct sg_err *err);

/* Salvages a database that is closed and whose damage was noticed late; `why` says how. On failure
 * it is left where it was. */
SG_MUST_USE enum sg_status data_salvage(const char *folder, const char *why,
                                        struct data_notice *notice, struct sg_err *err);

#endif
