#!/usr/bin/env python3
"""policyd with machine code, run as a process: POLICYD=… POLICYC=… jit_test.py"""

import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import threading
import time
import unittest

from process_test import ProcessTest, call, eventually

POLICYC = os.environ["POLICYC"]
# Sanitizers keep shadows of all memory.
MEASURES = os.environ.get("POLICY_SANITIZED") != "1"

DENSE = {
    "version": "1",
    "default": "deny",
    "tools": {
        "echo": {
            "require": [
                {"conditions": [{"path": f"args.a{i}", "op": "starts_with", "value": "fine"[:j]}]}
                for i in range(4) for j in range(1, 5)
            ],
        },
    },
}


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


class JitTest(ProcessTest):
    def maps(self, proxy):
        return pathlib.Path(f"/proc/{proxy.process.pid}/maps").read_text()

    def code_mappings(self, maps):
        """Mappings that are executable and come from no file."""
        return [line for line in maps.splitlines() if " r-xp " in line and len(line.split()) == 5]

    def ask(self, proxy, number, **arguments):
        proxy.send(call(number, arguments=arguments))
        return proxy.answer()

    def asked_counts(self, proxy):
        proxy.process.send_signal(signal.SIGUSR1)
        return proxy.hear("machine code for")[-1]

    def assert_decides(self, proxy, number):
        fine = {f"a{i}": "fine" for i in range(4)}
        self.assertNotIn("isError", self.ask(proxy, number, **fine)["result"])
        self.assert_denied(self.ask(proxy, number + 1, **{**fine, "a0": 7}))

    def test_without_it_nothing_of_llvm_is_there(self):
        proxy = self.proxy(policy=DENSE)
        self.assert_decides(proxy, 1)
        maps = self.maps(proxy)
        self.assertNotIn("policy_jit", maps)
        self.assertNotIn("LLVM", maps)
        self.assertEqual([], self.code_mappings(maps))
        print(f"policyd without --jit: {resident_mb(proxy.process.pid):.1f} MB", file=sys.stderr)
        if MEASURES:
            self.assertLess(resident_mb(proxy.process.pid), 15)

    def test_always_compiles_everything_and_keeps_it(self):
        for is_first in (True, False):
            proxy = self.proxy(policy=DENSE, options=["--jit", "always"], shared=True)
            self.assert_decides(proxy, 1)
            eventually(lambda: self.code_mappings(self.maps(proxy)), seconds=30)
            self.assert_decides(proxy, 3)
            maps = self.maps(proxy)
            self.assertIn("libpolicy_jit.so", maps)
            self.assertNotIn("rwxp", maps)
            print(f"policyd with --jit: {resident_mb(proxy.process.pid):.1f} MB", file=sys.stderr)
            if MEASURES:
                self.assertLess(resident_mb(proxy.process.pid), 80)
            kept = pathlib.Path(self.folder) / "state" / "jit"
            eventually(lambda: len(list(kept.iterdir())) == 1)
            self.assertEqual(0o700, stat.S_IMODE(kept.stat().st_mode))
            self.assertEqual(1, len(list(kept.iterdir())), "it is found again" if not is_first else "it is kept")
            counts = f"machine code for 1 tools, {0 if is_first else 1} of them made before; 0 not compiled, 0 of no use"
            eventually(lambda: counts in self.asked_counts(proxy), seconds=30)
            status, _, errors = proxy.close()
            self.assertEqual(0, status, errors)
            self.assertIn(counts, errors)
            self.assertEqual(1, errors.count("machine code"), errors)

    def test_perf_is_told_whose_code_it_is_when_asked(self):
        for options in ([], ["--jit-perf-map"]):
            proxy = self.proxy(policy=DENSE, options=["--jit", "always", *options])
            eventually(lambda: self.code_mappings(self.maps(proxy)), seconds=30)
            names = pathlib.Path(f"/tmp/perf-{proxy.process.pid}.map")
            if not options:
                self.assertFalse(names.exists())
                continue
            self.addCleanup(names.unlink, missing_ok=True)
            eventually(lambda: names.read_text().endswith("\n"))
            address, size, name = names.read_text().split()
            self.assertEqual("policy:echo", name)
            places = [line.split()[0].split("-") for line in self.code_mappings(self.maps(proxy))]
            self.assertTrue(any(int(start, 16) <= int(address, 16) and
                                int(address, 16) + int(size, 16) <= int(end, 16) for start, end in places))
            self.assertEqual(0o600, stat.S_IMODE(names.stat().st_mode))
            status, _, errors = proxy.close()
            self.assertEqual(0, status, errors)

    def test_native_loads_what_was_made_beforehand(self):
        folder = pathlib.Path(self.folder)
        (folder / "policy.json").write_text(json.dumps(DENSE))
        native = folder / "policy.o"
        subprocess.run([POLICYC, "compile", str(folder / "policy.json"), "-o", str(folder / "policy.pbc"),
                        "--native", str(native)], check=True)
        proxy = self.proxy(policy=DENSE, options=["--native", str(native)])
        eventually(lambda: self.code_mappings(self.maps(proxy)), seconds=30)
        self.assert_decides(proxy, 1)
        other = self.proxy(policy={"version": "1", "default": "deny", "tools": {"echo": {}}},
                           options=["--native", str(native)])
        time.sleep(0.5)
        self.assertEqual([], self.code_mappings(self.maps(other)))
        status, _, errors = other.close()
        self.assertEqual(0, status)
        self.assertIn("made of another policy", errors)
        native.chmod(0o666)
        refused = self.proxy(policy=DENSE, options=["--native", str(native)])
        status, _, errors = refused.close()
        self.assertEqual(2, status)
        self.assertIn("chmod go-w", errors)

    def test_auto_compiles_what_is_hot(self):
        proxy = self.proxy(policy=DENSE, options=["--jit", "auto"])
        self.assert_decides(proxy, 1)
        self.assertNotIn("libpolicy_jit.so", self.maps(proxy))
        number = 3
        end = time.monotonic() + 40  # the server ends after a minute
        while not self.code_mappings(self.maps(proxy)):
            self.assertLess(time.monotonic(), end, "no machine code in time")
            for _ in range(50):
                self.assert_decides(proxy, number)
                number += 2
        self.assert_decides(proxy, number)

    def test_a_reload_is_compiled_too(self):
        proxy = self.proxy(policy=DENSE, options=["--jit", "always"])
        eventually(lambda: self.code_mappings(self.maps(proxy)), seconds=30)
        before = self.code_mappings(self.maps(proxy))
        proxy.policy.write_text('{"version": "1", "default": "deny", "tools": {"echo": {}}}')
        fine = {f"a{i}": 7 for i in range(4)}

        def is_in_force():
            return "isError" not in self.ask(proxy, 10, **fine)["result"]

        eventually(is_in_force, seconds=30)
        eventually(lambda: self.code_mappings(self.maps(proxy)) not in ([], before), seconds=30)
        self.assertTrue(is_in_force())

    RELOADS = 50
    CALLS_PER_SECOND = 200

    def reload_under_load(self, proxy):
        """Calls at a fixed rate, whether answered or not, while the policy is exchanged; (wrong answers, unanswered)."""
        in_force, is_over, sent, wrong, answered = [], threading.Event(), [0], [], [0]

        def listen():
            for line in proxy.process.stderr:
                if b"is in force" in line:
                    in_force.append(line)

        def load():
            began = time.monotonic()
            while not is_over.is_set():
                number = sent[0] + 1000
                broken = {"a1": 7} if number % 3 == 0 else {"a2": "nice"} if number % 3 == 1 else {}
                proxy.send(call(number, arguments={**{f"a{i}": "fine" for i in range(4)}, **broken}))
                sent[0] += 1
                time.sleep(max(0, began + sent[0] / self.CALLS_PER_SECOND - time.monotonic()))

        def hear_answers():
            while not is_over.is_set() or answered[0] < sent[0]:
                try:
                    answer = json.loads(proxy.line(seconds=1))
                except AssertionError:  # none was asked for, or it is late
                    continue
                answered[0] += 1
                if ("isError" in answer["result"]) != (answer["id"] % 3 != 2):
                    wrong.append(answer)

        threads = [threading.Thread(target=each, daemon=True) for each in (listen, load, hear_answers)]
        for thread in threads:
            thread.start()
        try:
            for number in range(self.RELOADS):
                changed = {**DENSE, "description": f"version {number}"}
                changed["tools"] = {"echo": {"require": [*DENSE["tools"]["echo"]["require"], {"conditions": [
                    {"path": "args.a3", "op": "neq", "value": f"version {number}"}]}]}}
                new = proxy.policy.with_suffix(".new")
                new.write_text(json.dumps(changed))
                os.replace(new, proxy.policy)
                eventually(lambda: len(in_force) == number + 1, seconds=10)
        finally:
            is_over.set()
        for thread in threads[1:]:
            thread.join(30)
        return wrong, sent[0] - answered[0]

    def test_reloads_under_load_answer_every_call_and_keep_no_memory(self):
        for options in ([], ["--jit", "always"]):
            proxy = self.proxy(policy=DENSE, options=options)
            self.assert_decides(proxy, 1)
            if options:
                eventually(lambda: self.code_mappings(self.maps(proxy)), seconds=30)
            before = resident_mb(proxy.process.pid)
            self.assertEqual(([], 0), self.reload_under_load(proxy))
            after = resident_mb(proxy.process.pid)
            print(f"{self.RELOADS} reloads under load {options}: {before:.1f} MB, then {after:.1f}", file=sys.stderr)
            if MEASURES:
                self.assertLess(after - before, 6)
                eventually(lambda: len(self.code_mappings(self.maps(proxy))) <= 2, seconds=30)


if __name__ == "__main__":
    unittest.main()
