/* Collects the header lines of a reply. Several responses may come before the one that counts (1xx,
 * or a request for credentials that libcurl meets by itself), so a new status line begins anew. */
#include "net/xfer_head.h"

#include <string.h>

#include "net/xfer.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The length without what ends the line. */
static size_t without_end(const char *line, size_t length)
{
    if (length > 0 && line[length - 1] == '\n')
        length--;
    if (length > 0 && line[length - 1] == '\r')
        length--;
    return length;
}

/* "HTTP/1.1 200 OK": libcurl (8.14) takes the first three of more digits. RFC 9112, 4. */
static bool is_status_line(const char *line, size_t length)
{
    const char *end = line + length;
    const char *code = memchr(line, ' ', length);
    while (code != NULL && code < end && is_blank(*code))
        code++;
    if (code == NULL || end - code < 3)
        return false;
    for (int i = 0; i < 3; i++) {
        if (code[i] < '0' || code[i] > '9')
            return false;
    }
    return end - code == 3 || is_blank(code[3]);
}

static void begin(struct head *head)
{
    sg_buf_clear(&head->lines);
    head->is_open = true;
    head->is_complete = false;
}

static void complete(struct head *head)
{
    head->is_open = false;
    head->is_complete = true;
}

static void add_header(struct head *head, const char *line, size_t length)
{
    head->n_lines++;
    sg_buf_append(&head->lines, line, length);
    sg_buf_putc(&head->lines, '\n');
}

void head_fini(struct head *head)
{
    sg_buf_fini(&head->lines);
    *head = (struct head){ 0 };
}

void head_clear(struct head *head)
{
    sg_buf_clear(&head->lines);
    *head = (struct head){ .lines = head->lines };
}

enum sg_status head_add(struct head *head, const char *line, size_t length, struct sg_err *err)
{
    head->n_bytes += length;
    if (head->n_bytes > XFER_HEADER_BYTES_MAX)
        return sg_err_set(err, SG_E_BAD_SERVER, "more than %d KiB of headers",
                          XFER_HEADER_BYTES_MAX / 1024);
    length = without_end(line, length);
    if (!head->is_open && !is_status_line(line, length))
        return sg_err_set(err, SG_E_BAD_SERVER, "the server's status line makes no sense");
    if (!head->is_open)
        begin(head);
    else if (length == 0)
        complete(head);
    else
        add_header(head, line, length);
    if (head->n_lines > XFER_HEADER_LINES_MAX)
        return sg_err_set(err, SG_E_BAD_SERVER, "more than %d headers", XFER_HEADER_LINES_MAX);
    if (head->lines.is_failed)
        return sg_err_set(err, SG_E_NOMEM, "keeping a reply's headers");
    return SG_OK;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_called(const char *line, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    if (length <= name_length || line[name_length] != ':')
        return false;
    for (size_t i = 0; i < name_length; i++) {
        if (lower(line[i]) != lower(name[i]))
            return false;
    }
    return true;
}

static const char *trim(const char *text, size_t *length)
{
    while (*length > 0 && is_blank(text[0])) {
        text++;
        (*length)--;
    }
    while (*length > 0 && is_blank(text[*length - 1]))
        (*length)--;
    return text;
}

const char *head_find(const struct head *head, const char *name, size_t *out_length)
{
    if (head->lines.length == 0)
        return NULL;
    const char *line = head->lines.data;
    const char *end = line + head->lines.length;
    while (line < end) {
        size_t length = (size_t)((const char *)memchr(line, '\n', (size_t)(end - line)) - line);
        if (is_called(line, length, name)) {
            size_t value_length = length - strlen(name) - 1;
            const char *value = trim(line + strlen(name) + 1, &value_length);
            if (value_length > 0) {
                *out_length = value_length;
                return value;
            }
        }
        line += length + 1;
    }
    return NULL;
}
