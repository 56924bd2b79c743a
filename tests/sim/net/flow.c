/* Progressive filling: all rates rise together; a flow stays where it is when it, or a link that it
 * goes through, is full. */
#include "tests/sim/net/flow.h"

#include <float.h>
#include <stdbool.h>

/* Room left in a link for each flow that may still rise. */
static double room_per_flow(const struct flow *flows, size_t n, const bool *is_fixed,
                            bool is_common, size_t link, double capacity_bps)
{
    double left_bps = capacity_bps;
    size_t n_rising = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_common && flows[i].link != link)
            continue;
        left_bps -= flows[i].bps;
        n_rising += !is_fixed[i];
    }
    if (capacity_bps <= 0.0 || n_rising == 0)
        return DBL_MAX;
    return left_bps > 0.0 ? left_bps / (double)n_rising : 0.0;
}

static double room_of(const struct flow *flows, size_t n, const bool *is_fixed, size_t i,
                      const double *link_bps, double common_bps)
{
    double own = flows[i].own_bps - flows[i].bps;
    double link = room_per_flow(flows, n, is_fixed, false, flows[i].link, link_bps[flows[i].link]);
    double common = room_per_flow(flows, n, is_fixed, true, 0, common_bps);
    double room = own < link ? own : link;
    return room < common ? room : common;
}

enum { FLOWS_MAX = 512 };

void flow_share(struct flow *flows, size_t n, const double *link_bps, double common_bps)
{
    bool is_fixed[FLOWS_MAX] = { false };
    double room[FLOWS_MAX];
    size_t n_rising = n < FLOWS_MAX ? n : FLOWS_MAX;
    for (size_t i = 0; i < n; i++)
        flows[i].bps = 0.0;
    while (n_rising > 0) {
        double step = DBL_MAX;
        for (size_t i = 0; i < n; i++) {
            if (!is_fixed[i])
                room[i] = room_of(flows, n, is_fixed, i, link_bps, common_bps);
            if (!is_fixed[i] && room[i] < step)
                step = room[i];
        }
        for (size_t i = 0; i < n; i++) {
            if (is_fixed[i])
                continue;
            flows[i].bps += step;
            is_fixed[i] = room[i] <= step * 1.000001 + 1e-6;
            n_rising -= is_fixed[i];
        }
    }
}
