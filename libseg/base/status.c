/* Look-ups in the status table. */
#include "base/status.h"

#include <string.h>

#include "base/assert.h"

struct status_row {
    const char *word;
    const char *sentence;
    enum sg_class class;
};

static const struct status_row rows[SG_STATUS_COUNT] = {
    [SG_OK] = { "ok", "it worked", SG_CLASS_NONE },
    [SG_PENDING] = { "pending", "it goes on", SG_CLASS_NONE },
#define X(code, word, class, sentence) [code] = { word, sentence, SG_CLASS_##class },
    SG_STATUS_TABLE(X)
#undef X
};

static const struct status_row *row_of(enum sg_status status)
{
    SG_ASSERT((unsigned)status < SG_STATUS_COUNT);
    return &rows[status];
}

const char *sg_status_word(enum sg_status status)
{
    return row_of(status)->word;
}

const char *sg_status_sentence(enum sg_status status)
{
    return row_of(status)->sentence;
}

enum sg_class sg_status_class(enum sg_status status)
{
    return row_of(status)->class;
}

enum sg_status sg_status_from_word(const char *word)
{
    for (unsigned i = 0; i < SG_STATUS_COUNT; i++) {
        if (strcmp(rows[i].word, word) == 0)
            return (enum sg_status)i;
    }
    return SG_STATUS_COUNT;
}
