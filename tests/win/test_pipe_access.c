/* Who can get at our pipes, and whom our clients talk to: the access lists are read back from the
 * pipes themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ipc/dial.h"
#include "ipc/pipe.h"
#include "ipc/win/pipe_access.h"
#include "ipc/win/pipe_name.h"
#include "ipc/win/sid.h"
#include "os/digest.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"
#include "tests/unit/talk.h"

#define NETWORK "S-1-5-2"
#define BATCH "S-1-5-3"
#define INTERACTIVE "S-1-5-4"
#define SYSTEM "S-1-5-18"
#define ADMINISTRATORS "S-1-5-32-544"
#define TRUSTED_INSTALLER L"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

/* A pipe that listens. */
struct fixture {
    struct loop *loop;
    struct pipe_listener *listener;
    wchar_t *wide_name;
    char name[128];
    char *own_sid;
    bool is_closed;
};

static void on_accept(void *ctx, struct pipe_conn *conn)
{
    (void)ctx;
    pipe_conn_close(conn, NULL, NULL);
}

static void on_closed(void *ctx)
{
    struct fixture *fixture = ctx;
    fixture->is_closed = true;
}

static int set_up(void **state)
{
    struct fixture *fixture = sg_alloc(sizeof *fixture);
    assert_non_null(fixture);
    talk_make_name(fixture->name, sizeof fixture->name);
    fixture->wide_name = wide_from_utf8(fixture->name);
    assert_non_null(fixture->wide_name);
    assert_int_equal(loop_create(&fixture->loop, NULL), SG_OK);
    assert_int_equal(sid_of_process(&fixture->own_sid, NULL), SG_OK);
    *state = fixture;
    return 0;
}

static void listen_with(struct fixture *fixture, enum pipe_access access)
{
    assert_int_equal(pipe_listen(fixture->loop, fixture->name, access, on_accept, fixture,
                                 &fixture->listener, NULL),
                     SG_OK);
}

static void stop_listening(struct fixture *fixture)
{
    fixture->is_closed = false;
    pipe_listener_close(fixture->listener, on_closed, fixture);
    fixture->listener = NULL;
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    while (!fixture->is_closed) {
        assert_true(dial_now_ms() < deadline_ms);
        loop_turn(fixture->loop, 1000);
    }
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->listener != NULL)
        stop_listening(fixture);
    loop_destroy(fixture->loop);
    sg_free(fixture->own_sid);
    sg_free(fixture->wide_name);
    sg_free(fixture);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static bool is_sid(PSID sid, const char *expected)
{
    char *text;
    assert_int_equal(sid_to_text(sid, &text, NULL), SG_OK);
    bool is_same = strcmp(text, expected) == 0;
    if (!is_same)
        print_message("%s instead of %s\n", text, expected);
    sg_free(text);
    return is_same;
}

/* One entry as it should be. */
struct expected_entry {
    BYTE type;
    const char *sid;
    ACCESS_MASK rights;
};

static void expect_entry(PACL acl, DWORD index, const struct expected_entry *expected)
{
    GENERIC_MAPPING mapping = { FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
                                FILE_ALL_ACCESS };
    void *entry;
    assert_true(GetAce(acl, index, &entry));
    ACCESS_ALLOWED_ACE *ace = entry; /* a denying one is laid out alike */
    ACCESS_MASK rights = ace->Mask;
    MapGenericMask(&rights, &mapping);
    assert_int_equal(ace->Header.AceType, expected->type);
    assert_true(is_sid(&ace->SidStart, expected->sid));
    assert_int_equal(rights, expected->rights);
}

/* Looks at the pipe from a client's end. */
static void expect_access(struct fixture *fixture, const struct expected_entry *entries,
                          DWORD n_entries)
{
    PSID owner;
    PACL acl;
    PSECURITY_DESCRIPTOR descriptor;
    HANDLE pipe = handle_normal(
        CreateFileW(fixture->wide_name, PIPE_CLIENT_RIGHTS, 0, NULL, OPEN_EXISTING, 0, NULL));
    assert_non_null(pipe);
    DWORD error = GetSecurityInfo(pipe, SE_KERNEL_OBJECT,
                                  OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
                                  NULL, &acl, NULL, &descriptor);
    assert_int_equal(error, ERROR_SUCCESS);
    assert_true(is_sid(owner, fixture->own_sid));
    assert_int_equal(acl->AceCount, n_entries);
    for (DWORD i = 0; i < n_entries; i++)
        expect_entry(acl, i, &entries[i]);
    LocalFree(descriptor);
    handle_close(pipe);
}

