/* The table of commands, and the parser, help and completion that are made from it. */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cli/completion.h"
#include "cli/help.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Parses a list of arguments; they may be changed by nobody. */
static enum sg_status parse(enum command_id id, const char *const *words, int n, struct args *out,
                            struct sg_err *err)
{
    char *argv[16];
    assert_true(n <= COUNT(argv));
    for (int i = 0; i < n; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    return options_parse(command_info(id), n, argv, out, err);
}

#define PARSE(id, words, out, err) parse(id, words, COUNT(words), out, err)

static void assert_refused(enum command_id id, const char *word, const char *next,
                           const char *message)
{
    const char *const words[] = { word, next };
    struct args args;
    struct sg_err err = { 0 };
    int64_t held = sg_mem_live();
    assert_int_equal(parse(id, words, next != NULL ? 2 : 1, &args, &err), SG_E_INVALID);
    assert_string_equal(err.message, message);
    assert_int_equal(sg_mem_live(), held);
}

static void options__all_spellings_of_a_value__are_the_same(void **state)
{
    (void)state;
    static const char *const spellings[][2] = {
        { "-x8", NULL }, { "-x", "8" }, { "--connections=8", NULL }, { "--connections", "8" }
    };
    for (int i = 0; i < COUNT(spellings); i++) {
        const char *const words[] = { "http://a/b", spellings[i][0], spellings[i][1] };
        struct args args;
        struct sg_err err = { 0 };
        assert_int_equal(parse(COMMAND_ADD, words, words[2] != NULL ? 3 : 2, &args, &err), SG_OK);
        assert_string_equal(args_value(&args, OPTION_CONNECTIONS), "8");
        assert_int_equal(args.n_words, 1);
        assert_string_equal(args.words[0], "http://a/b");
        args_fini(&args);
    }
}

static void options__flags_together__are_all_set(void **state)
{
    (void)state;
    const char *const words[] = { "-wx4", "u", "-w" };
    struct args args;
    struct sg_err err = { 0 };
    assert_int_equal(PARSE(COMMAND_ADD, words, &args, &err), SG_OK);
    assert_true(args_has(&args, OPTION_WAIT));
    assert_string_equal(args_value(&args, OPTION_CONNECTIONS), "4");
    assert_false(args_has(&args, OPTION_JSON));
    assert_null(args_value(&args, OPTION_DIR));
    args_fini(&args);
}

static void options__behind_two_dashes__are_words(void **state)
{
    (void)state;
    const char *const words[] = { "--json", "--", "--all", "-", "-x" };
    struct args args;
    struct sg_err err = { 0 };
    assert_int_equal(PARSE(COMMAND_ADD, words, &args, &err), SG_OK);
    assert_int_equal(args.n_options, 1);
    assert_int_equal(args.n_words, 3);
    assert_string_equal(args.words[0], "--all");
    assert_string_equal(args.words[1], "-");
    assert_string_equal(args.words[2], "-x");
    args_fini(&args);
}

static void options__a_lone_dash__is_a_value_and_a_word(void **state)
{
    (void)state;
    const char *const words[] = { "-i", "-", "-" };
    struct args args;
    struct sg_err err = { 0 };
    assert_int_equal(PARSE(COMMAND_ADD, words, &args, &err), SG_OK);
    assert_string_equal(args_value(&args, OPTION_INPUT), "-");
    assert_string_equal(args.words[0], "-");
    args_fini(&args);
}

static void options__repeated__are_kept_in_order_and_the_last_counts(void **state)
{
    (void)state;
    const char *const words[] = { "--header", "A: 1", "--header=B: 2", "u" };
    struct args args;
    struct sg_err err = { 0 };
    assert_int_equal(PARSE(COMMAND_GET, words, &args, &err), SG_OK);
    assert_int_equal(args.n_options, 2);
    assert_string_equal(args.options[0].value, "A: 1");
    assert_string_equal(args_value(&args, OPTION_HEADER), "B: 2");
    args_fini(&args);
}

static void options__an_empty_value__is_a_value(void **state)
{
    (void)state;
    const char *const words[] = { "--key=", "u" };
    struct args args;
    struct sg_err err = { 0 };
    assert_int_equal(PARSE(COMMAND_ADD, words, &args, &err), SG_OK);
    assert_string_equal(args_value(&args, OPTION_KEY), "");
    args_fini(&args);
}

static void options__mistakes__say_which_help_to_read(void **state)
{
    (void)state;
    assert_refused(COMMAND_ADD, "--frob", NULL, "there is no option --frob: read 'seg help add'");
    assert_refused(COMMAND_ADD, "--connection", NULL,
                   "there is no option --connection: read 'seg help add'");
    assert_refused(COMMAND_LIST, "-x8", NULL, "there is no option -x: read 'seg help list'");
    assert_refused(COMMAND_ADD, "u", "-o", "-o needs a value (FILE): read 'seg help add'");
    assert_refused(COMMAND_ADD, "--json=1", NULL, "--json takes no value: read 'seg help add'");
    assert_refused(COMMAND_ADD, "--if-exists", "ask",
                   "--if-exists cannot be 'ask': use rename|fail|overwrite");
    assert_refused(COMMAND_ADD, "--if-exists", "over",
                   "--if-exists cannot be 'over': use rename|fail|overwrite");
    assert_refused(COMMAND_SHOW, "--json", NULL, "'seg show' needs ID: read 'seg help show'");
    assert_refused(COMMAND_SHOW, "1", "2", "one too many: 2: read 'seg help show'");
    assert_refused(COMMAND_LIST, "1", NULL, "one too many: 1: read 'seg help list'");
    assert_refused(COMMAND_COMPLETION, "fish", NULL,
                   "there is no 'fish' here: use bash|powershell");
}

static void options__help__needs_no_words(void **state)
{
    (void)state;
    const char *const words[] = { "-h" };
    struct args args;
    struct sg_err err = { 0 };
    assert_int_equal(PARSE(COMMAND_SHOW, words, &args, &err), SG_OK);
    assert_true(args_has(&args, OPTION_HELP));
    args_fini(&args);
}

static void options__no_memory__is_said(void **state)
{
    (void)state;
    const char *const words[] = { "1" };
    for (uint64_t n = 0; n < 2; n++) {
        struct args args;
        struct sg_err err = { 0 };
        sg_mem_fail_after(n);
        enum sg_status status = PARSE(COMMAND_SHOW, words, &args, &err);
        sg_mem_fail_after(UINT64_MAX);
        assert_int_equal(status, SG_E_NOMEM);
    }
}

static void table__every_command__is_found_and_takes_help(void **state)
{
    (void)state;
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = command_info((enum command_id)id);
        assert_int_equal(command_from_name(command->name), id);
        assert_true(command_takes(command, OPTION_HELP));
        assert_true(command->min_words <= command->max_words);
    }
    assert_int_equal(command_from_name("frob"), COMMAND_COUNT);
    assert_int_equal(command_from_name(""), COMMAND_COUNT);
}

