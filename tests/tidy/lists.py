"""Every source stands in the CMakeLists.txt of its folder, or of one above, and every header is included: else it is dead."""

import re

BUILT = ("grammar", "compiler", "runtime", "tests", "bench")


def check(paths, read):
    """`paths`: all files of the project; `read(path)`: text. Yields (path, line, message)."""
    listed, included = set(), set()
    for path in paths:
        folder = path.rpartition("/")[0]
        if path.endswith("CMakeLists.txt"):
            listed.update(f"{folder}/{name}".lstrip("/") for name in re.findall(r"[\w./-]+\.cc\b", read(path)))
        if path.endswith((".cc", ".h", ".def")):
            included.update(re.findall(r'#\s*include\s*"([^"]+)"', read(path)))
    for path in paths:
        if not path.startswith(tuple(f + "/" for f in BUILT)):
            continue
        if path.endswith(".cc") and path not in listed:
            yield path, 1, "in no CMakeLists.txt: list it by name in its folder's, or delete it"
        if path.endswith((".h", ".def")) and path not in included:
            yield path, 1, "included by no source: delete it, or include it where it is needed"
