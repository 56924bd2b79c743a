/* grant: no daemon is asked; the user himself changes his folder's access list. */
#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/grant.h"
#include "cli/host.h"

enum exit_code cmd_grant(const struct args *args)
{
    struct sg_err err = { 0 };
    struct sg_buf text = { 0 };
    char *folder;
    bool is_granted = !args_has(args, OPTION_REVOKE);
    if (host_absolute(args->words[0], &folder, &err) != SG_OK)
        return report_failure(&err);
    enum sg_status status = grant_to_service(folder, is_granted, &err);
    if (status == SG_OK) {
        sg_buf_printf(&text,
                      is_granted ? "the service may write to %s\n"
                                 : "the service has no right to %s of its own any more\n",
                      folder);
        print_text(&text);
    }
    sg_buf_fini(&text);
    sg_free(folder);
    return status == SG_OK ? EXIT_DONE : report_failure(&err);
}
