"""A client that shows an answer exactly as it came, byte for byte, faults included."""

import socket
import ssl

READ_BYTES = 1 << 16
CLOSED, RESET = "close", "reset"

TCP_CLOSE = 7       # the state after a reset; after a FIN it is CLOSE_WAIT


class RawClient:
    """One connection. A wait longer than `deadline_s` raises TimeoutError."""

    def __init__(self, origin, host="127.0.0.1", trust=None, deadline_s=20):
        """`trust`: for https, the path of the certificate authority."""
        self.sock = socket.create_connection((host, origin.port), timeout=deadline_s)
        self._host = f"{host}:{origin.port}"
        self._unread = b""
        if trust:
            context = ssl.create_default_context(cafile=str(trust))
            self.sock = context.wrap_socket(self.sock, server_hostname=host)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self.sock.close()

    def ask(self, target, *headers, method="GET", version="1.1"):
        """Sends a request; `headers` are whole lines."""
        lines = [f"{method} {target} HTTP/{version}", f"Host: {self._host}", *headers, "", ""]
        self.sock.sendall("\r\n".join(lines).encode("latin-1"))
        return self

    def head(self):
        """The bytes up to the empty line, without it."""
        while b"\r\n\r\n" not in self._unread:
            data = self.sock.recv(READ_BYTES)
            if not data:
                raise EOFError(f"closed in the head, after {self._unread!r}")
            self._unread += data
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        return head

    def answer(self):
        """(status, {lower-case name: value}) of a well-formed head."""
        first, *lines = self.head().decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        return int(first.split(" ")[1]), {name.lower(): value for name, value in pairs}

    def body(self, n):
        """The next `n` bytes."""
        while len(self._unread) < n:
            data = self.sock.recv(READ_BYTES)
            if not data:
                raise EOFError(f"closed after {len(self._unread)} of {n} bytes")
            self._unread += data
        data, self._unread = self._unread[:n], self._unread[n:]
        return data

    def rest(self):
        """(every byte until the end, how it ended: CLOSED or RESET)."""
        data, self._unread = bytearray(self._unread), b""
        while True:
            try:
                piece = self.sock.recv(READ_BYTES)
            except ConnectionResetError:
                return bytes(data), RESET
            if not piece:
                return bytes(data), self._how_closed()
            data += piece

    def _how_closed(self):
        """Python's ssl reports a reset as an end; the system still knows which it was."""
        state = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return RESET if state == TCP_CLOSE else CLOSED

    def fetch(self, target, *headers, method="GET"):
        """(status, headers, body) of an answer whose Content-Length is honest."""
        status, fields = self.ask(target, *headers, method=method).answer()
        return status, fields, b"" if method == "HEAD" else self.body(int(fields["content-length"]))
