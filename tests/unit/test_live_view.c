/* Jobs as rows, and the frames of the live view. */
#include "cli/live_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/mem.h"
#include "cli/columns.h"
#include "cli/tracker.h"

enum { KIB = 1024 };

static const char active_job[] =
    "{\"id\": 3, \"url\": \"http://a/x\", \"path\": \"C:\\\\dl\\\\ubuntu.iso\","
    " \"state\": \"active\", \"reason\": null, \"error\": null, \"total\": 4096000,"
    " \"done\": 1228800, \"rate\": 2097152, \"eta\": 75, \"lanes\": 2,"
    " \"ranges\": [{\"lane\": 12, \"start\": 0, \"pos\": 1024000,"
    "              \"end\": 2048000, \"rate\": 1048576},"
    "              {\"start\": 2048000, \"pos\": 2252800, \"end\": 4096000, \"rate\": 500}],"
    " \"extents\": [[0, 1000000], [2048000, 2200000]]}";

static const char waiting_job[] =
    "{\"id\": 4, \"url\": \"https://b/dir/file.zip?token=1#x\", \"path\": \"C:\\\\dl\","
    " \"state\": \"waiting\", \"reason\": \"link\", \"total\": null, \"done\": 0,"
    " \"error\": {\"code\": \"link_expired\", \"message\": \"the link does not work any more\"}}";

static const char queued_job[] =
    "{\"id\": 5, \"url\": \"http://c/\", \"path\": \"C:\\\\dl\", \"state\": \"queued\","
    " \"done\": 0}";

static const struct live_style plain = { .width = 72, .height = 24 };

static struct row *take(struct tracker *tracker, const char *text)
{
    cJSON *job = cJSON_Parse(text);
    assert_non_null(job);
    struct row *row = tracker_read_job(tracker, job);
    cJSON_Delete(job);
    return row;
}

static struct row *take_event(struct tracker *tracker, const char *method, const char *text)
{
    cJSON *params = cJSON_Parse(text);
    assert_non_null(params);
    struct row *row = tracker_read_event(tracker, method, params);
    cJSON_Delete(params);
    return row;
}

static void assert_frame(const struct tracker *tracker, const struct live_style *style,
                         const char *wanted)
{
    struct sg_buf out = { 0 };
    sg_buf_puts(&out, "");
    live_view_frame(tracker->rows, tracker->n_rows, style, &out);
    assert_string_equal(out.data, wanted);
    sg_buf_fini(&out);
}

/* ---- rows ---- */

static void row__a_job__is_read(void **state)
{
    (void)state;
    struct tracker tracker = { .takes_all = true };
    struct row *row = take(&tracker, active_job);
    assert_non_null(row);
    assert_string_equal(row->name, "ubuntu.iso");
    assert_int_equal(row->state, ROW_ACTIVE);
    assert_int_equal(row->total, 4096000);
    assert_int_equal(row->n_lanes, 2);
    assert_int_equal(spans_covered(&row->have, 0, 4096000), 1024000 + 204800);
    assert_true(row_is_running(row));
    row = take(&tracker, waiting_job);
    assert_string_equal(row->name, "file.zip");
    assert_string_equal(row->reason, "link");
    assert_int_equal(row->total, -1);
    tracker_fini(&tracker);
}

static void row__strange_fields__are_not_known(void **state)
{
    (void)state;
    static const char *const strange[] = {
        "{\"id\": 3}",
        "{\"id\": 3, \"state\": \"dancing\", \"total\": \"many\", \"done\": 1e300, \"ranges\": 5}",
        "{\"id\": 3, \"state\": 7, \"url\": [], \"path\": {}, \"error\": \"no\"}",
        "{\"id\": 3, \"ranges\": [1, null, {}], \"extents\": [[], [5], [9, 2], \"x\"]}",
    };
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        struct tracker tracker = { .takes_all = true };
        struct row *row = take(&tracker, strange[i]);
        assert_non_null(row);
        assert_int_equal(row->total, -1);
        assert_int_equal(row->state, ROW_QUEUED);
        assert_int_equal(row->have.n, 0);
        struct sg_buf out = { 0 };
        live_view_frame(tracker.rows, tracker.n_rows, &plain, &out);
        assert_false(out.is_failed);
        sg_buf_fini(&out);
        tracker_fini(&tracker);
    }
}

