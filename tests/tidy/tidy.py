#!/usr/bin/env python3
"""Style that can be checked, checked: run by ctest, or by hand as `python3 tests/tidy/tidy.py`.

Prints `file:line: what, and how to mend it` and ends with 1 if there is anything.
"""

import os
import pathlib
import subprocess
import sys

import arrows
import links
import lists
import words

TOP = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = ("build/", "node_modules", "LICENSE", ".git")
TEXT = (".cc", ".h", ".def", ".py", ".mjs", ".js", ".json", ".jsonl", ".md", ".txt", ".cmake", ".case", ".sh", "dev", "run")


def project_files():
    """Every file that is or would be committed; the whole tree where there is no git."""
    try:
        out = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"],
            cwd=TOP, check=True, capture_output=True, text=True,
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        out = []
        for folder, folders, names in os.walk(TOP):
            folders[:] = [f for f in folders if f not in ("build", "node_modules", ".git", "__pycache__")]
            out.extend(os.path.relpath(os.path.join(folder, name), TOP) for name in names)
    return sorted(p for p in set(out) if not p.startswith(SKIPPED) and (TOP / p).is_file())


def main():
    paths = project_files()
    texts = {p: (TOP / p).read_text(encoding="utf-8", errors="replace") for p in paths if p.endswith(TEXT)}
    found = []
    for path, text in texts.items():
        checks = (arrows.check(path, text), words.check(path, text), links.check(path, text, lambda p: (TOP / p).exists()))
        found.extend((path, number, message) for check in checks for number, message in check)
        for number, message in words.long_files(path, text):
            print(f"{path}:{number}: warning: {message}")
    found.extend(lists.check(list(texts), texts.__getitem__))
    for path, number, message in sorted(found):
        print(f"{path}:{number}: {message}")
    print(f"{len(texts)} files, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
