#!/usr/bin/env python3
"""policyd with machine code, run as a process: POLICYD=… POLICYC=… jit_test.py"""

import json
import os
import pathlib
import stat
import subprocess
import sys
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
            self.assertLess(resident_mb(proxy.process.pid), 25)

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
            status, _, errors = proxy.close()
            self.assertEqual(0, status, errors)
            self.assertNotIn("machine code", errors)

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


if __name__ == "__main__":
    unittest.main()
