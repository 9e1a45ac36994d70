"""Links between the documents: each leads to a file that is there."""

import posixpath
import re

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def check(path, text, exists):
    """`exists(path)`: whether that file or folder is part of the project. Yields (line, message)."""
    if not path.endswith(".md"):
        return
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            is_code = not is_code
        for target in LINK.findall(line):
            if is_code or re.match(r"[a-z]+:", target):
                continue
            if not exists(posixpath.normpath(posixpath.join(posixpath.dirname(path), target))):
                yield number, f"the link to `{target}` leads nowhere: mend it, or write what it promises"
