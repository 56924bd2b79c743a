/* Holds a file open that nobody else may open meanwhile, as a scanner does: prints "held", and lets
 * go at the end of standard input.
 *
 *     hold PATH
 */
#include <stdio.h>

#include "base/mem.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

int main(int argc, char **argv)
{
    wchar_t *path;
    if (argc != 2 || wide_path(argv[1], &path, NULL) != SG_OK)
        return 2;
    HANDLE file = handle_normal(CreateFileW(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL));
    sg_free(path);
    if (file == NULL)
        return 1;
    puts("held");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    handle_close(file);
    return 0;
}
