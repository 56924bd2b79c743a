/* The program's entry where arguments come as bytes; for tests. */
#include "cli/seg_main.h"

int main(int argc, char *argv[])
{
    return seg_main(argc, argv);
}
