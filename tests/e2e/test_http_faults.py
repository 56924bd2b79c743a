"""Connections that break or crawl: what arrived counts, and the rest is fetched."""

import pytest

from stage import MIB, Situation, each

SIZE = 2 * MIB

SITUATIONS = {
    "reset every MiB": Situation({"reset_after": MIB}),
    "reset every 100 kB": Situation({"reset_after": 100_000}, size=MIB),
    "reset before the last byte": Situation({"reset_after": SIZE - 1}),
    "reset behind the last byte": Situation({"reset_after": SIZE}),
    "reset before the head": Situation({"when": {"request": [1, 2]}, "break_head": [0, "reset"]}),
    "close every MiB": Situation({"close_after": MIB}),
    "close before the last byte": Situation({"close_after": SIZE - 1}),
    "close in the head": Situation({"when": {"request": [1, 2]}, "break_head": [30, "close"]}),
    "close between requests": Situation({"close_idle": True}),
    "old protocol without keep-alive": Situation({"http": "1.0", "keep_alive": False}),
    "a byte a second on some lanes": Situation(
        {"when": {"connection": {"from": 2, "every": 3}}, "trickle_after": 65536}, lanes=(4, 16)),
    "all lanes reset, then patience": Situation(
        {"when": {"sent_bytes": {"from": MIB}, "elapsed_s": {"to": 1.5}}, "reset_after": 0,
         "status": 503, "retry_after": 1}),
    "failures of the server now and then": Situation(
        {"when": {"request": {"every": 3}}, "status": 500}),
}


@pytest.mark.parametrize("title, lanes", each(SITUATIONS))
def test_what_arrived_counts(run):
    run.check_end()
