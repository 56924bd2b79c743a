"""Every command of seg, as a person and as a script see it: output, exit codes, messages."""

import json
import re
import subprocess

import pytest

from origin import File

MIB = 1 << 20
COMMANDS = ("add", "get", "list", "show", "watch", "wait", "pause", "resume", "cancel", "remove",
            "move", "set", "limit", "refresh", "verify", "settings", "status", "events", "service", "grant", "log",
            "completion", "help")
JOB_FIELDS = {"id", "key", "url", "mirrors", "final_url", "path", "state", "reason", "error",
              "total", "done", "rate", "eta", "lanes", "priority", "limit", "connections",
              "verified", "checksum", "digest", "etag", "last_modified", "owner", "attempts",
              "allocation", "added", "started", "finished"}


@pytest.fixture
def out(daemon):
    return daemon.system.path(daemon.out)


def serve(origin, name, size=MIB, behaviour=None):
    origin.add(File(name, size, 1, behaviour=behaviour))
    return origin.url("/" + name)


def refused(daemon, code, *arguments, **options):
    """Runs a command that must fail with the exit code and one message of the house's form."""
    done = daemon.run(*arguments, **options)
    assert done.returncode == code, (arguments, done)
    assert re.fullmatch(r"seg: .+: .+\n", done.stderr), (arguments, done.stderr)
    return done.stderr


def states(jobs):
    return [job["state"] for job in jobs]


# ---- help and words ----

def options_of_commands(daemon):
    """The options of each command, as the completion script has them."""
    script = daemon.seg("completion", "bash")
    return {command: options.split()
            for command, options in re.findall(r"^ +([a-z]+)\) options='(.*?)'", script, re.M)}


def test_help_of_each_command_mentions_every_option(daemon):
    options = options_of_commands(daemon)
    assert sorted(options) == sorted(COMMANDS)
    overview = daemon.seg("help")
    for command in COMMANDS:
        text = daemon.seg("help", command)
        assert text.startswith(f"usage: seg {command} [OPTION...]"), text
        assert re.search(rf"^  {command} +\w", overview, re.M), overview
        assert "--help" in options[command]
        for option in options[command]:
            assert re.search(rf"^  (-\w, |    ){option}( [^ ].*?)?  +\S", text, re.M), (option, text)
    assert daemon.seg("add", "--help") == daemon.seg("help", "add")
    assert daemon.seg("--help") == overview


def test_version_and_completion(daemon):
    assert re.fullmatch(r"seg \d+\.\d+\.\d+\n", daemon.seg("--version"))
    powershell = daemon.seg("completion", "powershell")
    assert all(f"'{command}'" in powershell for command in COMMANDS)

    script = daemon.seg("completion", "bash")
    for typed, expected in (("li", "list limit"), ("list --st", "--state"),
                            ("list --state ver", "verifying"), ("completion b", "bash")):
        words = ["seg", *typed.split()]
        ask = (f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _seg; "
               "echo \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-uc", script + ask], capture_output=True, text=True)
        assert (done.stdout.split(), done.stderr) == (expected.split(), ""), typed


# ---- one job's life ----

