#!/usr/bin/env python3
"""Runs the golden cases: each *.case here holds commands, their input files, and all that they print.

    #! policyc check policy.json        a command; more may follow, run in order in one fresh folder
    #! exit 1                           its exit status; 0 where nothing is said
    # Why the case is there.
    --- policy.json                     an input file, up to the next line that begins a section
    === stderr                          what the first command prints; of the others: === stderr 2

`< FILE` at the end of a command is its standard input. `#! cat FILE` shows what a command left in a file. Sections for
what prints nothing are left out. Everything below the first === is rewritten by --update.
"""

import argparse
import difflib
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_SECONDS = 60


class Case:
    """One case file: bytes throughout, since a case may be about text that is no UTF-8."""

    def __init__(self, path):
        self.path = path
        text = path.read_bytes()
        found = re.search(rb"^=== ", text, re.MULTILINE)
        cut = found.start() if found else len(text)
        self.head, self.expected = text[:cut], text[cut:]
        self.commands = []  # [words, stdin file or None, exit status]
        self.files = {}
        self.parse()

    def parse(self):
        name = None
        for line in self.head.splitlines(keepends=True):
            if line.startswith(b"--- "):
                name = line[4:].decode().strip()
                self.files[name] = b""
            elif name is not None:
                self.files[name] += line
            elif line.startswith(b"#! exit "):
                self.commands[-1][2] = int(line[8:])
            elif line.startswith(b"#! "):
                words = shlex.split(line[3:].decode())
                stdin = None
                if "<" in words:
                    at = words.index("<")
                    words, stdin = words[:at], words[at + 1]
                self.commands.append([words, stdin, 0])
            elif line.strip() and not line.startswith(b"#"):
                raise SystemExit(f"{self.path}: neither command, comment nor section: {line!r}")
        if not self.commands:
            raise SystemExit(f"{self.path}: no command")

    def run(self, programs):
        """The sections that the commands print, and what is wrong with their exit statuses."""
        sections, wrong = b"", []
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in self.files.items():
                target = root / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(text)
            for number, (words, stdin, status) in enumerate(self.commands, 1):
                result = self.call(words, stdin, root, programs)
                if result.returncode != status:
                    wrong.append(f"`{shlex.join(words)}` ended with {result.returncode}, not {status}")
                for stream, text in (("stdout", result.stdout), ("stderr", result.stderr)):
                    if text:
                        suffix = "" if number == 1 else f" {number}"
                        end = b"" if text.endswith(b"\n") else b"\n=== (no line end)\n"
                        sections += f"=== {stream}{suffix}\n".encode() + text + end
        return sections, wrong

    @staticmethod
    def call(words, stdin, root, programs):
        if words[0] not in ("policyc", "policyd", "cat"):
            raise SystemExit(f"a case runs policyc, policyd or cat, not {words[0]}")
        program = words[0] if words[0] == "cat" else str(programs / words[0])
        return subprocess.run(
            [program, *words[1:]],
            cwd=root,
            input=(root / stdin).read_bytes() if stdin else b"",
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            env={"PATH": "/usr/bin:/bin", "HOME": str(root), "LC_ALL": "C.UTF-8"},
            check=False,
        )


def show_difference(case, actual):
    lines = [text.decode(errors="backslashreplace").splitlines(keepends=True) for text in (case.expected, actual)]
    sys.stdout.writelines(difflib.unified_diff(*lines, "expected", "printed"))


def main():
    parser = argparse.ArgumentParser(description="Run the golden cases.")
    parser.add_argument("--program", required=True, help="path of policyc; policyd lies beside it")
    parser.add_argument("--update", action="store_true", help="rewrite what the cases expect")
    parser.add_argument("case", nargs="*", help="cases to run; all by default")
    options = parser.parse_args()
    programs = pathlib.Path(options.program).resolve().parent
    paths = [pathlib.Path(p) for p in options.case] or sorted(HERE.rglob("*.case"))
    failed = 0
    for path in paths:
        case = Case(path)
        actual, wrong = case.run(programs)
        if options.update and actual != case.expected:
            path.write_bytes(case.head + actual)
            print(f"updated {path}")
        elif actual != case.expected:
            wrong.append("it prints something else")
        if wrong:
            failed += 1
            print(f"{path}: {'; '.join(wrong)}")
            if not options.update:
                show_difference(case, actual)
    print(f"{len(paths) - failed} of {len(paths)} cases passed")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
