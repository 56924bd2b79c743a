/* Filling a link: the flow with the lowest limit takes it or its fair share, whichever is less, and
 * the others share what it left. */
#include "tests/sim/fluid/share.h"

#include <float.h>
#include <string.h>

#include "base/assert.h"

static void sort(double *values, int n)
{
    for (int i = 1; i < n; i++) {
        double value = values[i];
        int at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

double share_level(const double *limits_bps, int n, double cap_bps)
{
    double sorted[SHARE_FLOWS_MAX];
    double left_bps = cap_bps;
    SG_ASSERT(n <= SHARE_FLOWS_MAX);
    if (cap_bps <= 0.0)
        return DBL_MAX;
    memcpy(sorted, limits_bps, (size_t)n * sizeof *sorted);
    sort(sorted, n);
    for (int i = 0; i < n; i++) {
        double fair_bps = left_bps / (n - i);
        if (sorted[i] >= fair_bps)
            return fair_bps;
        left_bps -= sorted[i];
    }
    return DBL_MAX;
}
