/* Digests that servers declare (Repr-Digest, Content-Digest, Digest, Content-MD5) and that callers
 * demand ("sha256:HEX"), brought to one form. Pure. RFC 9530, RFC 3230, RFC 1864. */
#ifndef SEGUE_CORE_DIGEST_HEADER_H
#define SEGUE_CORE_DIGEST_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* In rising strength; the words are the ones of --checksum. */
#define DIGEST_TABLE(X)            \
    X(DIGEST_MD5, "md5", 16)       \
    X(DIGEST_SHA1, "sha1", 20)     \
    X(DIGEST_SHA256, "sha256", 32) \
    X(DIGEST_SHA512, "sha512", 64)

enum digest_kind {
#define X(code, word, size) code,
    DIGEST_TABLE(X)
#undef X
        DIGEST_KIND_COUNT
};

enum { DIGEST_SIZE_MAX = 64, DIGEST_HEX_SIZE = 2 * DIGEST_SIZE_MAX + 1 };

/* The strongest digest seen so far. Zero-initialise it. */
struct digest_choice {
    bool is_set;
    enum digest_kind kind;
    uint8_t bytes[DIGEST_SIZE_MAX];
};

/* Looks at a value of Repr-Digest or Content-Digest: `sha-256=:BASE64:, sha-512=:BASE64:`. What is
 * not understood is passed over: an unusable declaration is the same as none. */
void digest_choice_dictionary(struct digest_choice *choice, const char *value, size_t length);

/* Looks at a value of Digest: `SHA-256=BASE64,md5=BASE64`. */
void digest_choice_legacy(struct digest_choice *choice, const char *value, size_t length);

/* Looks at a value of Content-MD5: `BASE64`. */
void digest_choice_md5(struct digest_choice *choice, const char *value, size_t length);

/* Writes the choice as "sha256:HEX" (the caller's, sg_free), or NULL when there is none.
 * SG_E_NOMEM. */
SG_MUST_USE enum sg_status digest_choice_take(const struct digest_choice *choice, char **out_text);

/* Reads "sha256:HEX" (case of HEX does not matter); false when it is not one. */
bool digest_parse(const char *text, enum digest_kind *out_kind, uint8_t out_bytes[DIGEST_SIZE_MAX]);

/* The kind with this word; false when there is none. */
bool digest_kind_from_word(const char *word, size_t length, enum digest_kind *out_kind);

/* Writes `size` bytes in hexadecimal. */
void digest_to_hex(const uint8_t *bytes, size_t size, char out[DIGEST_HEX_SIZE]);

/* The number of bytes of a digest, and its word. */
size_t digest_size(enum digest_kind kind);
const char *digest_word(enum digest_kind kind);

#endif
