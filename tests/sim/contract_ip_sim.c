/* Addresses of the simulated machine. */
#include "tests/contract/contract_ip.h"
#include "tests/sim/os/sim_net_watch.h"

void ip_start(void)
{
}

void ip_change_address(void)
{
    sim_net_set_up(true);
    sim_net_set_up(true);
}
