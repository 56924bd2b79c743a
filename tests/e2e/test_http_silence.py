"""Connections that say nothing more and do not end: they are given up, and others do their work."""

import pytest

from stage import MIB, Situation, each

SETTINGS = {"stall_timeout": 2}

SITUATIONS = {
    "on some lanes": Situation({"when": {"connection": {"every": 3}}, "silence_after": 65536}),
    "on the first lane": Situation({"when": {"connection": 1}, "silence_after": 65536}),
    "on all lanes": Situation({"silence_after": 384 * 1024}, size=MIB),
    "in the head": Situation({"when": {"request": [1, 2]}, "break_head": [30, "silence"]}),
    "before the first byte of the body": Situation({"when": {"request": [1, 2]}, "silence_after": 0}),
    "beyond 3 connections": Situation({}, lanes=(4, 16),
                                      door={"when": {"open": {"from": 4}}, "accept": "silence"}),
    "after less than was promised": Situation(
        {"ignore_ranges": True, "content_length_delta": 1000}, "failed stalled", size=MIB),
    "for ever": Situation({"silence_after": 0}, "failed stalled", lanes=(1,)),
    "for ever on many lanes": Situation({"silence_after": 0}, "failed stalled", lanes=(4, 16)),
    "in every head": Situation({"break_head": [30, "silence"]}, "failed stalled"),
}


@pytest.mark.parametrize("title, lanes", each(SITUATIONS))
def test_silence_does_not_last(run):
    run.check_end()


@pytest.mark.parametrize("title, lanes", each(SITUATIONS, "for ever"))
def test_rounds_without_a_byte_are_counted(run):
    """Three rounds, in each of which every lane asks at most twice."""
    run.ended()
    assert len(run.log()) <= 3 * 2 * run.lanes, run.story()
