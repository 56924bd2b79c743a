/* Digests by libcrypto: for tests only, like everything in this folder. */
#include "os/digest.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/mem.h"

struct digest {
    EVP_MD_CTX *context;
};

static const EVP_MD *algorithm_of(const char *kind)
{
    if (strcmp(kind, "md5") == 0)
        return EVP_md5();
    if (strcmp(kind, "sha1") == 0)
        return EVP_sha1();
    if (strcmp(kind, "sha256") == 0)
        return EVP_sha256();
    return strcmp(kind, "sha512") == 0 ? EVP_sha512() : NULL;
}

enum sg_status digest_create(const char *kind, struct digest **out, struct sg_err *err)
{
    const EVP_MD *algorithm = algorithm_of(kind);
    if (algorithm == NULL)
        return sg_err_set(err, SG_E_INVALID, "no such digest: %s", kind);
    struct digest *digest = sg_alloc(sizeof *digest);
    if (digest == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    digest->context = EVP_MD_CTX_new();
    if (digest->context == NULL || EVP_DigestInit_ex(digest->context, algorithm, NULL) != 1) {
        digest_destroy(digest);
        return sg_err_set(err, SG_E_SYSTEM, "libcrypto refuses %s", kind);
    }
    *out = digest;
    return SG_OK;
}

enum sg_status digest_update(struct digest *digest, const void *data, size_t n_bytes,
                             struct sg_err *err)
{
    if (EVP_DigestUpdate(digest->context, data, n_bytes) != 1)
        return sg_err_set(err, SG_E_SYSTEM, "libcrypto failed");
    return SG_OK;
}

enum sg_status digest_finish(struct digest *digest, uint8_t *out, size_t size, struct sg_err *err)
{
    if ((size_t)EVP_MD_CTX_size(digest->context) != size ||
        EVP_DigestFinal_ex(digest->context, out, NULL) != 1)
        return sg_err_set(err, SG_E_SYSTEM, "libcrypto failed");
    return SG_OK;
}

void digest_destroy(struct digest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->context);
    sg_free(digest);
}
