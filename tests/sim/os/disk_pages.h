/* The content of a simulated file: sparse pages, each in the version that was written and in the
 * one that is durable. */
#ifndef SEGUE_TESTS_SIM_OS_DISK_PAGES_H
#define SEGUE_TESTS_SIM_OS_DISK_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/os/sim_clock.h"

enum { PAGE_BYTES = 4096, SECTOR_BYTES = 512 };

struct page;
struct page_group;

/* Zero-initialise it. */
struct pages {
    struct page_group **groups;
    size_t n_groups;
    uint64_t n_live; /* pages that hold something */
    uint64_t *dirty; /* their numbers: written since the last flush */
    size_t n_dirty;
    size_t dirty_capacity;
};

/* What a power cut does to what was not flushed. */
enum page_fate { FATE_LOST, FATE_KEPT, FATE_PAGES, FATE_SECTORS, FATE_COUNT };

/* Releases everything. */
void pages_fini(struct pages *pages);

/* Writes; pages_missing said that there is room. */
void pages_write(struct pages *pages, uint64_t offset, const void *data, size_t n_bytes);

/* Reads; holes are zeros. */
void pages_read(const struct pages *pages, uint64_t offset, void *out, size_t n_bytes);

/* How many new pages a write there would take. */
uint64_t pages_missing(const struct pages *pages, uint64_t offset, uint64_t n_bytes);

/* Forgets what lies at `size` and behind. */
void pages_cut(struct pages *pages, uint64_t size);

/* What was written becomes durable; with `lost_permille` > 0 that part of the pages stays as it is
 * and counts as flushed all the same. */
void pages_flush(struct pages *pages, struct sim_dice *dice, uint32_t lost_permille);

/* Makes `copy` (empty) what a power cut leaves. */
void pages_after_cut(const struct pages *pages, struct pages *copy, enum page_fate fate,
                     struct sim_dice *dice);

#endif
