/* The right to act as somebody else for a while: the service touches people's files as themselves.
 */
#ifndef SEGUE_OS_IDENTITY_H
#define SEGUE_OS_IDENTITY_H

#include "base/err.h"

/* A user, as whom any thread may act. Counted: made by the system's part that met him (a token on
 * Windows, a user's number on POSIX), gone with its last reference. Holds no password. */
struct identity;

/* One more reference to `identity`, which it returns; NULL is allowed. Any thread. */
struct identity *identity_ref(struct identity *identity);

/* One less. NULL is allowed. Any thread. */
void identity_unref(struct identity *identity);

/* Makes the calling thread act as him until identity_revert, for what it does with files; it does
 * not do so yet. SG_E_DENIED for NULL, and where the process may not. Any thread. SetThreadToken;
 * setfsuid. */
SG_MUST_USE enum sg_status identity_become(const struct identity *identity, struct sg_err *err);

/* Makes the calling thread act as the process again. Does not fail: a thread that could not stop
 * being somebody else ends the process. RevertToSelf. */
void identity_revert(void);

#endif
