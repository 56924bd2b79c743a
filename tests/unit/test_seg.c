/* The library's public face, on real sockets and real files. */
#include "seg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/path.h"
#include "tests/contract/contract.h"
#include "tests/unit/http_peer.h"
#include "tests/unit/net_replies.h"

enum { FILE_SIZE = 3000000, DEADLINE_MS = 20000 };

struct bench {
    struct http_peer *peer;
    struct seg_engine *engine;
    char *folder;
};

/* Serves ranges, a little at a time. */
static void serve_paced(struct http_conn *conn, const struct http_request *request)
{
    uint64_t end = request->last < FILE_SIZE ? request->last + 1 : FILE_SIZE;
    http_printf(conn,
                "HTTP/1.1 206 Partial Content\r\nContent-Length: %llu\r\n"
                "Content-Range: bytes %llu-%llu/%d\r\n\r\n",
                (unsigned long long)(end - request->first), (unsigned long long)request->first,
                (unsigned long long)(end - 1), (int)FILE_SIZE);
    for (uint64_t at = request->first, n; at < end; at += n) {
        n = end - at < 1460 ? end - at : 1460;
        http_pace(conn);
        if (!http_send_pattern(conn, at, n))
            return;
    }
}

static void reply(struct http_conn *conn, const struct http_request *request, void *ctx)
{
    if (strcmp(request->target, "/paced") == 0)
        serve_paced(conn, request);
    else
        net_reply(conn, request, ctx);
}

