/* Messages: what is one, what is not and why, and that what is written can be read. */
#include "ipc/wire/rpc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

static enum sg_status status_of(const char *text, size_t length)
{
    struct rpc_message message;
    struct sg_err err = { 0 };
    enum sg_status status = rpc_parse(text, length, &message, &err);
    assert_int_equal(err.status, status);
    rpc_message_fini(&message);
    return status;
}

static void expect_status(const char *text, enum sg_status expected)
{
    enum sg_status status = status_of(text, strlen(text));
    if (status != expected)
        print_error("%s\n", text);
    assert_string_equal(sg_status_word(status), sg_status_word(expected));
}

#define CALL "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\""

static const char *const good[] = {
    CALL "}",
    CALL ",\"params\":{}}",
    CALL ",\"params\":null}",
    " \t\r\n" CALL
    " , \"params\" : { \"a\" : [ 1 , true , false , null , \"\" , { } , [ ] ] } }\r\n ",
    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"m\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":-1.5e2,\"method\":\"m\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":9007199254740992,\"method\":\"m\"}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"event.job\",\"params\":{\"job\":1}}",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}",
    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-1,\"message\":\"\"}}",
    CALL ",\"params\":{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00[[[{{{\"}}",
    CALL ",\"params\":{\"a\":0,\"A\":-0,\"b\":0.5,\"c\":1e5,\"d\":1E-5,\"e\":-1.25e+10}}",
    CALL ",\"params\":{\"a\":\"\xC3\xA9\xF0\x9F\x98\x80\"}}",
    CALL ",\"params\":{\"a\":"
         "0.1234567890123456789012345678901234567890123456789012345678901}}",
};

static const char *const not_json[] = {
    "",
    " ",
    "\xEF\xBB\xBF" CALL "}",
    "{",
    "}",
    CALL,
    CALL "}}",
    CALL "} x",
    CALL "}{}",
    CALL ",}",
    CALL ",\"params\":{\"a\":}}",
    CALL ",\"params\":{\"a\" 1}}",
    CALL ",\"params\":{\"a\":1,}}",
    CALL ",\"params\":{,}}",
    CALL ",\"params\":{a:1}}",
    CALL ",\"params\":{\"a\":[1,]}}",
    CALL ",\"params\":{\"a\":[1 2]}}",
    CALL ",\"params\":{\"a\":[1}}",
    CALL ",\"params\":{\"a\":01}}",
    CALL ",\"params\":{\"a\":1.}}",
    CALL ",\"params\":{\"a\":.5}}",
    CALL ",\"params\":{\"a\":+1}}",
    CALL ",\"params\":{\"a\":-}}",
    CALL ",\"params\":{\"a\":1e}}",
    CALL ",\"params\":{\"a\":1e+}}",
    CALL ",\"params\":{\"a\":0x10}}",
    CALL ",\"params\":{\"a\":NaN}}",
    CALL ",\"params\":{\"a\":Infinity}}",
    CALL ",\"params\":{\"a\":tru}}",
    CALL ",\"params\":{\"a\":True}}",
    CALL ",\"params\":{\"a\":'x'}}",
    CALL ",\"params\":{\"a\":\"x}}",
    CALL ",\"params\":{\"a\":\"\\x\"}}",
    CALL ",\"params\":{\"a\":\"\\u12\"}}",
    CALL ",\"params\":{\"a\":\"\\u12g4\"}}",
    CALL ",\"params\":{\"a\":\"\\u0000\"}}",
    CALL ",\"params\":{\"a\":\"\\uD800\"}}",
    CALL ",\"params\":{\"a\":\"\\uD800\\u0041\"}}",
    CALL ",\"params\":{\"a\":\"\\uDC00\"}}",
    CALL ",\"params\":{\"a\":\"\t\"}}",
    CALL ",\"params\":{\"a\":\"\x01\"}}",
    CALL ",\x01\"params\":{}}",
    CALL ",\"params\":{\"a\":\"\xC3\"}}",
    CALL ",\"params\":{\"a\":\"\xC0\x80\"}}",
    CALL ",\"params\":{\"a\":\"\xED\xA0\x80\"}}",
    CALL ",\"params\":{} /* comment */}",
    CALL ",\"params\":{\"a\":"
         "0.12345678901234567890123456789012345678901234567890123456789012}}",
};

