#!/usr/bin/env python3
"""Messages that must not reach a server, sent over HTTP through a real `policyd serve` to a lenient HTTP server that
records every body: in a session, without one, and as requests of the stateless era.

POLICYD=… serve_hostile_test.py. From lines.txt nothing may be recorded; after each an allowed call is answered, and
recorded.
"""

import http.client
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hostile_test  # noqa: E402

BOTH = "application/json, text/event-stream"
MODERN = "2026-07-28"


class Lenient(http.server.BaseHTTPRequestHandler):
    """Believes everything, writes it down, and answers what it can make out."""

    protocol_version = "HTTP/1.1"
    recorded = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.recorded.append((dict(self.headers), body))
        try:
            message = json.loads(body)
        except ValueError:
            message = {}
        if not isinstance(message, dict) or "id" not in message:
            return self.answer(202, b"")
        if message.get("method") == "initialize":
            result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "l", "version": "1"}}
        else:
            result = {"content": [{"type": "text", "text": "done"}], "resultType": "complete"}
        self.answer(200, json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode())

    def do_GET(self):
        self.answer(405, b"")

    def do_DELETE(self):
        self.answer(200, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Mcp-Session-Id", "of-the-server")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ServeHostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lenient)
        cls.server.daemon_threads = True
        cls.server.handle_error = lambda *_: None  # policyd ends, and its connections with it
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        folder = pathlib.Path(cls.folder.name)
        (folder / "policy.json").write_text(json.dumps(hostile_test.POLICY))
        config = folder / "policyd.json"
        config.write_text(json.dumps({
            "listen": {"address": "127.0.0.1", "port": 0},
            "anonymous_grant": "local",
            "private_state": True,
            "workers": 2,
            "log": {"path": str(folder / "decisions.log")},
            "servers": {"lenient": {"url": f"http://127.0.0.1:{cls.server.server_port}/mcp", "policy": "policy.json"}},
        }))
        os.chmod(config, 0o600)
        cls.log = open(folder / "stderr", "w+", encoding="utf-8")
        cls.policyd = subprocess.Popen([os.environ["POLICYD"], "serve", "--config", config], stderr=cls.log)
        deadline = time.monotonic() + 20
        cls.port = None
        while cls.port is None:
            text = (folder / "stderr").read_text(encoding="utf-8")
            found = re.search(r"is at http://127\.0\.0\.1:(\d+)", text)
            cls.port = int(found[1]) if found else None
            if time.monotonic() > deadline or cls.policyd.poll() is not None:
                raise AssertionError(f"policyd serve does not start: {text}")
            time.sleep(0.02)
        cls.connection = http.client.HTTPConnection("127.0.0.1", cls.port, timeout=30)
        status, headers, _ = cls.post(json.dumps({
            "jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
        }).encode())
        assert status == 200, status
        cls.session = headers["Mcp-Session-Id"]
        Lenient.recorded.clear()

    @classmethod
    def tearDownClass(cls):
        cls.policyd.terminate()
        assert cls.policyd.wait(timeout=20) == 0
        cls.server.shutdown()
        cls.server.server_close()
        cls.log.close()
        cls.folder.cleanup()

    @classmethod
    def post(cls, body, **headers):
        headers = {"Content-Type": "application/json", "Accept": BOTH} | {
            name.replace("_", "-"): value for name, value in headers.items()}
        for attempt in (0, 1):
            try:
                cls.connection.request("POST", "/mcp/lenient", body=body, headers=headers)
                answer = cls.connection.getresponse()
                return answer.status, dict(answer.headers), answer.read()
            except (http.client.HTTPException, OSError):
                cls.connection.close()  # it was kept, or what was sent ended it
                if attempt:
                    raise
        return None

    def nothing_reaches(self, what, body, **headers):
        status, _, answer = self.post(body, **headers)
        self.assertEqual([], Lenient.recorded, f"{what} reached the server")
        if status == 200 and answer:
            text = re.sub(rb"(?m)^data: ", b"", answer).decode()
            self.assertTrue('"error"' in text or '"isError":true' in text, (what, text))
        else:
            self.assertIn(status, (202, 400, 404, 406, 413, 415), what)

    def fence(self):
        call = b'{"jsonrpc":"2.0","id":"fence","method":"tools/call","params":{"name":"echo"}}'
        status, _, answer = self.post(call, Mcp_Session_Id=self.session, MCP_Protocol_Version="2025-11-25")
        self.assertEqual(200, status)
        self.assertIn(b"done", answer)
        self.assertEqual([call], [body for _, body in Lenient.recorded])
        Lenient.recorded.clear()

    def test_in_a_session(self):
        for what, line in hostile_test.table():
            with self.subTest(what):
                self.nothing_reaches(what, line, Mcp_Session_Id=self.session)
                self.fence()

    def test_without_a_session(self):
        for what, line in hostile_test.table():
            with self.subTest(what):
                self.nothing_reaches(what, line)
        self.fence()

    def test_as_stateless_requests(self):
        for what, line in hostile_test.table():
            with self.subTest(what):
                self.nothing_reaches(what, line, MCP_Protocol_Version=MODERN, Mcp_Method="tools/call", Mcp_Name="echo")
        self.fence()

    def modern(self, name, amount=1):
        return json.dumps({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {
                "name": name, "arguments": {"amount": amount},
                "_meta": {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}},
            },
        }).encode()

    def test_head_and_body_that_differ(self):
        rows = [
            ("another tool in the head", {"Mcp_Method": "tools/call", "Mcp_Name": "other"}),
            ("another method in the head", {"Mcp_Method": "ping", "Mcp_Name": "echo"}),
            ("no method in the head", {"Mcp_Name": "echo"}),
            ("no name in the head", {"Mcp_Method": "tools/call"}),
            ("a name in base64 that is another", {"Mcp_Method": "tools/call", "Mcp_Name": "=?base64?b3RoZXI=?="}),
        ]
        for what, headers in rows:
            with self.subTest(what):
                self.nothing_reaches(what, self.modern("echo"), MCP_Protocol_Version=MODERN, **headers)
        self.nothing_reaches("another version in the head", self.modern("echo"), MCP_Protocol_Version="2025-11-25",
                             Mcp_Method="tools/call", Mcp_Name="echo", Mcp_Session_Id=self.session)
        self.nothing_reaches("a denied tool, stateless", self.modern("other"), MCP_Protocol_Version=MODERN,
                             Mcp_Method="tools/call", Mcp_Name="other")
        self.nothing_reaches("too large an amount, stateless", self.modern("echo", 1000), MCP_Protocol_Version=MODERN,
                             Mcp_Method="tools/call", Mcp_Name="echo")
        self.fence()

    def test_an_allowed_stateless_call_reaches_the_server_as_it_is(self):
        body = self.modern("echo").replace(b'"amount": 1', b'"amount": 1e0')
        status, _, answer = self.post(body, MCP_Protocol_Version=MODERN, Mcp_Method="tools/call", Mcp_Name="echo",
                                      Authorization="Bearer of-the-client", Mcp_Session_Id="of-the-client")
        # The Authorization header is of no grant: it is refused before anything else.
        self.assertEqual(401, status, answer)
        self.assertEqual([], Lenient.recorded)
        status, _, answer = self.post(body, MCP_Protocol_Version=MODERN, Mcp_Method="tools/call", Mcp_Name="echo",
                                      Mcp_Session_Id="of-the-client", Cookie="secret=1")
        self.assertEqual(200, status, answer)
        (headers, recorded), = Lenient.recorded
        Lenient.recorded.clear()
        self.assertEqual(body, recorded)
        lower = {name.lower(): value for name, value in headers.items()}
        self.assertEqual(("tools/call", "echo", MODERN),
                         (lower["mcp-method"], lower["mcp-name"], lower["mcp-protocol-version"]))
        for name in ("mcp-session-id", "cookie", "authorization"):
            self.assertNotIn(name, lower)

    def test_bodies_that_are_no_json_by_their_head(self):
        call = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}'
        rows = [
            ({"Content_Type": "text/plain"}, 415),
            ({"Content_Type": "application/json; charset=utf-16"}, 415),
            ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
            ({"Content_Encoding": "gzip"}, 415),
            ({"Accept": "text/html"}, 406),
            ({"Host": "evil.example"}, 403),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
        ]
        for headers, expected in rows:
            with self.subTest(headers):
                status, _, _ = self.post(call, Mcp_Session_Id=self.session, **headers)
                self.assertEqual(expected, status)
        self.assertEqual([], Lenient.recorded)
        self.fence()


if __name__ == "__main__":
    unittest.main()
