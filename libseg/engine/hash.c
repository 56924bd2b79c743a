/* Digests of whole files, piece by piece. On work threads. */
#include "engine/hash.h"

#include "base/mem.h"
#include "os/digest.h"

enum { PIECE = 1024 * 1024 };

/* Adds the bytes at `offset`, as many as a piece holds. */
static enum sg_status add_piece(struct file *file, const char *path, uint64_t offset, uint64_t size,
                                struct digest *digest, unsigned char *piece, uint32_t *out_n,
                                struct sg_err *err)
{
    uint32_t wanted = size - offset < PIECE ? (uint32_t)(size - offset) : (uint32_t)PIECE;
    uint32_t n;
    enum sg_status status = file_read(file, offset, piece, wanted, &n, err);
    if (status == SG_OK && n == 0)
        status = sg_err_set(err, SG_E_IO, "%s is too short", path);
    if (status == SG_OK)
        status = digest_update(digest, piece, n, err);
    if (status == SG_OK)
        *out_n = n;
    return status;
}

static enum sg_status add_pieces(struct file *file, const char *path, uint64_t size,
                                 struct digest *digest, struct hash_watch *watch,
                                 struct sg_err *err)
{
    unsigned char *piece = sg_alloc(PIECE);
    if (piece == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    enum sg_status status = SG_OK;
    uint32_t n = 0;
    for (uint64_t offset = 0; status == SG_OK && offset < size; offset += n) {
        atomic_store(&watch->n_bytes, offset);
        status = atomic_load(&watch->is_cancelled)
                     ? sg_err_set(err, SG_E_CANCELLED, "it was given up")
                     : add_piece(file, path, offset, size, digest, piece, &n, err);
    }
    sg_free(piece);
    return status;
}

enum sg_status hash_file(struct file *file, const char *path, uint64_t size, enum digest_kind kind,
                         struct hash_watch *watch, uint8_t *out, struct sg_err *err)
{
    struct digest *digest;
    enum sg_status status = digest_create(digest_word(kind), &digest, err);
    if (status != SG_OK)
        return status;
    status = add_pieces(file, path, size, digest, watch, err);
    if (status == SG_OK)
        status = digest_finish(digest, out, digest_size(kind), err);
    digest_destroy(digest);
    return status;
}
