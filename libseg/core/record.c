/* Life and words of job records. */
#include "core/record.h"

#include <string.h>

#include "base/assert.h"
#include "base/mem.h"

#define X(code, word) [code] = word,
static const char *const state_words[] = { JOB_STATE_TABLE(X) };
static const char *const reason_words[] = { JOB_REASON_TABLE(X) };
static const char *const if_exists_words[] = { JOB_IF_EXISTS_TABLE(X) };
static const char *const on_change_words[] = { JOB_ON_CHANGE_TABLE(X) };
static const char *const metered_words[] = { JOB_METERED_TABLE(X) };
#undef X

static const char *word_at(const char *const *words, unsigned count, unsigned index)
{
    SG_ASSERT(index < count);
    return words[index];
}

static unsigned index_of(const char *const *words, unsigned count, const char *word)
{
    unsigned i = 0;
    while (i < count && strcmp(words[i], word) != 0)
        i++;
    return i;
}

void job_record_init(struct job_record *record)
{
    *record = (struct job_record){ .total = -1 };
}

void job_record_fini(struct job_record *record)
{
#define X(field)                   \
    sg_free_secret(record->field); \
    record->field = NULL;
    JOB_SECRET_FIELDS(X)
#undef X
#define X(field) sg_free(record->field);
    JOB_TEXT_FIELDS(X)
#undef X
    extents_fini(&record->extents);
    job_record_init(record);
}

enum sg_status job_record_set(char **field, const char *text)
{
    char *copy = sg_strdup(text);
    if (text != NULL && copy == NULL)
        return SG_E_NOMEM;
    sg_free_secret(*field); /* it may be one */
    *field = copy;
    return SG_OK;
}

enum sg_status job_record_copy(struct job_record *copy, const struct job_record *record)
{
    job_record_init(copy);
    enum sg_status status = SG_OK;
#define X(field)         \
    if (status == SG_OK) \
        status = job_record_set(&copy->field, record->field);
    JOB_TEXT_FIELDS(X)
#undef X
    if (status == SG_OK)
        status = extents_copy(&copy->extents, &record->extents);
    if (status != SG_OK) {
        job_record_fini(copy);
        return status;
    }
#define X(field, type) copy->field = record->field;
    JOB_NUMBER_FIELDS(X)
#undef X
    return SG_OK;
}

const char *job_record_wanted_digest(const struct job_record *record)
{
    return record->checksum != NULL ? record->checksum : record->digest;
}

enum sg_status job_record_lose_secrets(struct job_record *record)
{
    static const char message[] =
        "its headers, cookies or passwords were protected for another account or machine and"
        " cannot be read: 'seg refresh' with --header, --user, --cookie-file or --proxy gives it"
        " new ones, 'seg resume' goes on without them";
    if (record->state == JOB_DONE || record->state == JOB_CANCELLED)
        return SG_OK;
    enum sg_status status = job_record_set(&record->error_message, message);
    if (status != SG_OK)
        return status;
    record->state = JOB_FAILED;
    record->reason = JOB_REASON_NONE;
    record->error_code = SG_E_SECRETS;
    return SG_OK;
}

void job_record_forget_part(struct job_record *record)
{
    sg_free(record->part_path);
    record->part_path = NULL;
    record->part_volume = record->part_id_low = record->part_id_high = 0;
}

bool job_state_is_final(enum job_state state)
{
    return state == JOB_DONE || state == JOB_FAILED || state == JOB_CANCELLED;
}

const char *job_state_word(enum job_state state)
{
    return word_at(state_words, JOB_STATE_COUNT, state);
}

enum job_state job_state_from_word(const char *word)
{
    return (enum job_state)index_of(state_words, JOB_STATE_COUNT, word);
}

const char *job_reason_word(enum job_reason reason)
{
    return word_at(reason_words, JOB_REASON_COUNT, reason);
}

enum job_reason job_reason_from_word(const char *word)
{
    return (enum job_reason)index_of(reason_words, JOB_REASON_COUNT, word);
}

const char *job_if_exists_word(enum job_if_exists choice)
{
    return word_at(if_exists_words, JOB_IF_EXISTS_COUNT, choice);
}

enum job_if_exists job_if_exists_from_word(const char *word)
{
    return (enum job_if_exists)index_of(if_exists_words, JOB_IF_EXISTS_COUNT, word);
}

const char *job_on_change_word(enum job_on_change choice)
{
    return word_at(on_change_words, JOB_ON_CHANGE_COUNT, choice);
}

enum job_on_change job_on_change_from_word(const char *word)
{
    return (enum job_on_change)index_of(on_change_words, JOB_ON_CHANGE_COUNT, word);
}

const char *job_metered_word(enum job_metered choice)
{
    return word_at(metered_words, JOB_METERED_COUNT, choice);
}

enum job_metered job_metered_from_word(const char *word)
{
    return (enum job_metered)index_of(metered_words, JOB_METERED_COUNT, word);
}