static void assert_state(const struct row *row, const char *wanted)
{
    struct sg_buf out = { 0 };
    row_put_state(row, &out);
    assert_string_equal(out.data, wanted);
    sg_buf_fini(&out);
}

static void row__verifying__tells_how_far_it_is(void **state)
{
    (void)state;
    struct tracker tracker = { .takes_all = true };
    assert_state(take(&tracker, waiting_job), "waiting: link");
    assert_state(take(&tracker, "{\"id\": 3, \"state\": \"verifying\", \"total\": 4096,"
                                " \"verified\": 1024}"),
                 "verifying 25%");
    take_event(&tracker, "event.progress",
               "{\"jobs\": [{\"id\": 3, \"total\": 4096, \"verified\": 2048}]}");
    assert_state(tracker_find(&tracker, 3), "verifying 50%");
    take(&tracker, "{\"id\": 3, \"state\": \"verifying\", \"total\": 4096}");
    assert_state(tracker_find(&tracker, 3), "verifying");
    take(&tracker, "{\"id\": 3, \"state\": \"done\", \"total\": 4096, \"verified\": null}");
    assert_state(tracker_find(&tracker, 3), "done");
    tracker_fini(&tracker);
}

/* ---- the tracker ---- */

static void tracker__changes_of_state__are_told_and_others_not(void **state)
{
    (void)state;
    struct tracker tracker = { 0 };
    assert_null(take(&tracker, active_job));
    tracker_add(&tracker, 3);
    assert_non_null(take(&tracker, active_job));
    assert_null(take(&tracker, active_job));
    assert_null(take_event(&tracker, "event.progress",
                           "{\"jobs\": [{\"id\": 3, \"total\": 4096000, \"done\": 2000000,"
                           " \"rate\": 5, \"eta\": 6, \"ranges\": [{\"start\": 0, \"pos\": 2000000,"
                           " \"end\": 2048000, \"rate\": 5}]}, {\"id\": 9}]}"));
    const struct row *row = tracker_find(&tracker, 3);
    assert_int_equal(row->done, 2000000);
    assert_int_equal(row->n_lanes, 1);
    assert_int_equal(spans_covered(&row->have, 0, 4096000), 2000000 + 204800);
    assert_int_equal(tracker_count_running(&tracker), 1);
    row = take_event(&tracker, "event.job", "{\"job\": {\"id\": 3, \"state\": \"paused\"}}");
    assert_non_null(row);
    assert_int_equal(row->n_lanes, 0);
    assert_int_equal(tracker_count_running(&tracker), 0);
    assert_int_equal(tracker_count_unfinished(&tracker), 1);
    tracker_fini(&tracker);
}

static void tracker__removed_jobs__are_final(void **state)
{
    (void)state;
    struct tracker tracker = { .takes_all = true };
    take(&tracker, active_job);
    const struct row *row = take_event(&tracker, "event.removed", "{\"id\": 3}");
    assert_int_equal(row->state, ROW_REMOVED);
    assert_null(take_event(&tracker, "event.removed", "{\"id\": 3}"));
    assert_null(take_event(&tracker, "event.removed", "{\"id\": 99}"));
    assert_null(take_event(&tracker, "event.unheard_of", "{}"));
    assert_int_equal(tracker_count_unfinished(&tracker), 0);
    tracker_fini(&tracker);
}

static void tracker__many_ids_in_any_order__are_found(void **state)
{
    (void)state;
    enum { N = 997 };
    struct tracker tracker = { 0 };
    for (int64_t i = 0; i < N; i++)
        tracker_add(&tracker, i * 7 % N + 1);
    assert_int_equal(tracker.n_rows, N);
    for (int64_t id = 1; id <= N; id++)
        assert_int_equal(tracker_find(&tracker, id)->id, id);
    assert_null(tracker_find(&tracker, 0));
    assert_null(tracker_find(&tracker, N + 1));
    assert_ptr_equal(tracker_add(&tracker, 5), tracker_find(&tracker, 5));
    tracker_fini(&tracker);
}

