/* Volumes, names and files. */
#include "tests/sim/os/disk.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "os/path.h"
#include "tests/sim/os/disk_names.h"
#include "tests/sim/os/disk_pages.h"
#include "tests/sim/os/sim_mem.h"

enum { FORGOTTEN_PERMILLE = 500 };

/* A file or a folder. */
struct node {
    struct disk *disk;
    enum volume_number volume;
    uint32_t n_refs; /* names, journal entries and opens */
    uint32_t n_open;
    bool is_open_to_write;
    bool is_folder;
    uint64_t number;
    uint64_t size;
    uint64_t durable_size;
    uint64_t reserved_bytes;
    struct pages pages;
    char *stream_name; /* NULL: it has none */
    char *stream;
};

struct volume {
    struct volume_nature nature;
    struct names live;
    struct names durable;
    struct sg_list journal; /* of what is live and not durable */
    size_t journal_length;
};

/* Goes off inside of an operation. */
struct alarm {
    uint64_t at; /* 0: never */
    disk_alarm_fn *ring;
    void *ctx;
};

struct disk {
    struct volume volumes[VOLUME_COUNT];
    uint64_t last_number;
    struct sim_dice dice;
    struct sg_list writes;
    uint64_t n_operations;
    struct alarm glimpse;
    struct alarm cut;
};

static struct disk *mounted;

/* ---- nodes ---- */

struct node *node_ref(struct node *node)
{
    node->n_refs++;
    return node;
}

void node_unref(struct node *node)
{
    if (--node->n_refs > 0)
        return;
    pages_fini(&node->pages);
    sg_free(node->stream_name);
    sg_free(node->stream);
    sg_free(node);
}

static struct node *node_create(struct disk *disk, enum volume_number volume, bool is_folder)
{
    struct node *node = sim_alloc(sizeof *node);
    node->disk = disk;
    node->volume = volume;
    node->is_folder = is_folder;
    node->number = ++disk->last_number;
    return node;
}

/* ---- names ---- */

static void ring_at(const struct disk *disk, struct alarm *alarm)
{
    if (alarm->at == 0 || disk->n_operations < alarm->at)
        return;
    alarm->at = 0;
    alarm->ring(alarm->ctx);
}

static void count_operation(struct disk *disk)
{
    disk->n_operations++;
    ring_at(disk, &disk->glimpse);
    ring_at(disk, &disk->cut);
}

/* Changes what is live, and notes it. */
static void change_names(struct disk *disk, enum volume_number number, const char *from,
                         const char *to, struct node *node)
{
    struct volume *volume = &disk->volumes[number];
    struct change *change = change_create(from, to, node);
    names_apply(&volume->live, change);
    sg_list_insert(&volume->journal, &change->link);
    volume->journal_length++;
    count_operation(disk);
}

static void commit_names(struct volume *volume)
{
    struct sg_list *link;
    while ((link = sg_list_pop(&volume->journal)) != NULL) {
        struct change *change = sg_container_of(link, struct change, link);
        names_apply(&volume->durable, change);
        change_destroy(change);
    }
    volume->journal_length = 0;
}

/* ---- the disk ---- */

static void make_root(struct disk *disk, const char *path)
{
    struct node *node;
    SG_ASSERT(disk_make(disk, path, true, &node) == 0);
}

static struct disk *create_bare(void)
{
    struct disk *disk = sim_alloc(sizeof *disk);
    sg_list_init(&disk->writes);
    for (size_t i = 0; i < VOLUME_COUNT; i++)
        sg_list_init(&disk->volumes[i].journal);
    return disk;
}

struct disk *disk_create(uint64_t seed)
{
    static const struct volume_nature generous = { .capacity_bytes = UINT64_C(1) << 34,
                                                   .allocation = FILE_ALLOC_RESERVED,
                                                   .write_bps = 200 * 1000 * 1000,
                                                   .latency_us = 3000,
                                                   .flush_us = 8000,
                                                   .has_streams = true };
    struct disk *disk = create_bare();
    disk->dice.state = seed;
    for (size_t i = 0; i < VOLUME_COUNT; i++)
        disk->volumes[i].nature = generous;
    struct node *root = node_create(disk, VOLUME_OTHER, true);
    names_put(&disk->volumes[VOLUME_OTHER].live, "/", root);
    names_put(&disk->volumes[VOLUME_OTHER].durable, "/", root);
    make_root(disk, "/data");
    make_root(disk, "/downloads");
    make_root(disk, "/desk");
    for (size_t i = 0; i < VOLUME_COUNT; i++)
        commit_names(&disk->volumes[i]);
    return disk;
}

