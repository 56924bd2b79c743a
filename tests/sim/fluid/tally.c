/* Counting, and tables of it. */
#include "tests/sim/fluid/tally.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/mem.h"
#include "tests/sim/fluid/budgets.h"

enum {
    SPARE_BYTES = 256 * 1024, /* may come twice whatever the size of the file */
    NETWORKS_MIN = 200,       /* fewer say nothing about a family's budget */
    FIXED_MIN = 50,           /* nor fewer comparisons about the lanes */
};

static const double low_part = 0.05;
static const double duplicates_max = 0.02;

double sample_ratio(const struct sample *s)
{
    return (double)s->finish_us / (double)s->bound_us;
}

static double duplicates_of(const struct sample *s)
{
    return (double)(s->fetched - s->total) / (double)s->total;
}

bool sample_is_wasteful(const struct sample *s)
{
    return (double)(s->fetched - s->total) > duplicates_max * (double)s->total + SPARE_BYTES;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, size_t n, double part)
{
    size_t at = (size_t)(part * (double)n);
    return n == 0 ? 0.0 : sorted[at < n ? at : n - 1];
}

static void add(struct tally *t, const struct sample *s)
{
    double duplicates = duplicates_of(s);
    t->ratios[t->n++] = sample_ratio(s);
    t->mean += sample_ratio(s);
    t->asking += (double)s->asking_us / (double)s->bound_us;
    t->n_lost += !s->is_done;
    t->n_wasteful += sample_is_wasteful(s);
    t->duplicates += duplicates;
    t->opened += s->n_opened;
    t->requests += s->n_requests;
    if (duplicates > t->worst_duplicates)
        t->worst_duplicates = duplicates;
}

static void add_fixed(struct tally *t, double *fixed, const struct sample *s)
{
    if (s->of_best_fixed <= 0.0)
        return;
    fixed[t->n_fixed++] = s->of_best_fixed;
    t->of_best_fixed += s->of_best_fixed;
}

static void divide(struct tally *t)
{
    double n = t->n > 0 ? (double)t->n : 1.0;
    t->mean /= n;
    t->asking /= n;
    t->duplicates /= n;
    t->opened /= n;
    t->requests /= n;
    t->of_best_fixed /= t->n_fixed > 0 ? (double)t->n_fixed : 1.0;
}

struct tally tally_of(const struct sample *samples, size_t n, size_t family)
{
    struct tally t = { .ratios = sg_alloc_array(n + 1, sizeof(double)) };
    double *fixed = sg_alloc_array(n + 1, sizeof *fixed);
    SG_ASSERT(t.ratios != NULL && fixed != NULL);
    for (size_t i = 0; i < n; i++) {
        if (family != SIZE_MAX && samples[i].family != family)
            continue;
        add(&t, &samples[i]);
        add_fixed(&t, fixed, &samples[i]);
    }
    divide(&t);
    qsort(t.ratios, t.n, sizeof *t.ratios, compare);
    qsort(fixed, t.n_fixed, sizeof *fixed, compare);
    t.worst = t.n > 0 ? t.ratios[t.n - 1] : 0.0;
    t.of_best_fixed_low = percentile(fixed, t.n_fixed, low_part);
    sg_free(fixed);
    return t;
}

void tally_fini(struct tally *t)
{
    sg_free(t->ratios);
}

double tally_percentile(const struct tally *t, double part)
{
    return percentile(t->ratios, t->n, part);
}

static void print_row(FILE *out, const char *name, const struct tally *t)
{
    fprintf(out, "%-10s %8zu %7.3f %7.3f %7.3f %7.3f %7.3f %8.3f %7.2f %8.2f %6zu %7.1f %7.1f",
            name, t->n, t->asking, t->mean, tally_percentile(t, 0.5), tally_percentile(t, 0.95),
            tally_percentile(t, 0.99), t->worst, t->duplicates * 100.0, t->worst_duplicates * 100.0,
            t->n_wasteful, t->opened, t->requests);
    if (t->n_fixed > 0)
        fprintf(out, " %6.3f %6.3f", t->of_best_fixed, t->of_best_fixed_low);
    if (t->n_lost > 0)
        fprintf(out, "  %zu came to no end", t->n_lost);
    fputc('\n', out);
}

