/* The table of HTTP situations: one row each. */
#include "core/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TOTAL = 1000 };

/* Replies that rows are made of. */
#define PART(from, to, of)                          \
    .reply = { .http_status = 206,                  \
               .content_length = (to) - (from) + 1, \
               .has_range = true,                   \
               .range_first = (from),               \
               .range_last = (to),                  \
               .range_total = (of),                 \
               .etag = etag_a,                      \
               .last_modified = time_a }
#define WHOLE(length)                      \
    .reply = { .http_status = 200,         \
               .content_length = (length), \
               .range_total = -1,          \
               .etag = etag_a,             \
               .last_modified = time_a }
#define CODE(code, of) .reply = { .http_status = (code), .content_length = -1, .range_total = (of) }

/* What was asked for. */
#define FIRST .asked = { .wants_range = true, .total = -1 }
#define FIRST_WHOLE .asked = { .total = -1 }
#define RANGE(from, to)                 \
    .asked = { .wants_range = true,     \
               .first = (from),         \
               .end = (to),             \
               .total = TOTAL,          \
               .etag = etag_a,          \
               .last_modified = time_a, \
               .has_worked = true }

static char etag_a[] = "\"a\"";
static char etag_b[] = "\"b\"";
static char etag_weak_a[] = "W/\"a\"";
static char etag_weak_b[] = "W/\"b\"";
static char time_a[] = "Sun, 06 Nov 1994 08:49:37 GMT";
static char time_b[] = "Sun, 06 Nov 1994 08:49:38 GMT";

struct row {
    const char *what;
    struct reply reply;
    struct expectation asked;
    enum verdict verdict;
    enum sg_status status; /* of the error */
};

static void check_row(const struct row *row)
{
    struct sg_err err = { 0 };
    enum verdict verdict = verdict_of(&row->reply, &row->asked, &err);
    if (verdict != row->verdict)
        fail_msg("%s: verdict %d, not %d (%s)", row->what, (int)verdict, (int)row->verdict,
                 err.message);
    if (err.status != row->status)
        fail_msg("%s: %s, not %s", row->what, sg_status_word(err.status),
                 sg_status_word(row->status));
    assert_int_equal(err.status == SG_OK, err.message[0] == '\0');
}

#define CHECK_ROWS(rows)                                        \
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++) \
    check_row(&(rows)[i])

static void verdict__part__is_accepted_only_as_asked(void **state)
{
    (void)state;
    const struct row rows[] = {
        { "the first", PART(0, 999, TOTAL), FIRST, VERDICT_RANGE, SG_OK },
        { "the first, cut short", PART(0, 99, TOTAL), FIRST, VERDICT_RANGE, SG_OK },
        { "exactly", PART(100, 199, TOTAL), RANGE(100, 200), VERDICT_RANGE, SG_OK },
        { "a beginning", PART(100, 150, TOTAL), RANGE(100, 200), VERDICT_RANGE, SG_OK },
        { "total not told", PART(100, 199, -1), RANGE(100, 200), VERDICT_RANGE, SG_OK },
        { "first, total not told", PART(0, 99, -1), FIRST, VERDICT_NO_RANGE, SG_OK },
        { "one too long", PART(100, 200, TOTAL), RANGE(100, 200), VERDICT_FAILED, SG_E_BAD_SERVER },
        { "one early", PART(99, 199, TOTAL), RANGE(100, 200), VERDICT_FAILED, SG_E_BAD_SERVER },
        { "one late", PART(101, 199, TOTAL), RANGE(100, 200), VERDICT_FAILED, SG_E_BAD_SERVER },
        { "from zero", PART(0, 199, TOTAL), RANGE(100, 200), VERDICT_FAILED, SG_E_BAD_SERVER },
        { "not asked for", PART(0, 999, TOTAL), FIRST_WHOLE, VERDICT_FAILED, SG_E_BAD_SERVER },
        { "other total", PART(100, 199, TOTAL + 1), RANGE(100, 200), VERDICT_CHANGED,
          SG_E_CHANGED },
    };
    CHECK_ROWS(rows);
}

static void verdict__part_that_contradicts_itself__is_bad_server(void **state)
{
    (void)state;
    struct row rows[] = {
        { "no range told", PART(100, 199, TOTAL), RANGE(100, 200), VERDICT_FAILED,
          SG_E_BAD_SERVER },
        { "length", PART(100, 199, TOTAL), RANGE(100, 200), VERDICT_FAILED, SG_E_BAD_SERVER },
        { "encoded", PART(100, 199, TOTAL), RANGE(100, 200), VERDICT_FAILED, SG_E_BAD_SERVER },
        { "length unknown", PART(100, 199, TOTAL), RANGE(100, 200), VERDICT_RANGE, SG_OK },
    };
    rows[0].reply.has_range = false;
    rows[1].reply.content_length++;
    rows[2].reply.is_encoded = true;
    rows[3].reply.content_length = -1;
    CHECK_ROWS(rows);
}

