/* The queue that the pool and the worker share. */
#include "os/win/work_queue.h"

#include "base/mem.h"

void work_queue_init(struct work_queue *queue)
{
    InitializeSRWLock(&queue->lock);
    queue->first = NULL;
    queue->last = NULL;
}

void work_queue_push(struct work_queue *queue, struct loop *loop, struct work *work)
{
    work->loop = loop;
    work->next = NULL;
    AcquireSRWLockExclusive(&queue->lock);
    if (queue->last != NULL)
        queue->last->next = work;
    else
        queue->first = work;
    queue->last = work;
    ReleaseSRWLockExclusive(&queue->lock);
}

struct work *work_queue_pop_locked(struct work_queue *queue)
{
    struct work *work = queue->first;
    if (work == NULL)
        return NULL;
    queue->first = work->next;
    if (queue->first == NULL)
        queue->last = NULL;
    return work;
}

static void on_mail(struct mail *mail)
{
    struct work *work = sg_container_of(mail, struct work, mail);
    work->done(work);
}

void work_run(struct work *work)
{
    work->run(work);
    work->mail.deliver = on_mail;
    loop_post(work->loop, &work->mail);
}