static void destroy_volume(struct volume *volume)
{
    commit_names(volume);
    names_fini(&volume->live);
    names_fini(&volume->durable);
}

void disk_destroy(struct disk *disk)
{
    if (disk == NULL)
        return;
    SG_ASSERT(sg_list_is_empty(&disk->writes));
    for (size_t i = 0; i < VOLUME_COUNT; i++)
        destroy_volume(&disk->volumes[i]);
    sg_free(disk);
}

struct disk *disk_mounted(void)
{
    if (mounted == NULL)
        mounted = disk_create(0);
    return mounted;
}

bool disk_is_mounted(void)
{
    return mounted != NULL;
}

struct disk *disk_mount(struct disk *disk)
{
    struct disk *before = mounted;
    mounted = disk;
    return before;
}

static struct alarm alarm_in(const struct disk *disk, uint64_t n, disk_alarm_fn *ring, void *ctx)
{
    return (struct alarm){ n > 0 ? disk->n_operations + n : 0, ring, ctx };
}

void disk_cut_after(struct disk *disk, uint64_t n_operations, disk_alarm_fn *cut, void *ctx)
{
    disk->cut = alarm_in(disk, n_operations, cut, ctx);
}

void disk_glimpse_after(struct disk *disk, uint64_t n_operations, disk_alarm_fn *glimpse, void *ctx)
{
    disk->glimpse = alarm_in(disk, n_operations, glimpse, ctx);
}

uint64_t disk_operations(const struct disk *disk)
{
    return disk->n_operations;
}

struct volume_nature *disk_volume(struct disk *disk, enum volume_number volume)
{
    return &disk->volumes[volume].nature;
}

static uint64_t node_room(const struct node *node)
{
    uint64_t held_bytes = node->pages.n_live * PAGE_BYTES;
    return held_bytes > node->reserved_bytes ? held_bytes : node->reserved_bytes;
}

uint64_t disk_free_bytes(const struct disk *disk, enum volume_number number)
{
    const struct volume *volume = &disk->volumes[number];
    uint64_t used_bytes = 0;
    for (size_t i = 0; i < volume->live.count; i++)
        used_bytes += node_room(volume->live.items[i].node);
    uint64_t capacity_bytes = volume->nature.capacity_bytes;
    return capacity_bytes > used_bytes ? capacity_bytes - used_bytes : 0;
}

