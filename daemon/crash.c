/* The note that a crashed run left: one line that says what happened and where the dump is. */
#include "daemon/crash.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "daemon/event_log.h"
#include "os/log_file.h"
#include "os/path.h"

enum { NOTE_MAX_BYTES = 1024 };

void crash_tell_last(const char *folder)
{
    struct sg_buf note = { 0 };
    char *path = path_join(folder, "segd.crash");
    if (path != NULL && log_file_read_end(path, NOTE_MAX_BYTES, &note, NULL) == SG_OK) {
        note.data[strcspn(note.data, "\r\n")] = '\0';
        event_report(EVENT_CRASHED, "the last run crashed: %s", note.data);
        (void)!path_remove(path, NULL);
    }
    sg_buf_fini(&note);
    sg_free(path);
}
