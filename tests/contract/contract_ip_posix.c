/* Addresses by iproute2, in a network namespace of the test's own. */
#define _GNU_SOURCE
#include "tests/contract/contract_ip.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void run(const char *command)
{
    assert_int_equal(system(command), 0);
}

/* Who is not root becomes so in a user namespace, where the system allows it. */
void ip_start(void)
{
    int flags = geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWNET | CLONE_NEWUSER;
    assert_int_equal(unshare(flags), 0);
    run("ip link set lo up");
}

void ip_change_address(void)
{
    run("ip address add 127.9.8.7/32 dev lo");
    run("ip address delete 127.9.8.7/32 dev lo");
}
