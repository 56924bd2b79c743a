"""Nothing in the project names the machine it was made on: no absolute path of somebody's home or
work folder, no host that this machine's package manager takes its packages from."""

import glob
import re
import urllib.parse

from lintlib import Finding

EXCEPTIONS = ()

MACHINE_PATH = re.compile(r"(?:(?<![\w.~%)}\]/-])|(?<=file://))"
                          r"/(?:work|root|home|tmp/segue)(?![\w-])")
APT_FILES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d/*", "/etc/apt/apt.conf",
             "/etc/apt/apt.conf.d/*")
URL = re.compile(r"\bhttps?://[^\s\"';]+")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check(tree, apt_files=APT_FILES):
    hosts = mirror_hosts(apt_files)
    for path, text in tree.sources(("",)):
        for number, line in enumerate(text.split("\n"), 1):
            found = MACHINE_PATH.search(line)
            if found:
                yield Finding(path, number, "names the machine's path %s" % found[0],
                              "use a path relative to the project, or a temporary folder")
            if any(_host_pattern(host).search(line) for host in hosts):
                yield Finding(path, number, "names a host of this machine's package manager",
                              "leave the host out")


def mirror_hosts(apt_files=APT_FILES):
    """Host names in apt's settings; what else those lines hold is not kept."""
    hosts = set()
    for pattern in apt_files:
        for name in glob.glob(pattern):
            with open(name, encoding="utf-8", errors="replace") as file:
                for line in file:
                    if not line.lstrip().startswith(("#", "//")):
                        hosts.update(_hosts_in(line))
    return sorted(hosts - set(LOOPBACK))


def _hosts_in(line):
    for url in URL.findall(line):
        try:
            host = urllib.parse.urlsplit(url).hostname
        except ValueError:
            continue
        if host:
            yield host


def _host_pattern(host):
    """A name without a dot is an ordinary word, so it counts only as the host of a URL."""
    before = r"(?<![\w.-])" if "." in host else "://"
    return re.compile(before + re.escape(host) + r"(?![\w-])", re.IGNORECASE)
