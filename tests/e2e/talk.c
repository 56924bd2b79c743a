/* Sends standard input to a pipe as it is, and prints what comes back until the number of lines
 * given was seen or the pipe is closed: for tests of what a well-behaved client never sends. With a
 * third argument it first opens that many other connections, which it holds and never uses.
 *
 *     talk PIPE LINES [IDLE]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/dial.h"

enum { TIMEOUT_MS = 20000, IDLE_MAX = 256 };

static int fail(const struct sg_err *err)
{
    fprintf(stderr, "talk: %s (%s)\n", sg_err_text(err), sg_status_word(err->status));
    return 1;
}

static enum sg_status send_all(struct dial *dial, struct sg_err *err)
{
    static char chunk[65536];
    enum sg_status status = SG_OK;
    size_t n;
    while (status == SG_OK && (n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        status = dial_write(dial, chunk, (uint32_t)n, err);
    return status == SG_E_CLOSED ? SG_OK : status; /* it may have said why */
}

static enum sg_status print_lines(struct dial *dial, long lines, struct sg_err *err)
{
    char chunk[4096];
    uint32_t n;
    while (lines > 0) {
        enum sg_status status = dial_read(dial, chunk, sizeof chunk, TIMEOUT_MS, &n, err);
        if (status != SG_OK)
            return status == SG_E_CLOSED ? SG_OK : status;
        fwrite(chunk, 1, n, stdout);
        for (uint32_t i = 0; i < n; i++)
            lines -= chunk[i] == '\n';
    }
    return SG_OK;
}

static enum sg_status converse(const char *pipe, long lines, struct sg_err *err)
{
    struct dial *dial;
    enum sg_status status = dial_open(pipe, TIMEOUT_MS, &dial, err);
    if (status != SG_OK)
        return status;
    status = send_all(dial, err);
    if (status == SG_OK)
        status = print_lines(dial, lines, err);
    dial_close(dial);
    return status;
}

int main(int argc, char **argv)
{
    struct sg_err err = { 0 };
    struct dial *idle[IDLE_MAX];
    long n_wanted = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    long n_idle = 0;
    enum sg_status status = SG_OK;
    if (argc < 3 || argc > 4 || n_wanted < 0 || n_wanted > IDLE_MAX) {
        fprintf(stderr, "usage: talk PIPE LINES [IDLE]\n");
        return 2;
    }
    while (n_idle < n_wanted && status == SG_OK) {
        status = dial_open(argv[1], TIMEOUT_MS, &idle[n_idle], &err);
        n_idle += status == SG_OK;
    }
    if (status == SG_OK)
        status = converse(argv[1], strtol(argv[2], NULL, 10), &err);
    while (n_idle > 0)
        dial_close(idle[--n_idle]);
    return status == SG_OK ? 0 : fail(&err);
}
