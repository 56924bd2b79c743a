/* How an identity is made on POSIX. */
#ifndef SEGUE_OS_POSIX_IDENTITY_POSIX_H
#define SEGUE_OS_POSIX_IDENTITY_POSIX_H

#include "os/identity.h"

/* The user and the group of these numbers; NULL when memory ran out. Any thread. */
struct identity *identity_of_user(unsigned user, unsigned group);

#endif
