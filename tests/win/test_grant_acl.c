/* The service's entry in an access list. */
#include "cli/win/grant_acl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ipc/win/sid.h"

/* A user's full access, and what an administrator denied to guests. */
static const wchar_t sddl[] = L"D:(D;OICI;GA;;;BG)(A;OICI;FA;;;S-1-5-21-1-2-3-1001)";

static PSECURITY_DESCRIPTOR make_list(PACL *out)
{
    PSECURITY_DESCRIPTOR descriptor;
    BOOL is_there;
    BOOL is_default;
    assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1,
                                                                     &descriptor, NULL));
    assert_true(GetSecurityDescriptorDacl(descriptor, &is_there, out, &is_default));
    return descriptor;
}

static PACL changed(PACL acl, bool is_granted)
{
    PACL out = NULL;
    assert_int_equal(grant_acl(acl, is_granted, &out), ERROR_SUCCESS);
    return out;
}

static bool is_of_service(const ACCESS_ALLOWED_ACE *ace)
{
    char *text;
    assert_int_equal(sid_to_text((PSID)(uintptr_t)&ace->SidStart, &text, NULL), SG_OK);
    bool is_service = strcmp(text, SID_OF_SERVICE) == 0;
    sg_free(text);
    return is_service;
}

/* How many entries the service has; each must be the right one. */
static int count_grants(PACL acl)
{
    int n = 0;
    for (DWORD i = 0; i < acl->AceCount; i++) {
        void *entry;
        assert_true(GetAce(acl, i, &entry));
        const ACCESS_ALLOWED_ACE *ace = entry;
        if (!is_of_service(ace))
            continue;
        n++;
        assert_int_equal(ace->Header.AceType, ACCESS_ALLOWED_ACE_TYPE);
        assert_int_equal(ace->Header.AceFlags, OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE);
        assert_int_equal(ace->Mask, GRANT_RIGHTS);
    }
    return n;
}

static void grant__adds_one_entry_and_keeps_others(void **state)
{
    (void)state;
    PACL acl;
    PSECURITY_DESCRIPTOR descriptor = make_list(&acl);
    PACL granted = changed(acl, true);
    assert_int_equal(granted->AceCount, 3);
    assert_int_equal(count_grants(granted), 1);
    assert_int_equal(GRANT_RIGHTS & (WRITE_DAC | WRITE_OWNER), 0);
    LocalFree(granted);
    LocalFree(descriptor);
}

static void grant__twice__is_as_once(void **state)
{
    (void)state;
    PACL acl;
    PSECURITY_DESCRIPTOR descriptor = make_list(&acl);
    PACL once = changed(acl, true);
    PACL twice = changed(once, true);
    assert_int_equal(twice->AceCount, 3);
    assert_int_equal(count_grants(twice), 1);
    LocalFree(twice);
    LocalFree(once);
    LocalFree(descriptor);
}

static void revoke__leaves_what_was_there_before(void **state)
{
    (void)state;
    PACL acl;
    PSECURITY_DESCRIPTOR descriptor = make_list(&acl);
    PACL granted = changed(acl, true);
    PACL revoked = changed(granted, false);
    assert_int_equal(revoked->AceCount, acl->AceCount);
    assert_int_equal(count_grants(revoked), 0);
    PACL again = changed(revoked, false);
    assert_int_equal(again->AceCount, acl->AceCount);
    LocalFree(again);
    LocalFree(revoked);
    LocalFree(granted);
    LocalFree(descriptor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grant__adds_one_entry_and_keeps_others),
        cmocka_unit_test(grant__twice__is_as_once),
        cmocka_unit_test(revoke__leaves_what_was_there_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
