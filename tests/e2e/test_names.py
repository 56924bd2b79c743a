"""What finished files are called, whatever the server says; that nothing is ever written elsewhere; and
the mark of the web."""

import errno
import os

import pytest
from origin import File

MIB = 1 << 20
MARK = "user.Zone.Identifier"  # where the native twin keeps what Windows keeps in a stream


def tree(folder):
    """Every file and folder below, the daemon's own data apart."""
    found = set()
    for path, folders, files in os.walk(folder):
        if os.path.basename(path) == "data":
            folders.clear()
            continue
        found.update(os.path.relpath(os.path.join(path, name), folder) for name in folders + files)
    return found


def serve(origin, path, size=1000, seed=1, **behaviour):
    origin.add(File(path, size, seed, behaviour=behaviour))
    return origin.url(path)


def disposition(text):
    """The header's bytes for text, or for bytes as they are."""
    return {"content_disposition": text if isinstance(text, bytes) else text.encode()}


def add(daemon, url, folder, **options):
    """Queues one download into a folder; its id."""
    spec = dict(url=url, folder=daemon.system.path(folder), **options)
    return daemon.call("job.add", jobs=[spec])["jobs"][0]["id"]


HEADERS = [
    ('attachment; filename="../../evil.bin"', "evil.bin"),
    ('attachment; filename="..\\..\\evil.bin"', "evil.bin"),
    ("attachment; filename*=UTF-8''%2e%2e%2f%2e%2e%5cevil.bin", "evil.bin"),
    ('attachment; filename="%2e%2e%2fevil.bin"', "evil.bin"),
    ('attachment; filename="CAGE/evil.bin"', "evil.bin"),
    ('attachment; filename="\\\\\\\\?\\\\C:\\\\evil.bin"', "evil.bin"),
    ('attachment; filename="C:evil.bin"', "C_evil.bin"),
    ('attachment; filename="evil.bin:hidden"', "evil.bin_hidden"),
    ('attachment; filename="evil.bin::$DATA"', "evil.bin__$DATA"),
    ('attachment; filename="CON.txt"', "_CON.txt"),
    (b'attachment; filename="com\xb9.bin"', "_com\u00b9.bin"),
    ('attachment; filename="nul. . ."', "_nul"),
    ("attachment; filename*=UTF-8''invoice%E2%80%AEfdp.exe", "invoicefdp.exe"),
    ("attachment; filename*=UTF-8''a%0D%0A%1Bb%C2%85.bin", "ab.bin"),
    ('attachment; filename="=?UTF-8?B?Li4vZ3LDvMOfZS5iaW4=?="', "gr\u00fc\u00dfe.bin"),
    ('attachment; filename="' + "n" * 300 + '.bin"', "n" * 235 + ".bin"),
    ('attachment; filename=".."', "download"),
    ('attachment; filename="folder/"', "from-url.bin"),
]

PATHS = [
    ("/..%2f..%2fevil.bin", ".._.._evil.bin"),
    ("/a/..%5c..%5cevil.bin", ".._.._evil.bin"),
    ("/C:%5cevil.bin", "C__evil.bin"),
    ("/evil.bin:hidden", "evil.bin_hidden"),
    ("/aux", "_aux"),
    ("/evil%E2%80%AE.bin", "evil.bin"),
    ("/evil.bin%20.", "evil.bin"),
    ("/%2e%2e", "download"),
    ("/folder/", "download"),
]


def test_hostile_names_stay_in_their_folder(daemon, origin, is_right):
    cage = daemon.folder / "cage" / "middle"
    jobs = []
    for i, (header, name) in enumerate(HEADERS):
        folder = cage / f"header-{i}"
        folder.mkdir(parents=True)
        if isinstance(header, str):
            header = header.replace("CAGE", daemon.system.path(cage).replace("\\", "\\\\"))
        url = serve(origin, f"/{i}/from-url.bin", seed=i, **disposition(header))
        jobs.append((add(daemon, url, folder), folder, name, i))
    for i, (path, name) in enumerate(PATHS, start=len(HEADERS)):
        folder = cage / f"path-{i}"
        folder.mkdir(parents=True)
        # the path that is asked for may be another one: dots in it are resolved before
        url = serve(origin, path, seed=i)
        origin.add(File("/", 1000, i))
        jobs.append((add(daemon, url, folder), folder, name, i))
        assert daemon.wait(jobs[-1][0]) == 0
    before = {os.path.relpath(folder, daemon.folder) for _, folder, _, _ in jobs}
    daemon.wait(*(job for job, *_ in jobs))
    expected = {os.path.join(os.path.relpath(folder, daemon.folder), name)
                for _, folder, name, _ in jobs}
    assert tree(daemon.folder) - before == expected | {"cage", "cage/middle", "data", "out"} \
        | ({"pipe"} if (daemon.folder / "pipe").exists() else set())
    for _, folder, name, seed in jobs:
        assert is_right(folder / name, seed, 1000), name


