"""The main path: a URL is queued, ranges are fetched over several connections, the file arrives."""

import json
import os

from origin import File, digest

MIB = 1 << 20


def serve(origin, name, size, seed=1, behaviour=None):
    origin.add(File(name, size, seed, behaviour=behaviour))
    return origin.url("/" + name)


def test_get_downloads_a_file_byte_for_byte(daemon, origin, is_right):
    url = serve(origin, "big.bin", 64 * MIB, seed=5)
    done = daemon.run("get", url, "-d", daemon.system.path(daemon.out))
    assert done.returncode == 0, done.stderr
    assert is_right(daemon.out / "big.bin", 5, 64 * MIB)
    assert os.listdir(daemon.out) == ["big.bin"], "no part file is left"


def test_several_lanes_share_a_file(daemon, origin, is_right):
    url = serve(origin, "big.bin", 24 * MIB, seed=6, behaviour={"rate_bps": 2 * MIB})
    [job] = daemon.add(url)
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "big.bin", 6, 24 * MIB)
    stats = origin.stats()
    assert stats.files["/big.bin"]["max_active"] > 1, "more than one lane worked"
    assert stats.sent < 1.2 * 24 * MIB
    ranges = sorted(entry["range"] for entry in stats.of("/big.bin"))
    assert ranges[0][0] == 0 and len(ranges) > 1


def test_lanes_are_shown_while_they_work(daemon, origin):
    url = serve(origin, "big.bin", 64 * MIB, behaviour={"rate_bps": MIB})
    [job] = daemon.add(url)
    shown = daemon.wait_until(job, lambda j: j["lanes"] > 1 and len(j["ranges"]) > 1)
    for lane in shown["ranges"]:
        assert 0 <= lane["start"] <= lane["pos"] <= lane["end"] <= 64 * MIB
    daemon.seg("cancel", job)


def test_connections_are_capped_by_x(daemon, origin, is_right):
    url = serve(origin, "big.bin", 8 * MIB, behaviour={"rate_bps": 4 * MIB})
    daemon.seg("add", url, "-x1", "-d", daemon.system.path(daemon.out), "--wait")
    assert origin.stats().max_open == 1
    assert is_right(daemon.out / "big.bin", 1, 8 * MIB)


def test_an_empty_file_arrives(daemon, origin):
    [job] = daemon.add(serve(origin, "empty.bin", 0))
    assert daemon.wait(job) == 0
    assert (daemon.out / "empty.bin").stat().st_size == 0


def test_a_file_of_one_byte_arrives(daemon, origin, is_right):
    [job] = daemon.add(serve(origin, "one.bin", 1))
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "one.bin", 1, 1)


def test_a_body_without_length_arrives(daemon, origin, is_right):
    url = serve(origin, "chunked.bin", 3 * MIB, behaviour={"chunked": True, "ignore_ranges": True})
    [job] = daemon.add(url)
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "chunked.bin", 1, 3 * MIB)
    assert daemon.job(job)["total"] == 3 * MIB


def test_a_server_without_ranges_gets_one_connection(daemon, origin, is_right):
    url = serve(origin, "plain.bin", 4 * MIB, behaviour={"ignore_ranges": True})
    [job] = daemon.add(url)
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "plain.bin", 1, 4 * MIB)
    assert origin.stats().max_open == 1


def test_two_jobs_of_one_name_get_two_files(daemon, origin, is_right):
    url = serve(origin, "same.bin", MIB)
    jobs = daemon.add(url, url)
    assert daemon.wait(*jobs) == 0
    assert is_right(daemon.out / "same.bin", 1, MIB)
    assert is_right(daemon.out / "same (2).bin", 1, MIB)


def test_output_name_and_content_disposition_name_the_file(daemon, origin, is_right):
    url = serve(origin, "x", MIB, behaviour={"content_disposition":
                                             "attachment; filename*=UTF-8''gr%C3%BC%C3%9Fe.bin"})
    daemon.seg("add", url, "-d", daemon.system.path(daemon.out), "--wait")
    daemon.seg("add", url, "-o", daemon.system.path(daemon.out / "mine.bin"), "--wait")
    assert is_right(daemon.out / "grüße.bin", 1, MIB)
    assert is_right(daemon.out / "mine.bin", 1, MIB)


def test_checksum_is_checked(daemon, origin):
    url = serve(origin, "sum.bin", MIB, seed=9)
    good = "sha256:" + digest(9, MIB)
    bad = "sha256:" + digest(8, MIB)
    out = daemon.system.path(daemon.out)
    assert daemon.run("get", url, "-d", out, "--checksum", good).returncode == 0
    done = daemon.run("add", url, "-d", out, "--checksum", bad, "--wait")
    assert done.returncode == 1
    job = daemon.job(2)
    assert (job["state"], job["error"]["code"]) == ("failed", "checksum_mismatch")
    assert not (daemon.out / "sum (2).bin").exists()
    assert (daemon.out / "sum (2).bin.part").exists(), "what was fetched is kept"


def test_the_example_program_downloads(daemon, origin, is_right):
    url = serve(origin, "lib.bin", 8 * MIB, seed=4)
    done = daemon.run(url, daemon.system.path(daemon.out), program="fetch")
    assert done.returncode == 0, done.stderr
    assert is_right(daemon.out / "lib.bin", 4, 8 * MIB)
    done = daemon.run(origin.url("/missing"), daemon.system.path(daemon.out), program="fetch")
    assert done.returncode == 1 and "http_error" in done.stderr


def test_the_thread_count_does_not_depend_on_jobs(daemon, origin):
    daemon.seg("settings", "max_active", "16")
    urls = [serve(origin, f"f{i}.bin", 64 * MIB, i, {"rate_bps": MIB}) for i in range(16)]
    counts = []
    for batch in (urls[:1], urls[1:]):
        jobs = daemon.add(*batch)
        for job in jobs:
            daemon.wait_until(job, lambda j: j["done"] > 0)
        counts.append(daemon.json("status")["stats"]["threads"])
    most = 8 if daemon.system.name == "wine" else 10  # natively inotify and signals have threads of their own
    assert counts[0] == counts[1] <= most, counts
    daemon.seg("cancel", "--all")


def test_get_with_json_writes_one_object_a_line(daemon, origin):
    url = serve(origin, "j.bin", MIB)
    out = daemon.seg("get", url, "-d", daemon.system.path(daemon.out), "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert events and events[-1]["job"]["state"] == "done"
