/* The buffer pool. Buffers are kept for the next borrower as long as their size is the right one.
 */
#include "engine/pool.h"

#include "base/assert.h"
#include "base/mem.h"

enum { PAGE_SIZE = 4096 };

struct pool {
    uint64_t limit_bytes;
    uint64_t total_bytes; /* lent and kept */
    uint32_t n_lent;
    uint32_t buffer_size; /* of new ones */
    struct sg_list kept;
};

static void destroy_buffer(struct wbuf *buf)
{
    buf->pool->total_bytes -= buf->capacity;
    sg_free(buf);
}

static void drop_kept(struct pool *pool)
{
    struct sg_list *node;
    while ((node = sg_list_pop(&pool->kept)) != NULL)
        destroy_buffer(sg_container_of(node, struct wbuf, node));
}

/* Header and pages in one block: one allocation, one failure. */
static struct wbuf *create_buffer(struct pool *pool)
{
    struct wbuf *buf = sg_alloc(sizeof *buf + pool->buffer_size + PAGE_SIZE);
    if (buf == NULL)
        return NULL;
    uintptr_t behind = (uintptr_t)(buf + 1);
    buf->data = (unsigned char *)((behind + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1));
    buf->pool = pool;
    buf->capacity = pool->buffer_size;
    sg_list_init(&buf->node);
    pool->total_bytes += buf->capacity;
    return buf;
}

struct pool *pool_create(uint64_t limit_bytes)
{
    struct pool *pool = sg_alloc(sizeof *pool);
    if (pool == NULL)
        return NULL;
    pool->limit_bytes = limit_bytes;
    pool->buffer_size = POOL_BUFFER_MAX;
    sg_list_init(&pool->kept);
    return pool;
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL)
        return;
    SG_ASSERT(pool->n_lent == 0);
    drop_kept(pool);
    sg_free(pool);
}

void pool_set_limit(struct pool *pool, uint64_t limit_bytes)
{
    pool->limit_bytes = limit_bytes;
}

void pool_set_lanes(struct pool *pool, uint32_t n_lanes)
{
    /* two for each lane: one fills while the other is written */
    uint32_t size = POOL_BUFFER_MAX;
    while (size > POOL_BUFFER_MIN && (uint64_t)size * 2 * n_lanes > pool->limit_bytes)
        size /= 2;
    if (size != pool->buffer_size || n_lanes == 0)
        drop_kept(pool);
    pool->buffer_size = size;
}

struct wbuf *wbuf_borrow(struct pool *pool)
{
    struct wbuf *buf = NULL;
    struct sg_list *node = sg_list_pop(&pool->kept);
    if (node != NULL)
        buf = sg_container_of(node, struct wbuf, node);
    else if (pool->total_bytes + pool->buffer_size <= pool->limit_bytes || pool->n_lent == 0)
        buf = create_buffer(pool);
    if (buf == NULL)
        return NULL;
    pool->n_lent++;
    buf->length = 0;
    return buf;
}

void wbuf_return(struct wbuf *buf)
{
    if (buf == NULL)
        return;
    struct pool *pool = buf->pool;
    SG_ASSERT(pool->n_lent > 0);
    pool->n_lent--;
    buf->owner = NULL;
    if (buf->capacity == pool->buffer_size && pool->total_bytes <= pool->limit_bytes)
        sg_list_insert(&pool->kept, &buf->node);
    else
        destroy_buffer(buf);
}

uint64_t pool_bytes(const struct pool *pool)
{
    return pool->total_bytes;
}
