"""What Windows programs hear of the network's cost: Wine has the COM object that older Windows have, and
it says that nothing is metered."""

import time

from daemon import DEADLINE_S


def test_the_cost_is_asked_and_told(daemon):
    end = time.monotonic() + DEADLINE_S
    while daemon.call("daemon.info")["metered"] is None:  # until the first answer
        assert time.monotonic() < end
    assert daemon.call("daemon.info")["metered"] is False
    assert "\nmetered   no\n" in daemon.seg("status").replace("\r\n", "\n")
    assert daemon.json("settings", "metered")["note"] is None
