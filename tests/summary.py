"""Counts the tests in the logs of tests/run, and says whether all of them passed.

The argument is a file with a line `NAME ok|failed SECONDS LOG` for each part."""

import pathlib
import re
import sys

# What the runners print: cmocka one block a program, pytest and the lints one line at the end.
CMOCKA_RAN = re.compile(r"\[==========\] (?:\S+: )?(\d+) test\(s\) run")
CMOCKA_FAILED = re.compile(r"\[  FAILED  \] (?:\S+: )?(\d+) test\(s\)")
PYTEST = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|deselected)\b")


def counts(text):
    """The numbers of tests that passed, failed, and were skipped."""
    ran = sum(map(int, CMOCKA_RAN.findall(text)))
    failed = sum(map(int, CMOCKA_FAILED.findall(text)))
    passed, skipped = ran - failed, 0
    last = next((line for line in reversed(text.splitlines()) if PYTEST.search(line)), "")
    if not ran:
        found = {word.rstrip("s"): int(number) for number, word in PYTEST.findall(last)}
        passed = found.get("passed", 0)
        failed = found.get("failed", 0) + found.get("error", 0)
        skipped = found.get("skipped", 0) + found.get("xfailed", 0) + found.get("deselected", 0)
    return passed, failed, skipped


def main(results):
    totals = [0, 0, 0]
    is_good = True
    print(f"\n{'part':<16} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for line in pathlib.Path(results).read_text().splitlines():
        name, status, seconds, log = line.split(" ", 3)
        found = counts(pathlib.Path(log).read_text(errors="replace"))
        totals = [total + count for total, count in zip(totals, found)]
        is_right = status == "ok" and found[0] > 0 and found[1] == found[2] == 0
        is_good = is_good and is_right
        note = "" if is_right else f"   <- see {log}"
        print(f"{name:<16} {found[0]:>7} {found[1]:>7} {found[2]:>8} {seconds:>8}{note}")
    if not is_good:
        totals[1] = max(totals[1], 1)
    print(f"\n{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
