/* What lanes do, and what may be expected of them. */
#include "core/plan_internal.h"

#include <math.h>

enum { BISECTIONS = 24 };

static const double young_s = 0.1; /* a rate measured for less than this says little */

static bool is_measured(const struct plan_lane *lane, uint64_t now_us)
{
    return lane->is_busy && lane->is_receiving && rate_age_s(&lane->rate, now_us) >= young_s;
}

double plan_measured_bps(const struct plan_lane *lane, uint64_t now_us)
{
    return is_measured(lane, now_us) ? rate_bps(&lane->rate, now_us) : 0.0;
}

/* The middle one of n values, in expected linear time: Hoare's selection. Reorders them. */
static double middle_of(double *values, int n)
{
    int low = 0;
    int high = n - 1;
    int k = n / 2;
    while (low < high) {
        double pivot = values[(low + high) / 2];
        int i = low;
        int j = high;
        while (i <= j) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i > j)
                break;
            double swapped = values[i];
            values[i++] = values[j];
            values[j--] = swapped;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return values[k];
}

double plan_typical_bps(const struct plan *plan, int source, uint64_t now_us)
{
    double values[PLAN_LANES_MAX];
    int n = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        const struct plan_lane *lane = &plan->lanes[i];
        double bps = lane->is_busy ? plan_measured_bps(lane, now_us) : lane->last_bps;
        if (bps > 0.0 && (source == PLAN_ANY_SOURCE || lane->source == source))
            values[n++] = bps;
    }
    return n > 0 ? middle_of(values, n) : 0.0;
}

double plan_expected_bps(const struct plan *plan, int source, uint64_t now_us)
{
    double bps = plan_typical_bps(plan, source, now_us);
    if (bps <= 0.0)
        bps = plan_typical_bps(plan, PLAN_ANY_SOURCE, now_us);
    return bps > 0.0 ? bps : plan->expected_bps;
}

/* What an owner is believed to do. 0: nothing is known. */
static double owner_bps(const struct plan_lane *owner, double typical, uint64_t now_us)
{
    if (!is_measured(owner, now_us))
        return typical;
    double bps = plan_measured_bps(owner, now_us);
    return bps > 1.0 ? bps : 1.0; /* silent: it may take for ever, but numbers stay finite */
}

struct course plan_course(const struct plan *plan, const struct plan_lane *lane, double typical,
                          uint64_t now_us)
{
    double bps = fmax(owner_bps(lane, typical, now_us), 1.0);
    double starts_s = lane->is_receiving ? 0.0 : plan->setup_s;
    double left = (double)(lane->end - lane->pos);
    return (struct course){ bps, starts_s, starts_s + left / bps, left };
}

int plan_last_to_finish(const struct plan *plan, double typical, uint64_t now_us)
{
    int last = -1;
    double longest = -1.0;
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (!plan->lanes[i].is_busy)
            continue;
        double seconds = plan_course(plan, &plan->lanes[i], typical, now_us).ends_s;
        if (seconds > longest) {
            longest = seconds;
            last = i;
        }
    }
    return last;
}

/* What it can have fetched by then, if there is always something to do. */
static double fetched_by(const struct course *course, double setup_s, double seconds)
{
    if (seconds <= course->ends_s)
        return course->bps * fmax(seconds - course->starts_s, 0.0);
    return course->left + course->bps * fmax(seconds - course->ends_s - setup_s, 0.0);
}

double plan_soonest_end_s(const struct plan *plan, double new_bps, double typical, uint64_t now_us)
{
    struct course courses[PLAN_LANES_MAX];
    int n = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (plan->lanes[i].is_busy)
            courses[n++] = plan_course(plan, &plan->lanes[i], typical, now_us);
    }
    double fresh_bps = new_bps + plan->lanes_soon * typical;
    double left = (double)plan_remaining(plan);
    double low = 0.0;
    double high = plan->setup_s + left / new_bps;
    for (int step = 0; step < BISECTIONS; step++) {
        double middle = (low + high) / 2.0;
        double bytes = fresh_bps * fmax(middle - plan->setup_s, 0.0);
        for (int i = 0; i < n; i++)
            bytes += fetched_by(&courses[i], plan->setup_s, middle);
        *(bytes < left ? &low : &high) = middle;
    }
    return high;
}
