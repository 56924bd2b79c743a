/* The threads that look names up, and the queue before them. What the threads see is shared, and
 * freed by whoever is the last to let go of it: the owner, a thread, or an answer on its way. */
#include "os/resolve.h"

#include <stdbool.h>

#include "base/mem.h"
#include "os/lock.h"
#include "os/thread.h"

struct query {
    struct mail mail;
    struct resolver *resolver;
    struct query *next; /* in the queue */
    resolved_fn *done;
    void *ctx;
    char *host;
    struct sg_buf addresses;
    enum sg_status status;
};

struct crew_member {
    struct resolver *resolver;
    struct thread *thread; /* loop thread only; NULL: not started */
    bool is_busy;          /* under lock */
};

struct resolver {
    struct loop *loop;
    resolve_fn *look_up;
    struct crew_member crew[RESOLVE_THREADS];
    unsigned n_threads; /* loop thread only */
    struct lock lock;

    /* under lock */
    struct query *first;
    struct query **end; /* where the next one is linked */
    bool is_ending;
    unsigned n_refs;
    unsigned n_open; /* queries that wait or are looked up */
};

static void free_query(struct query *query)
{
    sg_buf_fini(&query->addresses);
    sg_free(query->host);
    sg_free(query);
}

static void unref(struct resolver *resolver)
{
    lock_take(&resolver->lock);
    bool is_last = --resolver->n_refs == 0;
    lock_release(&resolver->lock);
    if (!is_last)
        return;
    lock_fini(&resolver->lock);
    sg_free(resolver);
}

static void deliver(struct mail *mail)
{
    struct query *query = sg_container_of(mail, struct query, mail);
    struct resolver *resolver = query->resolver;
    lock_take(&resolver->lock);
    bool is_wanted = !resolver->is_ending;
    lock_release(&resolver->lock);
    if (is_wanted)
        query->done(query->ctx, query->status,
                    query->status == SG_OK ? query->addresses.data : NULL);
    free_query(query);
    unref(resolver);
}

static struct query *pop_locked(struct resolver *resolver)
{
    struct query *query = resolver->first;
    if (query == NULL)
        return NULL;
    resolver->first = query->next;
    if (resolver->first == NULL)
        resolver->end = &resolver->first;
    return query;
}

/* NULL when the resolver ends. */
static struct query *wait_for_query(struct crew_member *member)
{
    struct resolver *resolver = member->resolver;
    struct query *query = NULL;
    lock_take(&resolver->lock);
    while (!resolver->is_ending && (query = pop_locked(resolver)) == NULL)
        lock_wait(&resolver->lock);
    member->is_busy = query != NULL;
    lock_release(&resolver->lock);
    return query;
}

/* Under the lock, because the loop may be gone as soon as the resolver has ended. */
static void answer(struct crew_member *member, struct query *query)
{
    struct resolver *resolver = member->resolver;
    lock_take(&resolver->lock);
    member->is_busy = false;
    resolver->n_open--;
    bool is_wanted = !resolver->is_ending;
    if (is_wanted) {
        resolver->n_refs++; /* the answer's */
        loop_post(resolver->loop, &query->mail);
    }
    lock_release(&resolver->lock);
    if (!is_wanted)
        free_query(query);
}

static void serve(void *ctx)
{
    struct crew_member *member = ctx;
    for (struct query *query; (query = wait_for_query(member)) != NULL;) {
        query->status = member->resolver->look_up(query->host, &query->addresses);
        if (query->status == SG_OK && query->addresses.is_failed)
            query->status = SG_E_NOMEM;
        answer(member, query);
    }
    unref(member->resolver);
}

enum sg_status resolver_create(struct loop *loop, resolve_fn *look_up, struct resolver **out,
                               struct sg_err *err)
{
    struct resolver *resolver = sg_alloc(sizeof *resolver);
    if (resolver == NULL)
        return sg_err_set(err, SG_E_NOMEM, "preparing to look up names");
    resolver->loop = loop;
    resolver->look_up = look_up;
    resolver->end = &resolver->first;
    resolver->n_refs = 1;
    for (int i = 0; i < RESOLVE_THREADS; i++)
        resolver->crew[i].resolver = resolver;
    lock_init(&resolver->lock);
    *out = resolver;
    return SG_OK;
}

/* A thread that looks a name up may stay there for long: it is let go, the others are at once at
 * their end. */
void resolver_destroy(struct resolver *resolver)
{
    if (resolver == NULL)
        return;
    bool is_busy[RESOLVE_THREADS];
    lock_take(&resolver->lock);
    resolver->is_ending = true;
    for (struct query *query; (query = pop_locked(resolver)) != NULL;)
        free_query(query);
    for (int i = 0; i < RESOLVE_THREADS; i++)
        is_busy[i] = resolver->crew[i].is_busy;
    lock_wake_all(&resolver->lock);
    lock_release(&resolver->lock);
    for (int i = 0; i < RESOLVE_THREADS; i++) {
        struct thread *thread = resolver->crew[i].thread;
        if (is_busy[i])
            thread_let_go(thread);
        else
            thread_join(thread);
    }
    unref(resolver);
}

/* The thread holds a reference from before it runs. */
static enum sg_status start_thread(struct resolver *resolver, struct crew_member *member)
{
    lock_take(&resolver->lock);
    resolver->n_refs++;
    lock_release(&resolver->lock);
    enum sg_status status = thread_start("segue names", serve, member, &member->thread, NULL);
    if (status != SG_OK)
        unref(resolver);
    return status;
}

/* Where no other thread can be had, those that there are do it alone. */
static enum sg_status man(struct resolver *resolver)
{
    lock_take(&resolver->lock);
    bool has_idle = resolver->n_open < resolver->n_threads;
    lock_release(&resolver->lock);
    if (has_idle || resolver->n_threads == RESOLVE_THREADS)
        return SG_OK;
    enum sg_status status = start_thread(resolver, &resolver->crew[resolver->n_threads]);
    if (status == SG_OK)
        resolver->n_threads++;
    return resolver->n_threads > 0 ? SG_OK : status;
}

static void enqueue(struct resolver *resolver, struct query *query)
{
    lock_take(&resolver->lock);
    *resolver->end = query;
    resolver->end = &query->next;
    resolver->n_open++;
    lock_wake_one(&resolver->lock);
    lock_release(&resolver->lock);
}

enum sg_status resolver_ask(struct resolver *resolver, const char *host, resolved_fn *done,
                            void *ctx)
{
    struct query *query = sg_alloc(sizeof *query);
    char *copy = sg_strdup(host);
    enum sg_status status = query != NULL && copy != NULL ? SG_OK : SG_E_NOMEM;
    if (status == SG_OK)
        status = man(resolver);
    if (status != SG_OK) {
        sg_free(copy);
        sg_free(query);
        return status;
    }
    *query = (struct query){
        .mail.deliver = deliver, .resolver = resolver, .done = done, .ctx = ctx, .host = copy
    };
    enqueue(resolver, query);
    return SG_OK;
}
