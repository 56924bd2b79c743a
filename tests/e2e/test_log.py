"""The daemon's log: what seg log shows, how it follows, what is in it."""

import json
import re

from origin import File

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|info|debug) \S.*")


def texts(lines):
    return [line["text"] for line in lines]


def test_log_shows_the_last_lines_of_this_run_and_of_those_before(idle_daemon):
    idle_daemon.start()
    idle_daemon.stop()
    idle_daemon.start()
    lines = idle_daemon.seg("log").splitlines()
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert sum(" serves " in line for line in lines) == 2, lines
    assert idle_daemon.seg("log", "-n", 1).splitlines() == lines[-1:]
    assert idle_daemon.seg("log", "-n", 0) == ""
    assert idle_daemon.seg("log", "--level", "error") == ""


def test_log_with_json_is_an_array_of_lines(daemon):
    lines = daemon.json("log")
    assert [set(line) for line in lines] == [{"id", "time", "level", "text"}] * len(lines)
    assert any(" serves " in text for text in texts(lines))
    assert {line["level"] for line in lines} == {"info"}


def test_log_level_is_a_setting_that_takes_effect_at_once(daemon):
    before = len(daemon.json("log"))
    daemon.seg("settings", "log_level", "error")
    daemon.call("job.add", jobs=[{"url": "http://127.0.0.1:9/x", "folder": daemon.system.path(daemon.out)}])
    assert len(daemon.json("log")) == before
    refused = daemon.run("settings", "log_level", "loud")
    assert refused.returncode == 2 and "debug" in refused.stderr


def test_log_refuses_what_makes_no_sense(daemon):
    for arguments in (("-n", "many"), ("-n", "5000"), ("--level", "loud")):
        assert daemon.run("log", *arguments).returncode == 2
    for params in ({"lines": -1}, {"after": 0.5}, {"level": "loud"}, {"wait_ms": 60001}, {"more": 1}):
        assert daemon.call("daemon.log", **params)["data"]["code"] == "invalid", params


def test_log_follows_what_comes(daemon):
    follower = daemon.start_command("log", "-f", "-n", "1", "--json")
    try:
        first = json.loads(follower.stdout.readline())
        assert LINE.fullmatch(f"{first['time']} {first['level']} {first['text']}")
        daemon.call("daemon.shutdown")
        rest = [json.loads(line) for line in follower.stdout]
        assert rest and rest[0]["id"] == first["id"] + 1, (first, rest)
        assert any("asked for the end" in text for text in texts(rest))
        assert follower.wait(60) == 3
    finally:
        follower.kill()
        follower.wait()
    daemon.process.wait(60)


def test_log_waits_no_longer_than_asked(daemon):
    last = daemon.call("daemon.log", lines=0)
    answer = daemon.call("daemon.log", after=last["next"], wait_ms=1)
    assert (answer["lines"], answer["missed"]) == ([], 0)


def test_a_last_run_that_crashed_is_told_of_once(idle_daemon):
    idle_daemon.data.mkdir()
    note = idle_daemon.data / "segd.crash"
    note.write_text("exception 0xc0000005 at segd.exe+0x1234\x1b[31m\nsecond line\n")
    idle_daemon.start()
    found = [line for line in idle_daemon.json("log") if "run crashed" in line["text"]]
    assert [line["level"] for line in found] == ["error"], found
    assert "0xc0000005" in found[0]["text"] and "\x1b" not in found[0]["text"]
    assert not note.exists()


def test_log_tells_how_jobs_ended_and_on_request_how_they_went(daemon, origin):
    origin.add(File("f.bin", 4096, 1))
    daemon.seg("settings", "log_level", "debug")
    done, = daemon.add(origin.url("/f.bin"))
    assert daemon.wait(done) == 0
    failed, = daemon.add(origin.url("/missing\u202efdp"))
    assert daemon.wait(failed) == 1
    lines = [(line["level"], line["text"]) for line in daemon.json("log", "-n", 100)]
    assert ("info", f"job {done}: done") in lines, lines
    assert ("debug", f"job {done}: active") in lines, lines
    ends = [(level, text) for level, text in lines if text.startswith(f"job {failed}: failed")]
    assert [level for level, _ in ends] == ["warning"], lines
    assert "404" in ends[0][1], ends
