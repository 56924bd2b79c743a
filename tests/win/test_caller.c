/* Who calls, and acting for him, over real pipes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ipc/win/sid.h"
#include "os/win/handle.h"
#include "os/win/win.h"
#include "tests/unit/talk_daemon.h"

static bool is_somebody_else(void)
{
    HANDLE token;
    if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token))
        return false;
    handle_close(token);
    return true;
}

/* Connects, and gives who the server says that is. */
static const struct pipe_caller *call_in(struct talk *talk, struct daemon *daemon)
{
    talk_open(talk, &daemon->stage);
    talk_expect(talk, REQUEST(1, "events.subscribe"), RESULT(1));
    return session_caller(daemon->subscriber);
}

static void caller__of_own_process__is_own_user(void **state)
{
    struct talk talk;
    char *own;
    const struct pipe_caller *caller = call_in(&talk, *state);
    BOOL is_administrator;
    SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;
    PSID administrators;
    assert_int_equal(sid_of_process(&own, NULL), SG_OK);
    assert_string_equal(caller->sid, own);
    assert_true(AllocateAndInitializeSid(&nt, 2, SECURITY_BUILTIN_DOMAIN_RID,
                                         DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0,
                                         &administrators));
    assert_true(CheckTokenMembership(NULL, administrators, &is_administrator));
    assert_int_equal(caller->is_administrator, is_administrator != FALSE);
    FreeSid(administrators);
    sg_free(own);
    assert_false(is_somebody_else());
    talk_close(&talk);
}

static void right__becomes_caller__until_it_is_reverted(void **state)
{
    struct talk talk;
    const struct pipe_caller *caller = call_in(&talk, *state);
    assert_non_null(caller->right);
    assert_int_equal(identity_become(caller->right, NULL), SG_OK);
    assert_true(is_somebody_else());
    identity_revert();
    assert_false(is_somebody_else());
    talk_close(&talk);
}

static void right__reference__outlives_connection(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    struct identity *right = identity_ref(call_in(&talk, daemon)->right);
    assert_non_null(right);
    talk_close(&talk);
    stage_wait_sessions(&daemon->stage, 0);
    assert_int_equal(identity_become(right, NULL), SG_OK);
    assert_true(is_somebody_else());
    identity_revert();
    identity_unref(right);
}

static void right__none__acts_for_nobody(void **state)
{
    (void)state;
    struct sg_err err = { 0 };
    assert_null(identity_ref(NULL));
    assert_int_equal(identity_become(NULL, &err), SG_E_DENIED);
    assert_false(is_somebody_else());
    identity_unref(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, daemon_open, daemon_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(caller__of_own_process__is_own_user),
        TEST(right__becomes_caller__until_it_is_reverted),
        TEST(right__reference__outlives_connection),
        TEST(right__none__acts_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
