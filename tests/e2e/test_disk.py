"""Trouble with the target's disk, folder and files: the job says clearly what it is, the rest goes
on, nothing that was fetched is lost, and it continues when the cause is gone."""

import os

import pytest

from origin import File, digest
from volume import Volume

MIB = 1 << 20
SLACK = 4 * MIB  # unread in the buffers of connections that closed


@pytest.fixture
def volume(tmp_path):
    with Volume(tmp_path / "volume", 32 * MIB) as volume:
        yield volume


@pytest.fixture
def idle_daemon(volume, idle_daemon):
    """Ends before its disk goes."""
    return idle_daemon


def serve(origin, name, size, seed=1, **behaviour):
    origin.add(File(name, size, seed, behaviour=behaviour))
    return origin.url("/" + name)


def add_to(daemon, folder, url, **options):
    spec = dict(options, url=url, folder=daemon.system.path(folder))
    return daemon.call("job.add", jobs=[spec])["jobs"][0]["id"]


def until_half(size):
    """A server that goes on after half of the file only when it is told to."""
    return {"when": {"sent_bytes": {"from": size // 2}}, "rate_bps": 1024}


def waits_for_space(job):
    return (job["state"], job.get("reason")) == ("waiting", "space")


def failed_with(code):
    return lambda job: job["state"] == "failed" and job["error"]["code"] == code


def is_done(job):
    return job["state"] == "done"


def requests_of(origin, name):
    return len(origin.stats().of("/" + name))


def tries_of(stats, path):
    """How often the file was begun; each try may ask for more ranges, and a request has none until it was read."""
    return sum(entry["range"] is not None and entry["range"][0] == 0 for entry in stats.of(path))


def assert_asked_nothing_more(origin, name, watch_s):
    """The file is not begun again for so long."""
    before = tries_of(origin.stats(), "/" + name)
    with pytest.raises(TimeoutError):
        origin.wait_for(lambda s: tries_of(s, "/" + name) > before, deadline_s=watch_s)


def interrupt(daemon, origin, url, size, **options):
    """A job that was paused in the middle; it will go on at full speed."""
    name = url.rsplit("/", 1)[1]
    origin.set("/" + name, until_half(size))
    [job] = daemon.add(url, **options)
    daemon.wait_until(job, lambda j: j["done"] > size // 4)
    daemon.seg("pause", job)
    kept = daemon.wait_until(job, lambda j: j["state"] == "paused")["done"]
    assert size // 4 <= kept < size, "it was interrupted in the middle"
    origin.set("/" + name, {})
    return job, kept


def assert_kept(origin, size):
    """Nothing was fetched twice."""
    assert origin.stats().sent < size + SLACK


# ---- a full disk ----

def test_a_disk_without_room_is_told_before_anything_is_fetched(daemon, volume, origin, is_right):
    volume.fill(leave=8 * MIB)
    url = serve(origin, "big.bin", 24 * MIB)
    job = add_to(daemon, volume.folder, url)
    shown = daemon.wait_until(job, waits_for_space)
    assert shown["error"]["code"] == "disk_full"
    message = shown["error"]["message"]
    assert daemon.system.path(volume.folder) in message, message
    assert "16.0 MiB are missing" in message, message
    assert shown["done"] == 0
    assert [path.name for path in volume.folder.iterdir()] == ["filler"]
    assert origin.stats().sent < SLACK

    other = serve(origin, "small.bin", MIB, seed=2)
    daemon.wait(*daemon.add(other))
    assert is_right(daemon.out / "small.bin", 2, MIB), "the rest of the queue goes on"

    assert_asked_nothing_more(origin, "big.bin", watch_s=6)
    volume.make_room()
    daemon.wait_until(job, is_done)
    assert is_right(volume.folder / "big.bin", 1, 24 * MIB)
    assert requests_of(origin, "big.bin") >= 2


def test_the_job_that_fits_goes_first(daemon, volume, origin, is_right):
    volume.fill()
    big = add_to(daemon, volume.folder, serve(origin, "big.bin", 16 * MIB))
    small = add_to(daemon, volume.folder, serve(origin, "small.bin", 4 * MIB, seed=2))
    daemon.wait_until(big, waits_for_space)
    daemon.wait_until(small, waits_for_space)
    volume.fill(leave=8 * MIB)
    daemon.wait_until(small, is_done)
    assert_asked_nothing_more(origin, "big.bin", watch_s=3)
    volume.make_room()
    daemon.wait_until(big, is_done)
    assert is_right(volume.folder / "small.bin", 2, 4 * MIB)
    assert is_right(volume.folder / "big.bin", 1, 16 * MIB)


def test_a_body_of_unknown_length_waits_for_room_too(daemon, volume, origin, is_right):
    volume.fill(leave=8 * MIB)
    url = serve(origin, "endless.bin", 12 * MIB, chunked=True, ignore_ranges=True)
    job = add_to(daemon, volume.folder, url)
    shown = daemon.wait_until(job, waits_for_space)
    assert shown["error"]["code"] == "disk_full"
    assert daemon.system.path(volume.folder) in shown["error"]["message"]
    assert "not known" in shown["error"]["message"]
    assert_asked_nothing_more(origin, "endless.bin", watch_s=6)
    volume.make_room()
    daemon.wait_until(job, is_done)
    assert is_right(volume.folder / "endless.bin", 1, 12 * MIB)
    assert requests_of(origin, "endless.bin") == 2, "one try, and one when there was room"


def test_a_job_waits_for_room_through_a_restart(daemon, volume, origin, is_right):
    volume.fill()
    job = add_to(daemon, volume.folder, serve(origin, "big.bin", 16 * MIB))
    daemon.wait_until(job, waits_for_space)
    daemon.stop()
    daemon.start()
    assert_asked_nothing_more(origin, "big.bin", watch_s=4)
    assert waits_for_space(daemon.job(job))
    volume.make_room()
    daemon.wait_until(job, is_done)
    assert is_right(volume.folder / "big.bin", 1, 16 * MIB)


def test_a_disk_that_refuses_although_it_has_room_is_not_asked_all_the_time(daemon, volume, origin,
                                                                            is_right):
    volume.set_file_limit(volume.files() + 1)
    spare = volume.folder / "spare"
    spare.touch()
    job = add_to(daemon, volume.folder, serve(origin, "big.bin", MIB))
    shown = daemon.wait_until(job, waits_for_space)
    assert daemon.system.path(volume.folder) in shown["error"]["message"]
    origin.wait_for(lambda s: tries_of(s, "/big.bin") >= 4, deadline_s=60)
    assert_asked_nothing_more(origin, "big.bin", watch_s=5)
    spare.unlink()
    daemon.wait_until(job, is_done)
    assert is_right(volume.folder / "big.bin", 1, MIB)


# ---- the folder ----

def test_a_read_only_folder_is_denied_and_keeps_what_is_there(daemon, volume, origin, is_right):
    daemon.out = volume.folder
    size = 16 * MIB
    job, kept = interrupt(daemon, origin, serve(origin, "big.bin", size), size)
    [fresh] = daemon.add(serve(origin, "fresh.bin", MIB, seed=2), paused=True)
    volume.set_read_only(True)
    daemon.seg("resume", job, fresh)
    shown = daemon.wait_until(job, failed_with("denied"))
    assert "big.bin" in shown["error"]["message"]
    assert shown["done"] == kept
    daemon.wait_until(fresh, failed_with("denied"))
    late = daemon.run("add", origin.url("/fresh.bin"), "-d", daemon.system.path(volume.folder))
    assert late.returncode == 5, "a folder that is read-only already is told at once"

    volume.set_read_only(False)
    daemon.seg("resume", job, fresh)
    assert daemon.wait(job, fresh) == 0
    assert is_right(volume.folder / "big.bin", 1, size)
    assert is_right(volume.folder / "fresh.bin", 2, MIB)
    assert_kept(origin, size + MIB)


def test_a_folder_that_went_away_keeps_its_part_file(daemon, origin, is_right):
    size = 16 * MIB
    job, kept = interrupt(daemon, origin, serve(origin, "big.bin", size), size)
    away = daemon.out.rename(daemon.folder / "away")
    daemon.seg("resume", job)
    shown = daemon.wait_until(job, failed_with("no_such_folder"))
    assert shown["done"] == kept
    away.rename(daemon.out)
    daemon.seg("resume", job)
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "big.bin", 1, size)
    assert_kept(origin, size)


def test_a_missing_folder_can_be_made_and_the_job_resumed(daemon, origin, is_right):
    folder = daemon.folder / "later"
    folder.mkdir()
    job = add_to(daemon, folder, serve(origin, "big.bin", MIB), paused=True)
    folder.rmdir()
    daemon.seg("resume", job)
    shown = daemon.wait_until(job, failed_with("no_such_folder"))
    assert daemon.system.path(folder) in shown["error"]["message"]
    folder.mkdir()
    daemon.seg("resume", job)
    assert daemon.wait(job) == 0
    assert is_right(folder / "big.bin", 1, MIB)


# ---- the part file ----

def stop_in_the_middle(daemon, origin, size, **options):
    """The daemon is down, the part file there; returns the job and the part file."""
    job, _ = interrupt(daemon, origin, serve(origin, "big.bin", size), size, **options)
    daemon.stop()
    return job, daemon.out / "big.bin.part"


def test_a_shortened_part_file_is_left_alone(daemon, origin, is_right):
    job, part = stop_in_the_middle(daemon, origin, 16 * MIB)
    os.truncate(part, MIB)
    found = part.read_bytes()
    daemon.start()
    daemon.seg("resume", job)
    assert daemon.wait(job) == 0
    assert part.read_bytes() == found
    assert is_right(daemon.saved(daemon.job(job)), 1, 16 * MIB)


@pytest.mark.parametrize("command", [["cancel"], ["remove"], ["remove", "--purge"]])
def test_a_foreign_file_under_the_part_files_name_is_not_deleted(daemon, origin, command):
    job, part = stop_in_the_middle(daemon, origin, 16 * MIB)
    part.rename(daemon.folder / "moved")  # so that its identity stays taken
    part.write_bytes(b"mine")
    daemon.start()
    daemon.seg(command[0], job, *command[1:])
    daemon.stop()
    assert part.read_bytes() == b"mine"


def test_a_part_file_overwritten_in_place_is_found_by_its_checksum(daemon, origin):
    size = 16 * MIB
    checksum = "sha256:" + digest(1, size)
    job, part = stop_in_the_middle(daemon, origin, size, checksum=checksum)
    with open(part, "r+b") as file:
        file.write(bytes(4096))
    daemon.start()
    daemon.seg("resume", job)
    daemon.wait_until(job, failed_with("checksum_mismatch"))
    assert part.exists() and not (daemon.out / "big.bin").exists()


# ---- the target's name ----

def take_name_in_the_middle(daemon, origin, **options):
    """Another file gets the target's name in mid-download; returns the job and that file."""
    job, _ = interrupt(daemon, origin, serve(origin, "big.bin", 16 * MIB), 16 * MIB, **options)
    target = daemon.out / "big.bin"
    target.write_bytes(b"mine")
    daemon.seg("resume", job)
    return job, target


def test_a_taken_name_gets_a_number(daemon, origin, is_right):
    job, target = take_name_in_the_middle(daemon, origin, if_exists="rename")
    assert daemon.wait(job) == 0
    assert target.read_bytes() == b"mine"
    assert daemon.saved(daemon.job(job)) == daemon.out / "big (2).bin"
    assert is_right(daemon.out / "big (2).bin", 1, 16 * MIB)


def test_a_taken_name_is_overwritten_where_that_is_wanted(daemon, origin, is_right):
    job, target = take_name_in_the_middle(daemon, origin, if_exists="overwrite")
    assert daemon.wait(job) == 0
    assert is_right(target, 1, 16 * MIB)
    assert os.listdir(daemon.out) == ["big.bin"]


def test_a_taken_name_fails_where_that_is_wanted_and_can_be_resumed(daemon, origin, is_right):
    job, target = take_name_in_the_middle(daemon, origin, if_exists="fail")
    shown = daemon.wait_until(job, failed_with("exists"))
    assert "big.bin" in shown["error"]["message"]
    assert shown["done"] == 16 * MIB
    assert target.read_bytes() == b"mine"
    before = requests_of(origin, "big.bin")
    target.unlink()
    daemon.seg("resume", job)
    assert daemon.wait(job) == 0
    assert is_right(target, 1, 16 * MIB)
    assert requests_of(origin, "big.bin") == before, "everything was there already"


# ---- long paths ----

def test_paths_beyond_260_characters_work_to_the_end(daemon, origin, is_right):
    folder = daemon.folder / "/".join(["long" * 12] * 6)
    folder.mkdir(parents=True)
    name = "n" * 180 + ".bin"
    assert len(str(folder)) > 300
    url = serve(origin, "big.bin", 4 * MIB, seed=3)
    daemon.seg("add", url, "-d", daemon.system.path(folder), "-o", name)
    assert daemon.wait(1) == 0, daemon.seg("list")
    assert is_right(folder / name, 3, 4 * MIB)
    daemon.seg("add", url, "-d", daemon.system.path(folder), "-o", name)
    assert daemon.wait(2) == 0
    assert is_right(folder / f"{name[:-4]} (2).bin", 3, 4 * MIB)
    assert len(os.listdir(folder)) == 2


# ---- how room is made ----

def allocation_shown(daemon, job):
    line = next(line for line in daemon.seg("show", job).splitlines()
                if line.startswith("allocation"))
    return line.split()[1]


def test_how_room_is_made_is_shown_and_logged(daemon, origin):
    usual = {"native": "reserved", "wine": "sparse"}[daemon.system.name]
    [job] = daemon.add(serve(origin, "known.bin", 4 * MIB))
    [unknown] = daemon.add(serve(origin, "unknown.bin", MIB, chunked=True, ignore_ranges=True))
    assert daemon.wait(job, unknown) == 0
    assert daemon.call("job.get", id=job)["allocation"] == usual
    assert allocation_shown(daemon, job) == usual
    assert allocation_shown(daemon, unknown) == "none"
    created = [line for line in daemon.logged().splitlines() if " created" in line]
    assert len(created) == 2
    assert any("known.bin.part created for 4194304 bytes, allocation: " + usual in line
               for line in created)
    assert any("unknown.bin.part created, allocation: none" in line for line in created)
