/* What several commands share. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/columns.h"
#include "cli/console.h"
#include "cli/json.h"
#include "cli/need.h"
#include "cli/render_table.h"
#include "cli/row.h"

enum { LINES_MAX = 20 }; /* of more jobs only the number is told */

enum sg_status cmd_read_id(const char *word, int64_t *out_id, struct sg_err *err)
{
    static const uint64_t max = (uint64_t)1 << 53;
    uint64_t id;
    if (!sg_parse_u64(word, strlen(word), &id) || id == 0 || id > max)
        return sg_err_set(err, SG_E_INVALID,
                          "'%s' is no job's number: 'seg list' shows them in the column ID", word);
    *out_id = (int64_t)id;
    return SG_OK;
}

enum sg_status cmd_read_ids(const struct args *args, size_t first, int64_t **out_ids, size_t *out_n,
                            struct sg_err *err)
{
    int64_t *ids = need(sg_alloc_array(args->n_words + 1, sizeof *ids));
    size_t n = 0;
    for (size_t i = first; i < args->n_words; i++) {
        enum sg_status status = cmd_read_id(args->words[i], &ids[n++], err);
        if (status != SG_OK) {
            sg_free(ids);
            return status;
        }
    }
    *out_ids = ids;
    *out_n = n;
    return SG_OK;
}

static void put_job(struct sg_buf *out, const cJSON *job, const char *verb)
{
    char *name = row_name_of(job);
    const char *state = json_text(job, "state");
    sg_buf_printf(out, "%s %lld  ", verb, (long long)json_integer(job, "id", 0));
    columns_put(out, name);
    sg_buf_printf(out, "  (%s)\n", state != NULL ? state : "?");
    sg_free(name);
}

static void put_count(struct sg_buf *out, const cJSON *jobs, const char *verb)
{
    sg_buf_printf(out, "%s %d jobs, %lld to %lld\n", verb, cJSON_GetArraySize(jobs),
                  (long long)json_integer(jobs->child, "id", 0),
                  (long long)json_integer(jobs->child->prev, "id", 0));
}

void cmd_print_jobs(const struct args *args, const cJSON *jobs, bool is_single, const char *verb)
{
    int n = cJSON_GetArraySize(jobs);
    if (args_has(args, OPTION_JSON)) {
        print_json(is_single && n == 1 ? jobs->child : jobs);
        return;
    }
    struct sg_buf text = { 0 };
    const cJSON *job;
    if (n == 0)
        sg_buf_printf(&text, "no job was %s\n", verb);
    else if (n > LINES_MAX)
        put_count(&text, jobs, verb);
    else
        cJSON_ArrayForEach(job, jobs) put_job(&text, job, verb);
    print_text(&text);
    sg_buf_fini(&text);
}

void cmd_print_table(const struct table *table)
{
    const struct console_traits *traits = console_traits();
    struct sg_buf text = { 0 };
    uint32_t width = 0;
    uint32_t lines;
    if (traits->is_terminal)
        console_size(&width, &lines);
    table_put(table, width, traits->has_unicode, &text);
    print_text(&text);
    sg_buf_fini(&text);
}
