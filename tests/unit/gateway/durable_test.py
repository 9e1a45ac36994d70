"""Durable counters with policyd as a process: what ends it, what becomes of its folder, and what an operator does to them."""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

POLICYD = os.environ["POLICYD"]
SERVER = str(pathlib.Path(__file__).with_name("recording_server.py"))
IS_FULL = bool(os.environ.get("POLICY_FULL"))


def policy(**limit):
    # Lifetimes have no midnight that a test could meet.
    limit = {"counter": "spend", "window": "lifetime", "max": 10, **limit}
    return {"version": "1", "default": "deny", "tools": {"echo": {"limits": [limit]}}}


def call(request_id, **arguments):
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": "tools/call",
                       "params": {"name": "echo", "arguments": arguments}}) + "\n"


def checksum(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def moved(pool, seconds):
    """A pool file whose windows that begin at all begin later."""
    out, at = pool[:24], 24
    while at < len(pool):
        length = struct.unpack_from("<I", pool, at)[0]
        body = pool[at + 12:at + 12 + length]
        at += 12 + length
        if body[0] == 2:
            start = struct.unpack_from("<q", body, 5)[0]
            if start > 0:
                body = body[:5] + struct.pack("<q", start + seconds) + body[13:]
        out += struct.pack("<III", length, length ^ 0xFFFFFFFF, checksum(body)) + body
    return out


class DurableTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="policyd-durable-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.state = self.folder / "home" / "state" / "policyd"
        self.record = self.folder / "record"
        self.record.touch()
        self.environment = {"PATH": os.environ["PATH"], "XDG_STATE_HOME": str(self.folder / "home" / "state"),
                            "XDG_DATA_HOME": str(self.folder / "home" / "data")}

    def write(self, what, name="policy.json"):
        path = self.folder / name
        temporary = self.folder / (name + ".new")
        temporary.write_text(json.dumps(what))
        temporary.rename(path)
        return path

    def start(self, *options, name="policy.json", server=None):
        process = subprocess.Popen(
            [POLICYD, "run", "--policy", str(self.folder / name), *options, "--",
             *(server or [sys.executable, "-S", SERVER, str(self.record)])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass  # what was not yet written has no reader

    def outcome(self, process, number, **arguments):
        process.stdin.write(call(number, **arguments).encode())
        process.stdin.flush()
        line = process.stdout.readline()
        self.assertTrue(line, process.stderr.read() if not line else b"")
        answer = json.loads(line)
        text = answer["result"]["content"][0]["text"]
        return re.match(r"\[POLICY (\w+)\]", text).group(1) if text.startswith("[POLICY ") else "passed"

    def passed(self, process, count, **arguments):
        return sum(self.outcome(process, i, **arguments) == "passed" for i in range(count))

    def close(self, process):
        process.stdin.close()
        process.wait(10)
        return process.stderr.read().decode()

    def run_calls(self, count, *options, **arguments):
        process = self.start(*options)
        passed = self.passed(process, count, **arguments)
        self.close(process)
        return passed

    def limits(self, *words, code=0):
        done = subprocess.run([POLICYD, "limits", *words], capture_output=True, text=True, env=self.environment, timeout=20)
        self.assertEqual(code, done.returncode, done)
        return done.stdout if code == 0 else done.stderr

    def listed(self, *words):
        return json.loads(self.limits("list", "--format", "json", *words))["limits"]


class Identity(DurableTest):
    def refused(self, *options):
        process = self.start(*options)
        _, errors = process.communicate(timeout=10)
        self.assertEqual(2, process.returncode, errors)
        return errors.decode()

    def test_the_first_start_begins_and_says_so_once(self):
        self.write(policy())
        process = self.start()
        self.assertEqual(3, self.passed(process, 3))
        self.assertIn(f"counters begin in {self.state}", self.close(process))
        process = self.start()
        self.assertEqual(7, self.passed(process, 9))
        self.assertNotIn("begin", self.close(process))
        self.assertFalse(self.record.read_bytes() == b"")

    def test_a_folder_that_is_lost_stops_the_next_start(self):
        self.write(policy())
        self.assertEqual(10, self.run_calls(12))
        before = self.folder / "before"
        shutil.copytree(self.state, before, ignore=shutil.ignore_patterns("*.sock"))
        for lose in (lambda: shutil.rmtree(self.state), lambda: (self.state / "pool").unlink(),
                     lambda: (self.state / "identity").unlink()):
            lose()
            self.assertIn("start once with --init-state", self.refused())
            shutil.rmtree(self.state, ignore_errors=True)
            shutil.copytree(before, self.state)
            self.assertEqual(0, self.run_calls(1))
            shutil.rmtree(before)  # the copy is older than the folder by now
            shutil.copytree(self.state, before, ignore=shutil.ignore_patterns("*.sock"))
        self.assertEqual(0, self.run_calls(1))
        shutil.rmtree(self.state)
        shutil.copytree(before, self.state)
        self.assertIn("older copy", self.refused())
        shutil.rmtree(self.state)
        self.assertEqual(10, self.run_calls(12, "--init-state"))
        self.assertEqual(0, self.run_calls(1))

    def test_a_folder_that_is_named_begins_when_told(self):
        self.write(policy())
        named = ["--state", str(self.folder / "named")]
        self.assertIn("it holds no counters yet", self.refused(*named))
        self.assertEqual(4, self.run_calls(4, *named, "--init-state"))
        self.assertEqual(6, self.run_calls(9, *named))

    def test_what_counts_a_minute_needs_no_identity(self):
        self.write(policy(window="minute"))
        self.assertEqual(1, self.run_calls(1, "--state", str(self.folder / "named")))
        self.write(policy(window="minute", cost="args.amount"))
        self.assertIn("it holds no counters yet", self.refused("--state", str(self.folder / "named")))

    def test_an_edit_that_makes_counters_durable_needs_it_too(self):
        self.write(policy(window="minute"))
        process = self.start("--state", str(self.folder / "named"))
        self.assertEqual("passed", self.outcome(process, 1))
        self.write(policy(window="day", counter="other"))
        line = b""
        while b"--init-state" not in line:
            line = process.stderr.readline()
            self.assertTrue(line)
        self.assertEqual("passed", self.outcome(process, 2))

    def test_nothing_is_counted_on_a_disk_that_is_full(self):
        self.write(policy())
        self.assertEqual(2, self.run_calls(2))
        room = (self.state / "pool").stat().st_size + 20

        def limit():
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        process = subprocess.Popen(
            [POLICYD, "run", "--policy", str(self.folder / "policy.json"), "--", sys.executable, "-S", SERVER, "/dev/null"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, preexec_fn=limit)
        self.addCleanup(self.end, process)
        self.assertEqual("DENIED", self.outcome(process, 1))
        self.close(process)
        self.assertEqual(8, self.run_calls(10))


class Edited(DurableTest):
    def hear(self, process, text):
        heard = []
        while not heard or text not in heard[-1]:
            heard.append(process.stderr.readline().decode())
            self.assertTrue(heard[-1], heard)
        return heard

    def test_an_edit_says_which_counters_begin_anew(self):
        self.write(policy(window="day"))
        process = self.start()
        self.assertEqual(10, self.passed(process, 12))
        self.write(policy(window="week"))
        self.hear(process, "counter `spend` begins anew: its window was a day and is a week")
        self.assertEqual(10, self.passed(process, 12))
        self.write(policy(window="day", scope=["grant", "tool"], counter="spend"))
        self.hear(process, "its window was a week and is a day, and its scope was grant and is grant,tool")
        self.write(policy(window="day", max=11))  # back: what was used is known
        self.hear(process, "begins anew")
        time.sleep(0.15)
        self.assertEqual(1, self.passed(process, 3))

    def test_no_edit_resets_an_amount_or_a_lifetime(self):
        self.write(policy())
        process = self.start()
        self.assertEqual(10, self.passed(process, 12))
        for edit in (policy(scope=["grant", "tool"]), policy(window="month"), policy(counter="spend2"), policy(scale=2)):
            self.write(edit)
            self.hear(process, "start policyd with --reset ")
            self.assertEqual(0, self.passed(process, 1))
        self.write({**policy(max=11), "description": "a larger one"})
        self.hear(process, "is in force")
        time.sleep(0.15)
        self.assertEqual(1, self.passed(process, 2))

    def test_an_operator_may_let_it(self):
        self.write(policy())
        process = self.start("--reset", "spend")
        self.assertEqual(10, self.passed(process, 12))
        self.write(policy(scope=["grant", "tool"]))
        self.hear(process, "counter `spend` begins anew: its scope was grant and is grant,tool")
        self.assertEqual(10, self.passed(process, 12))


class Killed(DurableTest):
    def test_kill_under_load_admits_no_more_and_loses_a_hundredth_at_most(self):
        kills, most = (1_000, 40_000) if IS_FULL else (50, 4_000)
        self.write(policy(max=most))
        random.seed(7)
        for round_number in range(kills):
            process = self.start()
            count = random.randrange(1, 120)

            def feed(pipe=process.stdin, count=count):
                try:
                    pipe.write("".join(call(i) for i in range(count)).encode())
                    pipe.flush()
                except BrokenPipeError:
                    pass

            feeder = threading.Thread(target=feed)
            feeder.start()
            # Before its first answer, or after some of them.
            for _ in range(min(count, random.choice((0, 1, 3, 10, 40)))):
                if process.stdout.readline() == b"":
                    break
            time.sleep(random.random() * 0.01)
            process.kill()
            process.wait()
            feeder.join()
            process.communicate()
        reached = self.calls()
        process = self.start()
        answers = 0
        while True:  # what is left, in bulk
            process.stdin.write("".join(call(i) for i in range(500)).encode())
            process.stdin.flush()
            short = sum(b"POLICY LIMITED" in process.stdout.readline() for _ in range(500))
            answers += 500 - short
            if short:
                break
        row = self.listed()[0]
        self.close(process)
        self.assertEqual(str(most), row["used"])
        total = self.calls()
        self.assertEqual(reached + answers, total)
        self.assertLessEqual(total, most)
        if os.environ.get("POLICY_PRINT"):
            print(f"{kills} kills: {total} of {most} reached the server, 0 over, {most - total} lost", file=sys.stderr)
        # A hundredth with each kill, and what was charged and on its way to the server.
        self.assertGreaterEqual(total, most - kills * (most // 100 + 120))

    def calls(self):
        return self.record.read_bytes().count(b'"tools/call"')


class Operator(DurableTest):
    def setUp(self):
        super().setUp()
        self.write({"version": "1", "default": "deny", "tools": {"echo": {"limits": [
            {"counter": "spend", "window": "lifetime", "max": 100.00, "cost": "args.amount", "scale": 2},
            {"counter": "people", "window": "month", "max": 3, "scope": ["grant", {"arg": "to"}]},
            {"counter": "talk", "window": "day", "max": 20, "scope": "session"}]}}})

    def test_every_counter_is_listed(self):
        process = self.start()
        self.assertEqual(2, self.passed(process, 2, amount=12.5, to="ann"))
        self.assertEqual("passed", self.outcome(process, 2, amount=1, to="ben"))
        rows = {(row["counter"], row["scope"].split("=")[-1]): row for row in self.listed()}
        self.assertEqual({("spend", "local"), ("people", "ann"), ("people", "ben")}, {key for key in rows if key[0] != "talk"})
        spend = rows[("spend", "local")]
        self.assertEqual(("100.00", "26.00", "74.00", None), tuple(spend[name] for name in ("limit", "used", "remaining", "window_end")))
        self.assertEqual(("3", "2", "1"), tuple(rows[("people", "ann")][name] for name in ("limit", "used", "remaining")))
        self.assertRegex(rows[("people", "ann")]["window_end"], r"^20\d\d-\d\d-01T00:00:00Z$")
        talk = next(row for row in rows.values() if row["counter"] == "talk")
        self.assertEqual(("20", "3", False, process.pid), tuple(talk[name] for name in ("limit", "used", "shared", "process")))
        text = self.limits("show", "people")
        self.assertIn("grant=local, arg:args.to=ann", text)
        self.assertIn("no counter like that", self.limits("show", "nobody", code=1))

    def test_what_several_processes_used_is_one_row(self):
        one, two = self.start(), self.start()
        self.passed(one, 2, amount=10, to="ann")
        self.passed(two, 1, amount=5, to="ann")
        spend = [row for row in self.listed() if row["counter"] == "spend"]
        self.assertEqual(["25.00"], [row["used"] for row in spend])

    def test_reset_and_set_hold_for_all_at_once_and_last(self):
        one, two = self.start(), self.start()
        self.assertEqual(2, self.passed(one, 4, amount=50, to="ann"))
        self.assertEqual("LIMITED", self.outcome(two, 5, amount=50, to="ben"))
        self.limits("reset", "spend", "--because", "the invoice was paid")
        self.assertEqual("passed", self.outcome(two, 6, amount=50, to="ben"))
        self.assertEqual("passed", self.outcome(one, 7, amount=50, to="cay"))
        self.assertEqual("LIMITED", self.outcome(one, 8, amount=0.01, to="cay"))
        self.limits("set", "spend", "99.00")
        time.sleep(0.15)  # a refusal stands for so long
        self.assertEqual("passed", self.outcome(one, 9, amount=0.6, to="cay"))
        self.assertEqual("LIMITED", self.outcome(two, 10, amount=0.6, to="cay"))
        self.close(one)
        self.close(two)
        self.assertEqual(1, self.run_calls(3, amount=0.4, to="dan"))
        notes = [json.loads(line) for line in (self.state / "admin.log").read_text().splitlines()]
        self.assertEqual(["limits.set", "limits.set"], [note["action"] for note in notes])
        self.assertEqual(("the invoice was paid", "0.00", "spend", os.getuid()),
                         (notes[0]["because"], notes[0]["cells"][0]["used"], notes[0]["cells"][0]["counter"], notes[0]["uid"]))
        self.assertEqual(0o600, (self.state / "admin.log").stat().st_mode & 0o777)

    def test_several_scopes_are_set_only_when_all_are_meant(self):
        process = self.start()
        self.passed(process, 3, amount=1, to="ann")
        self.passed(process, 3, amount=1, to="ben")
        self.assertIn("2 are meant", self.limits("reset", "people", code=1))
        self.assertEqual("LIMITED", self.outcome(process, 7, amount=1, to="ann"))
        self.limits("reset", "people", "--scope", "grant=local, arg:args.to=ann")
        self.assertEqual("passed", self.outcome(process, 8, amount=1, to="ann"))
        self.limits("reset", "people", "--all")
        self.limits("reset", "talk")
        self.assertEqual("passed", self.outcome(process, 9, amount=1, to="ben"))
        self.assertIn("is no amount", self.limits("set", "talk", "1.5", code=1))
        self.assertIn("is no amount", self.limits("set", "spend", "-1", "--all", code=1))

    def test_nobody_to_ask(self):
        self.assertIn("state directory", self.limits("list", code=2))
        self.assertFalse(self.state.exists())
        process = self.start()
        self.outcome(process, 1, amount=1, to="ann")
        self.close(process)
        self.assertIn("no policyd runs", self.limits("list", code=2))
        self.assertEqual([], [path.name for path in self.state.glob("admin-*")])

    def test_the_socket_of_a_killed_process_is_in_nobodys_way(self):
        process = self.start()
        self.outcome(process, 1, amount=1, to="ann")
        process.kill()
        process.wait()
        self.assertEqual(1, len(list(self.state.glob("admin-*.sock"))))
        other = self.start()
        self.outcome(other, 1, amount=1, to="ann")
        sockets = list(self.state.glob("admin-*.sock"))
        self.assertEqual(1, len(sockets))
        self.assertEqual(0o600, sockets[0].stat().st_mode & 0o777)
        self.assertEqual("2.00", next(row for row in self.listed() if row["counter"] == "spend")["used"])

    def test_what_was_charged_by_a_clock_that_was_ahead_waits_until_it_is_confirmed(self):
        process = self.start()
        self.assertEqual(2, self.passed(process, 2, amount=1, to="ann"))
        self.close(process)
        pool = self.state / "pool"
        pool.write_bytes(moved(pool.read_bytes(), 400 * 86_400))
        process = self.start()
        # The month's budget waits, and with it every call that it counts.
        self.assertEqual("DENIED", self.outcome(process, 3, amount=1, to="ann"))
        self.assertIn("policyd limits confirm", process.stderr.readline().decode())
        self.assertIn("1 wait", self.limits("list"))
        self.assertIn("1 go on", self.limits("confirm", "--because", "the battery was empty"))
        time.sleep(0.15)
        self.assertEqual("passed", self.outcome(process, 4, amount=1, to="ann"))
        self.assertEqual("LIMITED", self.outcome(process, 5, amount=1, to="ann"))  # the two are not forgotten
        self.assertNotIn("wait", self.limits("list"))
        self.assertIn('"limits.confirm"', (self.state / "admin.log").read_text())

    def test_confirm_where_nothing_waits(self):
        process = self.start()
        self.outcome(process, 1, amount=1, to="ann")
        self.assertIn("nothing waits", self.limits("confirm"))


if __name__ == "__main__":
    unittest.main()
