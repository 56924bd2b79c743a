"""A terminal as people have it, of this machine."""

import fcntl
import os
import pty
import subprocess
import termios


# what a terminal does when its first program ends would hide what that program left behind
SHELL = ["sh", "-c", 'trap : INT; "$@"; echo "exit code $?"; read line', "sh"]


def take_terminal():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A command with a terminal for its input and output."""

    def __init__(self, daemon, *arguments, before=(), **variables):
        self.seen = b""
        self._main, side = pty.openpty()
        env = dict(daemon.environment(), TERM="xterm", LC_ALL="C.UTF-8", **variables)
        self.process = subprocess.Popen([*before, *daemon.system.command("seg"), *map(str, arguments)],
                                        env=env, stdin=side, stdout=side, stderr=side,
                                        start_new_session=True, preexec_fn=take_terminal)
        os.close(side)

    def type(self, text):
        os.write(self._main, text)

    def shows_what_is_typed(self):
        return bool(termios.tcgetattr(self._main)[3] & termios.ECHO)

    def read_until(self, text):
        while text not in self.seen:
            self.seen += self._read()

    def _read(self):
        try:
            return os.read(self._main, 65536)
        except OSError:  # how the end of a terminal looks
            raise AssertionError(self.seen) from None

    def end(self):
        try:
            while True:
                self.seen += self._read()
        except AssertionError:
            os.close(self._main)
        return self.process.wait(60)
