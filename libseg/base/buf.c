/* The growable string. */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { SMALLEST_CAPACITY = 64 };

void sg_buf_fini(struct sg_buf *buf)
{
    sg_free(buf->data);
    *buf = (struct sg_buf){ 0 };
}

void sg_buf_clear(struct sg_buf *buf)
{
    buf->length = 0;
    buf->is_failed = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

bool sg_buf_reserve(struct sg_buf *buf, size_t more)
{
    if (buf->is_failed)
        return false;
    if (more > SIZE_MAX / 4 || buf->length > SIZE_MAX / 4) {
        buf->is_failed = true;
        return false;
    }
    size_t needed = buf->length + more + 1;
    if (needed <= buf->capacity)
        return true;
    size_t capacity = buf->capacity > 0 ? buf->capacity : SMALLEST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    char *grown = sg_realloc(buf->data, capacity);
    if (grown == NULL) {
        buf->is_failed = true;
        return false;
    }
    buf->data = grown;
    buf->capacity = capacity;
    buf->data[buf->length] = '\0';
    return true;
}

void sg_buf_append(struct sg_buf *buf, const void *data, size_t length)
{
    if (!sg_buf_reserve(buf, length))
        return;
    if (length > 0)
        memcpy(buf->data + buf->length, data, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void sg_buf_puts(struct sg_buf *buf, const char *text)
{
    sg_buf_append(buf, text, strlen(text));
}

void sg_buf_putc(struct sg_buf *buf, char c)
{
    sg_buf_append(buf, &c, 1);
}

void sg_buf_printf(struct sg_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !sg_buf_reserve(buf, (size_t)length)) {
        buf->is_failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(buf->data + buf->length, (size_t)length + 1, format, args);
    va_end(args);
    buf->length += (size_t)length;
}

void sg_buf_consume(struct sg_buf *buf, size_t length)
{
    if (length == 0)
        return;
    buf->length -= length;
    memmove(buf->data, buf->data + length, buf->length + 1);
}

char *sg_buf_take(struct sg_buf *buf)
{
    if (!sg_buf_reserve(buf, 0)) {
        sg_buf_fini(buf);
        return NULL;
    }
    buf->data[buf->length] = '\0';
    char *text = buf->data;
    *buf = (struct sg_buf){ 0 };
    return text;
}
