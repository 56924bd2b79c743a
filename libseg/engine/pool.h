/* The write buffers that all lanes share: page-aligned, bounded in sum. The more lanes are open,
 * the smaller each buffer, so that every lane is sure of one. Loop thread only. */
#ifndef SEGUE_ENGINE_POOL_H
#define SEGUE_ENGINE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/status.h"
#include "os/op.h"

enum { POOL_BUFFER_MAX = 1024 * 1024, POOL_BUFFER_MIN = 64 * 1024 };

struct pool;

/* A buffer travels with the write that empties it: the op is part of it. */
struct wbuf {
    struct op op;
    struct pool *pool;
    struct sg_list node;
    void *owner; /* for the op's completion */
    uint64_t offset;
    uint32_t length;
    uint32_t capacity;
    enum sg_status status; /* of a write that finished inside a step */
    unsigned char *data;   /* page-aligned */
};

/* Creates a pool of at most `limit_bytes`. NULL when memory ran out. */
struct pool *pool_create(uint64_t limit_bytes);

/* Frees it; every buffer has been returned. NULL is allowed. */
void pool_destroy(struct pool *pool);

/* Another limit; buffers that are out stay out. */
void pool_set_limit(struct pool *pool, uint64_t limit_bytes);

/* The number of lanes that may want a buffer, which decides how large the next ones are. */
void pool_set_lanes(struct pool *pool, uint32_t n_lanes);

/* An empty buffer, or NULL while all are out (wait for a return) or memory ran out. */
struct wbuf *wbuf_borrow(struct pool *pool);

/* Gives it back. NULL is allowed. */
void wbuf_return(struct wbuf *buf);

/* Bytes in buffers that exist, lent or kept. */
uint64_t pool_bytes(const struct pool *pool);

#endif