static void verdict__whole_file__is_written_from_zero_only(void **state)
{
    (void)state;
    struct row rows[] = {
        { "first", WHOLE(TOTAL), FIRST, VERDICT_WHOLE, SG_OK },
        { "first, no range", WHOLE(TOTAL), FIRST_WHOLE, VERDICT_WHOLE, SG_OK },
        { "unknown length", WHOLE(-1), FIRST, VERDICT_WHOLE, SG_OK },
        { "empty", WHOLE(0), FIRST, VERDICT_EMPTY, SG_OK },
        { "known, from zero", WHOLE(TOTAL), RANGE(0, 500), VERDICT_WHOLE, SG_OK },
        { "later", WHOLE(TOTAL), RANGE(100, 200), VERDICT_IGNORED, SG_OK },
        { "later, unknown length", WHOLE(-1), RANGE(100, 200), VERDICT_IGNORED, SG_OK },
        { "later, changed", WHOLE(TOTAL - 1), RANGE(100, 200), VERDICT_CHANGED, SG_E_CHANGED },
        { "became empty", WHOLE(0), RANGE(0, 200), VERDICT_CHANGED, SG_E_CHANGED },
        { "encoded", WHOLE(TOTAL), FIRST, VERDICT_FAILED, SG_E_BAD_SERVER },
    };
    rows[9].reply.is_encoded = true;
    CHECK_ROWS(rows);
}

