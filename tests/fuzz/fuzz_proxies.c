/* Any answer of a proxy script, any list of proxies and any list of exceptions: what comes out is a
 * list that libcurl can be given, without anything in it that nobody named. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "net/net_proxies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const char *entry)
{
    if (strcmp(entry, proxies_direct) == 0)
        return;
    SG_ASSERT(strpbrk(entry, "@ \t\r\n;%?#") == NULL);
    SG_ASSERT(strncmp(entry, "http", 4) == 0 || strncmp(entry, "socks", 5) == 0);
    SG_ASSERT(strstr(entry, "://") != NULL);
}

static void check_list(const struct sg_buf *list)
{
    unsigned n = proxies_count(list->data);
    SG_ASSERT(n > 0 && n <= PROXIES_MAX);
    for (unsigned i = 0; i < n; i++) {
        char *entry = proxies_entry(list->data, i);
        check_entry(entry);
        sg_free(entry);
    }
    SG_ASSERT(proxies_entry(list->data, n) == NULL);
}

static void check_servers(const char *text, const struct proxies_target *target)
{
    struct sg_buf list = { 0 };
    struct sg_buf shown = { 0 };
    proxies_from_servers(text, target, &list);
    check_list(&list);
    proxies_show(text, &shown);
    sg_buf_fini(&list);
    sg_buf_fini(&shown);
}

/* What everybody is excepted from stays so, whatever stands before it. */
static void check_bypass(const char *text, const struct proxies_target *target)
{
    struct sg_buf all = { 0 };
    (void)proxies_are_bypassed(text, target);
    sg_buf_printf(&all, "%s;*", text);
    SG_ASSERT(proxies_are_bypassed(all.data, target));
    sg_buf_fini(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_buf list = { 0 };
    struct proxies_target target = { 0 };
    struct proxies_target any = { 0 };
    char *text = sg_strndup((const char *)data, size);
    SG_ASSERT(proxies_target_init("https://a.example.test:443", &target));
    SG_ASSERT(proxies_target_init(text, &any));
    proxies_from_script(text, &list);
    check_list(&list);
    check_servers(text, &target);
    check_bypass(text, &target);
    check_bypass(text, &any);
    sg_buf_fini(&list);
    proxies_target_fini(&target);
    proxies_target_fini(&any);
    sg_free(text);
    SG_ASSERT(sg_mem_live() == 0);
    return 0;
}
