/* Asks a daemon a small question for each line that it reads, and prints a line when the answer is
 * there: how quick the control channel is while downloads run.
 *
 *     ask PIPE
 */
#include <stdio.h>
#include <string.h>

#include "ipc/dial.h"

enum { TIMEOUT_MS = 20000 };

static const char question[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.list\",\"params\":{\"limit\":1}}\n";

static enum sg_status read_line(struct dial *dial, struct sg_err *err)
{
    char chunk[4096];
    uint32_t n = 0;
    do {
        enum sg_status status = dial_read(dial, chunk, sizeof chunk, TIMEOUT_MS, &n, err);
        if (status != SG_OK)
            return status;
    } while (memchr(chunk, '\n', n) == NULL);
    return SG_OK;
}

static enum sg_status ask(struct dial *dial, struct sg_err *err)
{
    enum sg_status status = dial_write(dial, question, sizeof question - 1, err);
    if (status == SG_OK)
        status = read_line(dial, err);
    if (status == SG_OK)
        puts("answered");
    fflush(stdout);
    return status;
}

int main(int argc, char **argv)
{
    char line[16];
    struct sg_err err = { 0 };
    struct dial *dial = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: ask PIPE\n");
        return 2;
    }
    enum sg_status status = dial_open(argv[1], TIMEOUT_MS, &dial, &err);
    while (status == SG_OK && fgets(line, sizeof line, stdin) != NULL)
        status = ask(dial, &err);
    dial_close(dial);
    if (status != SG_OK)
        fprintf(stderr, "ask: %s (%s)\n", sg_err_text(&err), sg_status_word(status));
    return status == SG_OK ? 0 : 1;
}
