/* Pages with counted references: a page that somebody else has too is copied before it is
 * changed. */
#include "tests/sim/os/disk_pages.h"

#include <stdbool.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "tests/sim/os/sim_mem.h"

enum { GROUP_PAGES = 256 };

struct page {
    uint32_t n_refs;
    unsigned char bytes[PAGE_BYTES];
};

struct page_group {
    struct page *live[GROUP_PAGES];
    struct page *durable[GROUP_PAGES];
    bool is_dirty[GROUP_PAGES];
};

/* One page's place. */
struct slot {
    struct page **live;
    struct page **durable;
    bool *is_dirty;
};

static struct page *share(struct page *page)
{
    if (page != NULL)
        page->n_refs++;
    return page;
}

static void drop(struct page **page)
{
    if (*page != NULL && --(*page)->n_refs == 0)
        sg_free(*page);
    *page = NULL;
}

static struct page *new_page(const struct page *content)
{
    struct page *page = sim_alloc(sizeof *page);
    if (content != NULL)
        memcpy(page->bytes, content->bytes, PAGE_BYTES);
    page->n_refs = 1;
    return page;
}

static struct page_group *group_of(const struct pages *pages, uint64_t number)
{
    uint64_t group = number / GROUP_PAGES;
    return group < pages->n_groups ? pages->groups[group] : NULL;
}

static void make_group(struct pages *pages, uint64_t number)
{
    size_t group = (size_t)(number / GROUP_PAGES);
    if (group >= pages->n_groups) {
        struct page_group **groups =
            sim_realloc(pages->groups, (group + 1) * sizeof(struct page_group *));
        for (size_t i = pages->n_groups; i <= group; i++)
            groups[i] = NULL;
        pages->groups = groups;
        pages->n_groups = group + 1;
    }
    if (pages->groups[group] == NULL)
        pages->groups[group] = sim_alloc(sizeof(struct page_group));
}

/* False when there is no such page; `pages` has it after make_group. */
static bool find_slot(const struct pages *pages, uint64_t number, struct slot *out)
{
    struct page_group *group = group_of(pages, number);
    if (group == NULL)
        return false;
    size_t i = (size_t)(number % GROUP_PAGES);
    *out = (struct slot){ &group->live[i], &group->durable[i], &group->is_dirty[i] };
    return true;
}

static const struct page *live_page(const struct pages *pages, uint64_t number)
{
    struct slot slot;
    return find_slot(pages, number, &slot) ? *slot.live : NULL;
}

static void mark_dirty(struct pages *pages, uint64_t number, const struct slot *slot)
{
    if (*slot->is_dirty)
        return;
    *slot->is_dirty = true;
    if (pages->n_dirty == pages->dirty_capacity) {
        size_t capacity = pages->dirty_capacity > 0 ? pages->dirty_capacity * 2 : 16;
        uint64_t *dirty = sim_realloc(pages->dirty, capacity * sizeof *dirty);
        pages->dirty = dirty;
        pages->dirty_capacity = capacity;
    }
    pages->dirty[pages->n_dirty++] = number;
}

/* The page's own bytes, ready to be changed. */
static unsigned char *change(struct pages *pages, uint64_t number)
{
    struct slot slot;
    make_group(pages, number);
    SG_ASSERT(find_slot(pages, number, &slot));
    if (*slot.live == NULL)
        pages->n_live++;
    if (*slot.live == NULL || (*slot.live)->n_refs > 1) {
        struct page *own = new_page(*slot.live);
        drop(slot.live);
        *slot.live = own;
    }
    mark_dirty(pages, number, &slot);
    return (*slot.live)->bytes;
}

void pages_fini(struct pages *pages)
{
    for (size_t i = 0; i < pages->n_groups; i++) {
        for (size_t j = 0; pages->groups[i] != NULL && j < GROUP_PAGES; j++) {
            drop(&pages->groups[i]->live[j]);
            drop(&pages->groups[i]->durable[j]);
        }
        sg_free(pages->groups[i]);
    }
    sg_free(pages->groups);
    sg_free(pages->dirty);
    *pages = (struct pages){ 0 };
}

/* How much of `n_bytes` at `offset` lies in its page. */
static size_t in_page(uint64_t offset, size_t n_bytes)
{
    size_t room = (size_t)(PAGE_BYTES - offset % PAGE_BYTES);
    return n_bytes < room ? n_bytes : room;
}

