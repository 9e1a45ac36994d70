#!/usr/bin/env python3
"""Lines that must not reach a server, and thousands of their mixtures, sent through a real policyd.

POLICYD=… hostile_test.py. From lines.txt nothing may be recorded. Of the mixtures some are harmless and pass; then no
lenient reader (lenient_readings.py) may find a forbidden call in what was recorded. After each, an allowed call is
answered.
"""

import json
import os
import pathlib
import random
import re
import select
import subprocess
import sys
import tempfile
import time
import unittest

import lenient_readings

HERE = pathlib.Path(__file__).resolve().parent
POLICY = {
    "version": "1",
    "default": "deny",
    "tools": {"echo": {"require": [{"conditions": [{"path": "args.amount", "op": "lte", "value": 100, "absent": 0}]}]}},
}
MIXTURES = 300_000 if os.environ.get("POLICY_FULL") else 20_000
TOGETHER = 50  # mixtures between two allowed calls


def table():
    """(what, bytes) of every message of lines.txt."""
    what = None
    for line in (HERE / "lines.txt").read_text(encoding="ascii").splitlines():
        if line.startswith("== "):
            what = line[3:]
        elif line and not line.startswith("#"):
            text = re.sub(r"<([^<>*]+)\*(\d+)>", lambda m: m[1] * int(m[2]), line)
            yield what, re.sub(rb"<([0-9A-F]{2})>", lambda m: bytes([int(m[1], 16)]), text.encode("ascii"))


class Proxy:
    def __init__(self, folder):
        self.record = pathlib.Path(folder, "record")
        self.record.touch()
        self.read_bytes = 0
        policy = pathlib.Path(folder, "policy.json")
        policy.write_text(json.dumps(POLICY))
        self.process = subprocess.Popen(
            [os.environ["POLICYD"], "run", "--policy", policy, "--private-state", "--",
             sys.executable, HERE / "recorder.py", self.record],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        self.waiting = b""
        self.fences = 0

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()

    def recorded(self):
        """What the server got since the last time."""
        with self.record.open("rb") as file:
            file.seek(self.read_bytes)
            data = file.read()
        self.read_bytes += len(data)
        return data

    def send(self, *lines):
        """Sends the lines and an allowed call; returns what else the server got before that was answered."""
        self.fences += 1
        fence = f"fence-{self.fences}"
        call = f'{{"jsonrpc":"2.0","id":"{fence}","method":"tools/call","params":{{"name":"echo"}}}}'.encode()
        data = b"".join(line + b"\n" for line in (*lines, call))
        self.write(data)
        deadline = time.monotonic() + 30
        while f'"{fence}"'.encode() not in self.waiting or not self.waiting.endswith(b"\n"):
            self.receive(deadline)
        self.waiting = b""
        got = self.recorded()
        assert call + b"\n" in got, "the allowed call was answered and is not recorded"
        return got.replace(call + b"\n", b"", 1)

    def write(self, data):
        os.set_blocking(self.process.stdin.fileno(), False)
        deadline = time.monotonic() + 30
        while data:
            select.select([self.process.stdout], [self.process.stdin], [], 1)
            try:
                data = data[os.write(self.process.stdin.fileno(), data):]
            except BlockingIOError:
                pass
            self.receive(deadline, wait=0)

    def receive(self, deadline, wait=1.0):
        if time.monotonic() > deadline:
            raise AssertionError("the allowed call is not answered")
        if not select.select([self.process.stdout], [], [], wait)[0]:
            return
        data = os.read(self.process.stdout.fileno(), 1 << 20)
        if not data:
            raise AssertionError("policyd has ended")
        self.waiting = (self.waiting + data)[-(1 << 20):]


def mixtures(seed):
    """Endless messages: the pieces of lines.txt put together otherwise."""
    source = random.Random(seed)
    lines = [line for _, line in table() if 2 < len(line) < 1_000]
    pieces = sorted({piece for line in lines for piece in re.findall(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^{}\[\],:"]+', line)})
    harmless = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"amount":1}}}'
    between = [b"\r", b"\0", b"\x0c", b"\xc2\x85", b"\xe2\x80\xa8", b" ", b"", b",", b"\xef\xbb\xbf", b"\r\r", b"\t"]

    def insert(line, piece):
        at = source.randrange(len(line) + 1)
        return line[:at] + piece + line[at:]

    def member(line):
        """A member of one line into a record of another, in front or behind."""
        members = re.findall(rb'"(?:[^"\\]|\\.)*":(?:"(?:[^"\\]|\\.)*"|[-+\w.]+|\{[^{}]*\})', source.choice(lines))
        places = [match.end() for match in re.finditer(rb"\{", line)]
        if not members or not places:
            return line
        at = source.choice(places)
        return line[:at] + source.choice(members) + (b"," if line[at:at + 1] != b"}" else b"") + line[at:]

    def escape(line):
        """One letter within a string written as an escape, in one of two cases."""
        letters = [m.start() for m in re.finditer(rb"(?<![\\0-9a-fA-F])[a-zA-Z/_](?=[^\\{}]*\")", line)]
        if not letters:
            return line
        at = source.choice(letters)
        return line[:at] + (b"\\u%04x" if source.random() < 0.5 else b"\\u%04X") % line[at] + line[at + 1:]

    def swap_case(line):
        at = source.randrange(len(line))
        return line[:at] + line[at:at + 1].swapcase() + line[at + 1:]

    tricks = [
        member, member, escape, escape, swap_case,
        lambda line: insert(line, source.choice(pieces)),
        lambda line: insert(line, source.choice(between)),
        lambda line: line + source.choice(between) + source.choice(lines),
        lambda line: line.replace(source.choice(pieces), source.choice(pieces), 1),
        lambda line: b"[" + line + b"]",
    ]
    while True:
        line = harmless if source.random() < 0.5 else source.choice(lines)
        for _ in range(source.randrange(1, 4)):
            line = source.choice(tricks)(line) or harmless
        yield line.replace(b"\n", b"")


class HostileTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.proxy = Proxy(folder.name)
        self.addCleanup(self.proxy.close)

    def test_nothing_of_the_table_reaches_the_server(self):
        for what, line in table():
            with self.subTest(what):
                self.assertEqual(self.proxy.send(line), b"")

    def test_no_reader_finds_a_forbidden_call_in_what_passes(self):
        seed = int(os.environ.get("HOSTILE_SEED", "1"))
        source = mixtures(seed)
        passed = 0
        for _ in range(MIXTURES // TOGETHER):
            lines = [next(source) for _ in range(TOGETHER)]
            got = self.proxy.send(*lines)
            for line in got.split(b"\n"):
                passed += bool(line)
                found = lenient_readings.forbidden(line)
                self.assertIsNone(found, f"seed {seed}: {line!r} reached the server")
        self.assertGreater(passed, MIXTURES // 50, "hardly anything passes: the mixtures prove little")

    def test_readers_find_what_is_forbidden(self):
        """The proof that the other test can fail: what of the table is a call, some reader finds."""
        missed = [what for what, line in table()
                  if b"danger" in line and b"tools/call" in line and lenient_readings.forbidden(line) is None]
        self.assertEqual(missed, ["an allowed name cut by NUL", "a method in a list", "single quotes",
                                  "keys without quotes"])


if __name__ == "__main__":
    unittest.main()