static const char *const not_a_message[] = {
    "1",
    "\"text\"",
    "null",
    "[]",
    "[" CALL "}]",
    "{}",
    "{\"id\":1,\"method\":\"m\"}",
    "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"m\"}",
    "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"m\"}",
    "{\"JSONRPC\":\"2.0\",\"id\":1,\"method\":\"m\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}",
    "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"m\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"m\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":9007199254740994,\"method\":\"m\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":1e999,\"method\":\"m\"}",
    CALL ",\"params\":[]}",
    CALL ",\"params\":1}",
    CALL ",\"param\":{}}",
    CALL ",\"id\":1}",
    CALL ",\"id\":2}",
    CALL ",\"method\":\"n\"}",
    CALL ",\"params\":{\"a\":1,\"b\":2,\"a\":1}}",
    CALL ",\"params\":{\"a\":1,\"\\u0061\":2}}",
    CALL ",\"params\":{\"x\":[{\"a\":1,\"a\":1}]}}",
    CALL ",\"params\":{\"a\":1e999}}",
    CALL ",\"params\":{\"a\":[-1e999]}}",
    CALL ",\"params\":{\"a\":1.7976931348623157e308}}",
    CALL ",\"result\":{}}",
    CALL ",\"error\":{\"code\":1,\"message\":\"\"}}",
    "{\"jsonrpc\":\"2.0\",\"id\":1}",
    "{\"jsonrpc\":\"2.0\",\"result\":{}}",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{\"code\":1,\"message\":\"\"}}",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":\"x\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":\"x\",\"message\":\"\"}}",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"params\":{}}",
};

static void rpc__good_messages__are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect_status(good[i], SG_OK);
}

static void rpc__text_that_is_not_json__is_parse_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof not_json / sizeof not_json[0]; i++)
        expect_status(not_json[i], SG_E_PARSE);
}

static void rpc__json_that_is_no_message__is_invalid_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof not_a_message / sizeof not_a_message[0]; i++)
        expect_status(not_a_message[i], SG_E_REQUEST);
}

static void rpc__every_beginning_of_message__is_parse_error(void **state)
{
    (void)state;
    static const char text[] = CALL ",\"params\":{\"a\":[1.5e3,\"\\uD83D\\uDE00\",true,null]}}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        char *cut = sg_strndup(text, length); /* so that reading behind the end is noticed */
        assert_int_equal(status_of(cut, length), SG_E_PARSE);
        sg_free(cut);
    }
    assert_int_equal(status_of(text, sizeof text - 1), SG_OK);
}

static void rpc__nul_inside_line__is_parse_error(void **state)
{
    (void)state;
    static const char text[] = CALL "}\0{}";
    assert_int_equal(status_of(text, sizeof text - 1), SG_E_PARSE);
}

/* A call nested `depth` levels deep, counting its own braces. */
static enum sg_status status_of_depth(unsigned depth, char open, char close)
{
    struct sg_buf text = { 0 };
    sg_buf_puts(&text, CALL ",\"params\":{\"a\":");
    for (unsigned i = 2; i < depth; i++) {
        sg_buf_putc(&text, open);
        if (open == '{' && i + 1 < depth)
            sg_buf_puts(&text, "\"a\":");
    }
    if (depth == 2)
        sg_buf_putc(&text, '1');
    for (unsigned i = 2; i < depth; i++)
        sg_buf_putc(&text, close);
    sg_buf_puts(&text, "}}");
    enum sg_status status = status_of(text.data, text.length);
    sg_buf_fini(&text);
    return status;
}

static void rpc__depth_of_32__is_read_and_33_is_refused(void **state)
{
    (void)state;
    assert_int_equal(status_of_depth(2, '[', ']'), SG_OK);
    assert_int_equal(status_of_depth(RPC_DEPTH_MAX, '[', ']'), SG_OK);
    assert_int_equal(status_of_depth(RPC_DEPTH_MAX, '{', '}'), SG_OK);
    assert_int_equal(status_of_depth(RPC_DEPTH_MAX + 1, '[', ']'), SG_E_PARSE);
    assert_int_equal(status_of_depth(RPC_DEPTH_MAX + 1, '{', '}'), SG_E_PARSE);
    assert_int_equal(status_of_depth(500000, '[', ']'), SG_E_PARSE);
}

static void rpc__many_siblings__are_not_depth(void **state)
{
    (void)state;
    struct sg_buf text = { 0 };
    sg_buf_puts(&text, CALL ",\"params\":{\"a\":[[]");
    for (int i = 0; i < 1000; i++)
        sg_buf_puts(&text, ",[],{}");
    sg_buf_puts(&text, "]}}");
    assert_int_equal(status_of(text.data, text.length), SG_OK);
    sg_buf_fini(&text);
}

static enum sg_status status_of_members(int n_members)
{
    struct sg_buf text = { 0 };
    sg_buf_puts(&text, CALL ",\"params\":{\"m\":0");
    for (int i = 1; i < n_members; i++)
        sg_buf_printf(&text, ",\"m%d\":%d", i, i);
    sg_buf_puts(&text, "}}");
    enum sg_status status = status_of(text.data, text.length);
    sg_buf_fini(&text);
    return status;
}