void pages_write(struct pages *pages, uint64_t offset, const void *data, size_t n_bytes)
{
    const unsigned char *from = data;
    while (n_bytes > 0) {
        size_t n = in_page(offset, n_bytes);
        memcpy(change(pages, offset / PAGE_BYTES) + offset % PAGE_BYTES, from, n);
        from += n;
        offset += n;
        n_bytes -= n;
    }
}

void pages_read(const struct pages *pages, uint64_t offset, void *out, size_t n_bytes)
{
    unsigned char *to = out;
    while (n_bytes > 0) {
        size_t n = in_page(offset, n_bytes);
        const struct page *page = live_page(pages, offset / PAGE_BYTES);
        if (page != NULL)
            memcpy(to, page->bytes + offset % PAGE_BYTES, n);
        else
            memset(to, 0, n);
        to += n;
        offset += n;
        n_bytes -= n;
    }
}

uint64_t pages_missing(const struct pages *pages, uint64_t offset, uint64_t n_bytes)
{
    uint64_t missing = 0;
    for (uint64_t number = offset / PAGE_BYTES; n_bytes > 0; number++) {
        uint64_t n = in_page(offset, (size_t)n_bytes);
        missing += live_page(pages, number) == NULL;
        offset += n;
        n_bytes -= n;
    }
    return missing;
}

static void cut_page(struct pages *pages, uint64_t number)
{
    struct slot slot;
    if (!find_slot(pages, number, &slot) || *slot.live == NULL)
        return;
    drop(slot.live);
    pages->n_live--;
    mark_dirty(pages, number, &slot);
}

void pages_cut(struct pages *pages, uint64_t size)
{
    uint64_t first = (size + PAGE_BYTES - 1) / PAGE_BYTES;
    for (uint64_t number = first; number < pages->n_groups * GROUP_PAGES; number++)
        cut_page(pages, number);
    size_t rest = (size_t)(size % PAGE_BYTES);
    if (rest > 0 && live_page(pages, size / PAGE_BYTES) != NULL)
        memset(change(pages, size / PAGE_BYTES) + rest, 0, PAGE_BYTES - rest);
}

void pages_flush(struct pages *pages, struct sim_dice *dice, uint32_t lost_permille)
{
    for (size_t i = 0; i < pages->n_dirty; i++) {
        struct slot slot;
        SG_ASSERT(find_slot(pages, pages->dirty[i], &slot));
        *slot.is_dirty = false;
        if (lost_permille > 0 && dice_chance(dice, lost_permille))
            continue;
        drop(slot.durable);
        *slot.durable = share(*slot.live);
    }
    pages->n_dirty = 0;
}

static struct page *torn_page(const struct page *before, const struct page *after,
                              struct sim_dice *dice)
{
    struct page *page = new_page(before);
    uint64_t kept = dice_roll(dice);
    for (size_t i = 0; i < PAGE_BYTES / SECTOR_BYTES; i++) {
        unsigned char *sector = page->bytes + i * SECTOR_BYTES;
        if ((kept >> i & 1) == 0)
            continue;
        if (after != NULL)
            memcpy(sector, after->bytes + i * SECTOR_BYTES, SECTOR_BYTES);
        else
            memset(sector, 0, SECTOR_BYTES);
    }
    return page;
}

static struct page *surviving_page(const struct slot *slot, enum page_fate fate,
                                   struct sim_dice *dice)
{
    if (!*slot->is_dirty || fate == FATE_LOST)
        return share(*slot->durable);
    if (fate == FATE_SECTORS && *slot->live != *slot->durable)
        return torn_page(*slot->durable, *slot->live, dice);
    bool is_kept = fate == FATE_KEPT || dice_chance(dice, 500);
    return share(is_kept ? *slot->live : *slot->durable);
}

static void copy_group(const struct pages *pages, size_t group, struct pages *copy,
                       enum page_fate fate, struct sim_dice *dice)
{
    for (size_t i = 0; i < GROUP_PAGES; i++) {
        struct slot from, to;
        uint64_t number = group * GROUP_PAGES + i;
        SG_ASSERT(find_slot(pages, number, &from));
        if (*from.live == NULL && *from.durable == NULL)
            continue;
        struct page *page = surviving_page(&from, fate, dice);
        if (page == NULL)
            continue;
        make_group(copy, number);
        SG_ASSERT(find_slot(copy, number, &to));
        *to.live = page;
        *to.durable = share(page);
        copy->n_live++;
    }
}

void pages_after_cut(const struct pages *pages, struct pages *copy, enum page_fate fate,
                     struct sim_dice *dice)
{
    for (size_t i = 0; i < pages->n_groups; i++) {
        if (pages->groups[i] != NULL)
            copy_group(pages, i, copy, fate, dice);
    }
}