static void pipe__of_user__lets_in_user_system_and_administrators(void **state)
{
    struct fixture *fixture = *state;
    const struct expected_entry entries[] = {
        { ACCESS_DENIED_ACE_TYPE, NETWORK, FILE_ALL_ACCESS },
        { ACCESS_ALLOWED_ACE_TYPE, fixture->own_sid, FILE_ALL_ACCESS },
        { ACCESS_ALLOWED_ACE_TYPE, SYSTEM, FILE_ALL_ACCESS },
        { ACCESS_ALLOWED_ACE_TYPE, ADMINISTRATORS, FILE_ALL_ACCESS },
    };
    listen_with(fixture, PIPE_ACCESS_OWNER);
    expect_access(fixture, entries, 4);
}

static void pipe__of_service__lets_users_talk_but_not_listen(void **state)
{
    struct fixture *fixture = *state;
    const struct expected_entry entries[] = {
        { ACCESS_DENIED_ACE_TYPE, NETWORK, FILE_ALL_ACCESS },
        { ACCESS_ALLOWED_ACE_TYPE, fixture->own_sid, FILE_ALL_ACCESS },
        { ACCESS_ALLOWED_ACE_TYPE, SYSTEM, FILE_ALL_ACCESS },
        { ACCESS_ALLOWED_ACE_TYPE, ADMINISTRATORS, FILE_ALL_ACCESS },
        { ACCESS_ALLOWED_ACE_TYPE, INTERACTIVE, PIPE_CLIENT_RIGHTS },
        { ACCESS_ALLOWED_ACE_TYPE, BATCH, PIPE_CLIENT_RIGHTS },
    };
    listen_with(fixture, PIPE_ACCESS_LOCAL_USERS);
    expect_access(fixture, entries, 6);
    assert_int_equal(PIPE_CLIENT_RIGHTS, 0x12019b);
    assert_int_equal(PIPE_CLIENT_RIGHTS & FILE_CREATE_PIPE_INSTANCE, 0);
    assert_int_equal(PIPE_CLIENT_RIGHTS & (WRITE_DAC | WRITE_OWNER | DELETE), 0);
}

static HANDLE create_raw_pipe(const struct fixture *fixture, DWORD flags, const wchar_t *sddl)
{
    SECURITY_ATTRIBUTES security = { .nLength = sizeof security };
    if (sddl != NULL)
        assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(
            sddl, SDDL_REVISION_1, &security.lpSecurityDescriptor, NULL));
    HANDLE pipe = handle_normal(
        CreateNamedPipeW(fixture->wide_name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | flags,
                         PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES, 4096, 4096, 0, &security));
    DWORD error = GetLastError();
    LocalFree(security.lpSecurityDescriptor);
    SetLastError(error);
    return pipe;
}

static void pipe__name_taken_before__is_not_shared(void **state)
{
    struct fixture *fixture = *state;
    struct sg_err err = { 0 };
    HANDLE squatter = create_raw_pipe(fixture, 0, NULL);
    assert_non_null(squatter);
    assert_int_equal(pipe_listen(fixture->loop, fixture->name, PIPE_ACCESS_OWNER, on_accept,
                                 fixture, &fixture->listener, &err),
                     SG_E_IN_USE);
    assert_null(fixture->listener);
    handle_close(squatter);
    listen_with(fixture, PIPE_ACCESS_OWNER);
}

static void pipe__name_of_closed_listener__is_free(void **state)
{
    struct fixture *fixture = *state;
    listen_with(fixture, PIPE_ACCESS_OWNER);
    stop_listening(fixture);
    struct dial *dial;
    assert_int_equal(dial_open(fixture->name, 1000, &dial, NULL), SG_E_NO_DAEMON);
    listen_with(fixture, PIPE_ACCESS_LOCAL_USERS);
}

static bool is_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

/* QUIRK(wine-first-instance): see ipc/win/pipe.c. */
static void pipe__first_instance__cannot_be_created_twice(void **state)
{
    struct fixture *fixture = *state;
    listen_with(fixture, PIPE_ACCESS_OWNER);
    HANDLE second = create_raw_pipe(fixture, FILE_FLAG_FIRST_PIPE_INSTANCE, NULL);
    assert_true(second == NULL || is_wine());
    handle_close(second);
}

