/* Secrets for tests: AES-256-GCM by libcrypto, with a key in a file beside the data. Whoever reads
 * the data can read the key: this protects nobody, it only behaves as DPAPI does.
 *
 * What stands for a secret: 12 bytes that are never used again, 16 bytes of tag, the bytes. */
#include "os/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/mem.h"
#include "os/path.h"

enum { KEY_SIZE = 32, NONCE_SIZE = 12, TAG_SIZE = 16, HEAD_SIZE = NONCE_SIZE + TAG_SIZE };

/* ---- the key ---- */

static bool read_key(const char *path, uint8_t key[KEY_SIZE])
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    bool is_whole = read(file, key, KEY_SIZE) == KEY_SIZE;
    close(file);
    return is_whole;
}

static bool write_key(const char *path)
{
    uint8_t key[KEY_SIZE];
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    bool is_whole = RAND_bytes(key, sizeof key) == 1 && write(file, key, sizeof key) == KEY_SIZE;
    close(file);
    sg_wipe(key, sizeof key);
    return is_whole;
}

/* It gets its name when it is whole; another process may be the first to give it. False when memory
 * ran out. */
static bool make_key(const char *path)
{
    struct sg_buf draft = { 0 };
    sg_buf_printf(&draft, "%s.%ld", path, (long)getpid());
    bool has_name = !draft.is_failed;
    if (has_name && write_key(draft.data))
        (void)!link(draft.data, path);
    if (has_name)
        unlink(draft.data);
    sg_buf_fini(&draft);
    return has_name;
}

static enum sg_status get_key(const char *folder, bool may_make, uint8_t key[KEY_SIZE])
{
    char *path = path_join(folder, "segue-secret.key");
    if (path == NULL)
        return SG_E_NOMEM;
    enum sg_status status = read_key(path, key) ? SG_OK : SG_E_SYSTEM;
    if (status != SG_OK && may_make) {
        status = make_key(path) ? SG_E_SYSTEM : SG_E_NOMEM;
        if (read_key(path, key))
            status = SG_OK;
    }
    sg_free(path);
    return status;
}

/* ---- the cipher ---- */

static bool encipher(EVP_CIPHER_CTX *context, const uint8_t *key, const void *data, int n_bytes,
                     uint8_t *out)
{
    int n = 0;
    return RAND_bytes(out, NONCE_SIZE) == 1 &&
           EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, out) == 1 &&
           EVP_EncryptUpdate(context, out + HEAD_SIZE, &n, data, n_bytes) == 1 &&
           EVP_EncryptFinal_ex(context, out + HEAD_SIZE + n, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, out + NONCE_SIZE) == 1;
}

static bool decipher(EVP_CIPHER_CTX *context, const uint8_t *key, const uint8_t *data, int n_bytes,
                     uint8_t *out)
{
    int n = 0;
    void *tag = (void *)(uintptr_t)(data + NONCE_SIZE);
    return EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, data) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
           EVP_DecryptUpdate(context, out, &n, data + HEAD_SIZE, n_bytes - HEAD_SIZE) == 1 &&
           EVP_DecryptFinal_ex(context, out + n, &n) == 1;
}

enum sg_status secret_protect(const char *folder, const void *data, size_t n_bytes,
                              struct sg_buf *out, struct sg_err *err)
{
    uint8_t key[KEY_SIZE];
    size_t before = out->length;
    if (!sg_buf_reserve(out, n_bytes + HEAD_SIZE))
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    enum sg_status status = get_key(folder, true, key);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t *end = (uint8_t *)out->data + before;
    bool is_made = status == SG_OK && context != NULL && n_bytes < INT_MAX &&
                   encipher(context, key, data, (int)n_bytes, end);
    EVP_CIPHER_CTX_free(context);
    sg_wipe(key, sizeof key);
    if (status == SG_E_NOMEM)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    if (!is_made)
        return sg_err_set(err, SG_E_SYSTEM, "a secret cannot be protected");
    out->length += n_bytes + HEAD_SIZE;
    out->data[out->length] = '\0';
    return SG_OK;
}

enum sg_status secret_reveal(const char *folder, const void *data, size_t n_bytes,
                             struct sg_buf *out, struct sg_err *err)
{
    uint8_t key[KEY_SIZE];
    size_t before = out->length;
    if (!sg_buf_reserve(out, n_bytes))
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    enum sg_status status = get_key(folder, false, key);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t *end = (uint8_t *)out->data + before;
    bool is_read = status == SG_OK && context != NULL && n_bytes >= HEAD_SIZE &&
                   n_bytes < INT_MAX && decipher(context, key, data, (int)n_bytes, end);
    EVP_CIPHER_CTX_free(context);
    sg_wipe(key, sizeof key);
    if (is_read)
        out->length += n_bytes - HEAD_SIZE;
    out->data[out->length] = '\0';
    if (status == SG_E_NOMEM)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    return is_read ? SG_OK : sg_err_set(err, SG_E_SECRETS, "a secret cannot be read");
}
