/* Which folders mean the same to a service as to those who call it. */
#include "daemon/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "os/win/win.h"

/* A letter that no drive has. */
static char free_letter(void)
{
    DWORD taken = GetLogicalDrives();
    for (char letter = 'Y'; letter > 'C'; letter--) {
        if ((taken & 1u << (letter - 'A')) == 0)
            return letter;
    }
    fail_msg("%s", "every letter is taken");
    return 'A';
}

static void folder__on_volume_or_share__is_everybodys(void **state)
{
    (void)state;
    static const char *const folders[] = { "C:\\", "c:\\users\\public", "\\\\?\\C:\\users",
                                           "\\\\server\\share\\folder",
                                           "\\\\?\\UNC\\server\\share\\folder" };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_int_equal(folder_check_shared(folders[i], NULL), SG_OK);
}

static void folder__on_drive_of_another_session__is_refused(void **state)
{
    (void)state;
    struct sg_err err = { 0 };
    char plain[] = "?:\\folder";
    char marked[] = "\\\\?\\?:\\folder";
    plain[0] = marked[4] = free_letter();
    assert_int_equal(folder_check_shared(plain, &err), SG_E_INVALID);
    assert_non_null(strstr(sg_err_text(&err), "\\\\server\\share\\..."));
    assert_int_equal(folder_check_shared(marked, &err), SG_E_INVALID);
}

/* As subst does it. */
static void folder__on_substituted_drive__is_refused(void **state)
{
    (void)state;
    struct sg_err err = { 0 };
    char folder[] = "?:\\folder";
    folder[0] = free_letter();
    const wchar_t drive[] = { (wchar_t)folder[0], L':', L'\0' };
    assert_true(DefineDosDeviceW(0, drive, L"C:\\windows"));
    enum sg_status status = folder_check_shared(folder, &err);
    assert_true(DefineDosDeviceW(DDD_REMOVE_DEFINITION, drive, NULL));
    assert_int_equal(status, SG_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folder__on_volume_or_share__is_everybodys),
        cmocka_unit_test(folder__on_drive_of_another_session__is_refused),
        cmocka_unit_test(folder__on_substituted_drive__is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
