/* Digests by CNG. */
#include "os/digest.h"

#include <string.h>

#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/win.h"

struct digest {
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;
};

static const struct {
    const char *kind;
    const wchar_t *name;
} algorithms[] = {
    { "md5", BCRYPT_MD5_ALGORITHM },
    { "sha1", BCRYPT_SHA1_ALGORITHM },
    { "sha256", BCRYPT_SHA256_ALGORITHM },
    { "sha512", BCRYPT_SHA512_ALGORITHM },
};

static const wchar_t *algorithm_name(const char *kind)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (strcmp(algorithms[i].kind, kind) == 0)
            return algorithms[i].name;
    }
    return NULL;
}

static enum sg_status refused(struct sg_err *err, NTSTATUS status)
{
    return error_report_as(err, SG_E_SYSTEM, error_from_nt(status), "computing a digest", NULL);
}

static NTSTATUS open_hash(struct digest *digest, const wchar_t *name)
{
    NTSTATUS status = BCryptOpenAlgorithmProvider(&digest->algorithm, name, NULL, 0);
    if (!NT_SUCCESS(status))
        return status;
    return BCryptCreateHash(digest->algorithm, &digest->hash, NULL, 0, NULL, 0, 0);
}

enum sg_status digest_create(const char *kind, struct digest **out, struct sg_err *err)
{
    const wchar_t *name = algorithm_name(kind);
    if (name == NULL)
        return sg_err_set(err, SG_E_INVALID, "no such digest: %s", kind);
    struct digest *digest = sg_alloc(sizeof *digest);
    if (digest == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    NTSTATUS status = open_hash(digest, name);
    if (!NT_SUCCESS(status)) {
        digest_destroy(digest);
        return refused(err, status);
    }
    *out = digest;
    return SG_OK;
}

enum sg_status digest_update(struct digest *digest, const void *data, size_t n_bytes,
                             struct sg_err *err)
{
    const unsigned char *bytes = data;
    while (n_bytes > 0) {
        ULONG n = n_bytes < ULONG_MAX ? (ULONG)n_bytes : ULONG_MAX;
        NTSTATUS status = BCryptHashData(digest->hash, (PUCHAR)(uintptr_t)bytes, n, 0);
        if (!NT_SUCCESS(status))
            return refused(err, status);
        bytes += n;
        n_bytes -= n;
    }
    return SG_OK;
}

enum sg_status digest_finish(struct digest *digest, uint8_t *out, size_t size, struct sg_err *err)
{
    NTSTATUS status = BCryptFinishHash(digest->hash, out, (ULONG)size, 0);
    return NT_SUCCESS(status) ? SG_OK : refused(err, status);
}

void digest_destroy(struct digest *digest)
{
    if (digest == NULL)
        return;
    if (digest->hash != NULL)
        BCryptDestroyHash(digest->hash);
    if (digest->algorithm != NULL)
        BCryptCloseAlgorithmProvider(digest->algorithm, 0);
    sg_free(digest);
}
