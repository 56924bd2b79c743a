/* Names in Content-Disposition: by the letter of the standards, and as servers write them. */
#include "core/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

struct row {
    const char *value;
    const char *name; /* NULL: none */
};

static void check_row(const struct row *row)
{
    char *name = name_from_disposition(row->value);
    bool is_same = row->name == NULL ? name == NULL : name != NULL && strcmp(name, row->name) == 0;
    if (!is_same)
        fail_msg("%s gave %s, not %s", row->value, name != NULL ? name : "nothing",
                 row->name != NULL ? row->name : "nothing");
    sg_free(name);
    assert_int_equal(sg_mem_live(), 0);
}

#define CHECK_ROWS(rows)                                        \
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++) \
    check_row(&(rows)[i])

static void disposition__plain__is_token_or_quoted(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "attachment; filename=a.txt", "a.txt" },
        { "attachment; filename=\"a.txt\"", "a.txt" },
        { "ATTACHMENT; FILENAME=\"a.txt\"", "a.txt" },
        { "inline; filename=a.txt", "a.txt" },
        { "form-data; name=x; filename=a.txt", "a.txt" },
        { "attachment;filename=a.txt;size=5", "a.txt" },
        { "attachment ; filename = \"a.txt\" ; x=y", "a.txt" },
        { "attachment; filename=\"a b; c.txt\"", "a b; c.txt" },
        { "attachment; filename=\"a\\\"b.txt\"", "a\"b.txt" },
        { "attachment; filename=\"a\\\\b.txt\"", "b.txt" },
        { "attachment; filename=a b.txt ; x", "a b.txt" },
        { "attachment; filename=\"\xC3\xA4.txt\"", "\xC3\xA4.txt" },
        { "attachment; filename=\"\xE4.txt\"", "\xC3\xA4.txt" }, /* ISO-8859-1 */
        { "attachment; filename=\"%C3%A4.txt\"", "\xC3\xA4.txt" },
        { "attachment; filename=\"100%.txt\"", "100%.txt" },
        { "attachment; filename=\"a%zz.txt\"", "a%zz.txt" },
        { "attachment; filename=\"a%00.txt\"", "a%00.txt" },
        { "attachment; filename=a; filename=b", "a" },
        { "x=\"; filename=a", "a" }, /* the type is no parameter: its quotes mean nothing */
    };
    CHECK_ROWS(rows);
}

static void disposition__none__is_null(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "", NULL },
        { ";", NULL },
        { ";;;;", NULL },
        { "attachment", NULL },
        { "attachment;", NULL },
        { "attachment; filename", NULL },
        { "attachment; filename=", NULL },
        { "attachment; filename=\"\"", NULL },
        { "attachment; filename=\"", NULL },
        { "attachment; filename*=", NULL },
        { "attachment; =x", NULL },
        { "attachment; xfilename=a", NULL },
        { "attachment; filename =", NULL },
        { "attachment; filename=\"folder/\"", NULL },
        { "attachment; filename=\\", NULL },
    };
    CHECK_ROWS(rows);
}

static void disposition__extended__wins_where_well_formed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "attachment; filename*=UTF-8''%e2%82%ac%20rates", "\xE2\x82\xAC rates" },
        { "attachment; filename*=utf-8'en'%C2%A3.txt", "\xC2\xA3.txt" },
        { "attachment; FILENAME*=UTF-8''a", "a" },
        { "attachment; filename*=iso-8859-1''%E4.txt", "\xC3\xA4.txt" },
        { "attachment; filename*=ISO-8859-1'de'a", "a" },
        { "attachment; filename=plain; filename*=UTF-8''extended", "extended" },
        { "attachment; filename*=UTF-8''extended; filename=plain", "extended" },
        { "attachment; filename*=UTF-8''first; filename*=UTF-8''second", "first" },
        { "attachment; filename*=\"UTF-8''quoted\"", "quoted" },
        { "attachment; filename*=UTF-8''a'b", "a'b" },
        { "attachment; filename*=UTF-8''%2e%2e%2Fetc%2Fpasswd", "passwd" },
        { "attachment; filename*=UTF-8''C%3A%5Cx%5Cy.txt", "y.txt" },
    };
    CHECK_ROWS(rows);
}

static void disposition__broken_extended__falls_back(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "plain-text",
        "UTF-8'",
        "UTF-8'en",
        "UTF-8''",
        "''a",
        "utf-16''a",
        "a-very-long-name-of-a-charset''a",
        "UTF-8''%",
        "UTF-8''%4",
        "UTF-8''%4g",
        "UTF-8''%g4",
        "UTF-8''%FF",
        "UTF-8''%C0%AF",
        "UTF-8''%ED%A0%80",
        "UTF-8''a%00b",
        "ISO-8859-1''a%00b",
        "UTF-8''\xFF",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char value[128];
        size_t length = 0;
        const char *const parts[] = { "attachment; filename*=", broken[i], "; filename=plain" };
        for (size_t part = 0; part < 3; part++) {
            memcpy(value + length, parts[part], strlen(parts[part]) + 1);
            length += strlen(parts[part]);
        }
        check_row(&(struct row){ value, "plain" });
        value[length - strlen(parts[2])] = '\0';
        check_row(&(struct row){ value, NULL });
    }
}

static void disposition__path__is_its_last_part(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "attachment; filename=\"/etc/passwd\"", "passwd" },
        { "attachment; filename=\"C:\\Users\\x\\report.doc\"", "report.doc" },
        { "attachment; filename=\"..\\..\\x\"", "x" },
        { "attachment; filename=\"a/b\\c\"", "c" },
        { "attachment; filename=\"%2e%2e%2fx\"", "x" },
    };
    CHECK_ROWS(rows);
}

static void disposition__any_cut_of_a_header__is_survived(void **state)
{
    (void)state;
    static const char whole[] =
        "attachment; filename=\"a\\\"b%C3%A4.txt\"; filename*=UTF-8'en'%e2%82%ac%20x; y=\"z\"";
    char value[sizeof whole];
    for (size_t length = 0; length < sizeof whole; length++) {
        memcpy(value, whole, length);
        value[length] = '\0';
        sg_free(name_from_disposition(value));
        assert_int_equal(sg_mem_live(), 0);
    }
}

static void disposition__memory_runs_out__leaks_nothing(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 12; n++) {
        sg_mem_fail_after(n);
        char *name = name_from_disposition("attachment; filename=plain; filename*=UTF-8''%41");
        sg_mem_fail_after(UINT64_MAX);
        sg_free(name);
        assert_int_equal(sg_mem_live(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disposition__plain__is_token_or_quoted),
        cmocka_unit_test(disposition__none__is_null),
        cmocka_unit_test(disposition__extended__wins_where_well_formed),
        cmocka_unit_test(disposition__broken_extended__falls_back),
        cmocka_unit_test(disposition__path__is_its_last_part),
        cmocka_unit_test(disposition__any_cut_of_a_header__is_survived),
        cmocka_unit_test(disposition__memory_runs_out__leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
