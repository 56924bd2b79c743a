/* Processes share a mapping into which each writes the samples of its networks. */
#include "tests/sim/fluid/crew.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "tests/sim/fluid/bound.h"
#include "tests/sim/fluid/fetch.h"

enum {
    HOPELESS = 50,   /* times the bound: then a download has come to no end */
    ROUNDING_US = 2, /* of times to whole microseconds */
    CREW_MAX = 64,
    STEPS_A_JOB = 100, /* at least, for the rates that are measured */
    STEP_MIN_US = 1000,
    STEP_MAX_US = 20000, /* the engine looks at a trickle this often */
};

static const int lane_counts[] = { 16, 8, 4, 2, 1 };

static uint64_t step_for(const struct sample *s)
{
    uint64_t step_us = s->bound_us / STEPS_A_JOB;
    if (step_us < STEP_MIN_US)
        return STEP_MIN_US;
    return step_us < STEP_MAX_US ? step_us : STEP_MAX_US;
}

static void try_fixed(const struct network *net, struct sample *s)
{
    uint64_t best_us = s->finish_us * 2;
    for (size_t i = 0; i < sizeof lane_counts / sizeof lane_counts[0]; i++) {
        struct fetch_options options = { .fixed_lanes = lane_counts[i],
                                         .give_up_us = best_us,
                                         .step_us = step_for(s) };
        struct fetch_result result = fetch_run(net, &options);
        if (!result.is_done || result.finish_us >= best_us)
            continue;
        best_us = result.finish_us;
        s->best_fixed = lane_counts[i];
    }
    s->of_best_fixed = (double)best_us / (double)s->finish_us;
}

struct sample crew_fetch(const struct crew_plan *plan, size_t index, FILE *trace)
{
    const struct family *all;
    size_t n_families = families(&all);
    bool is_mixed = plan->family == SIZE_MAX;
    size_t family = is_mixed ? index % n_families : plan->family;
    size_t number = is_mixed ? index / n_families : index;
    struct network net;
    family_network(&all[family], plan->seed, number, &net);
    struct sample s = { .family = (uint32_t)family,
                        .number = (uint32_t)number,
                        .total = net.total };
    s.bound_us = bound_us(&net, NETWORK_SECOND_US);
    s.asking_us = bound_asking_us(&net, NETWORK_SECOND_US);
    struct fetch_options options = { .give_up_us = s.bound_us * HOPELESS,
                                     .step_us = step_for(&s),
                                     .trace = trace };
    struct fetch_result result = fetch_run(&net, &options);
    s.is_done = result.is_done;
    s.finish_us = result.is_done ? result.finish_us : s.bound_us * HOPELESS;
    s.fetched = result.fetched > net.total ? result.fetched : net.total;
    s.n_opened = result.n_opened;
    s.n_requests = result.n_requests;
    if (s.is_done && s.finish_us + ROUNDING_US < s.bound_us) {
        fprintf(stderr, "%s %zu: fetched in %.6f s, which beats the bound, %.6f s\n",
                all[family].name, number, (double)s.finish_us / 1e6, (double)s.bound_us / 1e6);
        SG_UNREACHABLE("the lower bound is none");
    }
    if (plan->fixed_every > 0 && number % plan->fixed_every == 0)
        try_fixed(&net, &s);
    return s;
}

static void work(const struct crew_plan *plan, struct sample *samples, size_t first)
{
    for (size_t i = first; i < plan->n; i += (size_t)plan->n_processes)
        samples[i] = crew_fetch(plan, i, NULL);
}

static struct sample *map_samples(size_t n)
{
    FILE *file = tmpfile();
    size_t size = n * sizeof(struct sample);
    SG_ASSERT(file != NULL && ftruncate(fileno(file), (off_t)size) == 0);
    void *samples = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    SG_ASSERT(samples != MAP_FAILED);
    (void)fclose(file); /* the mapping stays */
    return samples;
}

static bool join(const pid_t *processes, int n)
{
    bool is_fine = true;
    for (int i = 0; i < n; i++) {
        int status;
        is_fine &= waitpid(processes[i], &status, 0) == processes[i] && status == 0;
    }
    return is_fine;
}

const struct sample *crew_run(const struct crew_plan *plan)
{
    pid_t processes[CREW_MAX];
    struct sample *samples = map_samples(plan->n);
    SG_ASSERT(plan->n_processes >= 1 && plan->n_processes <= CREW_MAX);
    if (plan->n_processes == 1) {
        work(plan, samples, 0);
        return samples;
    }
    (void)fflush(NULL); /* else a child prints it again */
    for (int i = 0; i < plan->n_processes; i++) {
        processes[i] = fork();
        SG_ASSERT(processes[i] >= 0);
        if (processes[i] != 0)
            continue;
        work(plan, samples, (size_t)i);
        _exit(0);
    }
    return join(processes, plan->n_processes) ? samples : NULL;
}
