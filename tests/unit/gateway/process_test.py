#!/usr/bin/env python3
"""policyd run as a process, in front of a server that records what it gets: POLICYD=… process_test.py"""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

POLICYD = os.environ["POLICYD"]
SERVER = str(pathlib.Path(__file__).with_name("recording_server.py"))
END_SECONDS_MAX = 3  # two are promised; a busy machine and sanitizers take of it
ALLOW_ALL = {"version": "1", "default": "allow"}
RULES = {
    "version": "1",
    "default": "deny",
    "hide": ["secret"],
    "tools": {"echo": {}, "crash": {}},
}


def limit_of(count):
    return {"version": "1", "default": "allow", "tools": {"echo": {"rate_limit": {"max": count, "window": "day"}}}}


def call(request_id, name="echo", arguments=None):
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": "tools/call",
                       "params": {"name": name, "arguments": arguments or {}}})


class Proxy:
    """One `policyd run`; its standard streams are pipes."""

    def __init__(self, folder, *modes, policy=ALLOW_ALL, options=(), command=None, shared=False):
        self.folder = pathlib.Path(folder)
        self.policy = self.folder / "policy.json"
        if isinstance(policy, pathlib.Path):
            self.policy = policy
        elif not self.policy.exists() or self.policy.read_text() != json.dumps(policy):
            self.policy.write_text(json.dumps(policy))
        self.record = self.folder / f"record-{time.monotonic_ns()}"
        self.record.touch()
        state = ["--state", str(self.folder / "state"), "--init-state"] if shared else ["--private-state"]
        command = command or [sys.executable, SERVER, str(self.record), *modes]
        self.process = subprocess.Popen(
            [POLICYD, "run", "--policy", str(self.policy), *state, *options, "--", *command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        self.buffer = b""

    def send(self, *lines):
        for line in lines:
            self.process.stdin.write((line if isinstance(line, bytes) else line.encode()) + b"\n")

    def line(self, seconds=10):
        end = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            assert ready, "no line in time"
            chunk = os.read(self.process.stdout.fileno(), 65_536)
            assert chunk, "the end instead of a line"
            self.buffer += chunk
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line

    def answer(self):
        return json.loads(self.line())

    def hear(self, text, seconds=10):
        """The lines of stderr up to one that holds `text`."""
        lines = []
        while not lines or text not in lines[-1]:
            ready, _, _ = select.select([self.process.stderr], [], [], seconds)
            assert ready, f"{text!r} was not said: {lines}"
            lines.append(self.process.stderr.readline().decode())
            assert lines[-1], f"it ended: {lines}"
        return lines

    def close(self):
        """Ends the client's side; returns (status, what is left of stdout, stderr)."""
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, self.buffer + out, err.decode()

    def recorded(self):
        return self.record.read_bytes().splitlines()

    def descendants(self):
        found = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
        parents = {int(pid): (int(parent), stat) for pid, parent, stat in map(str.split, found.splitlines())}
        of = {self.process.pid}
        for _ in range(5):
            of |= {pid for pid, (parent, _) in parents.items() if parent in of}
        return {pid: parents[pid][1] for pid in of - {self.process.pid}}


def is_running(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def eventually(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


class ProcessTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="policyd-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def proxy(self, *modes, **options):
        proxy = Proxy(self.folder, *modes, **options)
        self.addCleanup(self.end, proxy)
        return proxy

    def end(self, proxy):
        if proxy.process.poll() is None:
            proxy.process.kill()
        proxy.process.communicate()

    def assert_denied(self, answer, start="[POLICY DENIED]"):
        self.assertTrue(answer["result"]["isError"], answer)
        self.assertTrue(answer["result"]["content"][0]["text"].startswith(start), answer)


class Messages(ProcessTest):
    HOSTILE = [
        b"garbage", b"\xff\xfe{}", b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"secret"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","Name":"secret"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":{"b":1,"b":2}}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"__proto__":{}}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":[]}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}} {"x":1}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}\r{"x":1}',
        b'{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo"}}',
        b'{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"echo"}}',
        b'{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"echo"}}',
        b'{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":{"name":"echo"}}',
        b'[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}]',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"result":{}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":"\\ud800"}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":' + b'{"a":' * 200
        + b"1" + b"}" * 200 + b"}}",
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":"' + b"z" * 9_000_000
        + b'"}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/Call","params":{"name":"echo"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"admin/run"}',
        b'{"jsonrpc":"2.0","method":"tools/calls"}',
        b'{"jsonrpc":"2.0","id":1,"result":{}}',
    ]

    def test_hostile_messages_reach_nobody_and_the_next_call_is_answered(self):
        for message in self.HOSTILE:
            with self.subTest(message[:120]):
                proxy = self.proxy()
                proxy.send(message, call("next"))
                answers = [proxy.answer()]
                while answers[-1].get("id") != "next":
                    self.assertIn("error", answers[-1])
                    answers.append(proxy.answer())
                self.assertIn("result", answers[-1])
                self.assertLessEqual(len(answers), 2)
                proxy.close()
                self.assertEqual([call("next").encode()], proxy.recorded())

    def test_numbers_and_texts_keep_their_bytes_both_ways(self):
        proxy = self.proxy()
        value = ('[9007199254740993,1.0,1e2,-0.0,1e400,123456789012345678901234567890,"\u2028\u2029\x85\\u0041\\/"]'
                 .encode())
        line = b'{ "jsonrpc":"2.0", "id":7,"method":"tools/call","params":{"name":"raw","arguments":{"value":' + value + b"}}}"
        proxy.send(line)
        self.assertEqual(b'{"jsonrpc":"2.0","id":7,"result":{"content":[],"value":' + value + b"}}", proxy.line())
        proxy.close()
        self.assertEqual(line, proxy.recorded()[0])

    def test_a_character_split_over_reads_and_crlf(self):
        proxy = self.proxy()
        proxy.send(call(1, "split").encode() + b"\r")
        self.assertEqual("\u2028é\U0001f600", proxy.answer()["result"]["text"])
        message = call(2, arguments={"text": "\u2028é"}).encode()
        for byte in message + b"\n":
            proxy.process.stdin.write(bytes([byte]))
        self.assertEqual(2, proxy.answer()["id"])
        proxy.close()
        self.assertEqual([call(1, "split").encode(), message], proxy.recorded())

    def test_a_duplicate_id_in_flight_is_refused(self):
        proxy = self.proxy()
        proxy.send(call(1, "silent"), call(1), call("1"))
        self.assertEqual(-32600, proxy.answer()["error"]["code"])
        self.assertEqual("1", proxy.answer()["id"])
        proxy.close()
        self.assertEqual(2, len(proxy.recorded()))

    def test_cancellation_reaches_the_server_and_only_for_what_it_knows(self):
        proxy = self.proxy()
        cancelled = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s}}'
        proxy.send(call(1, "silent"))
        eventually(proxy.recorded)
        proxy.send(cancelled % 2, cancelled % 1, call(3))
        self.assertEqual(3, proxy.answer()["id"])
        proxy.close()
        self.assertEqual([call(1, "silent"), cancelled % 1, call(3)], [line.decode() for line in proxy.recorded()])

    def test_the_server_asks_and_is_answered_once(self):
        proxy = self.proxy()
        proxy.send(call(1, "ask"))
        self.assertEqual("roots/list", proxy.answer()["method"])
        self.assertEqual(1, proxy.answer()["id"])
        reply = '{"jsonrpc":"2.0","id":"q","result":{"roots":[]}}'
        proxy.send(reply, reply, reply.replace('"q"', '"other"'), call(2))
        self.assertEqual(2, proxy.answer()["id"])
        proxy.close()
        recorded = [line.decode() for line in proxy.recorded()]
        self.assertEqual(1, recorded.count(reply))
        self.assertEqual(4, len(recorded), recorded)  # and the error for the id that it used twice

    def test_an_answer_that_can_be_read_two_ways_is_an_error(self):
        proxy = self.proxy()
        proxy.send(call(1, "ambiguous"), call(2))
        self.assertEqual((1, -31002), ((answer := proxy.answer())["id"], answer["error"]["code"]))
        self.assertEqual(2, proxy.answer()["id"])

    def test_an_answer_that_is_too_long_is_an_error(self):
        proxy = self.proxy()
        proxy.send(call(1, "endless"))
        self.assertEqual((1, -31002), ((answer := proxy.answer())["id"], answer["error"]["code"]))
        proxy.send(call(2))
        self.assertEqual(2, proxy.answer()["id"])

    def test_stray_output_is_skipped(self):
        proxy = self.proxy("banner")
        proxy.send(call(1))
        self.assertEqual(1, proxy.answer()["id"])
        self.assertIn("Server listening on stdio", proxy.close()[2])


class Policies(ProcessTest):
    def test_denials_are_results_that_say_the_rule(self):
        proxy = self.proxy(policy=RULES)
        proxy.send(call(1, "unlisted"), call(2, "secret"), call(3))
        for _ in range(2):
            answer = proxy.answer()
            self.assert_denied(answer)
            self.assertIn("policy.json:", answer["result"]["content"][0]["text"])
            self.assertEqual("deny", answer["result"]["_meta"]["io.github.policyc/decision"]["decision"])
            self.assertNotIn("resultType", answer["result"])
        self.assertEqual(3, proxy.answer()["id"])
        modern = json.loads(call(4, "secret"))
        modern["params"]["_meta"] = {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}
        proxy.send(json.dumps(modern))
        self.assertEqual("complete", proxy.answer()["result"]["resultType"])
        proxy.close()
        self.assertEqual([call(3).encode()], proxy.recorded())

    def test_a_task_is_decided_like_a_call(self):
        proxy = self.proxy(policy=RULES)
        message = json.loads(call(1, "secret"))
        message["params"]["task"] = {"ttl": 1000}
        proxy.send(json.dumps(message), '{"jsonrpc":"2.0","id":2,"method":"tasks/result","params":{"taskId":"x"}}')
        self.assert_denied(proxy.answer())
        self.assertIn("[POLICY DENIED]", proxy.answer()["error"]["message"])
        proxy.close()
        self.assertEqual([], proxy.recorded())

    def test_a_hidden_tool_is_not_listed_and_a_reload_says_so_once(self):
        proxy = self.proxy(policy=RULES)
        proxy.send('{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}',
                   '{"jsonrpc":"2.0","id":1,"method":"tools/list"}')
        self.assertEqual(0, proxy.answer()["id"])
        self.assertEqual(["echo", "crash"], [tool["name"] for tool in proxy.answer()["result"]["tools"]])

        edited = dict(RULES, hide=[])
        (proxy.folder / "new").write_text(json.dumps(edited))
        os.rename(proxy.folder / "new", proxy.policy)  # as editors do
        self.assertEqual("notifications/tools/list_changed", proxy.answer()["method"])
        proxy.policy.write_text("{ not a policy")
        proxy.send('{"jsonrpc":"2.0","id":2,"method":"tools/list"}')
        self.assertEqual(["echo", "crash", "secret"], [tool["name"] for tool in proxy.answer()["result"]["tools"]])
        time.sleep(0.3)
        errors = proxy.close()[2]
        self.assertIn("stays in force", errors)
        self.assertIn("policy.json:1:", errors)
        self.assertTrue(all(line.startswith("policyd: ") for line in errors.splitlines()), errors)

    def test_counters_live_through_a_reload(self):
        policy = limit_of(3)
        proxy = self.proxy(policy=policy)
        for i in range(2):
            proxy.send(call(i))
            self.assertNotIn("isError", proxy.answer()["result"])
        policy["hide"] = ["other"]
        proxy.policy.write_text(json.dumps(policy))
        line = b""
        while b"is in force" not in line:
            line = proxy.process.stderr.readline()
        for i in range(2, 5):
            proxy.send(call(i))
        # A denial may overtake the answer of a call before it.
        answers = [answer["result"] for answer in sorted((proxy.answer() for _ in range(3)), key=lambda a: a["id"])]
        self.assertEqual([False, True, True], [answer.get("isError", False) for answer in answers])
        self.assertTrue(answers[1]["content"][0]["text"].startswith("[POLICY LIMITED]"))

    def test_calls_at_once_end_with_their_answers_and_not_when_the_client_cancels(self):
        busy = {"counter": "busy", "max": 2, "algorithm": "concurrency"}
        proxy = self.proxy(policy={"version": "1", "default": "allow", "tools": {"hold": {"limits": [busy]}}})
        for round_number in range(3):
            first = 10 * round_number
            proxy.send(call(first, "hold"), call(first + 1, "hold"), call(first + 2, "hold"))
            refused = proxy.answer()
            self.assertEqual(first + 2, refused["id"])
            self.assert_denied(refused, "[POLICY LIMITED] 2 at once used up; try again when a call has ended")
            limit = next(iter(refused["result"]["_meta"].values()))["limits"][0]
            self.assertEqual((None, True, 2), (limit["retry_after_ms"], limit["retryable"], limit["used"]))
            proxy.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}' % first,
                       call(first + 3, "hold"))
            self.assertEqual(first + 3, proxy.answer()["id"])
            proxy.send(call(first + 4, "release"))
            answers = {}
            while first + 4 not in answers:
                answer = proxy.answer()
                answers[answer["id"]] = answer["result"]
            self.assertNotIn("isError", answers[first + 1])

    def test_a_call_that_is_forgotten_keeps_its_place_among_those_at_once(self):
        busy = {"counter": "busy", "max": 1, "algorithm": "concurrency"}
        proxy = self.proxy(policy={"version": "1", "default": "allow", "tools": {"hold": {"limits": [busy]}}})
        cancelled = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}'
        count = 1_100  # as many cancelled calls as are remembered, and some
        proxy.send(call(1, "hold"), *[call(i, "silent") for i in range(2, count)])
        eventually(lambda: len(proxy.recorded()) == count - 1, seconds=20)
        proxy.send(*[cancelled % i for i in range(1, count)])
        proxy.send(call(2_000, "hold"))
        self.assert_denied(proxy.answer(), "[POLICY LIMITED]")

    def test_a_reload_to_counters_that_are_not_kept_is_refused(self):
        policy = limit_of(3)
        proxy = self.proxy(policy=policy, shared=True)
        proxy.send(call(1))
        proxy.answer()
        policy["tools"]["echo"] = {"limits": [{"counter": "c" * 5_000, "window": "day", "max": 9}]}
        proxy.policy.write_text(json.dumps(policy))
        text = ""
        while "its name is too long" not in text:
            line = proxy.process.stderr.readline().decode()
            self.assertTrue(line)
            text += line
        self.assertIn("stays in force", text)

    def test_edits_of_the_lock_and_of_included_files_are_heard(self):
        parts = pathlib.Path(self.folder) / "parts"
        (parts / "deep").mkdir(parents=True)
        main, included, lock = parts / "main.policy", parts / "deep/base.policy", parts / "deep/tools.json"

        def lock_of(*names):
            return json.dumps({"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in names]})

        main.write_text('default deny\nuse tools "deep/tools.json"\ninclude "deep/base.policy"\n')
        included.write_text('tool "*e*" { allow }\n')
        lock.write_text(lock_of("echo"))
        proxy = self.proxy(policy=main)
        seen = []

        def decision(name):
            proxy.send(call(len(seen), name))
            seen.append(proxy.answer()["result"])
            return seen[-1]["content"][0]["text"] if seen[-1].get("isError") else "allowed"

        def edit(path, text):
            (parts / "new").write_text(text)
            os.rename(parts / "new", path)  # as editors do

        self.assertEqual("allowed", decision("echo"))
        self.assertIn("the lock holds no tool `more` of server `default`", decision("more"))
        edit(lock, lock_of("echo", "more"))
        eventually(lambda: decision("more") == "allowed")
        edit(included, 'tool "*e*" { allow }\ntool echo { deny because "closed" }\n')
        eventually(lambda: "closed" in decision("echo"))
        edit(included, 'tool "*e*" { alow }\n')  # all or nothing
        proxy.hear("stays in force")
        proxy.hear("deep/base.policy:1:")
        self.assertIn("closed", decision("echo"))
        self.assertEqual("allowed", decision("more"))
        edit(included, 'tool "*e*" { allow }\n')
        eventually(lambda: decision("echo") == "allowed")
        lock.unlink()  # the policy names it: it cannot do without
        edit(included, 'tool "*e*" { allow because "edited" }\n')
        proxy.hear("stays in force")
        self.assertIn("the lock holds no tool", decision("other"))
        edit(lock, lock_of("more"))
        eventually(lambda: "the lock holds no tool `echo`" in decision("echo"))

    def test_a_lock_beside_the_policy_is_not_lost_while_it_runs(self):
        lock = pathlib.Path(self.folder) / "tools.lock.json"
        lock.write_text(json.dumps({"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}))
        proxy = self.proxy()
        proxy.send(call(1, "other"))
        self.assertIn("the lock holds no tool", proxy.answer()["result"]["content"][0]["text"])
        lock.unlink()
        for _ in range(2):
            proxy.send(call(1, "other"))
            self.assert_denied(proxy.answer())
            proxy.policy.write_text(json.dumps(dict(ALLOW_ALL, hide=["secret"])))
            proxy.hear("it is gone")
            proxy.policy.write_text(json.dumps(ALLOW_ALL))
            proxy.hear("it is gone")
        lock.write_text(json.dumps({"tools": [{"name": "other", "inputSchema": {"type": "object"}}]}))
        proxy.hear("is in force")
        proxy.send(call(2, "other"))
        self.assertNotIn("isError", proxy.answer()["result"])

    def test_a_lock_without_tools_shows_none(self):
        lock = pathlib.Path(self.folder) / "tools.lock.json"
        lock.write_text(json.dumps({"version": 1, "servers": {}}))
        proxy = self.proxy()
        proxy.send('{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}',
                   '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', call(2))
        answers = {(answer := proxy.answer())["id"]: answer for _ in range(3)}
        self.assertEqual([], answers[1]["result"]["tools"])
        self.assert_denied(answers[2])

    def test_warnings_are_printed_and_stop_nothing(self):
        policy = {"version": "1", "default": "deny", "tools": {"echo": {"require": [{"conditions": []}]}}}
        proxy = self.proxy(policy=policy)
        proxy.send(call(1))
        self.assertNotIn("isError", proxy.answer()["result"])
        policy["tools"]["more"] = {"deny_if": [{"conditions": []}]}
        proxy.policy.write_text(json.dumps(policy))
        lines = proxy.hear("is in force")
        self.assertEqual(3, len([line for line in lines if "warning[P4006]" in line]), lines)
        (pathlib.Path(self.folder) / "policyc.json").write_text(
            '{"allow": [{"code": "P4006", "at": "/tools", "because": "a test"}]}')
        proxy.policy.write_text(json.dumps(dict(policy, hide=["x"])))
        heard = proxy.hear("is in force")
        self.assertEqual([], [line for line in heard if "P4006" in line], heard)

    def test_four_processes_share_a_limit(self):
        proxies = [self.proxy(policy=limit_of(50), shared=True) for _ in range(4)]
        for proxy in proxies:
            proxy.send(*[call(i) for i in range(40)])
        admitted = 0
        for proxy in proxies:
            answers = [proxy.answer() for _ in range(40)]
            admitted += sum("isError" not in answer["result"] for answer in answers)
        self.assertEqual(50, admitted)
        for proxy in proxies:
            proxy.close()
        self.assertEqual(50, sum(len(proxy.recorded()) for proxy in proxies))


    def test_a_call_waits_for_the_store_alone_and_not_for_ever(self):
        leader = self.proxy(policy=limit_of(50), shared=True)
        leader.send(call(1))
        leader.answer()
        follower = self.proxy(policy=limit_of(50), shared=True)
        follower.send(call("first", "other"))  # it has begun
        follower.answer()
        leader.process.send_signal(signal.SIGSTOP)
        try:
            begin = time.monotonic()
            # Some pass on what is leased already; the others wait for a leader that does not answer.
            cancelled = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":48}}'
            follower.send(*[call(i) for i in range(49)], call("other", "other"), cancelled)
            answers = {}
            while "other" not in answers:
                answer = follower.answer()
                answers[answer["id"]] = answer
            self.assertLess(time.monotonic() - begin, 1.5)  # less than a call waits for the store
            while len(answers) < 49:
                answer = follower.answer()
                answers[answer["id"]] = answer
            self.assertLess(time.monotonic() - begin, 4)
        finally:
            leader.process.send_signal(signal.SIGCONT)
        denied = [answer for answer in answers.values() if "isError" in answer["result"]]
        self.assertTrue(denied)
        for answer in denied:
            self.assert_denied(answer)
            self.assertIn("counters", answer["result"]["content"][0]["text"])
        deadline = time.monotonic() + 10  # what the store last said stands for a while
        while True:
            follower.send(call("last"))
            answer = follower.answer()
            self.assertEqual("last", answer["id"])  # what was cancelled is not answered
            if "isError" not in answer["result"]:
                break
            self.assertLess(time.monotonic(), deadline, answer)
            time.sleep(0.05)
        follower.close()
        self.assertEqual(2 + len(answers) - len(denied), len(follower.recorded()))


class Log(ProcessTest):
    def test_a_line_a_call_for_the_owner_alone(self):
        log = pathlib.Path(self.folder) / "decisions.jsonl"
        proxy = self.proxy(policy=RULES, options=["--log", str(log), "--server", "files", "--grant", "me"])
        proxy.send(call(1, arguments={"b": "private", "a": 2}), call(2, "secret"), "garbage")
        for _ in range(3):
            proxy.answer()
        proxy.close()
        entries = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual(["allow", "deny", "refused"], [entry["decision"] for entry in entries])
        self.assertEqual(["b", "a"], entries[0]["arg_keys"])
        self.assertEqual(("files", "me", "tools/call", "echo"),
                         tuple(entries[0][key] for key in ("server", "grant", "method", "tool")))
        self.assertNotIn("private", log.read_text())
        self.assertEqual(0o600, log.stat().st_mode & 0o777)

    def test_values_only_when_asked_for(self):
        log = pathlib.Path(self.folder) / "decisions.jsonl"
        proxy = self.proxy(options=["--log", str(log), "--log-arguments", "full"])
        proxy.send(call(1, arguments={"b": 1.0}))
        proxy.answer()
        proxy.close()
        self.assertIn('"arguments":{"b": 1.0}', log.read_text())

    def test_no_call_passes_while_the_log_cannot_be_written(self):
        proxy = self.proxy(options=["--log", "/dev/full"])
        proxy.send(call(1))  # the first failure is seen when its line is written
        proxy.answer()
        proxy.send(call(2))
        answer = proxy.answer()
        self.assert_denied(answer)
        self.assertIn("decision log", answer["result"]["content"][0]["text"])
        self.assertIn("No space left", proxy.close()[2])
        self.assertEqual([call(1).encode()], proxy.recorded())


class Lifecycle(ProcessTest):
    def test_the_end_of_input_ends_all_in_two_seconds(self):
        for modes, expected in (([], 0), (["daemon"], 0), (["ignore-end"], 143), (["ignore-sigterm", "daemon"], 137)):
            with self.subTest(modes):
                proxy = self.proxy(*modes)
                proxy.send(call(1))
                proxy.answer()
                left = proxy.descendants()
                begin = time.monotonic()
                status = proxy.close()[0]
                self.assertLess(time.monotonic() - begin, END_SECONDS_MAX)
                self.assertEqual(expected, status)
                self.assertFalse([pid for pid in left if is_running(pid)])

    def test_answers_to_what_was_sent_before_the_end_of_input_arrive(self):
        proxy = self.proxy()
        proxy.send(*[call(i) for i in range(20)])
        status, out, _ = proxy.close()
        self.assertEqual((0, 20), (status, len(out.splitlines())))

    def test_input_from_a_file(self):
        requests = pathlib.Path(self.folder) / "requests"
        requests.write_text("".join(call(i) + "\n" for i in range(20)))
        policy = pathlib.Path(self.folder) / "policy.json"
        policy.write_text(json.dumps(ALLOW_ALL))
        with open(requests) as stdin, open(pathlib.Path(self.folder) / "out", "w+") as stdout:
            done = subprocess.run([POLICYD, "run", "--policy", policy, "--private-state", "--", sys.executable, SERVER,
                                   "/dev/null"], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=10)
            stdout.seek(0)
            self.assertEqual(20, len(stdout.readlines()), done.stderr)
        self.assertEqual(0, done.returncode)

    def test_a_crash_answers_every_call_in_flight(self):
        proxy = self.proxy()
        proxy.send(call(1, "silent"), call("two", "silent"), call(3, "crash"), call(4))
        answers = {json.dumps((answer := proxy.answer())["id"]): answer["error"]["code"] for _ in range(4)}
        self.assertEqual({"1": -31001, '"two"': -31001, "3": -31001, "4": -31001}, answers)
        self.assertEqual(9, proxy.process.wait(5))

    def test_signals_end_it(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            proxy = self.proxy()
            proxy.send(call(1))
            proxy.answer()
            left = proxy.descendants()
            proxy.process.send_signal(number)
            self.assertEqual(0, proxy.process.wait(3))
            self.assertFalse([pid for pid in left if is_running(pid)])

    def test_a_killed_policyd_leaves_no_server(self):
        proxy = self.proxy("ignore-end", "ignore-sigterm")
        proxy.send(call(1))
        proxy.answer()
        left = proxy.descendants()
        self.assertTrue(left)
        proxy.process.kill()
        eventually(lambda: not any(is_running(pid) for pid in left))

    def test_two_hundred_sessions_leave_no_zombie(self):
        for _ in range(200):
            proxy = Proxy(self.folder, command=["cat"])
            self.assertEqual(0, proxy.close()[0])
        states = subprocess.run(["ps", "-eo", "ppid=,stat=,comm="], capture_output=True, text=True, check=True).stdout
        self.assertFalse([line for line in states.splitlines() if "policyd" in line and " Z" in line])

    def test_standard_error_that_nobody_reads_blocks_nobody(self):
        proxy = self.proxy("loud")
        proxy.send(call(1))
        self.assertEqual(1, proxy.answer()["id"])

    def test_a_client_that_does_not_read_stops_the_flow_and_loses_nothing(self):
        proxy = self.proxy()
        proxy.send(*[call(i, "big") for i in range(40)])  # 12 MB of answers
        time.sleep(0.5)
        self.assertLess(len(proxy.recorded()), 20)  # the server stands still: it has no room to answer
        self.assertEqual(list(range(40)), [proxy.answer()["id"] for _ in range(40)])


class Beginning(ProcessTest):
    def run_policyd(self, *arguments):
        return subprocess.run([POLICYD, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)

    def test_what_cannot_begin_ends_with_2_and_starts_nothing(self):
        folder = pathlib.Path(self.folder)
        (folder / "good.json").write_text(json.dumps(ALLOW_ALL))
        (folder / "bad.json").write_text('{"version": "1", "default": "perhaps"}')
        started = folder / "started"
        server = ["--", "touch", str(started)]
        good = ["--policy", str(folder / "good.json"), "--private-state"]
        tools = {"a": {"limits": [{"counter": "lifetime", "max": 3, "window": "lifetime"}]}}
        (folder / "lifetime.json").write_text(json.dumps({"version": "1", "default": "deny", "tools": tools}))

        rows = [
            (["run", "--policy", str(folder / "lifetime.json"), "--private-state", *server],
             "counter `lifetime` is for a lifetime"),
            (["run", "--policy", str(folder / "bad.json"), *server], "bad.json:1:"),
            (["run", "--policy", str(folder / "none.json"), *server], "none.json"),
            (["run", *good, "--tools", "lock", *server], "cannot be read"),
            (["run", *good, "--jit", "perhaps", *server], "--jit"),
            (["run", *good, "--pass", "tools/call", *server], "tools/call"),
            (["run", *good, "--log", str(folder / "no" / "log"), *server], "decision log"),
            (["run", *good], "command is missing"),
            (["run", *good, "--", str(folder / "missing")], "cannot run"),
            (["serve", "--config", "x"], "cannot be read"),
            (["approvals"], "not built yet"),
            ([], "subcommand"),
        ]
        for arguments, text in rows:
            with self.subTest(arguments):
                done = self.run_policyd(*arguments)
                self.assertEqual(2, done.returncode, done)
                self.assertIn(text, done.stderr)
                self.assertEqual("", done.stdout)
        self.assertFalse(started.exists())


if __name__ == "__main__":
    unittest.main()
