#!/usr/bin/env python3
"""JUnit XML of `policyc test` and `policyc check` is well-formed whatever stands in names, and counts right.

usage: junit.py POLICYC
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

ODD = "<a> & \"b\" ]]> 'c' \u0001 \ufffe \U0001f600 %"


def parsed(policyc, folder, *words):
    run = subprocess.run([policyc, *words], cwd=folder, capture_output=True, check=False)
    if run.returncode not in (0, 1):
        raise SystemExit(f"policyc {' '.join(words)}: {run.stderr.decode()}")
    return ElementTree.fromstring(run.stdout)


def faults_of(suites, failed_count):
    """What does not add up in a report in which `failed_count` tests fail."""
    counted = {"tests": 0, "failures": 0}
    for suite in suites:
        cases = suite.findall("testcase")
        failed = [case for case in cases if case.find("failure") is not None]
        if (int(suite.get("tests")), int(suite.get("failures"))) != (len(cases), len(failed)):
            yield f"{suite.get('name')} counts wrong"
        counted["tests"] += len(cases)
        counted["failures"] += len(failed)
    for key, count in counted.items():
        if int(suites.get(key)) != count:
            yield f"{key} is {suites.get(key)}, not {count}"
    if counted["failures"] != failed_count:
        yield f"{counted['failures']} failed, not {failed_count}"


def main(policyc):
    call = {"tool": ODD, "args": {"a": ODD}, "expect": {"decision": "allow"}}
    tests = [{"name": ODD, "calls": [call]}, {"name": "b", "calls": [{**call, "expect": {"decision": "deny"}}]}]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "policy.json").write_text(json.dumps({"version": "1", "default": "deny", ODD: 1, "tools": {}}))
        (root / "good.json").write_text(json.dumps({"version": "1", "default": "deny", "tools": {"x": {}}}))
        (root / "policy.test.json").write_text(json.dumps({"policy": "good.json", "tests": tests}))
        faults = list(faults_of(parsed(policyc, root, "test", "--format", "junit", "policy.test.json"), 1))
        faults += faults_of(parsed(policyc, root, "check", "--format", "junit", "policy.json", "good.json"), 1)
    print("\n".join(faults) or "well-formed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(str(pathlib.Path(sys.argv[1]).resolve())))