static void print_head(FILE *out)
{
    fprintf(out, "%-10s %8s %-48s %-23s %-15s %s\n", "", "", "finish time / fluid bound",
            "came twice: %", "a job", "of best fixed");
    fprintf(out, "%-10s %8s %7s %7s %7s %7s %7s %8s %7s %8s %6s %7s %7s %6s %6s\n", "family",
            "networks", "asking", "mean", "p50", "p95", "p99", "worst", "mean", "worst", "n > 2%",
            "opened", "asked", "mean", "p5");
}

static void print_wanted(FILE *out)
{
    fprintf(out, "%-10s %8s %7s %7.3f %7s %7s %7.3f %8s %7s %8s %6.0f %7s %7s %6.3f\n", "wanted",
            "", "", budget_wanted.mean, "", "", budget_wanted.p99, "", "", "",
            budget_wanted.wasteful, "", "", budget_wanted.of_best_fixed);
}

void tally_print(FILE *out, const struct sample *samples, size_t n)
{
    const struct family *all;
    size_t n_families = families(&all);
    print_head(out);
    for (size_t i = 0; i <= n_families; i++) {
        struct tally t = tally_of(samples, n, i < n_families ? i : SIZE_MAX);
        if (t.n > 0)
            print_row(out, i < n_families ? all[i].name : "all", &t);
        tally_fini(&t);
    }
    print_wanted(out);
}

static bool is_at_most(FILE *out, const char *family, const char *what, double value, double limit)
{
    if (value > limit)
        fprintf(out, "over budget: %s: %s is %.4f, at most %.4f is fine\n", family, what, value,
                limit);
    return value <= limit;
}

static bool is_in_budget(FILE *out, const char *name, const struct tally *t)
{
    const struct budget *budget = budget_of(name);
    double n = (double)t->n;
    bool is_fine = is_at_most(out, name, "mean", t->mean, budget->mean);
    is_fine &= is_at_most(out, name, "p99", tally_percentile(t, 0.99), budget->p99);
    is_fine &= is_at_most(out, name, "wasteful share", (double)t->n_wasteful / n, budget->wasteful);
    is_fine &= is_at_most(out, name, "lost share", (double)t->n_lost / n, budget->lost);
    bool has_fixed = t->n_fixed >= FIXED_MIN;
    return (!has_fixed || is_at_most(out, name, "loss to the best fixed lanes",
                                     1.0 - t->of_best_fixed, 1.0 - budget->of_best_fixed)) &&
           is_fine;
}

/* Families that are not there do not count, and all of them together only when all are there. */
bool tally_is_in_budget(FILE *out, const struct sample *samples, size_t n)
{
    const struct family *all;
    size_t n_families = families(&all);
    size_t n_judged = 0;
    bool is_fine = true;
    for (size_t i = 0; i <= n_families; i++) {
        struct tally t = tally_of(samples, n, i < n_families ? i : SIZE_MAX);
        bool is_enough = i < n_families ? t.n >= NETWORKS_MIN : n_judged == n_families;
        n_judged += is_enough;
        if (is_enough)
            is_fine &= is_in_budget(out, i < n_families ? all[i].name : "all", &t);
        tally_fini(&t);
    }
    return is_fine;
}

bool tally_write_csv(const char *path, const struct sample *samples, size_t n)
{
    const struct family *all;
    (void)families(&all);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return false;
    fprintf(out, "family,number,bytes,asking_s,bound_s,finish_s,ratio,duplicates,opened,requests,"
                 "of_best_fixed,best_fixed\n");
    for (size_t i = 0; i < n; i++) {
        const struct sample *s = &samples[i];
        fprintf(out,
                "%s,%" PRIu32 ",%" PRIu64 ",%.6f,%.6f,%.6f,%.4f,%.5f,%" PRId32 ",%" PRId32
                ",%.4f,%" PRId32 "\n",
                all[s->family].name, s->number, s->total, (double)s->asking_us / 1e6,
                (double)s->bound_us / 1e6, (double)s->finish_us / 1e6, sample_ratio(s),
                duplicates_of(s), s->n_opened, s->n_requests, s->of_best_fixed, s->best_fixed);
    }
    return fclose(out) == 0;
}
