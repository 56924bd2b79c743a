"""What others can do to an open part file only where names and files are separate things."""

import pytest

from origin import File

MIB = 1 << 20
HALF = {"when": {"sent_bytes": {"from": 8 * MIB}}, "rate_bps": 1024}  # then it waits


@pytest.mark.parametrize("foreign", [None, b"mine"])
def test_a_part_file_that_lost_its_name_fails_and_can_be_fetched_again(daemon, origin, is_right,
                                                                      foreign):
    origin.add(File("big.bin", 16 * MIB, 1, behaviour=HALF))
    [job] = daemon.add(origin.url("/big.bin"))
    daemon.wait_until(job, lambda j: j["done"] > 4 * MIB)
    part = daemon.out / "big.bin.part"
    part.unlink()
    if foreign:
        part.write_bytes(foreign)
    origin.set("/big.bin", {})
    shown = daemon.wait_until(job, lambda j: j["state"] == "failed")
    assert shown["error"]["code"] == "not_found"
    assert "big.bin.part" in shown["error"]["message"]
    daemon.seg("resume", job)
    assert daemon.wait(job) == 0
    assert is_right(daemon.saved(daemon.job(job)), 1, 16 * MIB)
    if foreign:
        assert part.read_bytes() == foreign
