#!/usr/bin/env python3
"""Holds what `policyc check --format sarif` prints to the schema of SARIF 2.1.0, and its fixes and fingerprints to what they
are for.

usage: sarif_test.py POLICYC SCHEMA
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

POLICIES = {
    "mistakes.policy.json": '{"version": 1,\n "default": "denny",\n "tools": {"a": {"acton": "deny"}, "a": {}}}\n',
    "doubts of ours.policy.json": '{"version": "1", "default": "allow", "hide": ["a"], "tools": {"a": {}}}\n',
    "größe.policy": 'policy "p"\ndefault deny\n\ntool "größe" {\n  allow when args.a matches "é" and args.b like "x"\n}\n',
    "clean.policy.json": '{"version": "1", "default": "deny", "tools": {"a": {}}}\n',
}


def report_of(policyc, folder):
    run = subprocess.run(
        [policyc, "check", "--format", "sarif", "."], cwd=folder, capture_output=True, text=True, check=False
    )
    if run.returncode not in (0, 1):
        raise SystemExit(f"policyc check: {run.stderr}")
    return json.loads(run.stdout)


def fingerprints_of(report):
    return sorted(result["partialFingerprints"]["policyc/v1"] for result in report["runs"][0]["results"])


def main(policyc, schema_path):
    schema = json.loads(pathlib.Path(schema_path).read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in POLICIES.items():
            (root / name).write_text(text, encoding="utf-8")
        report = report_of(policyc, root)
        # The same findings further down are the same findings.
        for name, text in POLICIES.items():
            (root / name).write_text("\n\n" + text, encoding="utf-8")
        moved = report_of(policyc, root)
    faults += [f"{'/'.join(map(str, fault.path))}: {fault.message}" for fault in validator.iter_errors(report)]
    results = report["runs"][0]["results"]
    rules = report["runs"][0]["tool"]["driver"]["rules"]
    if len(results) < 5:
        faults.append(f"only {len(results)} findings")
    if not any("fixes" in result for result in results):
        faults.append("no finding has a fix")
    for result in results:
        if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
            faults.append(f"{result['ruleId']} names the rule {rules[result['ruleIndex']]['id']}")
    fingerprints = fingerprints_of(report)
    if len(set(fingerprints)) != len(fingerprints):
        faults.append("two findings have one fingerprint")
    if fingerprints != fingerprints_of(moved):
        faults.append("fingerprints change with the lines above")
    if [fault.message for fault in validator.iter_errors({**report, "version": "3"})] == []:
        faults.append("the schema refuses nothing")
    print("\n".join(faults) or f"{len(results)} findings, all as the schema says")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2]))
