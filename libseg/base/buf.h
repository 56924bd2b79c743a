/* A growable byte string. Appends never report failure one by one: the buffer remembers that
 * memory ran out and the one who built it asks once, at the end. Not thread-safe. */
#ifndef SEGUE_BASE_BUF_H
#define SEGUE_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise it: `struct sg_buf buf = { 0 };`. `data` is NUL-terminated whenever it is not
 * NULL; `length` does not count the NUL. */
struct sg_buf {
    char *data;
    size_t length;
    size_t capacity;
    bool is_failed;
};

/* Releases the memory and makes it an empty buffer again. */
void sg_buf_fini(struct sg_buf *buf);

/* Forgets the content, keeps the memory. */
void sg_buf_clear(struct sg_buf *buf);

/* Makes room for `more` further bytes; false (and is_failed) when memory ran out. */
bool sg_buf_reserve(struct sg_buf *buf, size_t more);

/* Appends `length` bytes. */
void sg_buf_append(struct sg_buf *buf, const void *data, size_t length);

/* Appends a string. */
void sg_buf_puts(struct sg_buf *buf, const char *text);

/* Appends one byte. */
void sg_buf_putc(struct sg_buf *buf, char c);

/* Appends formatted text. */
void sg_buf_printf(struct sg_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes the first `length` bytes away. */
void sg_buf_consume(struct sg_buf *buf, size_t length);

/* Hands the string to the caller (sg_free) and empties the buffer; NULL when an append failed. An
 * empty buffer gives "". */
char *sg_buf_take(struct sg_buf *buf);

#endif
