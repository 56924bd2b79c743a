"""Commands from the parent process: one JSON object a line on stdin, one answer a line on stdout.

A command is {"id": N, "do": WORD, ...}, its answer {"id": N, "ok": VALUE} or {"id": N, "error": TEXT}.
Answers to "stats" that wait may come after those of later commands. The end of stdin ends the server.
"""

import asyncio
import json
import os

READ_BYTES = 1 << 16


class Control:
    """Runs until stdin ends; then sets `ended`."""

    def __init__(self, server, ended, fd_in=0, fd_out=1):
        self._server = server
        self._ended = ended
        self._in, self._out = fd_in, fd_out
        self._received = bytearray()
        self._waits = set()
        self._commands = {"file": self._file, "set": self._set, "link": self._link,
                          "refuse": self._refuse, "stats": self._stats}
        os.set_blocking(fd_in, False)
        asyncio.get_running_loop().add_reader(fd_in, self._on_readable)

    def _on_readable(self):
        data = os.read(self._in, READ_BYTES)
        if not data:
            asyncio.get_running_loop().remove_reader(self._in)
            self._ended.set()
            return
        self._received += data
        *lines, rest = self._received.split(b"\n")
        self._received = bytearray(rest)
        for line in lines:
            self._obey(json.loads(line))

    def _obey(self, command):
        number = command.pop("id")
        task = asyncio.create_task(self._answer(number, self._commands[command.pop("do")], command))
        self._waits.add(task)
        task.add_done_callback(self._waits.discard)

    async def _answer(self, number, call, arguments):
        try:
            reply = {"id": number, "ok": await call(**arguments)}
        except Exception as reason:
            reply = {"id": number, "error": f"{type(reason).__name__}: {reason}"}
        self._write(json.dumps(reply))

    def _write(self, text):
        data = text.encode() + b"\n"
        while data:
            data = data[os.write(self._out, data):]

    async def _file(self, **arguments):
        self._server.add_file(**arguments)

    async def _set(self, path, behaviour, recount=False):
        self._server.set_behaviour(path, behaviour, recount)

    async def _link(self, bps):
        self._server.set_link(bps)

    async def _refuse(self, on):
        if on:
            self._server.refuse()
        else:
            self._server.listen()

    async def _stats(self, after=0, timeout_s=0):
        if timeout_s:
            await self._server.ledger.wait(after, timeout_s)
        return self._server.ledger.snapshot(after)