static void rpc__more_than_64_members__are_refused(void **state)
{
    (void)state;
    assert_int_equal(status_of_members(64), SG_OK);
    assert_int_equal(status_of_members(65), SG_E_REQUEST);
    assert_int_equal(status_of_members(100000), SG_E_REQUEST);
}

static void rpc__request__has_method_id_and_params(void **state)
{
    (void)state;
    struct rpc_message message;
    const char *text = CALL ",\"params\":{\"a\":\"\\u00e9\"}}";
    assert_int_equal(rpc_parse(text, strlen(text), &message, NULL), SG_OK);
    assert_string_equal(message.method, "m");
    assert_true(message.id->valuedouble == 1.0);
    assert_string_equal(message.params->child->valuestring, "\xC3\xA9");
    assert_null(message.result);
    assert_null(message.error);
    rpc_message_fini(&message);
    assert_null(message.root);
}

static void rpc__invalid_request__still_tells_its_id(void **state)
{
    (void)state;
    struct rpc_message message;
    const char *text = "{\"jsonrpc\":\"2.0\",\"id\":\"q7\",\"method\":5}";
    assert_int_equal(rpc_parse(text, strlen(text), &message, NULL), SG_E_REQUEST);
    assert_string_equal(message.id->valuestring, "q7");
    rpc_message_fini(&message);
}

static void rpc__long_id__is_refused_without_id(void **state)
{
    (void)state;
    struct sg_buf text = { 0 };
    struct rpc_message message;
    sg_buf_printf(&text, "{\"jsonrpc\":\"2.0\",\"id\":\"%0257d\",\"method\":\"m\"}", 0);
    assert_int_equal(rpc_parse(text.data, text.length, &message, NULL), SG_E_REQUEST);
    assert_null(message.id);
    rpc_message_fini(&message);
    sg_buf_fini(&text);
}

static void expect_line(char *line, const char *expected)
{
    assert_non_null(line);
    assert_string_equal(line, expected);
    sg_free(line);
}

static void rpc__lines__are_written_as_specified(void **state)
{
    (void)state;
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "a", "\"\n\xC3\xA9");
    expect_line(rpc_request(7, "job.get", params),
                "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"job.get\",\"params\":{\"a\":\"\\\"\\n"
                "\xC3\xA9\"}}\n");
    expect_line(rpc_request(9007199254740991.0, "m", NULL),
                "{\"jsonrpc\":\"2.0\",\"id\":9007199254740991,\"method\":\"m\"}\n");
    expect_line(rpc_notification("event.job", cJSON_CreateObject()),
                "{\"jsonrpc\":\"2.0\",\"method\":\"event.job\",\"params\":{}}\n");
    expect_line(rpc_response(NULL, NULL), "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}\n");
    cJSON *id = cJSON_CreateString("x\"");
    expect_line(rpc_response(id, cJSON_CreateArray()),
                "{\"jsonrpc\":\"2.0\",\"id\":\"x\\\"\",\"result\":[]}\n");
    cJSON_Delete(id);
}

static void expect_round_trip(enum sg_status status)
{
    struct sg_err sent = { 0 };
    struct sg_err received = { 0 };
    struct rpc_message message;
    sg_err_set(&sent, status, "said \"%s\"\tby \xC3\xA9", sg_status_word(status));
    char *line = rpc_failure(NULL, &sent);
    assert_non_null(line);
    assert_int_equal(rpc_parse(line, strlen(line), &message, NULL), SG_OK);
    rpc_error_read(message.error, &received);
    assert_int_equal(received.status, status);
    assert_string_equal(received.message, sent.message);
    rpc_message_fini(&message);
    sg_free(line);
}

static void expect_id_returned(const char *id)
{
    struct sg_buf request = { 0 };
    struct sg_buf response = { 0 };
    struct rpc_message message;
    sg_buf_printf(&request, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"m\"}", id);
    sg_buf_printf(&response, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}\n", id);
    assert_int_equal(rpc_parse(request.data, request.length, &message, NULL), SG_OK);
    expect_line(rpc_response(message.id, NULL), response.data);
    rpc_message_fini(&message);
    sg_buf_fini(&request);
    sg_buf_fini(&response);
}

static void rpc__ids__come_back_as_they_were(void **state)
{
    (void)state;
    const char *ids[] = { "0",    "-1",   "1.5",          "123456789012345",  "9007199254740991",
                          "null", "\"\"", "\"\xC3\xA9\"", "-9007199254740992" };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        expect_id_returned(ids[i]);
}

static void rpc__every_error__survives_the_trip(void **state)
{
    (void)state;
    for (int status = SG_PENDING + 1; status < SG_STATUS_COUNT; status++)
        expect_round_trip((enum sg_status)status);
}

static void expect_failure(enum sg_status status, const char *expected)
{
    struct sg_err err = { 0 };
    sg_err_set(&err, status, "x");
    expect_line(rpc_failure(NULL, &err), expected);
}

