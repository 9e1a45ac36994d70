"""A lenient MCP server that records every line it gets; ends with its input, or after a minute.

recording_server.py RECORD [MODE…]: modes make it ill-behaved, as their names say.
"""

import json
import os
import signal
import subprocess
import sys
import time

signal.alarm(60)
record_path, modes = sys.argv[1], set(sys.argv[2:])
record = open(record_path, "ab", buffering=0)
out = sys.stdout.buffer

if "ignore-sigterm" in modes:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "daemon" in modes:  # a grandchild that leaves the group and is no one's child any more
    subprocess.Popen(["setsid", "sleep", "55"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL)
if "loud" in modes:
    sys.stderr.write("x" * 262_144 + "\n")
    sys.stderr.flush()
if "banner" in modes:
    out.write(b"Server listening on stdio\n\n")
    out.flush()


def send(text):
    out.write(text if isinstance(text, bytes) else text.encode() + b"\n")
    out.flush()


def result_of(message):
    method = message.get("method")
    if method == "initialize":
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "recording", "version": "1"}}
    if method == "tools/list":
        return {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in ("echo", "crash", "secret")]}
    return {"content": [{"type": "text", "text": "done"}]}


held = []


def serve(line):
    try:
        message = json.loads(line)
    except ValueError:
        return
    if not isinstance(message, dict) or "method" not in message or message.get("id") is None:
        return
    name = message.get("params", {}).get("name")
    if name == "crash":
        os._exit(9)
    if name == "silent":
        return
    if name == "hold":  # answered when somebody says so
        held.append(message["id"])
        return
    if name == "release":
        for request_id in held:
            send(json.dumps({"jsonrpc": "2.0", "id": request_id, "result": result_of(message)}))
        held.clear()
    if name == "ask":  # the server asks the client, twice with one id, and is answered on the next line
        send('{"jsonrpc":"2.0","id":"q","method":"roots/list"}')
        send('{"jsonrpc":"2.0","id":"q","method":"roots/list"}')
    if name == "ambiguous":
        send('{"jsonrpc":"2.0","id":%s,"result":{"content":[],"content":[]}}' % json.dumps(message["id"]))
        return
    if name == "raw":  # the result is the text of the argument, byte by byte
        raw = line[line.index(b'"value":') + 8:line.rindex(b"}}")]
        send(b'{"jsonrpc":"2.0","id":%s,"result":{"content":[],"value":%s}}\n'
             % (json.dumps(message["id"]).encode(), raw.rstrip(b"}")))
        return
    if name == "split":  # a character cut in two by the write
        text = ('{"jsonrpc":"2.0","id":%s,"result":{"content":[],"text":"\u2028é\U0001f600"}}\r\n'
                % json.dumps(message["id"])).encode()
        for byte in text:
            os.write(1, bytes([byte]))
            time.sleep(0.0005)
        return
    if name == "endless":
        send('{"jsonrpc":"2.0","result":{"content":[],"text":"%s"},"id":%s}' % ("z" * 9_000_000, json.dumps(message["id"])))
        return
    if name == "big":
        send(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"content": [], "text": "y" * 300_000}}))
        return
    send(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result_of(message)}))


for line in sys.stdin.buffer:
    record.write(line)
    serve(line)
if "ignore-end" in modes or "ignore-sigterm" in modes:
    time.sleep(50)
