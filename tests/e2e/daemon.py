"""A daemon under test, with its own pipe and data folder, and the commands that talk to it."""

import json
import signal
import subprocess
import threading
import time

DEADLINE_S = 60
LIVE = ("queued", "active", "verifying", "waiting", "paused")


class Lines:
    """What a process writes to a stream, line by line, readable while it runs."""

    def __init__(self, stream):
        self._stream = stream
        self._changed = threading.Condition()
        self._is_ended = False
        self.lines = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._stream:
            with self._changed:
                self.lines.append(line.rstrip("\r\n"))
                self._changed.notify_all()
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()

    def wait_for(self, text, deadline_s=DEADLINE_S):
        """Waits until a line has the text in it; fails when the stream ends before."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: any(text in line for line in self.lines) or self._is_ended, deadline_s)
            assert found and any(text in line for line in self.lines), \
                f"no line with {text!r} in:\n" + "\n".join(self.lines)

    def text(self):
        self._thread.join(DEADLINE_S)
        return "\n".join(self.lines)


class Daemon:
    """Starts with start(); ended by the fixture that made it."""

    def __init__(self, system, folder):
        self.system = system
        self.folder = folder
        self.data = folder / "data"
        self.out = folder / "out"
        self.out.mkdir(exist_ok=True)
        self.pipe = system.pipe_name(folder)
        self.process = None
        self.stderr = None

    def environment(self):
        env = self.system.environment()
        env["SEGUE_PIPE"] = self.pipe
        env["SEGUE_DATA"] = self.system.path(self.data)
        env.pop("NO_COLOR", None)
        return env

    def launch(self):
        """Starts it without waiting until it serves."""
        command = [*self.system.command("segd"), "run"]
        self.process = subprocess.Popen(command, env=self.environment(), text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, errors="replace")
        self.stderr = Lines(self.process.stderr)

    def start(self):
        self.launch()
        self.stderr.wait_for(" serves ")
        return self

    def kill(self):
        """Ends it as a power failure would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)

    def stop(self):
        """Asks it to end, and sees that it ends well."""
        if self.process is None or self.process.poll() is not None:
            return
        self.talk([{"jsonrpc": "2.0", "id": 1, "method": "daemon.shutdown"}], 1)
        code = self.process.wait(DEADLINE_S)
        errors = self.stderr.text()
        assert code == 0, f"segd ended with {code}:\n{errors}"

    def run(self, *arguments, program="seg", deadline_s=DEADLINE_S, **options):
        """Runs a command to its end."""
        return subprocess.run([*self.system.command(program), *map(str, arguments)],
                              env=self.environment(), capture_output=True, text=True,
                              encoding="utf-8", timeout=deadline_s, **options)

    def start_command(self, *arguments):
        """Starts a command and returns its process."""
        return subprocess.Popen([*self.system.command("seg"), *map(str, arguments)],
                                env=self.environment(), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, encoding="utf-8")

    def seg(self, *arguments, **options):
        """Runs a command that must succeed, and returns what it printed."""
        done = self.run(*arguments, **options)
        assert done.returncode == 0, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def json(self, *arguments, **options):
        """The one JSON document that a command prints."""
        return json.loads(self.seg(*arguments, "--json", **options))

    def talk(self, messages, n_lines, n_idle=0):
        """Sends messages (objects, or bytes as they are) and returns the lines that come back, while
        so many other connections are there."""
        raw = b"".join(m if isinstance(m, bytes) else json.dumps(m).encode() + b"\n"
                       for m in messages)
        command = [*self.system.command("talk"), self.pipe, str(n_lines), str(n_idle)]
        done = subprocess.run(command, input=raw,
                              env=self.environment(), capture_output=True, timeout=DEADLINE_S)
        assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def call(self, method, **params):
        """One call; the result, or the error object."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self.talk([message], 1)[0]
        return answer["result"] if "result" in answer else answer["error"]

    def logged(self):
        """The texts of its log's lines; the file has them a moment later."""
        return "\n".join(line["text"] for line in self.call("daemon.log", lines=1000)["lines"])

    def add(self, *urls, **options):
        """Queues downloads into the out folder; returns their ids."""
        spec = dict(folder=self.system.path(self.out), **options)
        result = self.call("job.add", jobs=[dict(spec, url=url) for url in urls])
        assert "jobs" in result, result
        return [job["id"] for job in result["jobs"]]

    def job(self, job_id):
        return self.json("show", job_id)

    def wait(self, *ids, deadline_s=DEADLINE_S):
        """Waits until the jobs are final, and returns the exit code."""
        return self.run("wait", *ids, deadline_s=deadline_s).returncode

    def events(self, *ids, deadline_s=DEADLINE_S):
        """What happens, as objects; for `for` loops that know when to leave."""
        process = self.start_command("events", "--json", *ids)
        timer = threading.Timer(deadline_s, process.kill)
        timer.start()
        try:
            for line in process.stdout:
                yield json.loads(line)
        finally:
            timer.cancel()
            process.kill()
            process.wait()

    def wait_until(self, job_id, condition, deadline_s=DEADLINE_S):
        """Looks at a job until the condition holds; each look is a call, so nothing is slept."""
        end = time.monotonic() + deadline_s
        while True:
            job = self.call("job.get", id=job_id)
            if condition(job):
                return job
            assert time.monotonic() < end, job

    def saved(self, job):
        """The finished file of a job, as this machine sees it."""
        return self.system.local(job["path"])
