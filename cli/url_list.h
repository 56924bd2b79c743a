/* The addresses to download: from the command line and from a list file. */
#ifndef SEGUE_CLI_URL_LIST_H
#define SEGUE_CLI_URL_LIST_H

#include <stddef.h>

#include "base/err.h"

/* Zero-initialise it. */
struct url_list {
    char **items;
    size_t n;
    size_t capacity;
};

/* Releases it. */
void url_list_fini(struct url_list *list);

/* Adds a copy of the address. SG_E_INVALID when it is not one of http or https, as everything is
 * looked at before anything is sent. */
SG_MUST_USE enum sg_status url_list_add(struct url_list *list, const char *url, struct sg_err *err);

/* Adds the addresses of a list's text: one a line, blank lines and "#" comments passed over. `name`
 * and the line's number go into the message of SG_E_INVALID. */
SG_MUST_USE enum sg_status url_list_add_lines(struct url_list *list, const char *name,
                                              const char *text, struct sg_err *err);

#endif