static bool lies_in(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

enum volume_number disk_volume_of(const char *path)
{
    if (lies_in(path, "/data"))
        return VOLUME_DATA;
    return lies_in(path, "/downloads") ? VOLUME_DOWNLOADS : VOLUME_OTHER;
}

struct sim_dice *disk_dice(struct disk *disk)
{
    return &disk->dice;
}

struct sg_list *disk_writes(struct disk *disk)
{
    return &disk->writes;
}

/* ---- finding and changing names ---- */

static struct node *look_up(const struct disk *disk, const char *path)
{
    return names_find(&disk->volumes[disk_volume_of(path)].live, path);
}

/* 0 when the folder that `path` lies in is there. */
static int check_parent(const struct disk *disk, const char *path)
{
    sg_mem_spare_begin();
    char *parent = path_parent(path);
    sg_mem_spare_end();
    SG_ASSERT(parent != NULL);
    const struct node *folder = look_up(disk, parent);
    int result = folder != NULL && folder->is_folder ? 0 : ENOENT;
    if (folder != NULL && !folder->is_folder)
        result = ENOTDIR;
    else if (folder == NULL && strcmp(parent, "/") != 0 && check_parent(disk, parent) == ENOTDIR)
        result = ENOTDIR;
    sg_free(parent);
    return result;
}

int disk_find(struct disk *disk, const char *path, struct node **out)
{
    struct node *node = look_up(disk, path);
    if (node != NULL) {
        *out = node;
        return 0;
    }
    return check_parent(disk, path) == ENOTDIR ? ENOTDIR : ENOENT;
}

/* True when it is this operation that fails. */
static bool fails_now(uint64_t *fails_in, uint32_t permille, struct sim_dice *dice)
{
    if (*fails_in > 0 && --*fails_in == 0)
        return true;
    return permille > 0 && dice_chance(dice, permille);
}

static bool name_fails(struct disk *disk, const char *path)
{
    uint64_t *fails_in = &disk->volumes[disk_volume_of(path)].nature.name_fails_in;
    return fails_now(fails_in, 0, &disk->dice);
}

bool disk_open_fails(struct disk *disk, const char *path)
{
    uint64_t *fails_in = &disk->volumes[disk_volume_of(path)].nature.open_fails_in;
    return fails_now(fails_in, 0, &disk->dice);
}

int disk_make(struct disk *disk, const char *path, bool is_folder, struct node **out)
{
    if (look_up(disk, path) != NULL)
        return EEXIST;
    int result = check_parent(disk, path);
    if (result != 0)
        return result;
    if (name_fails(disk, path))
        return EIO;
    enum volume_number volume = disk_volume_of(path);
    struct node *node = node_create(disk, volume, is_folder);
    change_names(disk, volume, NULL, path, node);
    *out = node;
    return 0;
}

int disk_remove(struct disk *disk, const char *path)
{
    struct node *node;
    int result = disk_find(disk, path, &node);
    if (result != 0)
        return result;
    if (node->is_open_to_write)
        return EBUSY;
    if (name_fails(disk, path))
        return EIO;
    change_names(disk, node->volume, path, NULL, node);
    return 0;
}

int disk_rename(struct disk *disk, const char *from, const char *to, bool may_replace)
{
    struct node *node;
    int result = disk_find(disk, from, &node);
    if (result != 0)
        return result;
    result = check_parent(disk, to);
    if (result != 0)
        return result;
    if (disk_volume_of(to) != node->volume)
        return EXDEV;
    const struct node *target = look_up(disk, to);
    if (target != NULL && !may_replace)
        return EEXIST;
    if (target != NULL && target->n_open > 0)
        return EBUSY;
    if (name_fails(disk, to))
        return EIO;
    change_names(disk, node->volume, from, to, node);
    return 0;
}

void disk_flush_names(struct disk *disk, enum volume_number volume)
{
    commit_names(&disk->volumes[volume]);
    count_operation(disk);
}

const char *disk_name(const struct disk *disk, enum volume_number volume, size_t i)
{
    const struct names *names = &disk->volumes[volume].live;
    return i < names->count ? names->items[i].path : NULL;
}

/* ---- files ---- */

int node_open(struct node *node, bool may_write)
{
    if (node->is_folder)
        return EISDIR;
    if (may_write && node->is_open_to_write)
        return EBUSY;
    node->n_open++;
    node->is_open_to_write = node->is_open_to_write || may_write;
    node_ref(node);
    return 0;
}

void node_close(struct node *node, bool may_write)
{
    SG_ASSERT(node->n_open > 0);
    node->n_open--;
    if (may_write)
        node->is_open_to_write = false;
    node_unref(node);
}

bool node_is_folder(const struct node *node)
{
    return node->is_folder;
}

uint64_t node_number(const struct node *node)
{
    return node->number;
}

uint64_t node_size(const struct node *node)
{
    return node->size;
}

static bool has_room(const struct node *node, uint64_t offset, uint64_t n_bytes)
{
    if (offset + n_bytes <= node->reserved_bytes)
        return true;
    uint64_t missing = pages_missing(&node->pages, offset, n_bytes) * PAGE_BYTES;
    return missing == 0 || missing <= disk_free_bytes(node->disk, node->volume);
}

int node_write(struct node *node, uint64_t offset, const void *data, size_t n_bytes)
{
    struct disk *disk = node->disk;
    struct volume_nature *nature = disk_volume(disk, node->volume);
    if (fails_now(&nature->write_fails_in, nature->write_fails_permille, &disk->dice))
        return EIO;
    if (!has_room(node, offset, n_bytes))
        return ENOSPC;
    pages_write(&node->pages, offset, data, n_bytes);
    if (offset + n_bytes > node->size)
        node->size = offset + n_bytes;
    count_operation(disk);
    return 0;
}

size_t node_read(const struct node *node, uint64_t offset, void *out, size_t n_bytes)
{
    if (offset >= node->size)
        return 0;
    uint64_t left = node->size - offset;
    size_t n = n_bytes < left ? n_bytes : (size_t)left;
    pages_read(&node->pages, offset, out, n);
    return n;
}

void node_resize(struct node *node, uint64_t size)
{
    if (size < node->size)
        pages_cut(&node->pages, size);
    if (size < node->reserved_bytes)
        node->reserved_bytes = size;
    node->size = size;
    count_operation(node->disk);
}

static void set_stream(struct node *node, const char *name, const char *text)
{
    sg_free(node->stream_name);
    sg_free(node->stream);
    node->stream_name = sim_strdup(name);
    node->stream = sim_strdup(text);
}

int node_write_stream(struct node *node, const char *name, const char *text)
{
    if (disk_volume(node->disk, node->volume)->streams_fail)
        return EIO;
    set_stream(node, name, text);
    count_operation(node->disk);
    return 0;
}

const char *node_stream(const struct node *node, const char *name)
{
    bool has_it = node->stream_name != NULL && strcmp(node->stream_name, name) == 0;
    return has_it ? node->stream : NULL;
}

/* QUIRK(fsyncgate): Linux, and Windows with its lost delayed writes, forget that pages they could
 * not write were dirty: the next flush succeeds without them. */
int node_flush(struct node *node)
{
    struct disk *disk = node->disk;
    struct volume *volume = &disk->volumes[node->volume];
    struct volume_nature *nature = &volume->nature;
    sim_spend_us(dice_below(&disk->dice, nature->flush_us));
    bool fails = fails_now(&nature->flush_fails_in, nature->flush_fails_permille, &disk->dice);
    if (!fails || nature->forgets)
        pages_flush(&node->pages, &disk->dice, fails ? FORGOTTEN_PERMILLE : 0);
    if (!fails) {
        node->durable_size = node->size;
        commit_names(volume);
    }
    count_operation(disk);
    return fails ? EIO : 0;
}

int node_reserve(struct node *node, uint64_t size, enum file_allocation *out_kind)
{
    struct disk *disk = node->disk;
    struct volume_nature *nature = disk_volume(disk, node->volume);
    enum file_allocation kind = nature->allocation;
    if (fails_now(&nature->reserve_fails_in, 0, &disk->dice))
        return EIO;
    uint64_t room = node_room(node);
    if (size > room && size - room > disk_free_bytes(disk, node->volume))
        return ENOSPC;
    if (kind == FILE_ALLOC_RESERVED || kind == FILE_ALLOC_VALID_DATA)
        node->reserved_bytes = size;
    if (kind != FILE_ALLOC_NONE && size > node->size)
        node_resize(node, size);
    *out_kind = size > 0 ? kind : FILE_ALLOC_NONE;
    return 0;
}

/* ---- a power cut ---- */

/* What is on its way has reached the medium, or not; how much of it, the pages' fate says. Done
 * before it is reported, it is done once more then, with the same bytes. */
static void land_writes(struct disk *disk, struct sim_dice *dice)
{
    SG_LIST_FOR_EACH(link, &disk->writes)
    {
        struct disk_write *write = sg_container_of(link, struct disk_write, link);
        struct node *node = write->node;
        if (!dice_chance(dice, 500) || !has_room(node, write->offset, write->n_bytes))
            continue;
        pages_write(&node->pages, write->offset, write->data, write->n_bytes);
        if (write->offset + write->n_bytes > node->size)
            node->size = write->offset + write->n_bytes;
    }
}

static struct node *node_after_cut(const struct node *node, struct disk *copy,
                                   struct sim_dice *dice)
{
    struct node *left = node_create(copy, node->volume, node->is_folder);
    left->number = node->number;
    left->reserved_bytes = node->reserved_bytes;
    left->size = dice_chance(dice, 500) ? node->size : node->durable_size;
    left->durable_size = left->size;
    if (node->stream_name != NULL)
        set_stream(left, node->stream_name, node->stream);
    enum page_fate fate = (enum page_fate)dice_below(dice, FATE_COUNT);
    pages_after_cut(&node->pages, &left->pages, fate, dice);
    pages_cut(&left->pages, left->size);
    pages_flush(&left->pages, dice, 0);
    return left;
}

/* The durable names, and the first changes of the journal. */
static void names_after_cut(const struct volume *volume, struct names *out, struct sim_dice *dice)
{
    size_t n_kept = (size_t)dice_between(dice, 0, volume->journal_length);
    for (size_t i = 0; i < volume->durable.count; i++)
        names_put(out, volume->durable.items[i].path, volume->durable.items[i].node);
    SG_LIST_FOR_EACH(link, &volume->journal)
    {
        if (n_kept == 0)
            break;
        names_apply(out, sg_container_of(link, struct change, link));
        n_kept--;
    }
}

static void volume_after_cut(const struct volume *volume, struct disk *copy, struct volume *out,
                             struct sim_dice *dice)
{
    struct names names = { 0 };
    out->nature = volume->nature;
    names_after_cut(volume, &names, dice);
    for (size_t i = 0; i < names.count; i++) {
        struct node *left = node_after_cut(names.items[i].node, copy, dice);
        names_put(&out->live, names.items[i].path, left);
        names_put(&out->durable, names.items[i].path, left);
    }
    names_fini(&names);
}

struct disk *disk_after_cut(struct disk *disk, struct sim_dice *dice)
{
    struct disk *copy = create_bare();
    land_writes(disk, dice);
    for (size_t i = 0; i < VOLUME_COUNT; i++)
        volume_after_cut(&disk->volumes[i], copy, &copy->volumes[i], dice);
    copy->last_number = disk->last_number;
    copy->dice.state = dice_roll(dice);
    return copy;
}