static void pipe__over_the_network__cannot_be_opened(void **state)
{
    struct fixture *fixture = *state;
    wchar_t path[160] = L"\\\\127.0.0.1\\pipe\\";
    listen_with(fixture, PIPE_ACCESS_LOCAL_USERS);
    const wchar_t *last = wcsrchr(fixture->wide_name, L'\\') + 1;
    memcpy(path + wcslen(path), last, (wcslen(last) + 1) * sizeof *last);
    assert_null(
        handle_normal(CreateFileW(path, PIPE_CLIENT_RIGHTS, 0, NULL, OPEN_EXISTING, 0, NULL)));
}

static void pipe__other_names_than_local_pipes__are_refused(void **state)
{
    struct fixture *fixture = *state;
    const char *names[] = { "",
                            "segue",
                            "C:\\segue.txt",
                            "\\\\.\\C:",
                            "CONOUT$",
                            "\\\\.\\pipe\\",
                            "\\\\server\\pipe\\segue",
                            "\\\\.\\pipe\\..\\C:\\segue.txt",
                            "\\\\.\\pipe\\\xFF" };
    struct dial *dial;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(dial_open(names[i], 1000, &dial, NULL), SG_E_INVALID);
        assert_int_equal(pipe_listen(fixture->loop, names[i], PIPE_ACCESS_OWNER, on_accept, fixture,
                                     &fixture->listener, NULL),
                         SG_E_INVALID);
    }
}

static void pipe__names_of_daemons__are_those_of_protocol(void **state)
{
    struct fixture *fixture = *state;
    char *service;
    char *user;
    assert_int_equal(dial_service_name(&service, NULL), SG_OK);
    assert_int_equal(dial_user_name(&user, NULL), SG_OK);
    assert_string_equal(service, "\\\\.\\pipe\\segue");
    assert_memory_equal(user, "\\\\.\\pipe\\segue-", 15);
    assert_string_equal(user + 15, fixture->own_sid);
    sg_free(service);
    sg_free(user);
}

/* Naming somebody else as the owner takes this privilege, which administrators hold. */
static void enable_restore_privilege(void)
{
    HANDLE token;
    TOKEN_PRIVILEGES wanted = { .PrivilegeCount = 1 };
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token));
    assert_true(LookupPrivilegeValueW(NULL, L"SeRestorePrivilege", &wanted.Privileges[0].Luid));
    assert_true(AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL));
    handle_close(token);
}

static enum sg_status dial_pipe_owned_by(struct fixture *fixture, const wchar_t *sddl)
{
    struct dial *dial = NULL;
    struct sg_err err = { 0 };
    HANDLE pipe = create_raw_pipe(fixture, 0, sddl);
    assert_non_null(pipe);
    enum sg_status status = dial_open(fixture->name, 1000, &dial, &err);
    dial_close(dial);
    handle_close(pipe);
    return status;
}

static void dial__pipe_of_somebody_else__is_not_talked_to(void **state)
{
    struct fixture *fixture = *state;
    enable_restore_privilege();
    assert_int_equal(dial_pipe_owned_by(fixture, L"O:BGD:(A;;GA;;;WD)"), SG_E_DENIED);
    assert_int_equal(dial_pipe_owned_by(fixture, L"O:BUD:(A;;GA;;;WD)"), SG_E_DENIED);
    assert_int_equal(dial_pipe_owned_by(fixture, L"O:S-1-5-21-1-2-3-1001D:(A;;GA;;;WD)"),
                     SG_E_DENIED);
    assert_int_equal(dial_pipe_owned_by(fixture, L"O:S-1-5-80D:(A;;GA;;;WD)"), SG_E_DENIED);
    assert_int_equal(dial_pipe_owned_by(fixture, L"O:" TRUSTED_INSTALLER L"D:(A;;GA;;;WD)"),
                     SG_E_DENIED);
}

static void dial__pipe_of_system_administrators_or_service__is_talked_to(void **state)
{
    struct fixture *fixture = *state;
    enable_restore_privilege();
    assert_int_equal(dial_pipe_owned_by(fixture, L"O:SYD:(A;;GA;;;WD)"), SG_OK);
    assert_int_equal(dial_pipe_owned_by(fixture, L"O:BAD:(A;;GA;;;WD)"), SG_OK);
    wchar_t *service = wide_from_utf8("O:" SID_OF_SERVICE "D:(A;;GA;;;WD)");
    assert_non_null(service);
    assert_int_equal(dial_pipe_owned_by(fixture, service), SG_OK);
    sg_free(service);
}