def test_a_jobs_life_as_a_person_sees_it(daemon, origin, out):
    slow = serve(origin, "slow.bin", 64 * MIB, {"rate_bps": MIB})
    fast = serve(origin, "fast.bin")
    assert daemon.seg("add", slow, "-d", out) == "added 1  slow.bin  (queued)\n"
    assert daemon.seg("add", fast, "-d", out, "--paused") == "added 2  fast.bin  (paused)\n"
    head, *rows = daemon.seg("list").splitlines()
    assert head.split() == ["ID", "STATE", "DONE", "SIZE", "RATE", "ETA", "NAME"]
    assert [(row.split()[0], row.split()[-1]) for row in rows] == [("1", "slow.bin"),
                                                                   ("2", "fast.bin")]
    daemon.wait_until(1, lambda job: job["done"] > 0)
    shown = daemon.seg("show", 1)
    for line in (r"job +1", r"name +slow.bin", r"state +active", r"done +.* of 64.0 MiB \(\d+%\)",
                 r"address +" + re.escape(slow), r"lane \d+ +at \d+ of \d+ to \d+, .*"):
        assert re.search(rf"^{line}$", shown, re.M), (line, shown)
    assert daemon.seg("pause", 1) == "paused 1  slow.bin  (paused)\n"
    assert daemon.seg("set", 1, "priority=5", "limit=off") == "changed 1  slow.bin  (paused)\n"
    assert daemon.seg("move", 1, "--last") == "moved 1  slow.bin  (paused)\n"
    assert daemon.seg("refresh", 1, fast) == "refreshed 1  slow.bin  (paused)\n"
    assert daemon.seg("cancel", 1) == "cancelled 1  slow.bin  (cancelled)\n"
    assert re.fullmatch(r"resumed 2  fast.bin  \((queued|active|done)\)\n", daemon.seg("resume", 2))
    assert daemon.seg("wait", 2) == ""
    assert "done" in daemon.seg("watch", 2)
    assert daemon.seg("watch") == "", "nothing runs"
    assert daemon.seg("pause", "--all") == "paused 0 jobs\n"
    assert daemon.seg("remove", 1, 2) == "removed 1 2\n"
    assert daemon.seg("list").split() == head.split()


def test_a_jobs_life_as_a_script_sees_it(daemon, origin, out):
    slow = serve(origin, "slow.bin", 64 * MIB, {"rate_bps": MIB})
    fast = serve(origin, "fast.bin")
    job = daemon.json("add", slow, "-d", out, "--key", "k", "-x", 2, "--priority", 3)
    assert JOB_FIELDS <= set(job), JOB_FIELDS - set(job)
    assert (job["id"], job["url"], job["key"], job["connections"], job["priority"]) == \
        (1, slow, "k", 2, 3)
    assert job["total"] is None and job["eta"] is None and job["path"] == out
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", job["added"])
    assert states(daemon.json("add", fast, fast, "-d", out, "--paused")) == ["paused"] * 2

    assert [job["id"] for job in daemon.json("list")] == [1, 2, 3]
    assert [job["id"] for job in daemon.json("list", "--state", "paused")] == [2, 3]
    assert {"ranges", "extents"} <= set(daemon.json("show", 1))
    assert daemon.json("pause", 1)["state"] == "paused"
    assert daemon.json("set", 1, "limit=1M", "connections=5")["connections"] == 5
    assert daemon.json("move", 1, "--before", 2)["id"] == 1
    assert daemon.json("refresh", 1, fast)["url"] == fast
    assert states(daemon.json("resume", 2, 3)) != ["paused"] * 2
    assert states(daemon.json("wait", 2, 3)) == ["done"] * 2
    assert daemon.json("wait", 2)["state"] == "done"
    assert daemon.json("cancel", "--all") == {"ids": [1]}
    assert daemon.json("pause", "--all") == daemon.json("resume", "--all") == {"ids": []}
    assert daemon.json("remove", 2) == {"removed": [2]}
    assert daemon.json("remove", 1, 3) == {"removed": [1, 3]}
    assert daemon.json("list") == []


def test_settings_and_status(daemon):
    table = daemon.seg("settings").splitlines()
    assert table[0].split() == ["KEY", "VALUE", "DEFAULT", "MEANING"]
    settings = daemon.json("settings")
    rows = table[1:1 + len(settings)]  # notes may follow
    assert [setting["name"] for setting in settings] == [row.split()[0] for row in rows]
    assert all({"name", "value", "default", "type", "help"} <= set(s) for s in settings)
    assert daemon.json("settings", "max_active", 7)["value"] == 7
    assert daemon.json("settings", "memory_limit", "32M")["value"] == 32 * MIB
    assert "32.0 MiB" in daemon.seg("settings", "memory_limit")
    assert daemon.json("settings", "max_active", "default")["value"] == 4

    status = daemon.json("status")
    assert status["info"]["pipe"] == daemon.pipe and status["info"]["mode"] == "user"
    assert status["stats"]["sessions"] == 1
    text = daemon.seg("status")
    assert str(status["info"]["pid"]) in text and "0 wake" not in text
    assert re.search(r"^jobs +none$", text, re.M)


