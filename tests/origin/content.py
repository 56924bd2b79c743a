"""Bytes that can be computed at any offset, so that a file of many GiB needs no disk.

A file is a random block of a prime length, repeated, with an eight-byte stamp of the absolute offset
at every 512th byte. A prime period never lines up with the places where a file is usually split, and
the stamps tell one period from the next: any 520 bytes differ from those at every other offset.
"""

import functools
import gzip
import hashlib
import random
from array import array

PERIOD = 1_048_583          # the first prime above 1 MiB
STAMP_EVERY = 512
CHUNK = 256 * 1024          # what is computed and kept at a time; a multiple of STAMP_EVERY
CHUNKS_KEPT = 128           # 32 MiB
GZIP_MAX = 64 << 20         # compressing a file needs all of it in memory


@functools.lru_cache(maxsize=8)
def _material(seed):
    """The seed's block, lengthened so that every chunk is one slice of it, and its stamp base."""
    rng = random.Random(f"origin-{seed}")
    block = rng.randbytes(PERIOD)
    return block + block[:CHUNK], rng.getrandbits(62)


@functools.lru_cache(maxsize=CHUNKS_KEPT)
def _chunk(seed, index):
    block, salt = _material(seed)
    base = index * CHUNK
    phase = base % PERIOD
    buffer = bytearray(memoryview(block)[phase:phase + CHUNK])
    stamps = array("Q", range(salt + base, salt + base + CHUNK, STAMP_EVERY))
    memoryview(buffer).cast("Q")[::STAMP_EVERY // 8] = memoryview(stamps)
    return memoryview(buffer).toreadonly()


class Source:
    """The bytes of one version of a file: `size`, and views of them."""

    size = 0

    def view(self, offset, limit):
        """A read-only view of 1 to `limit` bytes from `offset`; shorter where a chunk ends."""
        raise NotImplementedError

    def views(self, start, end):
        """The views that make up [start, end)."""
        while start < end:
            piece = self.view(start, end - start)
            yield piece
            start += len(piece)

    def hash(self, algorithm, start=0, end=None):
        """The raw digest of [start, end)."""
        state = hashlib.new(algorithm)
        for piece in self.views(start, self.size if end is None else end):
            state.update(piece)
        return state.digest()


class Pattern(Source):
    """`size` computed bytes of `seed`."""

    def __init__(self, seed, size):
        self.seed = seed
        self.size = size

    def view(self, offset, limit):
        index, at = divmod(offset, CHUNK)
        return _chunk(self.seed, index)[at:at + min(limit, self.size - offset)]

    def hash(self, algorithm, start=0, end=None):
        if start == 0 and end in (None, self.size):
            return _whole_digest(self.seed, self.size, algorithm)
        return super().hash(algorithm, start, end)


class Literal(Source):
    """Bytes given as they are."""

    def __init__(self, data):
        self.data = memoryview(bytes(data))
        self.size = len(data)

    def view(self, offset, limit):
        return self.data[offset:offset + limit]


class Shifted(Source):
    """Another source's bytes, taken from `shift` further on and wrapped round at its end."""

    def __init__(self, source, shift):
        self._source = source
        self._shift = shift
        self.size = source.size

    def view(self, offset, limit):
        at = (offset + self._shift) % self.size
        return self._source.view(at, min(limit, self.size - at))


@functools.lru_cache(maxsize=64)
def _whole_digest(seed, size, algorithm):
    return Source.hash(Pattern(seed, size), algorithm)


@functools.lru_cache(maxsize=4)
def gzipped(source):
    """The same file as a gzip stream; the same bytes every time."""
    if source.size > GZIP_MAX:
        raise ValueError(f"gzip: the file has {source.size} bytes, at most {GZIP_MAX} can be compressed")
    return Literal(gzip.compress(b"".join(source.views(0, source.size)), compresslevel=1, mtime=0))


def content(seed, offset, n):
    """`n` bytes of the file `seed` from `offset`, as bytes; the size of the file does not matter."""
    return b"".join(Pattern(seed, offset + n).views(offset, offset + n))


def digest(seed, size, algorithm="sha256"):
    """The digest of the whole file (`seed`, `size`), in hexadecimal."""
    return _whole_digest(seed, size, algorithm).hex()
