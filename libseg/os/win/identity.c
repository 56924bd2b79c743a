/* Acting as somebody else by a thread's token. Any thread; what a thread is counts for itself only.
 */
#include "os/win/identity_win.h"

#include <stdatomic.h>

#include "base/assert.h"
#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"

struct identity {
    atomic_uint n_refs;
    HANDLE token;
};

struct identity *identity_of_token(HANDLE token)
{
    struct identity *identity = sg_alloc(sizeof *identity);
    if (identity == NULL)
        return NULL;
    atomic_init(&identity->n_refs, 1);
    HANDLE self = GetCurrentProcess();
    if (DuplicateHandle(self, token, self, &identity->token, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return identity;
    sg_free(identity);
    return NULL;
}

struct identity *identity_ref(struct identity *identity)
{
    if (identity != NULL)
        atomic_fetch_add(&identity->n_refs, 1);
    return identity;
}

void identity_unref(struct identity *identity)
{
    if (identity == NULL || atomic_fetch_sub(&identity->n_refs, 1) > 1)
        return;
    handle_close(identity->token);
    sg_free(identity);
}

enum sg_status identity_become(const struct identity *identity, struct sg_err *err)
{
    if (identity == NULL)
        return sg_err_set(err, SG_E_DENIED,
                          "the caller cannot be acted for: it has to open the pipe with "
                          "SECURITY_IMPERSONATION");
    if (!SetThreadToken(NULL, identity->token))
        return error_report_as(err, SG_E_DENIED, GetLastError(), "acting for the caller", NULL);
    return SG_OK;
}

void identity_revert(void)
{
    BOOL is_reverted = RevertToSelf();
    SG_ASSERT(is_reverted);
}
