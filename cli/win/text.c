/* UTF-16 and Windows' error texts. */
#include "cli/win/text.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf.h"
#include "cli/need.h"
#include "os/win/win.h"

_Static_assert(sizeof(wchar_t) == sizeof(uint16_t), "wide characters are UTF-16 units");

wchar_t *text_wide(const char *utf8)
{
    return need(sg_utf16_from_utf8(utf8));
}

char *text_utf8(const wchar_t *wide)
{
    return need(sg_utf8_from_utf16((const uint16_t *)wide, wcslen(wide)));
}

void text_of_error(unsigned long error, char out[TEXT_ERROR_SIZE])
{
    wchar_t sentence[TEXT_ERROR_SIZE];
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                                  error, 0, sentence, TEXT_ERROR_SIZE, NULL);
    while (length > 0 && (sentence[length - 1] <= L' ' || sentence[length - 1] == L'.'))
        length--;
    sentence[length] = L'\0';
    char *text = text_utf8(sentence);
    snprintf(out, TEXT_ERROR_SIZE, "%s (error %lu)", length > 0 ? text : "Windows refused", error);
    sg_free(text);
}