def test_get_watch_and_events_write_an_object_a_line(daemon, origin, out):
    slow = serve(origin, "slow.bin", 64 * MIB, {"rate_bps": MIB})
    fast = serve(origin, "fast.bin")
    got = daemon.run("get", fast, "-d", out, "--json")
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    assert got.returncode == 0 and lines[-1]["job"]["state"] == "done"
    assert {line["event"] for line in lines} <= {"job", "progress"}
    [job] = daemon.add(slow)
    kinds = []
    for event in daemon.events(job, "--progress", 100):
        kinds.append(event["event"])
        if kinds == ["progress"]:
            assert event["jobs"][0]["id"] == job and "ranges" in event["jobs"][0]
            daemon.seg("remove", job)
        if kinds[-1] == "removed":
            break
    assert event == {"event": "removed", "id": job}

    [job] = daemon.add(slow)
    process = daemon.start_command("watch", job, "--json")
    first = json.loads(process.stdout.readline())
    assert (first["event"], first["job"]["id"]) == ("job", job)
    daemon.seg("cancel", job)
    rest, errors = process.communicate(timeout=60)
    assert json.loads(rest.splitlines()[-1])["job"]["state"] == "cancelled"
    assert process.returncode == 1 and errors.startswith(f"seg: job {job} (slow.bin) was cancelled")


def test_get_without_a_terminal_writes_plain_lines(daemon, origin, out):
    done = daemon.run("get", serve(origin, "fast.bin"), "-d", out)
    assert "fast.bin" in done.stdout and "done" in done.stdout
    assert "\x1b" not in done.stdout and done.stderr == ""


# ---- exit codes and messages ----

def test_exit_codes(daemon, origin, out):
    missing = origin.url("/missing.bin")
    assert "failed" in refused(daemon, 1, "add", missing, "-d", out, "--wait")
    assert "failed" in refused(daemon, 1, "wait", 1)
    [done] = daemon.add(serve(origin, "a.bin"))
    assert daemon.wait(done) == 0
    for command in (("pause", done), ("resume", done), ("cancel", done), ("move", done, "--first"),
                    ("set", done, "priority=1"), ("refresh", done, missing)):
        refused(daemon, 1, *command)
    refused(daemon, 2)
    refused(daemon, 2, "nonsense")
    refused(daemon, 2, "list", "too many")
    refused(daemon, 2, "settings", "max_active", 0)
    for command in (("show", 99), ("wait", 99), ("watch", 99), ("pause", 99), ("move", 99, "--last"),
                    ("set", 99, "priority=1"), ("refresh", 99, missing), ("verify", 99), ("remove", 99)):
        refused(daemon, 4, *command)
    refused(daemon, 5, "add", missing, "-d", daemon.system.forbidden)


def test_a_daemon_that_ends_is_told_to_those_who_wait(daemon, origin):
    [job] = daemon.add(serve(origin, "slow.bin", 64 * MIB, {"rate_bps": MIB}))
    process = daemon.start_command("watch", job)
    assert process.stdout.readline()
    daemon.stop()
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 3 and re.fullmatch(r"seg: .+: .+\n", errors), errors


# ---- adding ----

