/* The commands. Each reads its arguments, talks to the daemon, writes its answer and returns the
 * exit code; errors have been reported then. */
#ifndef SEGUE_CLI_CMD_H
#define SEGUE_CLI_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "cli/call.h"
#include "cli/options.h"
#include "cli/report.h"

/* One function a command, as the table in seg_main.c has them. */
enum exit_code cmd_add(struct caller *caller, const struct args *args);
enum exit_code cmd_get(struct caller *caller, const struct args *args);
enum exit_code cmd_list(struct caller *caller, const struct args *args);
enum exit_code cmd_show(struct caller *caller, const struct args *args);
enum exit_code cmd_watch(struct caller *caller, const struct args *args);
enum exit_code cmd_wait(struct caller *caller, const struct args *args);
enum exit_code cmd_events(struct caller *caller, const struct args *args);
enum exit_code cmd_log(struct caller *caller, const struct args *args);
enum exit_code cmd_pause(struct caller *caller, const struct args *args);
enum exit_code cmd_resume(struct caller *caller, const struct args *args);
enum exit_code cmd_cancel(struct caller *caller, const struct args *args);
enum exit_code cmd_remove(struct caller *caller, const struct args *args);
enum exit_code cmd_move(struct caller *caller, const struct args *args);
enum exit_code cmd_set(struct caller *caller, const struct args *args);
enum exit_code cmd_refresh(struct caller *caller, const struct args *args);
enum exit_code cmd_verify(struct caller *caller, const struct args *args);
enum exit_code cmd_limit(struct caller *caller, const struct args *args);
enum exit_code cmd_settings(struct caller *caller, const struct args *args);
enum exit_code cmd_status(struct caller *caller, const struct args *args);

/* Those that need no daemon: the service manager, a folder's access list. */
enum exit_code cmd_service(const struct args *args);
enum exit_code cmd_grant(const struct args *args);

/* What two of them do with an option: status --hosts, settings --forget-hosts. */
enum exit_code cmd_show_hosts(struct caller *caller, const struct args *args);
enum exit_code cmd_forget_hosts(struct caller *caller, const struct args *args);

/* The ids among the words of a command, from the word `first` on. The caller owns the array
 * (sg_free). SG_E_INVALID for a word that is no id. */
SG_MUST_USE enum sg_status cmd_read_ids(const struct args *args, size_t first, int64_t **out_ids,
                                        size_t *out_n, struct sg_err *err);

/* One id. */
SG_MUST_USE enum sg_status cmd_read_id(const char *word, int64_t *out_id, struct sg_err *err);

/* Prints JOBs: with --json as an array, or as an object when `is_single` and there is one; else a
 * line each with id, state and name, or one line for all where there are many. `verb` is what
 * became of them, "added". */
void cmd_print_jobs(const struct args *args, const cJSON *jobs, bool is_single, const char *verb);

struct table;

/* Prints a table as wide as the terminal allows. */
void cmd_print_table(const struct table *table);

#endif