/* ---- frames ---- */

static void frame__one_job__has_numbers_map_and_lanes(void **state)
{
    (void)state;
    struct tracker tracker = { .takes_all = true };
    take(&tracker, active_job);
    assert_frame(&tracker, &plain,
                 "  3 ubuntu.iso               30%  1.2 MiB of 3.9 MiB    2.0 MiB/s   1:15\n"
                 "    #################.................###-..............................\n"
                 "    12 #########.........   1.0 MiB/s   2 #.................     500 B/s\n");
    tracker_fini(&tracker);
}

static void frame__several_jobs__end_with_a_sum(void **state)
{
    (void)state;
    struct tracker tracker = { .takes_all = true };
    const struct live_style small = { .width = 60, .height = 6 };
    take(&tracker, queued_job);
    take(&tracker, waiting_job);
    take(&tracker, active_job);
    assert_frame(&tracker, &small,
                 "  3 ubuntu.iso   30%  1.2 MiB of 3.9 MiB    2.0 MiB/s   1:15\n"
                 "    ##############..............##+.........................\n"
                 "  4 file.zip                                   waiting: link\n"
                 "    the link does not work any more\n"
                 "  5 http://c/                                         queued\n"
                 "1 active, 2 more, 2.0 MiB/s\n");
    tracker_fini(&tracker);
}

static void frame__too_little_height__drops_lanes_then_maps_then_jobs(void **state)
{
    (void)state;
    struct tracker tracker = { .takes_all = true };
    struct live_style low = { .width = 60, .height = 3 };
    take(&tracker, queued_job);
    take(&tracker, waiting_job);
    take(&tracker, active_job);
    assert_frame(&tracker, &low,
                 "  3 ubuntu.iso   30%  1.2 MiB of 3.9 MiB    2.0 MiB/s   1:15\n"
                 "  4 file.zip                                   waiting: link\n"
                 "1 active, 2 more, 2.0 MiB/s\n");
    low.height = 1;
    assert_frame(&tracker, &low, "1 active, 2 more, 2.0 MiB/s\n");
    tracker_fini(&tracker);
}

static void frame__final_jobs__are_left_out(void **state)
{
    (void)state;
    struct tracker tracker = { .takes_all = true };
    take(&tracker, active_job);
    take_event(&tracker, "event.removed", "{\"id\": 3}");
    assert_frame(&tracker, &plain, "");
    tracker_fini(&tracker);
}

/* The width of a line without its escape sequences. */
static uint32_t shown_width(const char *line, size_t length)
{
    struct sg_buf text = { 0 };
    sg_buf_puts(&text, "");
    for (size_t i = 0; i < length; i++) {
        if (line[i] == '\x1b')
            i += strcspn(line + i, "m");
        else
            sg_buf_append(&text, line + i, 1);
    }
    uint32_t width = columns_width(text.data);
    sg_buf_fini(&text);
    return width;
}

/* A job with 16 lanes and a wide name. */
static void take_large_job(struct tracker *tracker)
{
    struct sg_buf text = { 0 };
    sg_buf_puts(&text, "{\"id\": 12345, \"url\": \"http://a/x\", \"path\":"
                       " \"C:\\\\日本語のとても長いファイル名です.tar.gz\", \"state\": \"active\","
                       " \"total\": 9007199254740992, \"done\": 900719925474099, \"rate\":"
                       " 1072693248, \"eta\": 86399999, \"ranges\": [");
    for (int i = 0; i < 16; i++)
        sg_buf_printf(&text, "%s{\"start\": %d, \"pos\": %d, \"end\": %d, \"rate\": 1072693248}",
                      i > 0 ? "," : "", i * KIB, i * KIB + 60 * i, (i + 1) * KIB);
    sg_buf_puts(&text, "]}");
    take(tracker, text.data);
    sg_buf_fini(&text);
}

