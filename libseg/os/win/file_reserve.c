/* Making room for a download, by what the volume and the process's rights allow.
 *
 * The trouble to avoid: NTFS keeps a valid data length, and a write beyond it fills everything
 * between with zeros first, on the writer's time. A file that is only extended would stall on the
 * first write near its end. Either the valid length is set (which needs a privilege, and a file
 * that is closed to others, since the room then shows old content of the disk), or the file is
 * sparse, or writes come in ascending order. */
#include "os/file.h"

#include <wchar.h>

#include "base/mem.h"
#include "os/path.h"
#include "os/win/blocking.h"
#include "os/win/error_win.h"
#include "os/win/file_win.h"
#include "os/win/privilege.h"
#include "os/win/win.h"

#define FAT_MAX_SIZE UINT64_C(0xFFFFFFFF)

/* Some network file systems do not say what they are: then they are not FAT. */
static bool is_on_fat(HANDLE handle)
{
    wchar_t name[MAX_PATH + 1]; /* the size that Windows documents */
    if (!GetVolumeInformationByHandleW(handle, NULL, 0, NULL, NULL, NULL, name, MAX_PATH + 1))
        return false;
    return wcscmp(name, L"FAT") == 0 || wcscmp(name, L"FAT32") == 0;
}

/* What the file has already does not need to be free as well. */
static enum sg_status check_room(struct file *file, uint64_t size, uint64_t allocated,
                                 struct sg_err *err)
{
    char *folder = path_parent(file->path);
    if (folder == NULL)
        return sg_err_set(err, SG_E_NOMEM, "reading the free room");
    uint64_t available;
    enum sg_status status = path_free_bytes(folder, &available, err);
    sg_free(folder);
    if (status != SG_OK)
        return status;
    uint64_t missing = size > allocated ? size - allocated : 0;
    if (missing <= available)
        return SG_OK;
    return sg_err_foreign(err, SG_E_DISK_FULL, ERROR_DISK_FULL,
                          "%llu bytes are needed, %llu are free on the disk",
                          (unsigned long long)missing, (unsigned long long)available);
}

static enum sg_status grow(struct file *file, uint64_t size, uint64_t present, struct sg_err *err)
{
    return size > present ? file_set_size(file, size, err) : SG_OK;
}

/* False when the volume does not do it this way; nothing is lost then. FileAllocationInfo with less
 * than the file has would cut it.
 *
 * QUIRK(wine-allocation-info): Wine 8 refuses FileAllocationInfo; the file becomes sparse there. It
 * is gone when file_reserve reports FILE_ALLOC_VALID_DATA in Wine with the privilege enabled. */
static bool reserve_valid(struct file *file, uint64_t size, const FILE_STANDARD_INFO *present)
{
    FILE_ALLOCATION_INFO allocation = { .AllocationSize.QuadPart = (LONGLONG)size };
    if (size > (uint64_t)present->AllocationSize.QuadPart &&
        !SetFileInformationByHandle(file->handle, FileAllocationInfo, &allocation,
                                    sizeof allocation))
        return false;
    if (grow(file, size, (uint64_t)present->EndOfFile.QuadPart, NULL) != SG_OK)
        return false;
    return SetFileValidData(file->handle, (LONGLONG)size);
}

/* File systems without sparse files (FAT, exFAT) refuse the request, so it is the question as well.
 *
 * QUIRK(wine-sparse-flag): Wine 8 accepts the request, and its files have holes, but the volume's
 * flags do not say FILE_SUPPORTS_SPARSE_FILES, so they are not asked. It is gone when
 * GetVolumeInformationByHandleW reports the flag in Wine; even then asking them gains nothing. */
static bool make_sparse(struct file *file)
{
    struct blocking *call = blocking_create();
    if (call == NULL)
        return false;
    FILE_SET_SPARSE_BUFFER request = { .SetSparse = TRUE };
    uint32_t n_bytes;
    BOOL has_worked = DeviceIoControl(file->handle, FSCTL_SET_SPARSE, &request, sizeof request,
                                      NULL, 0, NULL, blocking_begin(call, 0));
    has_worked = blocking_end(call, file->handle, has_worked, &n_bytes);
    blocking_destroy(call);
    return has_worked;
}

/* FAT and exFAT keep no access lists: who could read the volume could read the file. */
static bool is_closed_to_others(const struct file *file)
{
    DWORD flags;
    return file->is_closed &&
           GetVolumeInformationByHandleW(file->handle, NULL, 0, NULL, NULL, &flags, NULL, 0) &&
           (flags & FILE_PERSISTENT_ACLS) != 0;
}

static enum sg_status reserve_best(struct file *file, uint64_t size,
                                   const FILE_STANDARD_INFO *present,
                                   enum file_allocation *out_kind, struct sg_err *err)
{
    if (privilege_may_manage_volume() && is_closed_to_others(file) &&
        reserve_valid(file, size, present)) {
        *out_kind = FILE_ALLOC_VALID_DATA;
        return SG_OK;
    }
    if (!file->is_for_owner) /* else it keeps its list until it is complete */
        (void)!file_admit_others(file, NULL);
    if (make_sparse(file)) {
        enum sg_status status = grow(file, size, (uint64_t)present->EndOfFile.QuadPart, err);
        if (status == SG_OK)
            *out_kind = FILE_ALLOC_SPARSE;
        return status;
    }
    *out_kind = FILE_ALLOC_NONE;
    return SG_OK;
}

enum sg_status file_reserve(struct file *file, uint64_t size, enum file_allocation *out_kind,
                            struct sg_err *err)
{
    if (size > INT64_MAX || (size > FAT_MAX_SIZE && is_on_fat(file->handle)))
        return sg_err_set(err, SG_E_TOO_LARGE, "making room for %s", file->path);

    FILE_STANDARD_INFO present;
    if (!GetFileInformationByHandleEx(file->handle, FileStandardInfo, &present, sizeof present))
        return error_report(err, GetLastError(), "making room for", file->path);
    enum sg_status status = check_room(file, size, (uint64_t)present.AllocationSize.QuadPart, err);
    if (status == SG_OK)
        status = reserve_best(file, size, &present, out_kind, err);
    return status != SG_OK ? sg_err_prefix(err, status, "making room for %s", file->path) : SG_OK;
}