def test_a_list_of_three_thousand_urls_is_added_and_listed(daemon, tmp_path, out):
    urls = [f"http://127.0.0.1/files/number-{i:04}.bin" for i in range(3000)]
    lines = ["\ufeff# what to fetch", "", *urls[:1500], "   # more", "  \t", *urls[1500:]]
    (tmp_path / "list").write_bytes("\r\n".join(lines).encode())
    path = daemon.system.path(tmp_path / "list")
    added = daemon.json("add", "-i", path, "-d", out, "--paused")
    assert [job["url"] for job in added] == urls

    more = daemon.seg("add", "-i", "-", "-d", out, "--paused", input="\n".join(urls[:2500]))
    assert more == "added 2500 jobs, 3001 to 5500\n"
    daemon.seg("remove", *range(1, 3001))
    listed = daemon.json("list")
    assert [job["id"] for job in listed] == list(range(3001, 5501))
    assert len(daemon.seg("list").splitlines()) == 2501

    ids, page = [0], {"more": True}
    while page["more"]:
        page = daemon.call("job.list", after=ids[-1])
        assert 1 <= len(page["jobs"]) <= 1000
        ids += [job["id"] for job in page["jobs"]]
    assert ids[1:] == list(range(3001, 5501))
    page = daemon.call("job.list", after=5499, limit=1)
    assert [job["id"] for job in page["jobs"]] == [5500] and page["more"] is False


def test_a_list_with_a_bad_line_adds_nothing(daemon, tmp_path, out):
    (tmp_path / "list").write_text("http://127.0.0.1/a\nftp://127.0.0.1/b\n")
    message = refused(daemon, 2, "add", "-i", daemon.system.path(tmp_path / "list"), "-d", out)
    assert "line 2" in message and "nothing was added" in message
    refused(daemon, 2, "add", "-i", "-", input="# nothing\n")
    refused(daemon, 2, "add", "-i", daemon.system.path(tmp_path / "none"))
    assert daemon.json("list") == []


def test_a_key_makes_adding_idempotent(daemon, out):
    def add(url, *options):
        return daemon.json("add", url, "-d", out, "--paused", *options)
    first = add("http://127.0.0.1/a", "--key", "mine")
    assert add("http://127.0.0.1/a", "--key", "mine") == first
    assert add("http://127.0.0.1/other", "--key", "mine") == first
    assert add("http://127.0.0.1/a", "--key", "Mine")["id"] == 2
    daemon.seg("remove", 1)
    assert add("http://127.0.0.1/a", "--key", "mine")["id"] == 3


def test_at_schedules_and_resume_does_not_wait(daemon, origin, out):
    url = serve(origin, "a.bin")
    for time in ("+1h", "2099-01-31T22:30", "2099-01-31T22:30:00Z"):
        job = daemon.json("add", url, "-d", out, "--at", time)
        assert (job["state"], job["reason"]) == ("waiting", "schedule"), time
    assert "waiting: schedule" in daemon.seg("list")
    daemon.seg("resume", job["id"])
    assert daemon.wait(job["id"]) == 0
    assert origin.stats().requests > 0


def test_where_files_go(daemon, origin, is_right):
    url = serve(origin, "a.bin")
    here = daemon.out / "here"
    (here / "below").mkdir(parents=True)
    system = daemon.system
    for arguments in ((), ("-d", "below"), ("-o", "b.bin"), ("-o", "c.bin", "-d", "below"),
                      ("-o", system.path("below/d.bin")[2 if system.name == "wine" else 0:]),
                      ("-o", system.path(daemon.out / "e.bin"))):
        daemon.seg("add", url, *arguments, "--wait", cwd=here)
    for name in ("a.bin", "below/a.bin", "b.bin", "below/c.bin", "below/d.bin", "../e.bin"):
        assert is_right(here / name, 1, MIB), name
    assert len(list(daemon.out.rglob("*.*"))) == 6


def test_what_is_removed_from_the_disk(daemon, origin, out):
    url = serve(origin, "a.bin")
    slow = serve(origin, "slow.bin", 64 * MIB, {"rate_bps": MIB})
    kept, purged = daemon.add(url, url)
    assert daemon.wait(kept, purged) == 0
    gone = daemon.saved(daemon.job(purged))
    removed, cancelled = daemon.add(slow, slow)
    for job in (removed, cancelled):
        daemon.wait_until(job, lambda j: j["done"] > 0)
    daemon.seg("remove", kept)
    daemon.seg("remove", purged, removed, "--purge")
    daemon.seg("cancel", cancelled)
    daemon.stop()
    assert not gone.exists()
    assert len(list(daemon.out.iterdir())) == 1, "the file of the job that was only forgotten"
