"""seg verify, and what happens to digests that take long."""

import json
import os

import pytest

from huge import HUGE, make_huge
from origin import File, content, digest

MIB = 1 << 20
SIZE = MIB + 5
SEED = 7
WRONG = "md5:" + "0" * 32


def serve(origin, name, **behaviour):
    origin.add(File(name, SIZE, SEED, behaviour=behaviour))
    return origin.url("/" + name)


@pytest.fixture
def fetch(daemon, origin):
    """Downloads a file and returns its job."""
    def of(name="a.bin", checksum=None, **behaviour):
        options = {"checksum": checksum} if checksum else {}
        [job] = daemon.add(serve(origin, name, **behaviour), **options)
        assert daemon.wait(job) == (1 if checksum == WRONG else 0)
        return job
    return of


@pytest.fixture
def refuse(daemon, fetch):
    """Downloads files whose digest is wrong; returns {job: part file}."""
    def of(*names):
        return {fetch(name, WRONG): daemon.out / (name + ".part") for name in names}
    return of


def path_of(daemon, name):
    return daemon.system.path(daemon.out / name)


def corrupt(path, at=SIZE // 2):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def call(number, method, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def word(error):
    return error["data"]["code"]


# ---- what it tells ----

def test_a_file_is_compared_with_what_is_known_of_it(daemon, fetch):
    sha256, sha1, md5 = (digest(SEED, SIZE, algorithm) for algorithm in ("sha256", "sha1", "md5"))
    demanded = fetch("demanded.bin", "sha1:" + sha1, digests={"Repr-Digest": "sha-256"})
    declared = fetch("declared.bin", digests={"Content-MD5": "md5"})
    unknown = fetch("unknown.bin")

    def told(algorithm, found, wanted_by, name):
        job = {"demanded.bin": demanded, "declared.bin": declared, "unknown.bin": unknown}[name]
        return {"id": job, "path": path_of(daemon, name), "algorithm": algorithm,
                "wanted": found if wanted_by else None, "wanted_by": wanted_by, "found": found,
                "ok": True if wanted_by else None}

    assert daemon.json("verify", demanded) == told("sha1", sha1, "caller", "demanded.bin")
    assert daemon.json("verify", demanded, "--algorithm", "sha256") == \
        told("sha256", sha256, "server", "demanded.bin")
    assert daemon.json("verify", demanded, "--algorithm", "md5") == \
        told("md5", md5, None, "demanded.bin")
    assert daemon.json("verify", declared) == told("md5", md5, "server", "declared.bin")
    assert daemon.json("verify", unknown) == told("sha256", sha256, None, "unknown.bin")

    path = path_of(daemon, "unknown.bin")
    assert daemon.seg("verify", unknown) == f"sha256:{sha256}  {path}  (nothing to compare with)\n"
    path = path_of(daemon, "demanded.bin")
    assert daemon.seg("verify", demanded) == f"sha1:{sha1}  {path}  (right: as --checksum wants)\n"
    path = path_of(daemon, "declared.bin")
    assert daemon.seg("verify", declared) == f"md5:{md5}  {path}  (right: as the server declared)\n"


@pytest.mark.parametrize("whose", ("caller", "server"))
def test_a_corrupted_byte_is_found_and_changes_no_state(daemon, fetch, whose):
    sha256 = digest(SEED, SIZE)
    job = fetch("a.bin", **({"checksum": "sha256:" + sha256} if whose == "caller" else
                            {"digests": {"Digest": "sha-256"}}))
    corrupt(daemon.out / "a.bin")
    before = daemon.job(job)

    done = daemon.run("verify", job)
    assert (done.returncode, done.stdout) == (1, "")
    assert sha256 in done.stderr and path_of(daemon, "a.bin") in done.stderr
    assert ("--checksum" if whose == "caller" else "the server declared") in done.stderr

    done = daemon.run("verify", job, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert (told["ok"], told["wanted"], told["wanted_by"]) == (False, sha256, whose)
    assert told["found"] != sha256
    assert daemon.job(job) == before

    corrupt(daemon.out / "a.bin")
    assert daemon.json("verify", job)["ok"] is True


def test_a_part_file_that_was_refused_is_verified(daemon, refuse):
    [(job, part)] = refuse("a.bin").items()
    done = daemon.run("verify", job, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert (told["path"], told["ok"]) == (daemon.system.path(part), False)
    assert told["found"] == digest(SEED, SIZE, "md5")
    assert daemon.job(job)["state"] == "failed"
    assert part.read_bytes() == content(SEED, 0, SIZE)


def test_files_that_cannot_be_verified(daemon, origin, fetch):
    job = fetch("a.bin")
    file = daemon.out / "a.bin"
    with open(file, "ab") as stream:
        stream.write(b"x")
    done = daemon.run("verify", job)
    assert done.returncode == 1
    assert f"{SIZE + 1} bytes" in done.stderr and str(SIZE) in done.stderr
    assert word(daemon.call("job.verify", id=job)) == "checksum_mismatch"
    os.truncate(file, SIZE - 1)
    assert word(daemon.call("job.verify", id=job)) == "checksum_mismatch"
    file.unlink()
    done = daemon.run("verify", job)
    assert done.returncode == 4
    assert path_of(daemon, "a.bin") in done.stderr and "gone" in done.stderr

    [paused] = daemon.add(serve(origin, "b.bin"), paused=True)
    assert "paused" in daemon.run("verify", paused).stderr
    assert word(daemon.call("job.verify", id=paused)) == "wrong_state"


def test_calls_that_make_no_sense(daemon, fetch):
    job = fetch()
    for params in ({}, {"id": "1"}, {"id": job, "algorithm": "crc32"}, {"id": job, "algorithm": 5},
                   {"id": job, "algorithm": "SHA256"}, {"id": job, "more": 1}):
        assert word(daemon.call("job.verify", **params)) == "invalid", params
    assert word(daemon.call("job.verify", id=99)) == "not_found"
    for code, arguments in ((2, ()), (2, ("x",)), (2, (job, job)), (4, (99,)),
                            (2, (job, "--algorithm", "crc32")), (2, (job, "--algorithm"))):
        done = daemon.run("verify", *arguments)
        assert (done.returncode, done.stdout) == (code, ""), arguments
        assert done.stderr.startswith("seg: ")


# ---- what takes long ----

def test_a_verification_keeps_nobody_waiting_and_ends_with_its_caller(daemon, fetch):
    big, small = fetch("big.bin"), fetch("small.bin")
    make_huge(daemon, {big: daemon.out / "big.bin"})
    requests = [call(1, "job.verify", id=big), call(2, "job.verify", id=big),
                call(3, "daemon.info")]
    for _ in range(3):
        [answer] = daemon.talk(requests, 1)
        assert answer["id"] == 3, "the others go on"
    assert daemon.json("verify", small)["found"] == digest(SEED, SIZE), "it is its turn"


def test_verifications_are_limited(daemon, fetch):
    big = fetch("big.bin")
    make_huge(daemon, {big: daemon.out / "big.bin"})
    answers = daemon.talk([call(i, "job.verify", id=big) for i in range(18)], 2)
    assert [(answer["id"], word(answer["error"])) for answer in answers] == \
        [(16, "limit_reached"), (17, "limit_reached")]


def test_removing_the_job_ends_its_verification(daemon, fetch):
    big = fetch("big.bin")
    make_huge(daemon, {big: daemon.out / "big.bin"})
    answers = daemon.talk([call(1, "job.verify", id=big),
                           call(2, "job.remove", ids=[big], purge=True)], 2)
    told = {answer["id"]: answer for answer in answers}
    assert word(told[1]["error"]) == "cancelled"
    assert told[2]["result"] == {"removed": [big]}
    assert daemon.call("job.list")["jobs"] == []
    assert daemon.json("verify", fetch("small.bin"))["ok"] is None
    assert os.listdir(daemon.out) == ["small.bin"], "being read does not keep a file"


def test_a_daemon_that_stops_gives_verifying_up(daemon, fetch):
    big = fetch("big.bin")
    make_huge(daemon, {big: daemon.out / "big.bin"})
    answers = daemon.talk([call(1, "job.verify", id=big), call(2, "daemon.shutdown")], 2)
    told = {answer["id"]: answer for answer in answers}
    assert word(told[1]["error"]) == "cancelled"
    assert daemon.process.wait(60) == 0


def verifying(job):
    return job["state"] == "verifying" and job["verified"] > 0


def test_a_job_that_verifies_can_be_stopped(daemon, refuse):
    files = refuse("a.bin")
    [(job, part)] = files.items()
    make_huge(daemon, files)

    daemon.seg("resume", job)
    daemon.wait_until(job, verifying)
    assert "verifying 0%" in daemon.seg("show", job)
    progress = (event["jobs"] for event in daemon.events() if event["event"] == "progress")
    assert any(one["id"] == job and one["verified"] > 0 for jobs in progress for one in jobs)
    daemon.seg("pause", job)
    shown = daemon.job(job)
    assert (shown["state"], shown["done"], shown["verified"]) == ("paused", HUGE, None)
    assert part.stat().st_size == HUGE

    daemon.seg("resume", job)
    daemon.wait_until(job, verifying)
    daemon.stop()
    daemon.start()
    daemon.wait_until(job, verifying)
    daemon.seg("cancel", job)
    assert daemon.job(job)["state"] == "cancelled"


def test_digests_leave_the_threads_to_others(daemon, fetch, refuse):
    files = refuse("a.bin", "b.bin", "c.bin")
    small = fetch("small.bin")
    make_huge(daemon, files)
    daemon.seg("settings", "max_active", "5")
    daemon.seg("resume", *files)
    for job in files:
        daemon.wait_until(job, lambda j: j["state"] == "verifying")
    assert fetch("next.bin") > 0, "a download needs threads too"

    # the third waits for its turn, and so does whoever asks; both can be stopped all the same
    daemon.wait_until(min(files), lambda _: sum(verifying(daemon.job(job)) for job in files) == 2)
    running = {job for job in files if verifying(daemon.job(job))}
    [third] = set(files) - running
    daemon.seg("pause", third)
    assert daemon.job(third)["state"] == "paused"
    assert all(verifying(daemon.job(job)) for job in running)
    [answer] = daemon.talk([call(1, "job.verify", id=small), call(2, "daemon.info")], 1)
    assert answer["id"] == 2
    daemon.seg("pause", *running)
    assert daemon.json("verify", small)["ok"] is None
    assert {daemon.job(job)["state"] for job in files} == {"paused"}
