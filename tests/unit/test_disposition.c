/* Names in Content-Disposition: by the letter of the standards, and as servers write them. */
#include "core/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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
        { "x\"; filename=a", "a" }, /* the type is no parameter: its quotes mean nothing */
        { "attachment; filename=\"\"; filename=b", "b" },
        { "attachment; filename=\"a.txt\"rest; x=y", "a.txt" },
        { "attachment; filename=\"not closed.txt", "not closed.txt" },
        { "attachment; x=\"; filename=wrong\"; filename=a", "a" },
        { "attachment; filename=a, attachment; filename=b", "a, attachment" },
        { "attachment; filename=\"\xC3\xA4\xE4.txt\"", "\xC3\x83\xC2\xA4\xC3\xA4.txt" },
        { "attachment; filename=\"\xC0\xAE.txt\"", "\xC3\x80\xC2\xAE.txt" }, /* overlong dot */
        { "attachment; filename=\"%FF.txt\"", "%FF.txt" },
    };
    CHECK_ROWS(rows);
}

static void disposition__no_type__still_has_its_name(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "filename=a.txt", "a.txt" },
        { "filename=\"a.txt\"", "a.txt" },
        { " FileName = \"a.txt\"; x=y", "a.txt" },
        { "filename*=UTF-8''%41; filename=b", "A" },
        { "; filename=a.txt", "a.txt" },
        { "size=5; filename=a.txt", "a.txt" },
        { "filename", NULL },
        { "=a; filename=b", "b" },
    };
    CHECK_ROWS(rows);
}

/* As Chrome, Edge and Firefox do. */
static void disposition__encoded_words__are_decoded(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "attachment; filename=\"=?UTF-8?Q?gr=C3=BC=C3=9Fe?=\"", "gr\xC3\xBC\xC3\x9F"
                                                                  "e" },
        { "attachment; filename==?utf-8?q?a=e4?=", "=?utf-8?q?a=e4?=" }, /* not UTF-8 */
        { "attachment; filename==?ISO-8859-1?q?a=E4_b=2etxt?=", "a\xC3\xA4 b.txt" },
        { "attachment; filename=\"=?UTF-8?B?w6QudHh0?=\"", "\xC3\xA4.txt" },
        { "attachment; filename=\"=?UTF-8*de?B?w6QudHh0?=\"", "\xC3\xA4.txt" },
        { "attachment; filename=\"=?US-ASCII?B?YQ==?=\"", "a" },
        { "attachment; filename=\"=?UTF-8?B?YWI?=\"", "ab" },
        { "attachment; filename=\"=?UTF-8?Q?a?= \t =?UTF-8?Q?b?=\"", "ab" },
        { "attachment; filename=\"=?UTF-8?Q?=C3?= =?UTF-8?Q?=A4?=\"", "\xC3\xA4" },
        { "attachment; filename=\"x =?UTF-8?Q?a?= .txt\"", "x a .txt" },
        { "attachment; filename=\"=?UTF-8?Q?%41?=\"", "%41" },
        { "attachment; filename=\"=?UTF-8?Q?=2E=2E=2F=2E=2E=5Cx?=\"", "x" },
        { "attachment; filename=\"=?UTF-8?B?Li4vLi4veA==?=\"", "x" },
        { "attachment; filename*=UTF-8''%41; filename=\"=?UTF-8?Q?b?=\"", "A" },
        { "attachment; filename*=UTF-8''=?UTF-8?Q?a?=", "=?UTF-8?Q?a?=" },
    };
    CHECK_ROWS(rows);
}

static void disposition__broken_encoded_word__stays_as_it_is(void **state)
{
    (void)state;
    static const char *const words[] = {
        "=?",
        "=?UTF-8",
        "=?UTF-8?",
        "=?UTF-8?Q",
        "=?UTF-8?Q?",
        "=?UTF-8?Q?a",
        "=?UTF-8?Q?a?",
        "=?UTF-8?Q?a=",
        "=?UTF-8?X?a?=",
        "=?UTF-8?Q?=?=",
        "=?UTF-8?Q?=4?=",
        "=?UTF-8?Q?=4g?=",
        "=?UTF-8?Q?a=00b?=",
        "=?UTF-8?B?!!!!?=",
        "=?UTF-8?B?Q?=",
        "=?UTF-8?B?YWJjQ?=",
        "=?UTF-8?B?AA==?=",
        "=?GB2312?B?1tA?=",
        "=?a-very-long-name-of-a-charset?Q?a?=",
        "=?U 8?Q?a?=",
        "=?UTF-8?Q?"
        "?=",
        "=?UTF-8?B?wK4=?=", /* overlong */
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char value[128];
        snprintf(value, sizeof value, "attachment; filename=\"%s\"", words[i]);
        check_row(&(struct row){ value, words[i] });
    }
}

