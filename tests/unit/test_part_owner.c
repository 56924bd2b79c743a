/* Part files that the service makes, finds, names and removes for their owner, while somebody swaps
 * folders, puts links in the way and makes hard links: nothing outside of the owner's reach is ever
 * touched. Real users by their numbers, so natively only, and worth something to root only: anybody
 * else is told at once that he may not act for others. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/part.h"
#include "os/path.h"
#include "os/posix/identity_posix.h"
#include "tests/contract/contract.h"

enum { OWNER = 12345 };

/* Everything lies in one scratch folder that anybody may pass through. */
struct yard {
    struct loop *loop;
    char root[64];
    char *mine;   /* the owner's folder */
    char *moved;  /* where that goes when it is swapped */
    char *closed; /* a folder that is the service's alone */
    struct part_task task;
};

static void make_folder(const char *path, unsigned user)
{
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chown(path, user, user), 0);
}

/* A task that wants `file.bin` in the owner's folder, for him. */
static void begin(struct yard *yard, enum job_if_exists if_exists)
{
    part_task_fini(&yard->task);
    yard->task = (struct part_task){
        .actor = { .is_service = true, .owner = identity_of_user(OWNER, OWNER) },
        .loop = yard->loop,
        .folder = sg_strdup(yard->mine),
        .name = sg_strdup("file.bin"),
        .total = 4,
        .if_exists = if_exists,
    };
}

static int set_up(void **state)
{
    struct yard *yard = sg_alloc(sizeof *yard);
    assert_non_null(yard);
    yard->loop = create_loop();
    snprintf(yard->root, sizeof yard->root, "/tmp/segue-yard-XXXXXX");
    assert_non_null(mkdtemp(yard->root));
    assert_int_equal(chmod(yard->root, 0711), 0);
    yard->mine = scratch_path(yard->root, "mine");
    yard->moved = scratch_path(yard->root, "moved");
    yard->closed = scratch_path(yard->root, "closed");
    make_folder(yard->mine, OWNER);
    make_folder(yard->closed, geteuid());
    begin(yard, JOB_IF_EXISTS_RENAME);
    *state = yard;
    return 0;
}

