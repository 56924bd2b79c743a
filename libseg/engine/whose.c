/* Whose jobs they are: what the service needs their owners for, and waiting for them. Nothing of it
 * happens in a user's own daemon. Loop thread. */
#include "base/assert.h"
#include "engine/engine_private.h"

static const struct file_id unknown;

struct actor job_actor(const struct job *job)
{
    struct identity *right = job->owner != NULL ? job->owner->right : NULL;
    return (struct actor){ .is_service = job->engine->acts_for_owners,
                           .owner = identity_ref(right) };
}

enum sg_status job_join_owner(struct job *job)
{
    struct engine *engine = job->engine;
    if (!engine->acts_for_owners || job->record.owner == NULL)
        return SG_OK;
    job->owner = owners_get(&engine->owners, job->record.owner);
    if (job->owner == NULL)
        return SG_E_NOMEM;
    owner_count(job->owner, 1, !job_state_is_final(job->record.state));
    return SG_OK;
}

void job_leave_owner(struct job *job)
{
    if (job->owner != NULL)
        owner_count(job->owner, -1, -!job_state_is_final(job->record.state));
    job->owner = NULL;
}

void job_tell_owner(struct job *job, enum job_state before)
{
    int n_finished = job_state_is_final(job->record.state) - job_state_is_final(before);
    if (job->owner != NULL)
        owner_count(job->owner, 0, -n_finished);
}

static bool is_absent(const struct job *job)
{
    return job->engine->acts_for_owners && (job->owner == NULL || job->owner->right == NULL);
}

/* One that is there may be reopened with the service's own right; to make one it takes the owner.
 */
static bool has_part(const struct job_record *record)
{
    struct file_id id = part_id(record);
    return record->part_path != NULL && !file_id_is_same(&id, &unknown);
}

bool job_lacks_owner(const struct job *job)
{
    bool is_waiting = job->record.state == JOB_WAITING && job->record.reason == JOB_REASON_OWNER;
    return is_absent(job) && (is_waiting || !has_part(&job->record));
}

void job_wait_for_owner(struct job *job)
{
    struct sg_err err = { 0 };
    const struct actor nobody = { .is_service = true };
    enum sg_status status = actor_begin(&nobody, &err);
    SG_ASSERT(status == SG_E_OWNER);
    job_enter(job, JOB_WAITING, JOB_REASON_OWNER, &err, 0, 0);
}

void engine_act_for_owners(struct engine *engine)
{
    SG_ASSERT(engine->n_jobs == 0);
    engine->acts_for_owners = true;
}

static void wake_jobs_of(struct engine *engine, const struct owner *owner)
{
    for (size_t i = 0; i < engine->n_jobs; i++) {
        struct job *job = engine->jobs[i];
        if (job->owner == owner && job->record.state == JOB_WAITING &&
            job->record.reason == JOB_REASON_OWNER)
            job_enter(job, JOB_QUEUED, JOB_REASON_NONE, NULL, 0, 0);
    }
}

/* Only who was not here can have been waited for. */
void engine_owner_came(struct engine *engine, const char *sid, struct identity *right)
{
    struct owner *owner = engine->acts_for_owners ? owners_get(&engine->owners, sid) : NULL;
    if (owner == NULL)
        return;
    bool was_absent = owner->right == NULL;
    owner_came(owner, right);
    if (was_absent && owner->right != NULL && owner->n_unfinished > 0)
        wake_jobs_of(engine, owner);
}

void engine_owner_left(struct engine *engine, const char *sid)
{
    struct owner *owner = engine->acts_for_owners ? owners_find(&engine->owners, sid) : NULL;
    if (owner != NULL && owner->n_sessions > 0)
        owner_left(owner);
}
