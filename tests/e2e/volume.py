"""A small disk of its own for a test: a tmpfs, which can be filled, made read-only and given room
again. Mounting is the administrator's right, as whom these tests run."""

import os
import subprocess


class Volume:
    """Mounted by `with`; `folder` is where."""

    def __init__(self, folder, size):
        self.folder = folder
        self._size = size
        self._filler = folder / "filler"

    def __enter__(self):
        self.folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self._size}", "tmpfs", self.folder],
                       check=True)
        return self

    def __exit__(self, *exception):
        # lazily: Wine lets go of what its last program had open only after that has ended
        subprocess.run(["umount", "-l", self.folder], check=True)

    def free(self):
        state = os.statvfs(self.folder)
        return state.f_bavail * state.f_frsize

    def fill(self, leave=0):
        """Takes all room but so many bytes."""
        self.make_room()
        with open(self._filler, "wb") as file:
            if self.free() > leave:
                os.posix_fallocate(file.fileno(), 0, self.free() - leave)

    def make_room(self):
        self._filler.unlink(missing_ok=True)

    def set_read_only(self, is_on):
        mode = "ro" if is_on else "rw"
        subprocess.run(["mount", "-o", f"remount,{mode}", self.folder], check=True)

    def files(self):
        """How many it has."""
        state = os.statvfs(self.folder)
        return state.f_files - state.f_ffree

    def set_file_limit(self, n):
        subprocess.run(["mount", "-o", f"remount,nr_inodes={n}", self.folder], check=True)
