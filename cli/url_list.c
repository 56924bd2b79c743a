/* Lists of addresses. */
#include "cli/url_list.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/redact.h"
#include "base/text.h"
#include "cli/need.h"

void url_list_fini(struct url_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        sg_free(list->items[i]);
    sg_free(list->items);
    *list = (struct url_list){ 0 };
}

/* What the daemon will certainly refuse; the rest it judges itself. */
static bool is_address(const char *url, size_t length)
{
    size_t scheme = 0;
    if (length > 7 && (url[4] == ':' || url[4] == 's' || url[4] == 'S'))
        scheme = url[4] == ':' ? 4 : 5;
    if (scheme == 0 || memcmp(url + scheme, "://", 3) != 0 || url[scheme + 3] == '/')
        return false;
    char word[6] = { 0 };
    memcpy(word, url, scheme);
    if (!sg_equals_ignoring_case(word, "http") && !sg_equals_ignoring_case(word, "https"))
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)url[i] <= ' ' || url[i] == 0x7F)
            return false;
    }
    return length > scheme + 3;
}

static void append(struct url_list *list, const char *url, size_t length)
{
    if (list->n == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        list->items = need(sg_realloc(list->items, capacity * sizeof(char *)));
        list->capacity = capacity;
    }
    list->items[list->n++] = need(sg_strndup(url, length));
}

/* Shows it without a password, and not all of one that is long. */
static enum sg_status refuse_line(const char *name, unsigned long number, const char *line,
                                  size_t length, struct sg_err *err)
{
    char *text = need(sg_strndup(line, length));
    char *shown = need(sg_redact_address(text));
    enum sg_status status = sg_err_set(err, SG_E_INVALID,
                                       "%s, line %lu: '%.200s' is no address: correct the line, "
                                       "nothing was added",
                                       name, number, shown);
    sg_free(shown);
    sg_free(text);
    return status;
}

static enum sg_status refuse_address(const char *url, struct sg_err *err)
{
    char *shown = need(sg_redact_address(url));
    enum sg_status status =
        sg_err_set(err, SG_E_INVALID,
                   "'%s' is no address: give one that begins with http:// or https://", shown);
    sg_free(shown);
    return status;
}

enum sg_status url_list_add(struct url_list *list, const char *url, struct sg_err *err)
{
    if (!is_address(url, strlen(url)))
        return refuse_address(url, err);
    append(list, url, strlen(url));
    return SG_OK;
}

enum sg_status url_list_add_lines(struct url_list *list, const char *name, const char *text,
                                  struct sg_err *err)
{
    static const char blanks[] = " \t\r";
    unsigned long number = 0;
    size_t length;
    for (const char *line; (line = sg_next_line(&text, &length)) != NULL;) {
        number++;
        size_t indent = strspn(line, blanks);
        line += indent < length ? indent : length;
        length -= indent < length ? indent : length;
        while (length > 0 && strchr(blanks, line[length - 1]) != NULL)
            length--;
        if (length > 0 && line[0] != '#') {
            if (!is_address(line, length))
                return refuse_line(name, number, line, length, err);
            append(list, line, length);
        }
    }
    return SG_OK;
}
