/* Addresses without the passwords in them. Pure; any thread. */
#ifndef SEGUE_BASE_REDACT_H
#define SEGUE_BASE_REDACT_H

#include <stdbool.h>
#include <stddef.h>

/* Finds what stands between "://" (or the beginning) and the last "@" of the address of a proxy:
 * "user:password", or more where the address makes no sense. False when there is none. */
bool sg_find_userinfo(const char *address, size_t *out_at, size_t *out_length);

/* The address with "***" for its password, or for all before the "@" where that has no colon: it
 * may be a token. The caller's (sg_free); NULL when memory ran out. */
char *sg_redact_address(const char *address);

/* Whether the address has "***" where sg_redact_address puts it. */
bool sg_is_redacted(const char *address);

#endif
