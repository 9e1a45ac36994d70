#!/usr/bin/env python3
"""Holds include/policy/diagnostics.def to its word: codes and names are unique and never reused, each row is emitted
in one place, has a page whose bad example prints it and whose good example is clean, is printed by a case, and its message keeps the style."""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Codes that no case prints, each with its reason.
NOT_IN_CASES = {
    "P1004": "needs a file of 32 MiB: tests/unit/grammar/limits_test.cc",
    "P1012": "needs a string of 16 KiB: tests/unit/grammar/limits_test.cc",
    "P1014": "needs 150,000 rules: tests/unit/grammar/limits_test.cc",
    "P6001": "needs 65,536 different paths: tests/unit/compiler/front_end_test.cc",
}

ROW = re.compile(r'^DIAGNOSTIC\((P\d{4}), (Error|Warning|Info), (\w+),\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)
RETIRED = re.compile(r"^RETIRED\((P\d{4})\)", re.MULTILINE)


def style_faults(message):
    if message[0].isupper():
        yield "begins with a capital"
    if message.endswith("."):
        yield "ends with a period"
    if "\\n" in message:
        yield "is longer than a line"
    if re.search(r"['‘’“”]", message):
        yield "quotes with something else than backticks"


# An example begins with a block without a file name; blocks with one (```json tools.lock.json) are files beside it.
FENCE = re.compile(r"^```(json|policy)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MAIN_FILES = {"json": "policy.json", "policy": "main.policy"}
# Another command than `policyc check MAIN` stands in a comment of the page.
COMMAND = re.compile(r"^<!-- run: policyc (.*) -->$", re.MULTILINE)


def examples_of(text):
    """The examples of a part of a page: [the main file's name, {name: text}]."""
    examples = []
    for kind, name, body in FENCE.findall(text):
        if not name:
            examples.append((MAIN_FILES[kind], {MAIN_FILES[kind]: body}))
        elif examples:
            examples[-1][1][name] = body
    return examples


def run_example(program, command, main, files):
    """Everything that the command prints about the example, and its exit status."""
    with tempfile.TemporaryDirectory() as folder:
        for name, body in files.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body)
        words = shlex.split(command) if command else ["check", main]
        run = subprocess.run(
            [pathlib.Path(program).resolve(), *words], cwd=folder, capture_output=True, text=True, check=False
        )
        return run.stdout + run.stderr, run.returncode


def example_faults(program, code, page):
    """What is wrong with the policies that a page gives as examples."""
    wrong, _, right = page.partition("\nRight:\n")
    given = COMMAND.search(page)
    command = given.group(1) if given else None
    for main, files in examples_of(wrong):
        printed, _ = run_example(program, command, main, files)
        if f"[{code}]" not in printed:
            yield f"docs/diagnostics/{code}.md: the wrong example does not print {code}: {printed}"
    for main, files in examples_of(right):
        printed, status = run_example(program, command, main, files)
        if status != 0 or re.search(r"\[P\d{4}\]", printed):
            yield f"docs/diagnostics/{code}.md: the right example is not clean: {printed}"


def main():
    parser = argparse.ArgumentParser(description="Check the diagnostic table, its pages and its cases.")
    parser.add_argument("--program", required=True, help="path of policyc")
    options = parser.parse_args()
    faults = []
    table = (ROOT / "include/policy/diagnostics.def").read_text()
    rows = ROW.findall(table)
    if len(rows) != len(re.findall(r"^DIAGNOSTIC\(", table, re.MULTILINE)):
        faults.append("a row of the table is not of the form DIAGNOSTIC(P1234, Severity, Name, \"message\", types…)")
    codes = [row[0] for row in rows] + RETIRED.findall(table)
    names = [row[2] for row in rows]
    faults += [f"{code} stands twice in the table" for code in sorted(set(codes)) if codes.count(code) > 1]
    faults += [f"{name} stands twice in the table" for name in sorted(set(names)) if names.count(name) > 1]

    sources = [path.read_text() for folder in ("grammar", "compiler", "runtime") for path in (ROOT / folder).rglob("*.cc")]
    cases = b"".join(path.read_bytes() for path in (ROOT / "tests/cases").rglob("*.case")).decode(errors="replace")
    for code, _, name, message in rows:
        places = sum(len(re.findall(rf"\bdiag::{name}\b", text)) for text in sources)
        if places != 1:
            faults.append(f"{code} {name} is emitted in {places} places, not in one")
        printed = f"[{code}]" in cases or f'"code": "{code}"' in cases
        if not printed and code not in NOT_IN_CASES:
            faults.append(f"{code} {name} is printed by no case")
        if printed and code in NOT_IN_CASES:
            faults.append(f"{code} is printed by a case: take it off the list of exemptions")
        page = ROOT / f"docs/diagnostics/{code}.md"
        text = page.read_text() if page.exists() else ""
        if not text.startswith(f"# {code}: "):
            faults.append(f"docs/diagnostics/{code}.md is missing, or does not begin with `# {code}: `")
        elif "\nWrong:\n" not in text or "\nRight:\n" not in text:
            faults.append(f"docs/diagnostics/{code}.md lacks an example under `Wrong:` or `Right:`")
        else:
            faults += example_faults(options.program, code, text)
        faults += [f"{code}: the message {fault}" for fault in style_faults(message)]
    known = {row[0] for row in rows}
    for page in sorted((ROOT / "docs/diagnostics").glob("P*.md")):
        if page.stem not in known:
            faults.append(f"{page.relative_to(ROOT)} is about no diagnostic")
    print("\n".join(faults) or f"{len(rows)} diagnostics: all is well")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
