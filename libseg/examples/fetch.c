/* The smallest program on libseg: fetches one URL into a folder and shows how far it is.
 *
 *     fetch URL FOLDER
 */
#include <stdio.h>

#include "seg.h"

static int fail(const struct seg_error *error)
{
    fprintf(stderr, "fetch: %s (%s)\n", error->message, error->code);
    return 1;
}

static void show(const struct seg_download *download)
{
    struct seg_progress now;
    seg_progress(download, &now);
    printf("\r%12llu of %lld bytes, %u connections, %.1f MiB/s ", (unsigned long long)now.bytes,
           (long long)now.total, now.connections, (double)now.rate / (1024 * 1024));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct seg_engine *engine;
    struct seg_download *download;
    struct seg_error error;
    const char *path;
    if (argc != 3) {
        fprintf(stderr, "usage: fetch URL FOLDER\n");
        return 2;
    }
    if (!seg_engine_open(NULL, &engine, &error))
        return fail(&error);
    if (!seg_start(engine, argv[1], argv[2], NULL, &download, &error)) {
        seg_engine_close(engine);
        return fail(&error);
    }
    while (!seg_wait(download, 200))
        show(download);
    show(download);
    printf("\n");

    int code = 0;
    if (seg_result(download, &path, &error))
        printf("%s\n", path);
    else
        code = fail(&error);
    seg_release(download);
    seg_engine_close(engine);
    return code;
}
