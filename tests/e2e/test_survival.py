"""What survives the end of the daemon, clean or not."""

from origin import File

MIB = 1 << 20


def serve_many(origin, n, size, rate_bps):
    for i in range(n):
        origin.add(File(f"f{i}.bin", size, i, behaviour={"rate_bps": rate_bps}))
    return [origin.url(f"/f{i}.bin") for i in range(n)]


def finish_all(daemon, jobs):
    assert daemon.wait(*jobs, deadline_s=120) == 0, daemon.seg("list")


def test_twenty_downloads_survive_a_kill(daemon, origin, is_right):
    urls = serve_many(origin, 20, 8 * MIB, 4 * MIB)
    daemon.seg("add", *urls, "-d", daemon.system.path(daemon.out))
    origin.wait_for(lambda s: s.sent > 40 * MIB, deadline_s=60)
    daemon.kill()
    before = origin.stats().sent
    assert before < 20 * 8 * MIB, "the kill came in the middle"

    for i in range(20):
        origin.set(f"/f{i}.bin", {})
    daemon.start()
    jobs = [job["id"] for job in daemon.json("list")]
    assert jobs == list(range(1, 21)), "no job is lost or doubled"
    finish_all(daemon, jobs)
    for i in range(20):
        assert is_right(daemon.out / f"f{i}.bin", i, 8 * MIB), i
    assert len(list(daemon.out.iterdir())) == 20


def bytes_fetched_twice(origin, size):
    """Beyond one copy of the file: also what lay unread in the buffers of connections that closed."""
    return origin.stats().sent - size


def test_a_clean_stop_loses_nothing_that_was_fetched(daemon, origin, is_right):
    [url] = serve_many(origin, 1, 48 * MIB, 2 * MIB)
    [job] = daemon.add(url)
    daemon.wait_until(job, lambda j: j["done"] > 16 * MIB)
    daemon.stop()
    daemon.start()
    finish_all(daemon, [job])
    assert is_right(daemon.out / "f0.bin", 0, 48 * MIB)
    assert bytes_fetched_twice(origin, 48 * MIB) < 4 * MIB


def test_a_kill_costs_at_most_a_checkpoint(daemon, origin, is_right):
    """A second and a half of what 16 lanes may bring, and what was on its way."""
    [url] = serve_many(origin, 1, 96 * MIB, MIB)
    [job] = daemon.add(url)
    daemon.wait_until(job, lambda j: j["done"] > 72 * MIB)
    daemon.kill()
    daemon.start()
    finish_all(daemon, [job])
    assert is_right(daemon.out / "f0.bin", 0, 96 * MIB)
    assert bytes_fetched_twice(origin, 96 * MIB) < 1.5 * 16 * MIB + 4 * MIB


def test_a_part_file_that_is_gone_is_fetched_again(daemon, origin, is_right):
    [url] = serve_many(origin, 1, 16 * MIB, 2 * MIB)
    [job] = daemon.add(url)
    daemon.wait_until(job, lambda j: j["done"] > 4 * MIB)
    daemon.stop()
    (daemon.out / "f0.bin.part").unlink()
    origin.set("/f0.bin", {})
    daemon.start()
    finish_all(daemon, [job])
    assert is_right(daemon.out / "f0.bin", 0, 16 * MIB)


def test_a_part_file_that_was_replaced_is_not_touched(daemon, origin, is_right):
    [url] = serve_many(origin, 1, 16 * MIB, 2 * MIB)
    [job] = daemon.add(url)
    daemon.wait_until(job, lambda j: j["done"] > 4 * MIB)
    daemon.stop()
    part = daemon.out / "f0.bin.part"
    part.unlink()
    part.write_bytes(b"mine")
    origin.set("/f0.bin", {})
    daemon.start()
    finish_all(daemon, [job])
    assert part.read_bytes() == b"mine"
    assert is_right(daemon.saved(daemon.job(job)), 0, 16 * MIB)


def test_paused_failed_and_finished_jobs_stay_what_they_are(daemon, origin):
    urls = serve_many(origin, 2, 4 * MIB, 2 * MIB)
    done, paused = daemon.add(urls[0])[0], daemon.add(urls[1], paused=True)[0]
    [failed] = daemon.add(origin.url("/missing.bin"))
    daemon.wait(done, failed)
    before = daemon.json("list")
    assert [job["state"] for job in before] == ["done", "paused", "failed"]
    daemon.kill()
    daemon.start()
    after = daemon.json("list")
    assert after == before
    daemon.seg("resume", paused)
    finish_all(daemon, [paused])


def test_ids_are_not_used_again(daemon, origin):
    urls = serve_many(origin, 1, MIB, None)
    [job] = daemon.add(urls[0])
    daemon.wait(job)
    daemon.seg("remove", job)
    daemon.stop()
    daemon.start()
    assert daemon.add(urls[0]) == [job + 1]
