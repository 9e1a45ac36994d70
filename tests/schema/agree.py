#!/usr/bin/env python3
"""Holds `policyc schema NAME` against the reader: on the documents in the folder of that name, and on every small damage
to those that both accept.

accepted.json     both accept
rejected.json     both reject
beyond.json       only the reader rejects: what a schema cannot say

Of a damaged document the two may not disagree either way: what the schema rejects the reader rejects, and what the reader
rejects for its shape the schema rejects.
"""

import argparse
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent

# The formats, and the name's ending by which `policyc check` knows a file of each.
FORMATS = {"policy": ".policy.json", "policyc": "/policyc.json", "test": ".test.json"}

# Findings about shape: keys, types, words, numbers in range. The others need the meaning of names, or two places at once.
SHAPE = {
    *(f"P10{number:02}" for number in (7, 8, 9, 10, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22)),
    *("P3001", "P3003", "P3004", "P5004", "P5006", "P5007"),
}
REPLACEMENTS = (None, True, -1, 5, 2.5, "", "x", [], ["x"], [[]], {}, {"x": 1})


def damaged(value):
    """Every document that differs from `value` in one place: a key gone, a key misspelt, a key too many, a value replaced."""
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


def read_all(program, ending, documents):
    """For each document the codes of its errors, as the reader finds them."""
    codes = [set() for _ in documents]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for number, document in enumerate(documents):
            path = root / f"{number:06}{ending}"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(document))
        run = subprocess.run(
            [program, "check", "--format", "json", "."], cwd=root, capture_output=True, text=True, check=False
        )
        if run.returncode not in (0, 1):
            raise SystemExit(f"policyc check: {run.stderr}")
        for finding in json.loads(run.stdout)["findings"]:
            if finding["severity"] == "error":
                codes[int(re.search(r"\d{6}", finding["file"]).group())].add(finding["code"])
    return codes


def compare(program, name, ending):
    """What schema and reader do not agree on, and how many damaged documents they were asked about."""
    schema = json.loads(subprocess.run([program, "schema", name], capture_output=True, check=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    faults = []

    def read(group):
        return json.loads((HERE / name / f"{group}.json").read_text())

    for group, schema_accepts, reader_accepts in (
        ("accepted", True, True), ("rejected", False, False), ("beyond", True, False),
    ):
        documents = read(group)
        for document, codes in zip(documents, read_all(program, ending, documents)):
            if validator.is_valid(document) != schema_accepts:
                faults.append(f"{group}: the schema {'rejects' if schema_accepts else 'accepts'} {json.dumps(document)}")
            if (not codes) != reader_accepts:
                faults.append(f"{group}: the reader says {sorted(codes) or 'nothing'} of {json.dumps(document)}")

    documents = [document for whole in read("accepted") for document in damaged(whole)]
    rejected_count = 0
    for document, codes in zip(documents, read_all(program, ending, documents)):
        accepts = validator.is_valid(document)
        rejected_count += not accepts
        if not accepts and not codes:
            faults.append(f"only the schema rejects {json.dumps(document)}")
        if accepts and codes & SHAPE:
            faults.append(f"only the reader rejects, by {sorted(codes & SHAPE)}: {json.dumps(document)}")
    if rejected_count < len(documents) // 2:
        faults.append(f"only {rejected_count} of {len(documents)} damaged documents are rejected")
    return faults, f"{name}: {len(documents)} damaged documents, {rejected_count} rejected by both"


def main():
    parser = argparse.ArgumentParser(description="Compare schemas and readers.")
    parser.add_argument("--program", required=True, help="path of policyc")
    program = str(pathlib.Path(parser.parse_args().program).resolve())
    status = 0
    for name, ending in FORMATS.items():
        faults, summary = compare(program, name, ending)
        print("\n".join(faults[:20]) or summary)
        status |= bool(faults)
    return status


if __name__ == "__main__":
    sys.exit(main())
