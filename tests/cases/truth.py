#!/usr/bin/env python3
"""Runs tests/cases/language/*.truth: conditions of the text form, what a call brings, and what they say of it.

    # language: op-equal, type-unknown       anchors of docs/language.md that the lines below show
    args.a == 5                              a condition
        {"a": 5}            true             arguments, and true, false or unknown
        {"a": "5"}          unknown
    at 2026-03-01T10:00:00Z                  the clock of the lines below
    with {"grant": "g"}                      more of the call for the lines below: {} for nothing more
    let staff = ["a", "b"]                   a statement of the policy

`<1000 x>` in the arguments stands for a thousand times x. A condition is true where `allow when C` admits, false where `allow when not (C)` does, unknown where neither does.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
REPEATED = re.compile(r"<(\d+) (.+?)>")
LINE = re.compile(r"^\s+(\{.*\})\s+(true|false|unknown)$")


class Table:
    def __init__(self, path):
        self.path = path
        self.conditions = []  # [text]
        self.statements = []
        self.calls = []  # [line number, condition number, call, expected]
        more, clock = {}, "2026-03-01T10:00:00Z"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            if found := LINE.match(line):
                # The arguments stay text: JSON texts differ where values do not.
                call = {"now": clock} | more | {"raw": found.group(1)}
                self.calls.append((number, len(self.conditions) - 1, call, found.group(2)))
            elif line.startswith("at "):
                clock = line[3:].strip()
            elif line.startswith("with "):
                more = json.loads(line[5:])
            elif line.startswith(("let ", "zone ", "policy ", "counter ")):
                self.statements.append(line)
            elif line[0].isspace():
                raise SystemExit(f"{path}:{number}: neither a call nor a condition: {line!r}")
            else:
                self.conditions.append(line.strip())

    def policy(self):
        text = "default deny\n" + "\n".join(self.statements) + "\n"
        for number, condition in enumerate(self.conditions):
            text += f"tool is_{number} {{ allow when {condition} }}\n"
            text += f"tool not_{number} {{ allow when not ({condition}) }}\n"
        return text

    def lines(self):
        """The calls as `policyc eval` reads them, two for each line."""
        for _, condition, call, _ in self.calls:
            rest = json.dumps({key: value for key, value in call.items() if key != "raw"})[1:]
            arguments = REPEATED.sub(lambda found: found.group(2) * int(found.group(1)), call["raw"])
            for word in ("is", "not"):
                yield f'{{"tool": "{word}_{condition}", "args": {arguments}, {rest}\n'


def run(program, table):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "table.policy").write_text(table.policy())
        (root / "calls.jsonl").write_text("".join(table.lines()))
        result = subprocess.run(
            [program, "eval", "table.policy", "--call", "calls.jsonl"], cwd=root, capture_output=True, text=True, check=False
        )
    if result.returncode != 0:
        return [f"{table.path}: {result.stderr}"]
    decisions = [json.loads(line) for line in result.stdout.splitlines()]
    faults = []
    for i, (number, condition, call, expected) in enumerate(table.calls):
        holds, fails = (decisions[2 * i + k]["decision"] == "allow" for k in (0, 1))
        said = "true" if holds and not fails else "false" if fails and not holds else "unknown"
        if holds and fails:
            said = "true and false"
        if said != expected:
            why = decisions[2 * i]["message"]
            faults.append(
                f"{table.path.name}:{number}: `{table.conditions[condition]}` of {call['raw']} is {said}, not {expected} ({why})"
            )
    return faults


def main():
    parser = argparse.ArgumentParser(description="Run the truth tables.")
    parser.add_argument("--program", required=True, help="path of policyc")
    parser.add_argument("table", nargs="*", help="tables to run; all by default")
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    paths = [pathlib.Path(p) for p in options.table] or sorted(HERE.rglob("*.truth"))
    faults, count = [], 0
    for path in paths:
        table = Table(path)
        count += len(table.calls)
        faults += run(program, table)
    print("\n".join(faults))
    print(f"{count - len(faults)} of {count} lines of {len(paths)} tables hold")
    return 1 if faults or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
