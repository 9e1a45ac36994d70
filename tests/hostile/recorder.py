"""A server that records every byte it gets and answers every request: recorder.py RECORD"""

import json
import os
import sys

record = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
waiting = b""
while True:
    data = os.read(0, 65536)
    if not data:
        break
    os.write(record, data)
    *lines, waiting = (waiting + data).split(b"\n")
    for line in lines:
        try:
            message = json.loads(line)
            request_id = message["id"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if "method" in message:
            answer = {"jsonrpc": "2.0", "id": request_id, "result": {"content": [], "tools": []}}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
