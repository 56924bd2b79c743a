/* What to download, as the options of `add` and `get` say it: the SPEC objects of job.add. */
#ifndef SEGUE_CLI_SPEC_H
#define SEGUE_CLI_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "cli/options.h"
#include "cli/url_list.h"

/* Zero-initialise it; spec_list_fini releases it. */
struct spec_list {
    struct url_list urls;
    char *cookie_text;    /* the cookie file's content, or NULL */
    cJSON *common;        /* the fields that all have */
    size_t next;          /* the first address that no batch had yet */
    bool is_single;       /* one address on the command line: answers are objects, not arrays */
    bool has_sent_cookie; /* one of the batches had a cookie */
};

/* Reads options and lists. SG_E_INVALID with a message that says what to do. */
SG_MUST_USE enum sg_status spec_list_init(struct spec_list *list, const struct args *args,
                                          struct sg_err *err);

/* The next SPECs, as many as one message may carry, or NULL when there are no more. The caller owns
 * the array. SG_E_TOO_LONG when a single one is too long for that. */
SG_MUST_USE enum sg_status spec_list_next_batch(struct spec_list *list, cJSON **out_specs,
                                                struct sg_err *err);

/* Puts what the options --header, --user, --cookie-file and --proxy say into the parameters of
 * job.refresh; an empty value becomes null, which takes away. `url` is the address that cookies are
 * chosen for, and NULL where --cookie-file was not given. As spec_list_init; SG_E_INVALID too when
 * the file has no cookie for it. */
SG_MUST_USE enum sg_status spec_put_access(cJSON *params, const struct args *args, const char *url,
                                           struct sg_err *err);

/* Releases it. */
void spec_list_fini(struct spec_list *list);

#endif
