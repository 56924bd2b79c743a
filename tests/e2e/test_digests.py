"""Digests: demanded ones, and those that servers declare."""

import pytest

from origin import File, content, digest

MIB = 1 << 20
SIZE = 3 * MIB + 17
SEED = 5
ALGORITHMS = ("sha256", "sha1", "sha512", "md5")
OTHER = {algorithm: digest(SEED + 1, SIZE, algorithm) for algorithm in ALGORITHMS}
RIGHT = {algorithm: digest(SEED, SIZE, algorithm) for algorithm in ALGORITHMS}


def serve(origin, name, size=SIZE, **behaviour):
    origin.add(File(name, size, SEED, behaviour=behaviour))
    return origin.url("/" + name)


@pytest.fixture
def out(daemon):
    return daemon.system.path(daemon.out)


def part_of(daemon, name):
    return daemon.out / (name + ".part")


def has_all_bytes(path, size=SIZE):
    return path.read_bytes() == content(SEED, 0, size)


def assert_mismatch(daemon, job_id, name, whose, found, wanted):
    """The job failed for its digest, says everything about it, and kept the file as a part."""
    job = daemon.job(job_id)
    assert (job["state"], job["error"]["code"]) == ("failed", "checksum_mismatch")
    for word in (whose, found, wanted):
        assert word in job["error"]["message"], job["error"]
    assert not (daemon.out / name).exists()
    assert has_all_bytes(part_of(daemon, name)), "what was fetched is kept, all of it"


# ---- demanded ----

@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_demanded_digest_decides(daemon, origin, out, is_right, algorithm):
    done = daemon.run("get", serve(origin, "a.bin"), "-d", out, "--checksum",
                      f"{algorithm}:{RIGHT[algorithm].upper()}")
    assert done.returncode == 0, done.stderr
    assert is_right(daemon.out / "a.bin", SEED, SIZE)

    done = daemon.run("get", serve(origin, "b.bin"), "-d", out, "--checksum",
                      f"{algorithm}:{OTHER[algorithm]}")
    assert done.returncode == 1
    assert RIGHT[algorithm] in done.stderr and OTHER[algorithm] in done.stderr, done.stderr
    assert_mismatch(daemon, 2, "b.bin", "--checksum", RIGHT[algorithm], OTHER[algorithm])


def test_a_malformed_checksum_is_refused_at_once(daemon, origin, out):
    url = serve(origin, "a.bin")
    for text in ("", "sha256", "sha256:", "sha256:12", RIGHT["sha256"], "sha256:" + "g" * 64,
                 "sha256:" + RIGHT["sha256"] + "0", "crc32:00000000", "md5:" + RIGHT["sha1"],
                 "sha-256:" + RIGHT["sha256"], "sha256=" + RIGHT["sha256"]):
        done = daemon.run("get", url, "-d", out, "--checksum", text)
        assert done.returncode == 2, text
        assert done.stderr.startswith("seg: "), done.stderr
    assert daemon.json("list") == []
    assert origin.stats().requests == 0


# ---- declared ----

DECLARED = (("Repr-Digest", "sha-256", "sha256"), ("Repr-Digest", "sha-512", "sha512"),
            ("Content-Digest", "sha-256", "sha256"), ("Digest", "sha-256", "sha256"),
            ("Digest", "sha", "sha1"), ("Content-MD5", "md5", "md5"))


@pytest.mark.parametrize("ranges", (True, False), ids=("206", "200"))
def test_a_declared_digest_decides(daemon, origin, out, is_right, ranges):
    for header, word, algorithm in DECLARED:
        name = f"{header}-{word}.bin"
        rules = dict(digests={header: word}, ignore_ranges=not ranges)
        url = serve(origin, name, **rules)
        [job] = daemon.add(url)
        assert daemon.wait(job) == 0
        assert is_right(daemon.out / name, SEED, SIZE)
        declared = f"{algorithm}:{RIGHT[algorithm]}"
        assert daemon.job(job)["digest"] == declared, header
        assert f"digest        {declared}\n" in daemon.seg("show", job)

        [job] = daemon.add(serve(origin, "bad-" + name, digests_wrong=True, **rules))
        assert daemon.wait(job) == 1
        wrong = daemon.job(job)["digest"]
        assert wrong != declared
        assert_mismatch(daemon, job, "bad-" + name, "the server declared", RIGHT[algorithm],
                        wrong.split(":")[1])


def test_a_mismatch_is_checked_again_and_not_fetched_again(daemon, origin):
    [job] = daemon.add(serve(origin, "a.bin", digests={"Repr-Digest": "sha-256"},
                             digests_wrong=True))
    assert daemon.wait(job) == 1
    requests = origin.stats().requests
    daemon.seg("resume", job)
    assert daemon.wait(job) == 1
    assert origin.stats().requests == requests
    wrong = daemon.job(job)["digest"].split(":")[1]
    assert_mismatch(daemon, job, "a.bin", "the server declared", RIGHT["sha256"], wrong)


def test_the_demanded_digest_counts_and_the_declared_one_is_shown(daemon, origin, is_right):
    url = serve(origin, "a.bin", digests={"Repr-Digest": "sha-256"}, digests_wrong=True)
    [good, bad] = [daemon.add(url, checksum="md5:" + value)[0]
                   for value in (RIGHT["md5"], OTHER["md5"])]
    daemon.wait(good, bad)
    assert daemon.job(good)["state"] == "done"
    assert daemon.job(good)["digest"].startswith("sha256:")
    assert is_right(daemon.saved(daemon.job(good)), SEED, SIZE)
    assert "--checksum" in daemon.job(bad)["error"]["message"]


def test_the_digest_of_an_error_page_is_not_believed(daemon, origin):
    of_page = [["Repr-Digest", "sha-256=:" + "A" * 43 + "=:"]]
    origin.add(File("a.bin", SIZE, SEED, behaviour=[
        {"headers": of_page, "status": 503, "retry_after": 0},
        {"when": {"request": {"from": 2}}, "status": None, "headers": None}]))
    [job] = daemon.add(origin.url("/a.bin"))
    assert daemon.wait(job) == 0
    assert daemon.job(job)["digest"] is None


def test_another_version_brings_its_own_digest(daemon, origin, is_right):
    url = serve(origin, "a.bin", 8 * MIB, digests={"Repr-Digest": "sha-256"}, rate_bps=MIB // 8)
    [job] = daemon.add(url)
    daemon.wait_until(job, lambda j: j["done"] > MIB)
    first = daemon.job(job)["digest"]
    daemon.seg("pause", job)
    origin.set("/a.bin", {"digests": {"Repr-Digest": "sha-512"}, "switch_to": {"seed": 9}})
    daemon.seg("resume", job)
    assert daemon.wait(job) == 0
    assert first == "sha256:" + digest(SEED, 8 * MIB)
    assert daemon.job(job)["digest"] == "sha512:" + digest(9, 8 * MIB, "sha512")
    assert is_right(daemon.out / "a.bin", 9, 8 * MIB)