static int tear_down(void **state)
{
    struct yard *yard = *state;
    file_close(yard->task.file);
    part_task_fini(&yard->task);
    loop_destroy(yard->loop);
    remove_tree(yard->root);
    sg_free(yard->mine);
    sg_free(yard->moved);
    sg_free(yard->closed);
    sg_free(yard);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

/* The owner's folder gets another name, and `target` is found under its old one. */
static void swap_for_link(const struct yard *yard, const char *target)
{
    assert_int_equal(rename(yard->mine, yard->moved), 0);
    assert_int_equal(symlink(target, yard->mine), 0);
}

static void go_away(struct yard *yard)
{
    identity_unref(yard->task.actor.owner);
    yard->task.actor.owner = NULL;
}

static void choose(struct yard *yard)
{
    assert_int_equal(part_choose(&yard->task), SG_OK);
}

static void create(struct yard *yard)
{
    choose(yard);
    assert_int_equal(part_create(&yard->task), SG_OK);
    assert_int_equal(part_reserve(&yard->task), SG_OK);
}

/* As after a restart. */
static void let_go(struct yard *yard)
{
    file_close(yard->task.file);
    yard->task.file = NULL;
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char *path = scratch_path(folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    sg_free(path);
}

static bool has(const char *folder, const char *name)
{
    char *path = scratch_path(folder, name);
    bool is_there = path_exists(path);
    sg_free(path);
    return is_there;
}

static void assert_has(const char *folder, const char *name, const char *text)
{
    char found[64];
    char *path = scratch_path(folder, name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, found, sizeof found - 1);
    close(fd);
    assert_true(n >= 0);
    found[n] = '\0';
    assert_string_equal(found, text);
    sg_free(path);
}

static void assert_is_in(const char *path, const char *folder)
{
    assert_int_equal(strncmp(path, folder, strlen(folder)), 0);
    assert_int_equal(path[strlen(folder)], '/');
}

/* ---- between adding, choosing and making ---- */

static void create__for_owner__is_his(void **state)
{
    struct yard *yard = *state;
    struct stat info;
    create(yard);
    assert_int_equal(stat(yard->task.part_path, &info), 0);
    assert_int_equal(info.st_uid, OWNER);
    assert_is_in(yard->task.part_path, yard->mine);
}

static void choose__folder_swapped_since_it_was_added__is_denied_to_owner(void **state)
{
    struct yard *yard = *state;
    swap_for_link(yard, yard->closed);
    begin(yard, JOB_IF_EXISTS_FAIL);
    write_file(yard->closed, "file.bin", "not his");
    enum sg_status status = part_choose(&yard->task);
    if (status == SG_OK) /* that something is called so cannot be seen */
        status = part_create(&yard->task);
    assert_int_equal(status, SG_E_DENIED);
    assert_has(yard->closed, "file.bin", "not his");
    assert_false(has(yard->closed, "file.bin.part"));
}

static void create__folder_swapped_since_the_name_was_chosen__makes_nothing_there(void **state)
{
    struct yard *yard = *state;
    choose(yard);
    swap_for_link(yard, yard->closed);
    assert_int_equal(part_create(&yard->task), SG_E_DENIED);
    assert_null(yard->task.file);
    assert_false(has(yard->closed, "file.bin.part"));
}

static void create__link_to_another_folder_of_his__is_known_by_where_it_is(void **state)
{
    struct yard *yard = *state;
    choose(yard);
    swap_for_link(yard, yard->moved);
    assert_int_equal(part_create(&yard->task), SG_OK);
    assert_is_in(yard->task.part_path, yard->moved);
    assert_is_in(yard->task.path, yard->moved);
}

static void create__link_under_its_name__is_not_followed(void **state)
{
    struct yard *yard = *state;
    char *target = scratch_path(yard->closed, "made");
    choose(yard);
    assert_int_equal(symlink(target, yard->task.part_path), 0);
    assert_int_equal(part_create(&yard->task), SG_E_EXISTS);
    assert_false(has(yard->closed, "made"));
    sg_free(target);
}

static void create__without_owner__waits_for_him(void **state)
{
    struct yard *yard = *state;
    choose(yard);
    go_away(yard);
    assert_int_equal(part_create(&yard->task), SG_E_OWNER);
    assert_false(has(yard->mine, "file.bin.part"));
}

/* ---- between making and finding again ---- */

static void reopen__path_leads_to_a_file_of_the_service__is_not_it(void **state)
{
    struct yard *yard = *state;
    create(yard);
    let_go(yard);
    write_file(yard->closed, "file.bin.part", "not his");
    swap_for_link(yard, yard->closed);
    assert_int_not_equal(part_reopen(&yard->task), SG_OK);
    go_away(yard);
    assert_int_equal(part_reopen(&yard->task), SG_E_NOT_FOUND);
    assert_null(yard->task.file);
    assert_has(yard->closed, "file.bin.part", "not his");
}

static void reopen__hard_link_under_its_name__is_not_it(void **state)
{
    struct yard *yard = *state;
    char *other = scratch_path(yard->closed, "other");
    create(yard);
    let_go(yard);
    write_file(yard->closed, "other", "not his");
    assert_int_equal(unlink(yard->task.part_path), 0);
    assert_int_equal(link(other, yard->task.part_path), 0);
    assert_int_not_equal(part_reopen(&yard->task), SG_OK);
    go_away(yard);
    assert_int_equal(part_reopen(&yard->task), SG_E_NOT_FOUND);
    assert_has(yard->closed, "other", "not his");
    sg_free(other);
}

static void reopen__own_file_without_owner__goes_on(void **state)
{
    struct yard *yard = *state;
    create(yard);
    let_go(yard);
    go_away(yard);
    assert_int_equal(part_reopen(&yard->task), SG_OK);
}

/* ---- between finding and naming ---- */

static void finish__folder_swapped__names_the_file_where_it_is(void **state)
{
    struct yard *yard = *state;
    create(yard);
    write_file(yard->closed, "file.bin.part", "not his");
    swap_for_link(yard, yard->closed);
    assert_int_equal(part_finish(&yard->task), SG_OK);
    assert_false(has(yard->closed, "file.bin"));
    assert_has(yard->closed, "file.bin.part", "not his");
    assert_true(has(yard->moved, "file.bin"));
    assert_is_in(yard->task.path, yard->moved);
    assert_string_equal(yard->task.path, yard->task.part_path);
}

static void finish__folder_swapped_without_owner__names_the_file_where_it_is(void **state)
{
    struct yard *yard = *state;
    create(yard);
    swap_for_link(yard, yard->closed);
    go_away(yard);
    assert_int_equal(part_finish(&yard->task), SG_OK);
    assert_false(has(yard->closed, "file.bin"));
    assert_true(has(yard->moved, "file.bin"));
}

static void finish__overwriting_without_owner__waits_and_replaces_nothing(void **state)
{
    struct yard *yard = *state;
    begin(yard, JOB_IF_EXISTS_OVERWRITE);
    create(yard);
    write_file(yard->mine, "file.bin", "others");
    go_away(yard);
    assert_int_equal(part_finish(&yard->task), SG_E_OWNER);
    assert_has(yard->mine, "file.bin", "others");
    assert_true(has(yard->mine, "file.bin.part"));
}

/* In a folder with the sticky bit everybody may make files, and replace his own. */
static void finish__overwriting_what_owner_may_not_remove__is_denied(void **state)
{
    struct yard *yard = *state;
    assert_int_equal(chown(yard->mine, 0, 0), 0);
    assert_int_equal(chmod(yard->mine, 01777), 0);
    begin(yard, JOB_IF_EXISTS_OVERWRITE);
    create(yard);
    write_file(yard->mine, "file.bin", "others");
    assert_int_equal(part_finish(&yard->task), SG_E_DENIED);
    assert_has(yard->mine, "file.bin", "others");
}

static void finish__overwriting_what_is_his__replaces_it(void **state)
{
    struct yard *yard = *state;
    begin(yard, JOB_IF_EXISTS_OVERWRITE);
    create(yard);
    write_file(yard->mine, "file.bin", "old");
    assert_int_equal(part_finish(&yard->task), SG_OK);
    assert_false(has(yard->mine, "file.bin.part"));
}

/* ---- removing ---- */

static void delete__path_leads_to_another_file__removes_nothing(void **state)
{
    struct yard *yard = *state;
    create(yard);
    let_go(yard);
    write_file(yard->closed, "file.bin.part", "not his");
    swap_for_link(yard, yard->closed);
    part_delete(&yard->task.actor, yard->loop, yard->task.part_path, &yard->task.id);
    go_away(yard);
    part_delete(&yard->task.actor, yard->loop, yard->task.part_path, &yard->task.id);
    assert_has(yard->closed, "file.bin.part", "not his");
    assert_true(has(yard->moved, "file.bin.part"));
}

static void delete__own_file__is_gone_with_and_without_owner(void **state)
{
    struct yard *yard = *state;
    for (int i = 0; i < 2; i++) {
        begin(yard, JOB_IF_EXISTS_RENAME);
        create(yard);
        let_go(yard);
        if (i == 1)
            go_away(yard);
        part_delete(&yard->task.actor, yard->loop, yard->task.part_path, &yard->task.id);
        assert_false(has(yard->mine, "file.bin.part"));
    }
}

/* A crash came before its identity was known: an empty file of that name may be anybody's. */
static void delete__unknown_identity__is_the_owners_to_do(void **state)
{
    struct yard *yard = *state;
    static const struct file_id unknown;
    choose(yard);
    write_file(yard->closed, "file.bin.part", "");
    swap_for_link(yard, yard->closed);
    part_delete(&yard->task.actor, yard->loop, yard->task.part_path, &unknown);
    go_away(yard);
    part_delete(&yard->task.actor, yard->loop, yard->task.part_path, &unknown);
    assert_true(has(yard->closed, "file.bin.part"));
}

/* ---- reading ---- */

static void read__path_leads_to_a_secret__is_not_opened(void **state)
{
    struct yard *yard = *state;
    struct file *file = NULL;
    create(yard);
    let_go(yard);
    write_file(yard->closed, "file.bin.part", "not his");
    swap_for_link(yard, yard->closed);
    const struct part_task *task = &yard->task;
    assert_int_not_equal(actor_open(&task->actor, yard->loop, task->part_path, FILE_READ_ONLY,
                                    &task->id, &file, NULL),
                         SG_OK);
    go_away(yard);
    assert_int_equal(actor_open(&task->actor, yard->loop, task->part_path, FILE_READ_ONLY,
                                &task->id, &file, NULL),
                     SG_E_NOT_FOUND);
}

static void actor__of_somebody_else__is_for_root_only(void **state)
{
    (void)state;
    struct identity *other = identity_of_user(OWNER, OWNER);
    struct identity *self = identity_of_user(geteuid(), getegid());
    assert_int_equal(identity_become(self, NULL), SG_OK);
    identity_revert();
    assert_int_equal(identity_become(other, NULL), geteuid() == 0 ? SG_OK : SG_E_DENIED);
    identity_revert();
    identity_unref(other);
    identity_unref(self);
}

int main(void)
{
    const struct CMUnitTest alone[] = { cmocka_unit_test(
        actor__of_somebody_else__is_for_root_only) };
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(create__for_owner__is_his),
        CASE(choose__folder_swapped_since_it_was_added__is_denied_to_owner),
        CASE(create__folder_swapped_since_the_name_was_chosen__makes_nothing_there),
        CASE(create__link_to_another_folder_of_his__is_known_by_where_it_is),
        CASE(create__link_under_its_name__is_not_followed),
        CASE(create__without_owner__waits_for_him),
        CASE(reopen__path_leads_to_a_file_of_the_service__is_not_it),
        CASE(reopen__hard_link_under_its_name__is_not_it),
        CASE(reopen__own_file_without_owner__goes_on),
        CASE(finish__folder_swapped__names_the_file_where_it_is),
        CASE(finish__folder_swapped_without_owner__names_the_file_where_it_is),
        CASE(finish__overwriting_without_owner__waits_and_replaces_nothing),
        CASE(finish__overwriting_what_owner_may_not_remove__is_denied),
        CASE(finish__overwriting_what_is_his__replaces_it),
        CASE(delete__path_leads_to_another_file__removes_nothing),
        CASE(delete__own_file__is_gone_with_and_without_owner),
        CASE(delete__unknown_identity__is_the_owners_to_do),
        CASE(read__path_leads_to_a_secret__is_not_opened),
#undef CASE
    };
    int n_failed = cmocka_run_group_tests(alone, NULL, NULL);
    return geteuid() == 0 ? n_failed + cmocka_run_group_tests(tests, NULL, NULL) : n_failed;
}