#define FAILURE(code, word)                                                            \
    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":" code ",\"message\":\"x\"," \
    "\"data\":{\"code\":\"" word "\"}}}\n"

static void rpc__errors__have_numbers_of_specification(void **state)
{
    (void)state;
    expect_failure(SG_E_PARSE, FAILURE("-32700", "parse_error"));
    expect_failure(SG_E_REQUEST, FAILURE("-32600", "invalid_request"));
    expect_failure(SG_E_METHOD, FAILURE("-32601", "unknown_method"));
    expect_failure(SG_E_INVALID, FAILURE("-32602", "invalid"));
    expect_failure(SG_E_NOT_FOUND, FAILURE("-32000", "not_found"));
}

static enum sg_status status_read_from(const char *error_text)
{
    struct sg_err err = { 0 };
    cJSON *error = cJSON_Parse(error_text);
    assert_non_null(error);
    rpc_error_read(error, &err);
    cJSON_Delete(error);
    assert_true(strlen(sg_err_text(&err)) > 0);
    return err.status;
}

static void rpc__error_with_unknown_word__is_system_error(void **state)
{
    (void)state;
    assert_int_equal(status_read_from("{\"data\":{\"code\":\"denied\"}}"), SG_E_DENIED);
    assert_int_equal(status_read_from("{\"data\":{\"code\":\"of_the_future\"}}"), SG_E_SYSTEM);
    assert_int_equal(status_read_from("{\"data\":{\"code\":\"ok\"}}"), SG_E_SYSTEM);
    assert_int_equal(status_read_from("{\"data\":{\"code\":\"pending\"}}"), SG_E_SYSTEM);
    assert_int_equal(status_read_from("{\"data\":{\"code\":5}}"), SG_E_SYSTEM);
    assert_int_equal(status_read_from("{\"data\":7,\"message\":\"\"}"), SG_E_SYSTEM);
    assert_int_equal(status_read_from("{}"), SG_E_SYSTEM);
}

static void parse_with_failing_memory(uint64_t n_allocations)
{
    struct rpc_message message;
    const char *text = CALL ",\"params\":{\"a\":[1,\"two\",{\"b\":null}]}}";
    sg_mem_fail_after(n_allocations);
    enum sg_status status = rpc_parse(text, strlen(text), &message, NULL);
    sg_mem_fail_after(UINT64_MAX);
    assert_true(status == SG_OK || status == SG_E_NOMEM);
    rpc_message_fini(&message);
}

static void print_with_failing_memory(uint64_t n_allocations)
{
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_DENIED, "no");
    cJSON *params = cJSON_CreateObject();
    cJSON *result = cJSON_CreateObject();
    cJSON *id = cJSON_CreateString("id");
    sg_mem_fail_after(n_allocations);
    char *lines[] = { rpc_request(1, "m", params), rpc_response(id, result), rpc_failure(id, &err),
                      rpc_notification("m", NULL) };
    sg_mem_fail_after(UINT64_MAX);
    cJSON_Delete(id);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (lines[i] != NULL)
            assert_int_equal(lines[i][strlen(lines[i]) - 1], '\n');
        sg_free(lines[i]);
    }
}

static void rpc__memory_runs_out_anywhere__leaks_nothing(void **state)
{
    (void)state;
    int64_t live = sg_mem_live();
    for (uint64_t n = 0; n < 60; n++) {
        parse_with_failing_memory(n);
        print_with_failing_memory(n);
        assert_int_equal(sg_mem_live(), live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rpc__good_messages__are_read),
        cmocka_unit_test(rpc__text_that_is_not_json__is_parse_error),
        cmocka_unit_test(rpc__json_that_is_no_message__is_invalid_request),
        cmocka_unit_test(rpc__every_beginning_of_message__is_parse_error),
        cmocka_unit_test(rpc__nul_inside_line__is_parse_error),
        cmocka_unit_test(rpc__depth_of_32__is_read_and_33_is_refused),
        cmocka_unit_test(rpc__many_siblings__are_not_depth),
        cmocka_unit_test(rpc__more_than_64_members__are_refused),
        cmocka_unit_test(rpc__request__has_method_id_and_params),
        cmocka_unit_test(rpc__invalid_request__still_tells_its_id),
        cmocka_unit_test(rpc__long_id__is_refused_without_id),
        cmocka_unit_test(rpc__lines__are_written_as_specified),
        cmocka_unit_test(rpc__ids__come_back_as_they_were),
        cmocka_unit_test(rpc__every_error__survives_the_trip),
        cmocka_unit_test(rpc__errors__have_numbers_of_specification),
        cmocka_unit_test(rpc__error_with_unknown_word__is_system_error),
        cmocka_unit_test(rpc__memory_runs_out_anywhere__leaks_nothing),
    };
    rpc_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
