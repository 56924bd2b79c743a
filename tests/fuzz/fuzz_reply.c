/* Any header lines, judged against any expectation: parsed or refused, and never a verdict that
 * would let a byte be written at a place that was not asked for. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "core/reply.h"
#include "core/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SETTINGS = 8 };

static void judge(const struct reply *reply, const uint8_t *settings)
{
    uint64_t first = (uint64_t)settings[2] << (settings[3] % 48);
    struct expectation expected = { .wants_range = settings[1] & 1,
                                    .has_worked = settings[1] & 2,
                                    .first = settings[1] & 1 ? first : 0,
                                    .total = settings[1] & 4 ? (int64_t)first + settings[4] : -1,
                                    .etag = settings[1] & 8 ? "\"a\"" : NULL };
    if (settings[1] & 1 && settings[1] & 16)
        expected.end = first + 1 + settings[5];
    struct sg_err err = { 0 };
    enum verdict verdict = verdict_of(reply, &expected, &err);
    bool is_failure = verdict == VERDICT_FAILED || verdict == VERDICT_LINK ||
                      verdict == VERDICT_CHANGED || verdict == VERDICT_RETRY ||
                      verdict == VERDICT_REFUSED;
    SG_ASSERT(is_failure == (err.status != SG_OK));
    SG_ASSERT(verdict != VERDICT_WHOLE || expected.first == 0);
    if (verdict != VERDICT_RANGE)
        return;
    SG_ASSERT(reply->range_first == expected.first && reply->range_last >= expected.first);
    SG_ASSERT(expected.end == 0 || reply->range_last < expected.end);
    SG_ASSERT(expected.total >= 0 || reply->range_total >= 0);
    SG_ASSERT(reply->range_total < 0 || reply->range_last < (uint64_t)reply->range_total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int codes[] = { 200, 206, 416, 404, 503, 429, 401, 500 };
    if (size < SETTINGS)
        return 0;
    struct reply reply;
    struct sg_err err = { 0 };
    enum sg_status status = reply_parse(codes[data[0] % 8], (const char *)data + SETTINGS,
                                        size - SETTINGS, 784111777000, &reply, &err);
    SG_ASSERT(status == SG_OK || status == SG_E_BAD_SERVER);
    if (status == SG_OK) {
        judge(&reply, data);
        reply_fini(&reply);
    }
    SG_ASSERT(sg_mem_live() == 0);
    return 0;
}