static void table__letters_and_names__are_unambiguous(void **state)
{
    (void)state;
    for (int a = 0; a < OPTION_COUNT; a++) {
        const struct option *first = option_info((enum option_id)a);
        assert_non_null(first->help);
        for (int b = a + 1; b < OPTION_COUNT; b++) {
            const struct option *second = option_info((enum option_id)b);
            assert_string_not_equal(first->name, second->name);
            assert_true(first->letter == '\0' || first->letter != second->letter);
        }
    }
}

/* Calls `put` for every command, and checks that no line is wider than a usual terminal. */
/* Of 80 columns; the last one stays free. */
static void assert_fits_terminal(const struct sg_buf *text)
{
    for (const char *line = text->data; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t length = strcspn(line, "\n");
        assert_in_range(length, 0, 79);
        assert_true(length == 0 || line[length - 1] != ' ');
    }
}

static void help__every_command__has_its_options_and_fits(void **state)
{
    (void)state;
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = command_info((enum command_id)id);
        struct sg_buf text = { 0 };
        help_put_command(command, &text);
        assert_non_null(strstr(text.data, command->name));
        for (int o = 0; o < OPTION_COUNT; o++) {
            char name[32];
            snprintf(name, sizeof name, "--%s ", option_info((enum option_id)o)->name);
            assert_int_equal(strstr(text.data, name) != NULL,
                             command_takes(command, (enum option_id)o));
        }
        assert_fits_terminal(&text);
        sg_buf_fini(&text);
    }
}

static void help__overview__names_every_command(void **state)
{
    (void)state;
    struct sg_buf text = { 0 };
    help_put_overview(&text);
    for (int id = 0; id < COMMAND_COUNT; id++)
        assert_non_null(strstr(text.data, command_info((enum command_id)id)->summary));
    assert_fits_terminal(&text);
    sg_buf_fini(&text);
}

static void completion__both_shells__know_options_and_choices(void **state)
{
    (void)state;
    struct sg_buf bash = { 0 };
    struct sg_buf powershell = { 0 };
    completion_put_bash(&bash);
    completion_put_powershell(&powershell);
    assert_non_null(strstr(bash.data, "move) options='--first --last --before --json --help' ;;"));
    assert_non_null(strstr(bash.data, "--if-exists) values='rename fail overwrite' ;;"));
    assert_non_null(strstr(bash.data, "completion) words='bash powershell' ;;"));
    assert_non_null(strstr(powershell.data, "'move' = '--first --last --before --json --help'"));
    assert_non_null(strstr(powershell.data, "'--if-exists' = 'rename fail overwrite'"));
    sg_buf_fini(&bash);
    sg_buf_fini(&powershell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options__all_spellings_of_a_value__are_the_same),
        cmocka_unit_test(options__flags_together__are_all_set),
        cmocka_unit_test(options__behind_two_dashes__are_words),
        cmocka_unit_test(options__a_lone_dash__is_a_value_and_a_word),
        cmocka_unit_test(options__repeated__are_kept_in_order_and_the_last_counts),
        cmocka_unit_test(options__an_empty_value__is_a_value),
        cmocka_unit_test(options__mistakes__say_which_help_to_read),
        cmocka_unit_test(options__help__needs_no_words),
        cmocka_unit_test(options__no_memory__is_said),
        cmocka_unit_test(table__every_command__is_found_and_takes_help),
        cmocka_unit_test(table__letters_and_names__are_unambiguous),
        cmocka_unit_test(help__every_command__has_its_options_and_fits),
        cmocka_unit_test(help__overview__names_every_command),
        cmocka_unit_test(completion__both_shells__know_options_and_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
