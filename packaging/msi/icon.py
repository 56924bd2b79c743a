"""Writes an icon file to stdout: icon.py FOLDER SIZE..., with a picture FOLDER/SIZE.png for each size.

A header, one entry for each picture, then the pictures as they are, which Windows reads since Vista. A size of 256 is
written as 0."""

import pathlib
import struct
import sys

HEADER = struct.Struct("<HHH")      # reserved, 1 for icons, number of pictures
ENTRY = struct.Struct("<BBBBHHII")  # width, height, colours, reserved, planes, bits, length, offset


def icon(folder, sizes):
    pictures = [(folder / f"{size}.png").read_bytes() for size in sizes]
    offset = HEADER.size + ENTRY.size * len(sizes)
    entries = []
    for size, picture in zip(sizes, pictures):
        entries.append(ENTRY.pack(size % 256, size % 256, 0, 0, 1, 32, len(picture), offset))
        offset += len(picture)
    return b"".join([HEADER.pack(0, 1, len(sizes)), *entries, *pictures])


if __name__ == "__main__":
    sys.stdout.buffer.write(icon(pathlib.Path(sys.argv[1]), [int(size) for size in sys.argv[2:]]))
