/* The program's entry on Windows: arguments come as UTF-16. */
#include <stddef.h>
#include <wchar.h>

#include "base/mem.h"
#include "cli/need.h"
#include "cli/seg_main.h"
#include "cli/win/text.h"

/* The C library's name for it, which no header declares. */
int wmain(int argc, wchar_t *argv[]);

int wmain(int argc, wchar_t *argv[])
{
    char **utf8 = need(sg_alloc_array((size_t)argc + 1, sizeof *utf8));
    for (int i = 0; i < argc; i++)
        utf8[i] = text_utf8(argv[i]);
    int code = seg_main(argc, utf8);
    for (int i = 0; i < argc; i++)
        sg_free(utf8[i]);
    sg_free(utf8);
    return code;
}
