/* What os/posix knows about routes; changing them is easy natively only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "os/net_watch.h"
#include "tests/contract/contract_ip.h"

static void run(const char *command)
{
    assert_int_equal(system(command), 0);
}

static void network__with_loopback_only__is_down(void **state)
{
    (void)state;
    assert_false(net_is_up());
}

static void network__with_an_address_that_leads_nowhere__is_down__until_there_is_a_route(
    void **state)
{
    (void)state;
    run("ip link add here type veth peer name there");
    run("ip link set there up");
    run("ip address add 10.9.8.7/24 dev here");
    run("ip link set here up");
    assert_false(net_is_up());
    run("ip route add default via 10.9.8.1");
    assert_true(net_is_up());
    run("ip link set here down");
    assert_false(net_is_up());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network__with_loopback_only__is_down),
        cmocka_unit_test(
            network__with_an_address_that_leads_nowhere__is_down__until_there_is_a_route),
    };
    ip_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
