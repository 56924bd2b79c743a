/* Fetches files through many random networks in virtual time, by the code that ships, and compares
 * the finish times with the fluid lower bound. docs/internals/planner.md says what is modelled.
 *
 *   sim_networks [--networks N] [--seed S] [--family NAME] [--csv FILE] [--svg FILE]
 *                [--fixed-every N] [--processes N] [--trace NUMBER]
 *
 * Exit code: 0; 1 when a budget is not kept; 2 for a usage that it does not know. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/fluid/chart.h"
#include "tests/sim/fluid/crew.h"
#include "tests/sim/fluid/tally.h"

struct arguments {
    struct crew_plan plan;
    const char *csv;
    const char *svg;
    bool has_trace;
    size_t traced;
};

static int usage(void)
{
    const struct family *all;
    size_t n = families(&all);
    fputs("usage: sim_networks [--networks N] [--seed S] [--family NAME] [--csv FILE] "
          "[--svg FILE]\n                    [--fixed-every N] [--processes N] [--trace NUMBER]\n\n"
          "--trace shows the life of one network of a family; --fixed-every 0 does not compare "
          "with fixed\nnumbers of lanes. Families:\n",
          stderr);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "  %-10s %s\n", all[i].name, all[i].what);
    return 2;
}

static bool parse_number(const char *text, size_t *out)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    *out = (size_t)strtoull(text, &end, 10);
    return *end == '\0';
}

static bool parse_family(const char *name, size_t *out)
{
    const struct family *all;
    size_t n = families(&all);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].name, name) != 0)
            continue;
        *out = i;
        return true;
    }
    return false;
}

static bool parse_option(struct arguments *a, const char *option, const char *value)
{
    size_t number = 0;
    bool is_number = parse_number(value, &number);
    if (strcmp(option, "--csv") == 0)
        a->csv = value;
    else if (strcmp(option, "--svg") == 0)
        a->svg = value;
    else if (strcmp(option, "--family") == 0)
        return parse_family(value, &a->plan.family);
    else if (strcmp(option, "--seed") == 0)
        a->plan.seed = number;
    else if (strcmp(option, "--networks") == 0)
        a->plan.n = number;
    else if (strcmp(option, "--fixed-every") == 0)
        a->plan.fixed_every = number;
    else if (strcmp(option, "--processes") == 0)
        a->plan.n_processes = (int)number;
    else if (strcmp(option, "--trace") == 0)
        a->traced = number;
    else
        return false;
    a->has_trace |= strcmp(option, "--trace") == 0;
    return is_number || a->csv == value || a->svg == value;
}

static bool parse(int argc, char **argv, struct arguments *out)
{
    long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
    *out = (struct arguments){ .plan = { .seed = 1,
                                         .n = 1000,
                                         .family = SIZE_MAX,
                                         .fixed_every = 10,
                                         .n_processes =
                                             n_cpus > 0 && n_cpus <= 64 ? (int)n_cpus : 1 } };
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !parse_option(out, argv[i], argv[i + 1]))
            return false;
    }
    bool is_sane = out->plan.n > 0 && out->plan.n_processes >= 1 && out->plan.n_processes <= 64;
    return is_sane && (!out->has_trace || out->plan.family != SIZE_MAX);
}

static int show_one(const struct arguments *a)
{
    struct sample s = crew_fetch(&a->plan, a->traced, stdout);
    printf("bound %.3f s, finish %.3f s: ratio %.3f; %d connections, %d requests\n",
           (double)s.bound_us / 1e6, (double)s.finish_us / 1e6, sample_ratio(&s), s.n_opened,
           s.n_requests);
    if (s.best_fixed > 0)
        printf("%.3f of the best fixed number of lanes, %d\n", s.of_best_fixed, s.best_fixed);
    return s.is_done ? 0 : 1;
}

static bool write_files(const struct arguments *a, const struct sample *samples)
{
    bool is_fine = true;
    if (a->csv != NULL)
        is_fine &= tally_write_csv(a->csv, samples, a->plan.n);
    if (a->svg != NULL)
        is_fine &= chart_write(a->svg, samples, a->plan.n);
    if (!is_fine)
        fputs("sim_networks: a file cannot be written\n", stderr);
    return is_fine;
}

int main(int argc, char **argv)
{
    struct arguments a;
    if (!parse(argc, argv, &a))
        return usage();
    if (a.has_trace)
        return show_one(&a);
    const struct sample *samples = crew_run(&a.plan);
    if (samples == NULL)
        return 1;
    tally_print(stdout, samples, a.plan.n);
    bool is_fine = tally_is_in_budget(stdout, samples, a.plan.n);
    return write_files(&a, samples) && is_fine ? 0 : 1;
}
