/* The allocator's front door, with the counters that tests use. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static atomic_int_fast64_t live;
static atomic_uint_fast64_t allowed = UINT64_MAX;
static atomic_bool fails_once;
static atomic_int n_sparing;

static bool is_allowed(void)
{
    if (atomic_load_explicit(&allowed, memory_order_relaxed) == UINT64_MAX)
        return true;
    if (atomic_load(&n_sparing) > 0)
        return true;
    uint_fast64_t left = atomic_load(&allowed);
    do {
        if (left == 0)
            break;
    } while (!atomic_compare_exchange_weak(&allowed, &left, left - 1));
    if (left == 0 && atomic_load(&fails_once))
        atomic_store(&allowed, UINT64_MAX);
    return left > 0;
}

static void *counted(void *memory)
{
    if (memory != NULL)
        atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    return memory;
}

void *sg_alloc(size_t size)
{
    return sg_alloc_array(1, size);
}

void *sg_alloc_array(size_t count, size_t size)
{
    /* calloc checks this too, but sanitizers end the process there */
    if (size > 0 && count > SIZE_MAX / size)
        return NULL;
    return is_allowed() ? counted(calloc(count, size)) : NULL;
}

void *sg_realloc(void *memory, size_t size)
{
    if (!is_allowed())
        return NULL;
    void *grown = realloc(memory, size);
    return memory == NULL ? counted(grown) : grown;
}

char *sg_strndup(const char *text, size_t length)
{
    char *copy = sg_alloc(length + 1);
    if (copy != NULL && length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *sg_strdup(const char *text)
{
    return text != NULL ? sg_strndup(text, strlen(text)) : NULL;
}

void sg_free(void *memory)
{
    if (memory == NULL)
        return;
    atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    free(memory);
}

void sg_wipe(void *memory, size_t size)
{
    volatile unsigned char *bytes = memory;
    for (size_t i = 0; i < size; i++)
        bytes[i] = 0;
}

void sg_free_secret(char *text)
{
    if (text != NULL)
        sg_wipe(text, strlen(text));
    sg_free(text);
}

void sg_mem_fail_after(uint64_t count)
{
    atomic_store(&fails_once, false);
    atomic_store(&allowed, count);
}

void sg_mem_fail_once_after(uint64_t count)
{
    atomic_store(&fails_once, true);
    atomic_store(&allowed, count);
}

uint64_t sg_mem_left(void)
{
    return atomic_load(&allowed);
}

void sg_mem_spare_begin(void)
{
    atomic_fetch_add(&n_sparing, 1);
}

void sg_mem_spare_end(void)
{
    atomic_fetch_sub(&n_sparing, 1);
}

int64_t sg_mem_live(void)
{
    return atomic_load(&live);
}
