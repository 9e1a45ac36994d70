#!/usr/bin/env python3
"""Runs one example: its policy is clean and laid out by fmt, and its calls are decided as expected.

usage: examples_test.py POLICYC FOLDER

A policy of the text form (NAME/NAME.policy) has its calls in test blocks. Beside a policy.json, calls.jsonl holds a call a line, in order, counters shared; expected.jsonl holds what `policyc eval` must say of it: every
key that is written there must be equal, others are free.
"""

import json
import pathlib
import subprocess
import sys

NOW = "2026-03-02T10:00:00Z"


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)


def run_text(policyc, policy):
    for command in (("check", "--fail-on", "info"), ("fmt", "--check"), ("test",)):
        result = run(policyc, *command, policy)
        print(result.stdout + result.stderr)
        if result.returncode != 0:
            return 1
    return 0


def main(policyc, folder):
    text_policy = folder / f"{folder.name}.policy"
    if text_policy.exists():
        return run_text(policyc, text_policy)
    policy = folder / "policy.json"
    checked = run(policyc, "check", "--fail-on", "warning", policy)
    if checked.returncode != 0:
        print(f"{policy} is not clean:\n{checked.stdout}{checked.stderr}")
        return 1
    answered = run(policyc, "eval", policy, "--now", NOW, "--call", folder / "calls.jsonl")
    calls = (folder / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    expected = [json.loads(line) for line in (folder / "expected.jsonl").read_text(encoding="utf-8").splitlines()]
    decisions = [json.loads(line) for line in answered.stdout.splitlines()]
    if answered.returncode != 0 or not len(calls) == len(expected) == len(decisions):
        print(f"{len(calls)} calls, {len(expected)} expected, {len(decisions)} decided, exit {answered.returncode}")
        print(answered.stderr)
        return 1
    wrong = 0
    for number, (call, want, got) in enumerate(zip(calls, expected, decisions), 1):
        if any(got.get(key) != value for key, value in want.items()):
            wrong += 1
            print(f"{folder / 'calls.jsonl'}:{number}: {call}\n  expected {json.dumps(want)}\n  decided  {json.dumps(got)}")
    print(f"{len(calls) - wrong} of {len(calls)} as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
