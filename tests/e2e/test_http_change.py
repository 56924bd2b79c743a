"""Files that change in mid-download, and files that only seem to."""

import pytest

from stage import MIB, SEAMS, Situation, each

LATER = {"request": {"from": 2}}
CUT = {"when": {"request": 1}, "reset_after": MIB // 2}     # so that a lone lane asks again, too
OTHER = {"switch_to": {"seed": 9}}
GROWN = {"switch_to": {"seed": 9, "size": 3 * MIB}}
SHRUNK = {"switch_to": {"seed": 9, "size": MIB}}
FAIL = {"on_change": "fail"}
MODIFIED = "Mon, 06 Jan 2025 00:00:0{connection} GMT"


def same(behaviour):
    """No change at all, which is seen by on_change: a download that took it for one would have failed."""
    return Situation(behaviour, options=FAIL)


SITUATIONS = {
    "it changes with its validators": Situation([CUT, {"when": LATER, **OTHER}], seed=9),
    "it changes and may not": Situation([CUT, {"when": LATER, **OTHER}], "failed remote_changed", options=FAIL),
    "it grows": Situation([CUT, {"when": LATER, **GROWN}], seed=9, final_size=3 * MIB),
    "it shrinks": Situation([CUT, {"when": LATER, **SHRUNK}], seed=9, final_size=MIB),
    "it grows and may not": Situation([CUT, {"when": LATER, **GROWN}], "failed remote_changed", options=FAIL),
    "it shrinks and may not": Situation([CUT, {"when": LATER, **SHRUNK}], "failed remote_changed", options=FAIL),
    "it changes three times": Situation(
        [{"last_modified": None}, {"when": {"request": {"to": 6}}, "etag": '"{request}"', "reset_after": MIB // 2}],
        lanes=(1,)),
    "it changes all the time": Situation(
        {"etag": '"{request}"', "last_modified": None, "reset_after": MIB // 2}, "failed remote_changed"),
    "nodes disagree about the ETag": same({"etag": '"{connection}"'}),
    "nodes disagree about the ETag, with lanes that break": same({"etag": '"{request}"', "reset_after": MIB // 2}),
    "nodes disagree about the date": same({"last_modified": MODIFIED}),
    "nodes disagree about the date, with lanes that break": same({"last_modified": MODIFIED, "reset_after": MIB // 2}),
    "some nodes have a weak ETag": same(
        [{"etag": '"x"', "last_modified": None}, {"when": {"request": {"every": 2}}, "etag": 'W/"x"'}]),
    "some nodes have no validators": same({"when": {"request": {"every": 2}}, "etag": None, "last_modified": None}),
    "there are no validators": same({"etag": None, "last_modified": None, "reset_after": MIB}),
}


@pytest.mark.parametrize("title, lanes", each(SITUATIONS))
def test_a_file_is_of_one_version(run):
    run.check_end()


@pytest.mark.parametrize("title, lanes", each(SITUATIONS, "and may not"))
def test_the_old_version_is_kept_for_when_it_comes_back(run, mended_as_if_nothing_had_been):
    have, before = mended_as_if_nothing_had_been[run]
    run.check_bytes(seed=1, size=run.situation.size)
    assert run.sent() - before <= run.situation.size - have + SEAMS, run.story()