static int set_up(void **state)
{
    struct bench *bench = sg_alloc(sizeof *bench);
    struct seg_error error;
    assert_non_null(bench);
    bench->folder = scratch_create();
    bench->peer = http_peer_start(reply, NULL);
    assert_true(seg_engine_open(NULL, &bench->engine, &error));
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    seg_engine_close(bench->engine);
    http_peer_stop(bench->peer);
    scratch_remove(bench->folder);
    sg_free(bench);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

/* Starts the download of `target`; fails the test when it cannot. */
static struct seg_download *start(struct bench *bench, const char *target,
                                  const struct seg_options *options)
{
    struct seg_download *download;
    struct seg_error error = { 0 };
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", http_peer_port(bench->peer), target);
    if (!seg_start(bench->engine, url, bench->folder, options, &download, &error))
        fail_msg("%s: %s", error.code, error.message);
    return download;
}

static void check_content(const char *path, size_t size)
{
    char *data = sg_alloc(size + 1);
    FILE *file = fopen(path, "rb");
    assert_non_null(data);
    assert_non_null(file);
    assert_int_equal(fread(data, 1, size + 1, file), size);
    fclose(file);
    assert_true(http_is_pattern(data, size, 0));
    sg_free(data);
}

static void download__waited_for__is_the_servers_file(void **state)
{
    struct bench *bench = *state;
    struct seg_download *download = start(bench, "/file/3000000", NULL);
    struct seg_progress progress;
    const char *path;
    assert_true(seg_wait(download, DEADLINE_MS));
    seg_progress(download, &progress);
    assert_int_equal(progress.state, SEG_DONE);
    assert_int_equal(progress.bytes, FILE_SIZE);
    assert_int_equal(progress.total, FILE_SIZE);
    assert_true(progress.seconds > 0 && progress.seconds < DEADLINE_MS / 1000.0);
    assert_true(seg_result(download, &path, NULL));
    check_content(path, FILE_SIZE);
    seg_release(download);
}

static void count_finished(void *context, struct seg_download *download)
{
    assert_true(seg_result(download, NULL, NULL));
    atomic_fetch_add((atomic_int *)context, 1);
}

static void download__with_a_callback__calls_it_once(void **state)
{
    atomic_int n_finished = 0;
    struct seg_options options = { .finished = count_finished, .context = &n_finished };
    struct seg_download *download = start(*state, "/file/1000", &options);
    assert_true(seg_wait(download, DEADLINE_MS));
    seg_release(download);
    struct bench *bench = *state;
    seg_engine_close(bench->engine); /* after it no callback can come */
    bench->engine = NULL;
    assert_int_equal(n_finished, 1);
}

static void download__still_running__has_no_result(void **state)
{
    struct seg_download *download = start(*state, "/silence/1000", NULL);
    struct seg_error error;
    assert_false(seg_wait(download, 0));
    assert_false(seg_result(download, NULL, &error));
    assert_string_equal(error.code, "wrong_state");
    seg_cancel(download);
    assert_true(seg_wait(download, DEADLINE_MS));
    seg_release(download);
}

static void download__cancelled__stops_and_leaves_no_file(void **state)
{
    struct bench *bench = *state;
    struct seg_download *download = start(bench, "/trickle/3000000", NULL);
    struct seg_progress progress = { 0 };
    struct seg_error error;
    while (progress.bytes == 0 && !seg_wait(download, 10))
        seg_progress(download, &progress);
    seg_cancel(download);
    assert_true(seg_wait(download, DEADLINE_MS));
    seg_progress(download, &progress);
    assert_int_equal(progress.state, SEG_STOPPED);
    assert_false(seg_result(download, NULL, &error));
    assert_string_equal(error.code, "cancelled");
    seg_release(download);
}

static void download__refused_by_the_server__tells_why(void **state)
{
    struct seg_download *download = start(*state, "/status/404", NULL);
    struct seg_error error;
    assert_true(seg_wait(download, DEADLINE_MS));
    assert_false(seg_result(download, NULL, &error));
    assert_string_equal(error.code, "http_error");
    assert_non_null(strstr(error.message, "404"));
    seg_release(download);
}

static void start__with_bad_input__says_what_is_wrong(void **state)
{
    struct bench *bench = *state;
    static const struct {
        const char *url;
        const char *folder;
        struct seg_options options;
        const char *code;
    } rows[] = {
        { "nonsense", NULL, { 0 }, "invalid" },
        { "ftp://host/file", NULL, { 0 }, "unsupported_scheme" },
        { "http://host/file", "missing-folder", { 0 }, "no_such_folder" },
        { "http://host/file", NULL, { .name = "a/b" }, "invalid" },
        { "http://host/file", NULL, { .checksum = "sha256:12" }, "invalid" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seg_download *download;
        struct seg_error error = { 0 };
        const char *folder = rows[i].folder != NULL ? rows[i].folder : bench->folder;
        assert_false(
            seg_start(bench->engine, rows[i].url, folder, &rows[i].options, &download, &error));
        assert_string_equal(error.code, rows[i].code);
        assert_true(error.message[0] != '\0');
    }
}

static void twenty_downloads__at_once__all_arrive(void **state)
{
    struct seg_download *downloads[20];
    for (size_t i = 0; i < 20; i++)
        downloads[i] = start(*state, "/file/300000", NULL);
    for (size_t i = 0; i < 20; i++) {
        const char *path;
        assert_true(seg_wait(downloads[i], DEADLINE_MS));
        assert_true(seg_result(downloads[i], &path, NULL));
        check_content(path, 300000);
        seg_release(downloads[i]);
    }
}

static void close__with_a_download_running__ends_its_wait(void **state)
{
    struct bench *bench = *state;
    struct seg_download *download = start(bench, "/silence/1000", NULL);
    struct seg_error error;
    seg_engine_close(bench->engine);
    bench->engine = NULL;
    assert_true(seg_wait(download, 0));
    assert_false(seg_result(download, NULL, &error));
    assert_string_equal(error.code, "closed");
    seg_release(download);
}

/* A data folder that stays: the second engine goes on where the first one was closed. */
static void download__with_a_key__goes_on_in_the_next_engine(void **state)
{
    struct bench *bench = *state;
    struct seg_engine *first = bench->engine;
    struct seg_engine_options options = { .data_folder = scratch_path(bench->folder, "data") };
    struct seg_options named = { .key = "mine" };
    struct seg_progress progress = { 0 };
    const char *path;
    assert_true(seg_engine_open(&options, &bench->engine, NULL));
    struct seg_download *download = start(bench, "/paced", &named);
    while (progress.bytes < 200000 && !seg_wait(download, 10))
        seg_progress(download, &progress);
    seg_release(download);
    seg_engine_close(bench->engine);

    assert_true(seg_engine_open(&options, &bench->engine, NULL));
    download = start(bench, "/paced", &named);
    seg_progress(download, &progress);
    assert_true(progress.bytes >= 200000);
    assert_true(seg_wait(download, DEADLINE_MS));
    assert_true(seg_result(download, &path, NULL));
    check_content(path, FILE_SIZE);
    seg_release(download);
    seg_engine_close(bench->engine);
    bench->engine = first;
    sg_free((char *)(uintptr_t)options.data_folder);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(download__waited_for__is_the_servers_file),
        CASE(download__with_a_callback__calls_it_once),
        CASE(download__still_running__has_no_result),
        CASE(download__cancelled__stops_and_leaves_no_file),
        CASE(download__refused_by_the_server__tells_why),
        CASE(start__with_bad_input__says_what_is_wrong),
        CASE(twenty_downloads__at_once__all_arrive),
        CASE(close__with_a_download_running__ends_its_wait),
        CASE(download__with_a_key__goes_on_in_the_next_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
