/* Completion scripts. Both look up three kinds of words in tables that are written out here: the
 * commands, the options of a command, and the values of an option or a command that has choices. */
#include "cli/completion.h"

#include <string.h>

#include "cli/commands.h"

/* What stands in a shell's word list: the choices, with blanks between. */
static void put_choices(struct sg_buf *out, const char *choices)
{
    while (*choices != '\0') {
        size_t length = strcspn(choices, "|");
        sg_buf_append(out, choices, length);
        choices += length;
        if (*choices == '|') {
            sg_buf_putc(out, ' ');
            choices++;
        }
    }
}

static void put_command_names(struct sg_buf *out)
{
    for (int id = 0; id < COMMAND_COUNT; id++)
        sg_buf_printf(out, "%s%s", id > 0 ? " " : "", command_info((enum command_id)id)->name);
}

static void put_option_names(const struct command *command, struct sg_buf *out)
{
    bool is_first = true;
    for (int id = 0; id < OPTION_COUNT; id++) {
        if (!command_takes(command, (enum option_id)id))
            continue;
        sg_buf_printf(out, "%s--%s", is_first ? "" : " ", option_info((enum option_id)id)->name);
        is_first = false;
    }
}

/* The words that may follow a command: its choices; after help, the commands. */
static void put_words(enum command_id id, struct sg_buf *out)
{
    const struct command *command = command_info(id);
    if (id == COMMAND_HELP)
        put_command_names(out);
    else if (command->choices != NULL)
        put_choices(out, command->choices);
}

/* A table "name) words=...;;" of a case statement, or "'name' = '...'" of a PowerShell hash. */
struct style {
    const char *before_name;
    const char *before_words;
    const char *after_words;
};

static const struct style bash_options = { "        ", ") options='", "' ;;\n" };
static const struct style bash_words = { "        ", ") words='", "' ;;\n" };
static const struct style bash_values = { "        --", ") values='", "' ;;\n" };
static const struct style shell_row = { "        '", "' = '", "'\n" };
static const struct style shell_value_row = { "        '--", "' = '", "'\n" };

static void put_options_table(const struct style *style, struct sg_buf *out)
{
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = command_info((enum command_id)id);
        sg_buf_printf(out, "%s%s%s", style->before_name, command->name, style->before_words);
        put_option_names(command, out);
        sg_buf_puts(out, style->after_words);
    }
}

static void put_words_table(const struct style *style, struct sg_buf *out)
{
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = command_info((enum command_id)id);
        if (command->choices == NULL && id != COMMAND_HELP)
            continue;
        sg_buf_printf(out, "%s%s%s", style->before_name, command->name, style->before_words);
        put_words((enum command_id)id, out);
        sg_buf_puts(out, style->after_words);
    }
}

static void put_values_table(const struct style *style, struct sg_buf *out)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option *option = option_info((enum option_id)id);
        if (option->choices == NULL)
            continue;
        sg_buf_printf(out, "%s%s%s", style->before_name, option->name, style->before_words);
        put_choices(out, option->choices);
        sg_buf_puts(out, style->after_words);
    }
}

void completion_put_bash(struct sg_buf *out)
{
    sg_buf_puts(out,
                "# bash completion of seg: source <(seg completion bash)\n"
                "_seg() {\n"
                "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                "    local command=${COMP_WORDS[1]} options= words= values=\n"
                "    COMPREPLY=()\n"
                "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                "        COMPREPLY=($(compgen -W '");
    put_command_names(out);
    sg_buf_puts(out, " --help --version' -- \"$current\"))\n"
                     "        return\n"
                     "    fi\n"
                     "    case $before in\n");
    put_values_table(&bash_values, out);
    sg_buf_puts(out, "    esac\n"
                     "    if [ -n \"$values\" ]; then\n"
                     "        COMPREPLY=($(compgen -W \"$values\" -- \"$current\"))\n"
                     "        return\n"
                     "    fi\n"
                     "    case $command in\n");
    put_options_table(&bash_options, out);
    sg_buf_puts(out, "    esac\n"
                     "    case $command in\n");
    put_words_table(&bash_words, out);
    sg_buf_puts(out, "    esac\n"
                     "    case $current in\n"
                     "        -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")) ;;\n"
                     "        *) COMPREPLY=($(compgen -W \"$words\" -- \"$current\")) ;;\n"
                     "    esac\n"
                     "}\n"
                     "complete -o bashdefault -o default -F _seg seg seg.exe\n");
}

void completion_put_powershell(struct sg_buf *out)
{
    sg_buf_puts(out, "# PowerShell completion of seg:\n"
                     "# seg completion powershell | Out-String | Invoke-Expression\n"
                     "Register-ArgumentCompleter -Native -CommandName seg, seg.exe -ScriptBlock {\n"
                     "    param($word, $ast, $position)\n"
                     "    $commands = '");
    put_command_names(out);
    sg_buf_puts(out, " --help --version'\n"
                     "    $options = @{\n");
    put_options_table(&shell_row, out);
    sg_buf_puts(out, "    }\n"
                     "    $words = @{\n");
    put_words_table(&shell_row, out);
    sg_buf_puts(out, "    }\n"
                     "    $values = @{\n");
    put_values_table(&shell_value_row, out);
    sg_buf_puts(out, "    }\n"
                     "    $before = @($ast.CommandElements | Where-Object {\n"
                     "        $_.Extent.EndOffset -lt $position } | ForEach-Object { \"$_\" })\n"
                     "    if ($before.Count -le 1) { $list = $commands }\n"
                     "    elseif ($values[$before[-1]]) { $list = $values[$before[-1]] }\n"
                     "    elseif ($word -like '-*') { $list = $options[$before[1]] }\n"
                     "    else { $list = $words[$before[1]] }\n"
                     "    \"$list\" -split ' ' | Where-Object { $_ -and $_ -like \"$word*\" } |\n"
                     "        ForEach-Object {\n"
                     "            [System.Management.Automation.CompletionResult]::new($_) }\n"
                     "}\n");
}