static void verdict__web_page_in_place_of_the_file__is_a_dead_link(void **state)
{
    (void)state;
    struct row rows[] = {
        { "a page", WHOLE(5000), RANGE(100, 200), VERDICT_LINK, SG_E_LINK },
        { "a page of unknown length", WHOLE(-1), RANGE(0, 200), VERDICT_LINK, SG_E_LINK },
        { "the file is a page", WHOLE(TOTAL), RANGE(100, 200), VERDICT_IGNORED, SG_OK },
        { "never worked", WHOLE(5000), FIRST, VERDICT_WHOLE, SG_OK },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        rows[i].reply.is_html = true;
    CHECK_ROWS(rows);
}

/* Its first request was answered, and a second one is before a byte arrived. */
static void verdict__link_that_told_the_length__has_worked(void **state)
{
    (void)state;
    struct row rows[] = {
        { "a page", WHOLE(5000), RANGE(100, 200), VERDICT_LINK, SG_E_LINK },
        { "403", CODE(403, -1), RANGE(100, 200), VERDICT_LINK, SG_E_LINK },
    };
    rows[0].reply.is_html = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        rows[i].asked.has_worked = false;
    CHECK_ROWS(rows);
}

static void verdict__identity__is_told_by_validators(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        char *etag, *time; /* told */
        const char *etag_known, *time_known;
        enum verdict verdict;
    } cases[] = {
        { "both equal", etag_a, time_a, etag_a, time_a, VERDICT_RANGE },
        { "both differ", etag_b, time_b, etag_a, time_a, VERDICT_CHANGED },
        { "none told", NULL, NULL, etag_a, time_a, VERDICT_RANGE },
        { "none known", etag_a, time_a, NULL, NULL, VERDICT_RANGE },
        { "only a tag, equal", etag_a, NULL, etag_a, NULL, VERDICT_RANGE },
        { "only a tag, differs", etag_b, NULL, etag_a, NULL, VERDICT_CHANGED },
        { "tag differs, time no more told", etag_b, NULL, etag_a, time_a, VERDICT_CHANGED },
        { "only a time, differs", NULL, time_b, NULL, time_a, VERDICT_CHANGED },
        { "time differs, tag no more told", NULL, time_b, etag_a, time_a, VERDICT_CHANGED },
        { "only the tag differs", etag_b, time_a, etag_a, time_a, VERDICT_RANGE },
        { "only the time differs", etag_a, time_b, etag_a, time_a, VERDICT_RANGE },
        { "tag became weak", etag_weak_a, time_a, etag_a, time_a, VERDICT_RANGE },
        { "weak tag differs, time too", etag_weak_b, time_b, etag_a, time_a, VERDICT_CHANGED },
        { "other kinds told and known", NULL, time_a, etag_a, NULL, VERDICT_RANGE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct row row = { cases[i].what, PART(100, 199, TOTAL), RANGE(100, 200), cases[i].verdict,
                           cases[i].verdict == VERDICT_RANGE ? SG_OK : SG_E_CHANGED };
        row.reply.etag = cases[i].etag;
        row.reply.last_modified = cases[i].time;
        row.asked.etag = cases[i].etag_known;
        row.asked.last_modified = cases[i].time_known;
        check_row(&row);
    }
}

static void verdict__range_not_satisfiable__depends_on_the_total(void **state)
{
    (void)state;
    const struct row rows[] = {
        { "empty file", CODE(416, 0), FIRST, VERDICT_EMPTY, SG_OK },
        { "no ranges", CODE(416, -1), FIRST, VERDICT_NO_RANGE, SG_OK },
        { "odd, but there are bytes", CODE(416, 50), FIRST, VERDICT_NO_RANGE, SG_OK },
        { "though none was asked", CODE(416, -1), FIRST_WHOLE, VERDICT_FAILED, SG_E_BAD_SERVER },
        { "shorter now", CODE(416, 50), RANGE(100, 200), VERDICT_CHANGED, SG_E_CHANGED },
        { "our total, inside", CODE(416, TOTAL), RANGE(100, 200), VERDICT_FAILED, SG_E_BAD_SERVER },
        { "no total, inside", CODE(416, -1), RANGE(100, 200), VERDICT_FAILED, SG_E_BAD_SERVER },
        { "our total, at the end", CODE(416, TOTAL), RANGE(TOTAL, 0), VERDICT_COMPLETE, SG_OK },
    };
    CHECK_ROWS(rows);
}

static void verdict__refusals__by_code(void **state)
{
    (void)state;
    const struct row rows[] = {
        { "401", CODE(401, -1), RANGE(1, 2), VERDICT_FAILED, SG_E_AUTH },
        { "407", CODE(407, -1), RANGE(1, 2), VERDICT_FAILED, SG_E_AUTH },
        { "403 later", CODE(403, -1), RANGE(1, 2), VERDICT_LINK, SG_E_LINK },
        { "404 later", CODE(404, -1), RANGE(1, 2), VERDICT_LINK, SG_E_LINK },
        { "410 later", CODE(410, -1), RANGE(1, 2), VERDICT_LINK, SG_E_LINK },
        { "403 at first", CODE(403, -1), FIRST, VERDICT_FAILED, SG_E_HTTP },
        { "404 at first", CODE(404, -1), FIRST, VERDICT_FAILED, SG_E_HTTP },
        { "410 at first", CODE(410, -1), FIRST, VERDICT_FAILED, SG_E_HTTP },
        { "400", CODE(400, -1), RANGE(1, 2), VERDICT_FAILED, SG_E_HTTP },
        { "204", CODE(204, -1), FIRST, VERDICT_FAILED, SG_E_HTTP },
        { "304", CODE(304, -1), FIRST, VERDICT_FAILED, SG_E_HTTP },
        { "302 without a target", CODE(302, -1), FIRST, VERDICT_FAILED, SG_E_HTTP },
        { "408", CODE(408, -1), FIRST, VERDICT_RETRY, SG_E_BUSY },
        { "425", CODE(425, -1), FIRST, VERDICT_RETRY, SG_E_BUSY },
        { "429", CODE(429, -1), RANGE(1, 2), VERDICT_REFUSED, SG_E_BUSY },
        { "503", CODE(503, -1), RANGE(1, 2), VERDICT_REFUSED, SG_E_BUSY },
        { "500", CODE(500, -1), RANGE(1, 2), VERDICT_RETRY, SG_E_SERVER },
        { "599", CODE(599, -1), FIRST, VERDICT_RETRY, SG_E_SERVER },
    };
    CHECK_ROWS(rows);
}

static void verdict__error_page_that_is_encoded__is_judged_by_its_code(void **state)
{
    (void)state;
    struct row row = { "503", CODE(503, -1), FIRST, VERDICT_REFUSED, SG_E_BUSY };
    row.reply.is_encoded = true;
    check_row(&row);
}

static void verdict__total__is_told_by_length_or_range(void **state)
{
    (void)state;
    const struct row whole = { .what = "", WHOLE(7) };
    const struct row part = { .what = "", PART(1, 2, 9) };
    assert_int_equal(verdict_total(&whole.reply), 7);
    assert_int_equal(verdict_total(&part.reply), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdict__part__is_accepted_only_as_asked),
        cmocka_unit_test(verdict__part_that_contradicts_itself__is_bad_server),
        cmocka_unit_test(verdict__whole_file__is_written_from_zero_only),
        cmocka_unit_test(verdict__web_page_in_place_of_the_file__is_a_dead_link),
        cmocka_unit_test(verdict__link_that_told_the_length__has_worked),
        cmocka_unit_test(verdict__identity__is_told_by_validators),
        cmocka_unit_test(verdict__range_not_satisfiable__depends_on_the_total),
        cmocka_unit_test(verdict__refusals__by_code),
        cmocka_unit_test(verdict__error_page_that_is_encoded__is_judged_by_its_code),
        cmocka_unit_test(verdict__total__is_told_by_length_or_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
