/* Memory. The only place that calls the C library's allocator, so that tests can make any
 * allocation fail and count what is still held. All functions may be called on any thread. */
#ifndef SEGUE_BASE_MEM_H
#define SEGUE_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/* `size` zeroed bytes, or NULL when memory ran out. The caller owns them: sg_free. */
void *sg_alloc(size_t size);

/* Zeroed `count` * `size` bytes; NULL when memory ran out or the product overflows. */
void *sg_alloc_array(size_t count, size_t size);

/* Grows or shrinks `memory` (NULL is allowed) to `size` > 0 bytes; new bytes are not zeroed. On
 * failure NULL, and `memory` is as before. */
void *sg_realloc(void *memory, size_t size);

/* A copy of `text`, or NULL when memory ran out or `text` is NULL. The caller owns it. */
char *sg_strdup(const char *text);

/* A copy of `length` bytes with a NUL behind them, or NULL when memory ran out. */
char *sg_strndup(const char *text, size_t length);

/* Releases what the functions above gave. NULL is allowed. */
void sg_free(void *memory);

/* Overwrites `size` bytes with zeros, also where the compiler sees that nobody reads them again. */
void sg_wipe(void *memory, size_t size);

/* As sg_free, for a string: overwrites it first. */
void sg_free_secret(char *text);

/* For tests: the allocation after the next `count` ones fails, and every later one too;
 * UINT64_MAX (the start value) means never. */
void sg_mem_fail_after(uint64_t count);

/* For tests: only the allocation after the next `count` ones fails. */
void sg_mem_fail_once_after(uint64_t count);

/* For tests: how many allocations are left until one fails; UINT64_MAX when none will. */
uint64_t sg_mem_left(void);

/* For tests: what is allocated until the matching end belongs to the test itself, does not fail and
 * does not count. May be nested. */
void sg_mem_spare_begin(void);
void sg_mem_spare_end(void);

/* For tests: allocations that were not released yet. */
int64_t sg_mem_live(void);

/* The struct that contains `member` at address `pointer`. */
#define sg_container_of(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