static void frame__at_any_size__fits(void **state)
{
    (void)state;
    struct tracker tracker = { .takes_all = true };
    take(&tracker, queued_job);
    take(&tracker, waiting_job);
    take(&tracker, active_job);
    take_large_job(&tracker);
    for (uint32_t width = 1; width <= 200; width++) {
        for (uint32_t height = 1; height <= 30; height += 3) {
            const struct live_style style = { width, height, width % 2 == 0, width % 3 == 0 };
            struct sg_buf out = { 0 };
            uint32_t n_lines = 0;
            live_view_frame(tracker.rows, tracker.n_rows, &style, &out);
            for (const char *line = out.data; *line != '\0'; n_lines++) {
                size_t length = strcspn(line, "\n");
                assert_in_range(shown_width(line, length), 0, width);
                line += length + 1;
            }
            assert_in_range(n_lines, 1, height);
            sg_buf_clear(&out);
            live_view_single(tracker.rows, tracker.n_rows, &style, &out);
            assert_in_range(shown_width(out.data, out.length), 0, width);
            assert_null(strchr(out.data, '\n'));
            sg_buf_fini(&out);
        }
    }
    tracker_fini(&tracker);
}

static void single__one_job__is_its_line(void **state)
{
    (void)state;
    struct tracker tracker = { .takes_all = true };
    struct sg_buf out = { 0 };
    const struct live_style narrow = { .width = 40, .height = 1 };
    take(&tracker, active_job);
    live_view_single(tracker.rows, tracker.n_rows, &narrow, &out);
    assert_string_equal(out.data, "  3 ubuntu.iso   30%    2.0 MiB/s   1:15");
    sg_buf_fini(&out);
    tracker_fini(&tracker);
}

static void result__a_done_job__tells_name_and_size(void **state)
{
    (void)state;
    struct tracker tracker = { .takes_all = true };
    struct sg_buf out = { 0 };
    const struct live_style coloured = { .width = 10, .height = 1, .has_colour = true };
    take(&tracker, active_job);
    const struct row *row = take_event(
        &tracker, "event.job",
        "{\"job\": {\"id\": 3, \"path\": \"C:\\\\dl\\\\ubuntu.iso\", \"state\": \"done\","
        " \"total\": 4096000, \"done\": 4096000}}");
    live_view_result(row, &coloured, &out);
    assert_string_equal(out.data, "  3 ubuntu.iso  3.9 MiB  \x1b[32mdone\x1b[0m\n");
    sg_buf_fini(&out);
    tracker_fini(&tracker);
}

static int nothing_is_held(void **state)
{
    (void)state;
    return sg_mem_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(row__a_job__is_read, nothing_is_held),
        cmocka_unit_test_teardown(row__strange_fields__are_not_known, nothing_is_held),
        cmocka_unit_test_teardown(row__verifying__tells_how_far_it_is, nothing_is_held),
        cmocka_unit_test_teardown(tracker__changes_of_state__are_told_and_others_not,
                                  nothing_is_held),
        cmocka_unit_test_teardown(tracker__removed_jobs__are_final, nothing_is_held),
        cmocka_unit_test_teardown(tracker__many_ids_in_any_order__are_found, nothing_is_held),
        cmocka_unit_test_teardown(frame__one_job__has_numbers_map_and_lanes, nothing_is_held),
        cmocka_unit_test_teardown(frame__several_jobs__end_with_a_sum, nothing_is_held),
        cmocka_unit_test_teardown(frame__too_little_height__drops_lanes_then_maps_then_jobs,
                                  nothing_is_held),
        cmocka_unit_test_teardown(frame__final_jobs__are_left_out, nothing_is_held),
        cmocka_unit_test_teardown(frame__at_any_size__fits, nothing_is_held),
        cmocka_unit_test_teardown(single__one_job__is_its_line, nothing_is_held),
        cmocka_unit_test_teardown(result__a_done_job__tells_name_and_size, nothing_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