/* What becomes of a header in the end. */
static void disposition__hostile_header__gives_a_harmless_name(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "attachment; filename=\"../../x.exe\"", "x.exe" },
        { "attachment; filename=\"..\\..\\x.exe\"", "x.exe" },
        { "attachment; filename=\"..\\\\..\\\\x.exe\"", "x.exe" },
        { "attachment; filename=%2e%2e%2f%2e%2e%2fx.exe", "x.exe" },
        { "attachment; filename=%2e%2e%5cx.exe", "x.exe" },
        { "attachment; filename=%252e%252e%252fx", "%2e%2e%2fx" }, /* decoded once, not twice */
        { "attachment; filename*=UTF-8''..%2f..%5c", NULL },
        { "attachment; filename=\"\\\\server\\share\\x.exe\"", "x.exe" },
        { "attachment; filename=\"//server/share/x.exe\"", "x.exe" },
        { "attachment; filename=\"\\\\?\\C:\\x.exe\"", "x.exe" },
        { "attachment; filename=\"\\\\.\\PhysicalDrive0\"", "PhysicalDrive0" },
        { "attachment; filename=\"\\\\.\\CON\"", "_CON" },
        { "attachment; filename=\"C:x.exe\"", "C_x.exe" },
        { "attachment; filename=\"C:\\x.exe\"", "x.exe" },
        { "attachment; filename=\"x.txt:y\"", "x.txt_y" },
        { "attachment; filename=\"x.txt::$DATA\"", "x.txt__$DATA" },
        { "attachment; filename=\"x.exe. .\"", "x.exe" },
        { "attachment; filename=\"NUL .txt\"", "_NUL .txt" },
        { "attachment; filename=\"folder/NUL\"", "_NUL" },
        { "attachment; filename=\"com\xB9.txt\"", "_com\xC2\xB9.txt" },
        { "attachment; filename*=ISO-8859-1''LPT%B3", "_LPT\xC2\xB3" },
        { "attachment; filename=\"=?UTF-8?Q?aux?=\"", "_aux" },
        { "attachment; filename=\"..\"", "download" },
        { "attachment; filename=\"%E2%80%AE\"", "download" },
        { "attachment; filename*=UTF-8''x%E2%80%AEtxt.exe", "xtxt.exe" },
        { "attachment; filename*=UTF-8''%C2%85x%7F%0D%0A%1B.exe", "x.exe" },
        { "attachment; filename=\"a\x80.txt\"", "a.txt" }, /* ISO-8859-1: a C1 control */
        { "attachment; filename=\"\xEF\xBC\x8E\xEF\xBC\x8E\xEF\xBC\x8Fx\"",
          "\xEF\xBC\x8E\xEF\xBC\x8E\xEF\xBC\x8Fx" }, /* wide dots are not dots */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *raw = name_from_disposition(rows[i].value);
        char *safe = raw != NULL ? name_sanitize(raw) : NULL;
        bool is_same =
            rows[i].name == NULL ? safe == NULL : safe != NULL && strcmp(safe, rows[i].name) == 0;
        if (!is_same)
            fail_msg("%s gave %s", rows[i].value, safe != NULL ? safe : "nothing");
        sg_free(raw);
        sg_free(safe);
    }
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
        { "attachment; filename=\"a\\", NULL },
        { "attachment; filename*0=a; filename*1=b", NULL }, /* in pieces: RFC 2231, not RFC 6266 */
        { "attachment; filename*0*=UTF-8''a", NULL },
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
    for (uint64_t n = 0; n < 24; n++) {
        sg_mem_fail_after(n);
        char *name = name_from_disposition("attachment; filename=plain; filename*=UTF-8''%41");
        sg_free(name);
        name = name_from_disposition("attachment; filename=\"=?UTF-8?B?YQ==?= =?UTF-8?Q?b?=\"");
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
        cmocka_unit_test(disposition__no_type__still_has_its_name),
        cmocka_unit_test(disposition__encoded_words__are_decoded),
        cmocka_unit_test(disposition__broken_encoded_word__stays_as_it_is),
        cmocka_unit_test(disposition__hostile_header__gives_a_harmless_name),
        cmocka_unit_test(disposition__extended__wins_where_well_formed),
        cmocka_unit_test(disposition__broken_extended__falls_back),
        cmocka_unit_test(disposition__path__is_its_last_part),
        cmocka_unit_test(disposition__any_cut_of_a_header__is_survived),
        cmocka_unit_test(disposition__memory_runs_out__leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
