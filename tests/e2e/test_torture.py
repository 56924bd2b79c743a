"""The short form of tests/torture: a few kills, at moments that a new seed decides each time."""

import os
import random

from torture import Torture, serve

KILLS = {"native": 14, "wine": 8}


def test_kills_at_random_moments_cost_little_and_break_nothing(idle_daemon, system):
    seed = int(os.environ.get("SEGUE_TORTURE_SEED", random.SystemRandom().randrange(1 << 32)))
    with serve() as origin:
        Torture(idle_daemon, origin, seed, KILLS[system.name]).run()