def test_a_name_of_the_longest_kind_gets_its_number(daemon, origin, is_right):
    url = serve(origin, "/x", **disposition('attachment; filename="' + "n" * 300 + '.tar.gz"'))
    jobs = daemon.add(url, url)
    assert daemon.wait(*jobs) == 0
    first, second = "n" * 232 + ".tar.gz", "n" * 232 + " (2).tar.gz"
    assert set(os.listdir(daemon.out)) == {first, second}
    for name in (first, second):
        assert is_right(daemon.out / name, 1, 1000)


def test_a_long_name_in_a_deep_folder_makes_a_path_beyond_260(daemon, origin, is_right):
    folder = daemon.out / ("d" * 100) / ("e" * 100)
    folder.mkdir(parents=True)
    url = serve(origin, "/x", **disposition('attachment; filename="' + "n" * 300 + '.bin"'))
    job = add(daemon, url, folder)
    assert daemon.wait(job) == 0
    assert len(str(daemon.saved(daemon.job(job)))) > 435
    assert is_right(folder / ("n" * 235 + ".bin"), 1, 1000)


def test_two_jobs_that_want_one_name_at_the_same_time(daemon, origin, is_right):
    urls = [serve(origin, f"/{seed}", MIB, seed, rate_bps=4 * MIB,
                  **disposition('attachment; filename="same.bin"')) for seed in (1, 2)]
    jobs = daemon.add(*urls)
    for job in jobs:
        daemon.wait_until(job, lambda j: j["path"] is not None)
    assert daemon.wait(*jobs) == 0
    saved = [daemon.saved(daemon.job(job)) for job in jobs]
    assert {path.name for path in saved} == {"same.bin", "same (2).bin"} == set(os.listdir(daemon.out))
    for path, seed in zip(saved, (1, 2), strict=True):
        assert is_right(path, seed, MIB)


def test_names_that_differ_in_case_only(daemon, origin, is_right):
    """One name on Windows, two elsewhere."""
    (daemon.out / "A.TXT").write_text("mine")
    [job] = daemon.add(serve(origin, "/a.txt"))
    assert daemon.wait(job) == 0
    assert (daemon.out / "A.TXT").read_text() == "mine"
    expected = "a (2).txt" if daemon.system.name == "wine" else "a.txt"
    assert set(os.listdir(daemon.out)) == {"A.TXT", expected}
    assert is_right(daemon.out / expected, 1, 1000)


# ---- what is there already ----

def test_if_exists_rename_takes_the_next_number(daemon, origin, is_right):
    (daemon.out / "f.bin").write_text("mine")
    (daemon.out / "f (2).bin").mkdir()
    done = daemon.run("add", serve(origin, "/f.bin"), "-d", daemon.system.path(daemon.out),
                      "--if-exists", "rename", "--wait")
    assert done.returncode == 0, done.stderr
    assert set(os.listdir(daemon.out)) == {"f.bin", "f (2).bin", "f (3).bin"}
    assert (daemon.out / "f.bin").read_text() == "mine"
    assert is_right(daemon.out / "f (3).bin", 1, 1000)


@pytest.mark.parametrize("is_folder", [False, True])
def test_if_exists_fail_leaves_what_is_there(daemon, origin, is_folder):
    there = daemon.out / "f.bin"
    if is_folder:
        there.mkdir()
    else:
        there.write_text("mine")
    done = daemon.run("add", serve(origin, "/f.bin"), "-d", daemon.system.path(daemon.out),
                      "--if-exists", "fail", "--wait")
    assert done.returncode == 1
    job = daemon.job(1)
    assert (job["state"], job["error"]["code"]) == ("failed", "exists")
    assert daemon.system.path(there) in job["error"]["message"]
    assert os.listdir(daemon.out) == ["f.bin"] and (is_folder or there.read_text() == "mine")


def test_if_exists_overwrite_replaces_a_file_in_the_end(daemon, origin, is_right):
    (daemon.out / "f.bin").write_text("mine")
    url = serve(origin, "/f.bin", 8 * MIB, silence_after=65536)
    [job] = daemon.add(url, if_exists="overwrite")
    daemon.wait_until(job, lambda j: j["done"] > 0)
    assert (daemon.out / "f.bin").read_text() == "mine", "until the new one is complete"
    origin.set("/f.bin", {})
    assert daemon.wait(job) == 0
    assert os.listdir(daemon.out) == ["f.bin"]
    assert is_right(daemon.out / "f.bin", 1, 8 * MIB)


