"""Segue as it is measured: `seg get` as a user runs it, with a daemon that runs already and has its default settings.

A new data folder means a first contact: nothing is known of the server. The job after it on the same daemon finds
what that one learned."""

import contextlib
import shutil
import tempfile
import pathlib

import measure
from daemon import Daemon


class Segue:
    def __init__(self, system, place, ca, wineserver):
        self.system = system
        self.place = place
        self.ca = ca
        self.wineserver = wineserver

    @contextlib.contextmanager
    def daemon(self, settings=None):
        """A daemon with a new data folder, and nothing else left afterwards."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="segue-", dir=self.place))
        daemon = Daemon(self.system, folder)
        try:
            daemon.start()
            for name, value in {"ca_file": self.system.path(self.ca), **(settings or {})}.items():
                daemon.seg("settings", name, value)
            yield daemon
            daemon.stop()
        finally:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.kill()
            shutil.rmtree(folder)

    def get(self, daemon, urls, options, limit_s):
        """Downloads to the daemon's out folder under the URL's own name; returns the Sample."""
        mirrors = [word for url in urls[1:] for word in ("--mirror", url)]
        command = [*self.system.command("seg"), "get", urls[0], *mirrors, *options,
                   "-d", self.system.path(daemon.out)]
        helpers = [pid for pid in (self.wineserver,) if pid is not None]
        return measure.run(command, daemon.environment(), daemon.out, limit_s,
                           service=daemon.process.pid, helpers=helpers)

    def version(self):
        with self.daemon() as daemon:
            return daemon.seg("--version").strip()
