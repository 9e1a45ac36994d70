#!/usr/bin/env python3
"""Holds `policyc schema policy` against the reader: on the policies beside this file, and on every small damage to those
that both accept.

accepted.json     both accept
rejected.json     both reject
beyond.json       only the reader rejects: what a schema cannot say

Of a damaged policy the two may not disagree either way: what the schema rejects the reader rejects, and what the reader
rejects for its shape the schema rejects.
"""

import argparse
import copy
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent

# Findings about shape: keys, types, words, numbers in range. The others need the meaning of names, or two places at once.
SHAPE = {
    *(f"P10{number:02}" for number in (7, 8, 9, 10, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22)),
    *("P3001", "P3003", "P3004", "P5004", "P5006", "P5007"),
}
REPLACEMENTS = (None, True, -1, 5, 2.5, "", "x", [], ["x"], [[]], {}, {"x": 1})


def damaged(value):
    """Every policy that differs from `value` in one place: a key gone, a key misspelt, a key too many, a value replaced."""
    for replacement in REPLACEMENTS:
        if replacement != value or type(replacement) is not type(value):
            yield copy.deepcopy(replacement)
    if isinstance(value, str):
        yield value.upper()
        yield value + "x"
    if isinstance(value, dict):
        yield {**value, "x": 1}
        for key in value:
            rest = {k: v for k, v in value.items() if k != key}
            yield rest
            yield {**rest, key + "x": value[key]}
            for inner in damaged(value[key]):
                yield {**value, key: inner}
    if isinstance(value, list):
        for at, item in enumerate(value):
            for inner in damaged(item):
                yield [*value[:at], inner, *value[at + 1 :]]


def read_all(program, policies):
    """For each policy the codes of its errors, as the reader finds them."""
    codes = [set() for _ in policies]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for number, policy in enumerate(policies):
            (root / f"{number:06}.policy.json").write_text(json.dumps(policy))
        run = subprocess.run(
            [program, "check", "--format", "json", "."], cwd=root, capture_output=True, text=True, check=False
        )
        if run.returncode not in (0, 1):
            raise SystemExit(f"policyc check: {run.stderr}")
        for finding in json.loads(run.stdout)["findings"]:
            if finding["severity"] == "error":
                codes[int(pathlib.Path(finding["file"]).name.split(".")[0])].add(finding["code"])
    return codes


def main():
    parser = argparse.ArgumentParser(description="Compare schema and reader.")
    parser.add_argument("--program", required=True, help="path of policyc")
    program = str(pathlib.Path(parser.parse_args().program).resolve())
    schema = json.loads(subprocess.run([program, "schema", "policy"], capture_output=True, check=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    groups = {name: json.loads((HERE / f"{name}.json").read_text()) for name in ("accepted", "rejected", "beyond")}
    faults = []

    def compare(name, policies, schema_accepts, reader_accepts):
        for policy, codes in zip(policies, read_all(program, policies)):
            if validator.is_valid(policy) != schema_accepts:
                faults.append(f"{name}: the schema {'rejects' if schema_accepts else 'accepts'} {json.dumps(policy)}")
            if (not codes) != reader_accepts:
                faults.append(f"{name}: the reader says {sorted(codes) or 'nothing'} of {json.dumps(policy)}")

    compare("accepted", groups["accepted"], True, True)
    compare("rejected", groups["rejected"], False, False)
    compare("beyond", groups["beyond"], True, False)

    policies = [policy for whole in groups["accepted"] for policy in damaged(whole)]
    rejected_count = 0
    for policy, codes in zip(policies, read_all(program, policies)):
        accepts = validator.is_valid(policy)
        rejected_count += not accepts
        if not accepts and not codes:
            faults.append(f"only the schema rejects {json.dumps(policy)}")
        if accepts and codes & SHAPE:
            faults.append(f"only the reader rejects, by {sorted(codes & SHAPE)}: {json.dumps(policy)}")
    if rejected_count < len(policies) // 2:
        faults.append(f"only {rejected_count} of {len(policies)} damaged policies are rejected")
    print("\n".join(faults[:20]) or f"{len(policies)} damaged policies, {rejected_count} rejected by both")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
