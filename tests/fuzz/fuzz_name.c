/* Any Content-Disposition and any raw name: what comes out is a safe name, and stays one when it is
 * numbered or made safe again. Any URL and any headers: the mark of the web has its lines and no
 * others. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "base/utf.h"
#include "core/name.h"
#include "core/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_safe(const char *safe)
{
    size_t length = strlen(safe);
    SG_ASSERT(length > 0 && sg_utf8_is_valid(safe, length));
    SG_ASSERT(strpbrk(safe, "<>:\"/\\|?*") == NULL);
    SG_ASSERT(safe[length - 1] != '.' && safe[length - 1] != ' ' && safe[0] != ' ');
    SG_ASSERT(sg_utf16_units(safe) <= NAME_UNITS_MAX);
    SG_ASSERT(name_is_safe(safe));
}

static void check_raw(const char *raw)
{
    char *safe = name_sanitize(raw);
    check_safe(safe);
    char *numbered = name_numbered(safe, 999);
    SG_ASSERT(sg_utf16_units(numbered) + sizeof ".part" - 1 <= 255);
    sg_free(numbered);
    sg_free(safe);
}

/* What is behind `key` when the line begins with it; else the line. */
static const char *skip_line(const char *mark, const char *key)
{
    size_t length = strlen(key);
    if (strncmp(mark, key, length) != 0)
        return mark;
    size_t n = strcspn(mark, "\r");
    SG_ASSERT(n <= length + ZONE_URL_MAX && strncmp(mark + n, "\r\n", 2) == 0);
    for (const char *c = mark + length; c < mark + n; c++)
        SG_ASSERT(*c > 0x20 && *c < 0x7F && strchr("?#", *c) == NULL);
    return mark + n + 2;
}

static void check_mark(const char *text)
{
    static const char head[] = "[ZoneTransfer]\r\nZoneId=3\r\n";
    char *mark = zone_mark(text, text);
    SG_ASSERT(strncmp(mark, head, strlen(head)) == 0);
    const char *line = skip_line(mark + strlen(head), "ReferrerUrl=");
    const char *end = skip_line(line, "HostUrl=");
    SG_ASSERT(end != line && *end == '\0');
    sg_free(mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = sg_strndup((const char *)data, size);
    check_raw(text);
    char *name = name_from_disposition(text);
    if (name != NULL) {
        SG_ASSERT(name[0] != '\0' && strpbrk(name, "/\\") == NULL);
        check_raw(name);
    }
    sg_free(name);
    check_mark(text);
    sg_free(text);
    SG_ASSERT(sg_mem_live() == 0);
    return 0;
}
