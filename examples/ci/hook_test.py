#!/usr/bin/env python3
"""Runs the pre-commit hook in a git repository of its own: what is staged counts, and what does not pass stops the commit.

usage: hook_test.py POLICYC
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

GOOD = '{"version": "1", "default": "deny", "tools": {"read_file": {}}}\n'
BAD = GOOD.replace("deny", "denny")
DOUBTFUL = '{"version": "1", "default": "allow"}\n'
LET_BE = '{"allow": [{"code": "P4003", "because": "a sandbox"}]}\n'
TEST = """{"policy": "policy.json", "tests": [
  {"name": "reading", "calls": [{"tool": "read_file", "expect": {"decision": "%s"}}]}
]}
"""


class Repository:
    """A git repository with the hook in place."""

    def __init__(self, root, policyc):
        self.root = root
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            "POLICYC": policyc, "HOME": str(root), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
        }
        self.git("init", "--quiet")
        shutil.copy(HERE / "pre-commit", root / ".git/hooks/pre-commit")

    def git(self, *words):
        return subprocess.run(
            ["git", *words], cwd=self.root, env=self.environment, capture_output=True, text=True, check=False
        )

    def stage(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.git("add", "--", name)

    def commit(self):
        """Whether the commit went through, and what was printed."""
        run = self.git("commit", "--quiet", "--message", "a commit")
        return run.returncode == 0, run.stdout + run.stderr


def faults_of_hook(repository):
    def expect(passes, what, prints=""):
        passed, printed = repository.commit()
        if passed != passes or prints not in printed:
            yield f"{what}: {'committed' if passed else 'stopped'}: {printed}"

    repository.stage("readme.txt", "no policy")
    yield from expect(True, "a commit without policies")
    repository.stage("one/policy.json", BAD)
    yield from expect(False, "an error", "[P1010]")
    (repository.root / "one/policy.json").write_text(GOOD)
    yield from expect(False, "an error that is mended but not staged", "[P1010]")
    repository.stage("one/policy.json", GOOD)
    yield from expect(True, "a good policy")
    repository.stage("one/policy.test.json", TEST % "deny")
    yield from expect(False, "a test that fails", "expected deny, decided allow")
    repository.stage("one/policy.test.json", TEST % "allow")
    yield from expect(True, "a test that passes", "1 passed")
    repository.stage("one/policy.json", GOOD.replace("read_file", "write_file"))
    yield from expect(False, "a policy whose test fails now", "expected allow, decided deny")
    repository.stage("one/policy.json", GOOD)
    repository.stage("two words/all.policy.json", DOUBTFUL)
    yield from expect(False, "a warning", "[P4003]")
    repository.stage("two words/policyc.json", LET_BE)
    yield from expect(True, "a warning that is let be")
    repository.git("rm", "--quiet", "-r", "one", "two words")
    yield from expect(True, "policies that go away")


def faults_of_hooks_file():
    """The pattern of the pre-commit program against names that have to be looked at, and others."""
    text = (HERE / ".pre-commit-hooks.yaml").read_text()
    patterns = re.findall(r"files: '(.*)'", text)
    if len(patterns) != 2:
        yield f"{len(patterns)} patterns in .pre-commit-hooks.yaml, not 2"
        return
    for name in ("policy.json", "a/policy.json", "a/b.policy.json", "b.policy", "a/b.test.json", "policyc.json"):
        if not re.search(patterns[0], name):
            yield f"`{patterns[0]}` does not look at {name}"
    for name in ("apolicy.json", "policy.json.txt", "package.json", "a/policyd.json"):
        if re.search(patterns[0], name):
            yield f"`{patterns[0]}` looks at {name}"


def main(policyc):
    with tempfile.TemporaryDirectory() as folder:
        faults = [*faults_of_hook(Repository(pathlib.Path(folder), str(pathlib.Path(policyc).resolve())))]
    faults += faults_of_hooks_file()
    print("\n".join(faults) or "the hook does what it says")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