/* How Windows makes the SID of a service's account: five little-endian words of a digest. */
static void service_sid__is_made_from_name_of_service(void **state)
{
    (void)state;
    static const char name[] = "S\0E\0G\0U\0E"; /* UTF-16; the literal's NUL ends the last one */
    DWORD words[5];
    char text[128];
    struct digest *sha1 = NULL;
    assert_int_equal(digest_create("sha1", &sha1, NULL), SG_OK);
    assert_int_equal(digest_update(sha1, name, sizeof name, NULL), SG_OK);
    assert_int_equal(digest_finish(sha1, (uint8_t *)words, sizeof words, NULL), SG_OK);
    digest_destroy(sha1);
    snprintf(text, sizeof text, "S-1-5-80-%lu-%lu-%lu-%lu-%lu", words[0], words[1], words[2],
             words[3], words[4]);
    assert_string_equal(text, SID_OF_SERVICE);
}

/* A token to impersonate with, made of the process's own. */
static HANDLE restricted_token(bool is_administrator)
{
    HANDLE own;
    HANDLE token;
    union {
        SID sid;
        char room[SECURITY_MAX_SID_SIZE];
    } administrators;
    DWORD size = sizeof administrators;
    SID_AND_ATTRIBUTES denied = { &administrators, 0 };
    assert_true(CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, &administrators.sid, &size));
    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &own));
    assert_true(
        CreateRestrictedToken(own, 0, is_administrator ? 0 : 1, &denied, 0, NULL, 0, NULL, &token));
    handle_close(own);
    return token;
}

static bool is_administrator_as(HANDLE token, SECURITY_IMPERSONATION_LEVEL level)
{
    HANDLE copy;
    bool is_administrator;
    assert_true(DuplicateTokenEx(token, TOKEN_QUERY, NULL, level, TokenImpersonation, &copy));
    assert_int_equal(sid_is_administrator(copy, &is_administrator, NULL), SG_OK);
    handle_close(copy);
    return is_administrator;
}

/* As User Account Control makes one: the group is there, to be denied things by. Runs as
 * administrator, as tests that name other owners of pipes do. */
static void token__with_group_for_denials_only__is_no_administrator(void **state)
{
    (void)state;
    HANDLE elevated = restricted_token(true);
    HANDLE filtered = restricted_token(false);
    assert_true(is_administrator_as(elevated, SecurityImpersonation));
    assert_true(is_administrator_as(elevated, SecurityIdentification));
    assert_false(is_administrator_as(filtered, SecurityImpersonation));
    assert_false(is_administrator_as(filtered, SecurityIdentification));
    handle_close(elevated);
    handle_close(filtered);
}

static void dial__pipe_of_own_user__is_talked_to(void **state)
{
    struct fixture *fixture = *state;
    wchar_t sddl[256] = L"O:";
    wchar_t *own_sid = wide_from_utf8(fixture->own_sid);
    assert_non_null(own_sid);
    assert_in_range(wcslen(own_sid), 1, 200);
    memcpy(sddl + 2, own_sid, (wcslen(own_sid) + 1) * sizeof *sddl);
    sg_free(own_sid);
    assert_int_equal(dial_pipe_owned_by(fixture, sddl), SG_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pipe__of_user__lets_in_user_system_and_administrators),
        TEST(pipe__of_service__lets_users_talk_but_not_listen),
        TEST(pipe__name_taken_before__is_not_shared),
        TEST(pipe__name_of_closed_listener__is_free),
        TEST(pipe__first_instance__cannot_be_created_twice),
        TEST(pipe__over_the_network__cannot_be_opened),
        TEST(pipe__other_names_than_local_pipes__are_refused),
        TEST(pipe__names_of_daemons__are_those_of_protocol),
        TEST(dial__pipe_of_somebody_else__is_not_talked_to),
        TEST(dial__pipe_of_own_user__is_talked_to),
        TEST(dial__pipe_of_system_administrators_or_service__is_talked_to),
        TEST(service_sid__is_made_from_name_of_service),
        TEST(token__with_group_for_denials_only__is_no_administrator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
