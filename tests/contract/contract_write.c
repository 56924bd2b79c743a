/* The contract of file_write: many at once, any order, each reported exactly once. */
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"

enum { N_WRITES = 200, CHUNK = 16384, LAST_CHUNK = 777 };

struct write {
    struct op op;
    struct place *place;
    char *data;
    uint32_t n_bytes;
    int n_done;
    enum sg_status status;
    uint32_t n_written;
    bool is_pending;
};

struct place {
    struct loop *loop;
    char *folder;
    char *path;
    struct file *file;
    bool is_submitting;
    int n_done;
};

static int set_up(void **state)
{
    struct place *place = sg_alloc(sizeof *place);
    assert_non_null(place);
    place->loop = create_loop();
    place->folder = scratch_create();
    place->path = scratch_path(place->folder, "written.bin");
    assert_int_equal(file_open(place->loop, place->path, FILE_CREATE_NEW, &place->file, NULL),
                     SG_OK);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    file_close(place->file);
    loop_destroy(place->loop);
    scratch_remove(place->folder);
    sg_free(place->path);
    sg_free(place);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void on_written(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    struct write *write = sg_container_of(op, struct write, op);
    assert_false(write->place->is_submitting);
    assert_true(write->is_pending);
    write->status = status;
    write->n_written = n_bytes;
    write->n_done++;
    write->place->n_done++;
}

/* What the byte at `offset` of the file is to be. */
static char byte_at(uint64_t offset)
{
    return (char)(offset * 31 + offset / CHUNK + 7);
}

static void init_write(struct write *write, struct place *place, uint64_t offset, uint32_t n_bytes)
{
    *write = (struct write){ .op.done = on_written, .place = place, .n_bytes = n_bytes };
    write->data = sg_alloc(n_bytes);
    assert_non_null(write->data);
    for (uint32_t i = 0; i < n_bytes; i++)
        write->data[i] = byte_at(offset + i);
}

/* Submits, and reports what finished at once as `done` does otherwise. */
static void submit(struct write *write, uint64_t offset)
{
    struct place *place = write->place;
    place->is_submitting = true;
    enum sg_status status =
        file_write(place->file, &write->op, offset, write->data, write->n_bytes);
    place->is_submitting = false;
    write->is_pending = status == SG_PENDING;
    if (write->is_pending)
        return;
    write->status = status;
    write->n_written = status == SG_OK ? write->n_bytes : 0;
    write->n_done++;
    place->n_done++;
}

static void assert_content(struct file *file, uint64_t offset, uint32_t n_bytes)
{
    char *bytes = sg_alloc(n_bytes);
    uint32_t n_read = 0;
    assert_non_null(bytes);
    assert_int_equal(file_read(file, offset, bytes, n_bytes, &n_read, NULL), SG_OK);
    assert_int_equal(n_read, n_bytes);
    for (uint32_t i = 0; i < n_bytes; i++) {
        if (bytes[i] != byte_at(offset + i))
            fail_msg("wrong byte at %llu", (unsigned long long)(offset + i));
    }
    sg_free(bytes);
}

static void assert_written(const struct write *write)
{
    assert_int_equal(write->n_done, 1);
    assert_int_equal(write->status, SG_OK);
    assert_int_equal(write->n_written, write->n_bytes);
}

/* The place of the i-th submission: a permutation, since 200 and 77 have no common factor. */
static uint64_t place_of(int i)
{
    return (uint64_t)(i * 77 % N_WRITES) * CHUNK;
}

static void write__many_at_once_in_any_order__each_completes_once_and_lands_in_its_place(
    void **state)
{
    struct place *place = *state;
    struct write *writes = sg_alloc_array(N_WRITES, sizeof *writes);
    assert_non_null(writes);
    for (int i = 0; i < N_WRITES; i++)
        init_write(&writes[i], place, place_of(i), CHUNK);
    for (int i = 0; i < N_WRITES; i++)
        submit(&writes[i], place_of(i));
    assert_true(turn_until(place->loop, &place->n_done, N_WRITES));
    loop_turn(place->loop, 0);
    assert_int_equal(place->n_done, N_WRITES);
    for (int i = 0; i < N_WRITES; i++) {
        assert_written(&writes[i]);
        sg_free(writes[i].data);
    }
    sg_free(writes);
    assert_content(place->file, 0, N_WRITES * CHUNK);
}

static void write__flushed_and_opened_again__is_there(void **state)
{
    struct place *place = *state;
    struct write *write = sg_alloc(sizeof *write);
    assert_non_null(write);
    init_write(write, place, 0, LAST_CHUNK);
    submit(write, 0);
    assert_true(turn_until(place->loop, &place->n_done, 1));
    assert_written(write);
    assert_int_equal(file_flush(place->file, NULL), SG_OK);
    file_close(place->file);
    assert_int_equal(file_open(place->loop, place->path, FILE_OPEN_EXISTING, &place->file, NULL),
                     SG_OK);
    assert_content(place->file, 0, LAST_CHUNK);
    sg_free(write->data);
    sg_free(write);
}

/* As the buffers of a transfer: a completion's own op and memory carry the next write. */
struct chain {
    struct write write;
    uint64_t next_offset;
};

static void on_link_written(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    struct write *write = sg_container_of(op, struct write, op);
    struct chain *chain = sg_container_of(write, struct chain, write);
    on_written(op, status, n_bytes);
    assert_int_equal(write->status, SG_OK);
    uint64_t offset = chain->next_offset;
    chain->next_offset += CHUNK;
    if (offset >= UINT64_C(20) * CHUNK)
        return;
    for (uint32_t i = 0; i < CHUNK; i++)
        write->data[i] = byte_at(offset + i);
    submit(write, offset);
}

static void write__submitted_by_the_completion_of_its_own_op__works(void **state)
{
    struct place *place = *state;
    struct chain *chain = sg_alloc(sizeof *chain);
    assert_non_null(chain);
    init_write(&chain->write, place, 0, CHUNK);
    chain->write.op.done = on_link_written;
    chain->next_offset = CHUNK;
    submit(&chain->write, 0);
    while (!chain->write.is_pending && chain->next_offset < UINT64_C(20) * CHUNK) {
        for (uint32_t i = 0; i < CHUNK; i++)
            chain->write.data[i] = byte_at(chain->next_offset + i);
        submit(&chain->write, chain->next_offset);
        chain->next_offset += CHUNK;
    }
    assert_true(turn_until(place->loop, &place->n_done, 20));
    assert_int_equal(place->n_done, 20);
    sg_free(chain->write.data);
    sg_free(chain);
    assert_content(place->file, 0, 20 * CHUNK);
}

struct once {
    struct write write;
    int *n_freed;
};

static void on_written_free(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    struct write *write = sg_container_of(op, struct write, op);
    struct once *once = sg_container_of(write, struct once, write);
    on_written(op, status, n_bytes);
    ++*once->n_freed;
    sg_free(write->data);
    sg_free(once);
}

static void write__whose_op_is_freed_by_its_completion__is_not_touched_again(void **state)
{
    struct place *place = *state;
    int n_freed = 0;
    for (int i = 0; i < 50; i++) {
        struct once *once = sg_alloc(sizeof *once);
        assert_non_null(once);
        init_write(&once->write, place, (uint64_t)i * CHUNK, CHUNK);
        once->write.op.done = on_written_free;
        once->n_freed = &n_freed;
        submit(&once->write, (uint64_t)i * CHUNK);
        if (once->write.is_pending)
            continue;
        n_freed++;
        sg_free(once->write.data);
        sg_free(once);
    }
    assert_true(turn_until(place->loop, &n_freed, 50));
    assert_content(place->file, 0, 50 * CHUNK);
}

static void write__beyond_four_gibibytes__lands_there(void **state)
{
    struct place *place = *state;
    const uint64_t offset = UINT64_C(5) << 30;
    struct write *write = sg_alloc(sizeof *write);
    assert_non_null(write);
    init_write(write, place, offset, CHUNK);
    submit(write, offset);
    assert_true(turn_until(place->loop, &place->n_done, 1));
    assert_written(write);
    uint64_t size = 0;
    assert_int_equal(file_size(place->file, &size, NULL), SG_OK);
    assert_true(size == offset + CHUNK);
    assert_content(place->file, offset, CHUNK);
    sg_free(write->data);
    sg_free(write);
}

static void write__to_a_file_opened_to_read__is_denied_exactly_once(void **state)
{
    struct place *place = *state;
    file_close(place->file);
    assert_int_equal(file_open(place->loop, place->path, FILE_READ_ONLY, &place->file, NULL),
                     SG_OK);
    struct write *write = sg_alloc(sizeof *write);
    assert_non_null(write);
    init_write(write, place, 0, CHUNK);
    submit(write, 0);
    assert_true(turn_until(place->loop, &place->n_done, 1));
    loop_turn(place->loop, 0);
    assert_int_equal(write->n_done, 1);
    assert_string_equal(sg_status_word(write->status), sg_status_word(SG_E_DENIED));
    assert_int_equal(write->n_written, 0);
    assert_true(write->op.os_error != 0);
    uint64_t size = 1;
    assert_int_equal(file_size(place->file, &size, NULL), SG_OK);
    assert_int_equal(size, 0);
    sg_free(write->data);
    sg_free(write);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(write__many_at_once_in_any_order__each_completes_once_and_lands_in_its_place),
        CASE(write__flushed_and_opened_again__is_there),
        CASE(write__submitted_by_the_completion_of_its_own_op__works),
        CASE(write__whose_op_is_freed_by_its_completion__is_not_touched_again),
        CASE(write__beyond_four_gibibytes__lands_there),
        CASE(write__to_a_file_opened_to_read__is_denied_exactly_once),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