def test_if_exists_overwrite_does_not_touch_a_folder(daemon, origin):
    (daemon.out / "f.bin").mkdir()
    (daemon.out / "f.bin" / "inside").write_text("mine")
    url = serve(origin, "/f.bin", 16 * MIB)  # more than all buffers
    [job] = daemon.add(url, if_exists="overwrite")
    assert daemon.wait(job) == 1
    error = daemon.job(job)["error"]
    assert error["code"] == "exists" and "is a folder" in error["message"], error
    assert tree(daemon.out) == {"f.bin", "f.bin/inside"}
    assert origin.stats().sent < 16 * MIB, "it is told before everything is fetched"


# ---- what a user asks for ----

def test_a_hostile_output_name_is_refused_with_a_reason(daemon, origin):
    url = serve(origin, "/f.bin")
    before = tree(daemon.folder)
    for name in ("CON", "ab:c", "x.", "a|b", "n" * 256, "a\u202eb"):
        done = daemon.run("add", url, "-d", daemon.system.path(daemon.out), "-o", name)
        assert done.returncode == 2, (name, done.stderr)
        assert done.stderr.startswith("seg: ") and "no file name" in done.stderr, (name, done.stderr)
    assert tree(daemon.folder) == before and daemon.json("list") == []


def test_output_with_a_folder_in_it_is_a_path(daemon, origin, is_right):
    """On Windows a backslash is a separator; elsewhere it is in the name, which Windows forbids."""
    (daemon.out / "a").mkdir()
    url = serve(origin, "/f.bin")
    done = daemon.run("add", url, "-o", "a\\b.bin", "--wait", cwd=daemon.out)
    if daemon.system.name == "wine":
        assert done.returncode == 0, done.stderr
        assert is_right(daemon.out / "a" / "b.bin", 1, 1000)
    else:
        assert done.returncode == 2 and "no file name" in done.stderr
        assert tree(daemon.out) == {"a"}


# ---- the mark of the web, and the time ----

def test_the_time_is_the_servers(daemon, origin):
    url = serve(origin, "/f.bin", last_modified="Sun, 06 Nov 1994 08:49:37 GMT")
    [job] = daemon.add(url)
    assert daemon.wait(job) == 0
    assert (daemon.out / "f.bin").stat().st_mtime == 784111777


def test_a_file_without_a_servers_time_has_its_own(daemon, origin):
    [job] = daemon.add(serve(origin, "/f.bin", last_modified="nonsense"))
    assert daemon.wait(job) == 0
    assert (daemon.out / "f.bin").stat().st_mtime > 1500000000


def has_streams(daemon):
    """Wine's volumes have none. The native twin's depend on the file system that the test runs on."""
    if daemon.system.name == "wine":
        return False
    try:
        os.getxattr(daemon.out, MARK)
    except OSError as error:
        return error.errno != errno.EOPNOTSUPP
    return True


def mark_of(path):
    return os.getxattr(path, MARK).decode() if MARK in os.listxattr(path) else None


def test_the_mark_tells_where_the_file_is_from_and_no_secret(daemon, origin):
    url = serve(origin, "/start", redirect="/f.bin?signature=secret").replace("//", "//u:secret@")
    serve(origin, "/f.bin")
    daemon.seg("add", url + "?token=secret", "-d", daemon.system.path(daemon.out), "--wait",
               "-H", "Referer: http://u:secret@example.org/page?secret#secret")
    expected = ("[ZoneTransfer]\r\nZoneId=3\r\nReferrerUrl=http://example.org/page\r\n"
                f"HostUrl=http://127.0.0.1:{origin.port}/f.bin\r\n")
    assert mark_of(daemon.out / "f.bin") == (expected if has_streams(daemon) else None)
    assert os.listdir(daemon.out) == ["f.bin"], "where there are no streams, nothing stands for one"


def test_the_mark_can_be_switched_off_and_on(daemon, origin):
    assert daemon.json("settings", "zone_mark")["value"] == "on"
    for value in ("off", "on"):
        daemon.seg("settings", "zone_mark", value)
        [job] = daemon.add(serve(origin, f"/{value}.bin"))
        assert daemon.wait(job) == 0
        is_marked = mark_of(daemon.out / f"{value}.bin") is not None
        assert is_marked == (value == "on" and has_streams(daemon))
