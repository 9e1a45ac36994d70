#!/usr/bin/env python3
"""Holds `policyc schema policyd` against the reader behind `policyd check-config`: on whole configurations, and on every small
damage to them. What the schema rejects the reader rejects, and what the reader rejects for its shape the schema rejects. Limits
have in the schema and in docs/serve.md the bounds and defaults of serve_limits.def.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema

import agree

TOP = pathlib.Path(__file__).resolve().parents[2]

# What the reader says of keys, types, words and numbers; the rest needs two places at once, or other files.
SHAPE = re.compile(
    r"unknown key|is a whole number|is (a|an) (string|list|boolean|object|number), not|has no `|is empty$|is no `|named? .*at most 64"
)

DOCUMENTS = [
    {
        "listen": {"port": 0},
        "servers": {"files": {"command": ["x"], "policy": "p.json", "env": {"A": "b"}, "timeouts": {"call_ms": 5}}},
        "anonymous_grant": "local",
        "private_state": True,
    },
    {
        "listen": {"address": "::1", "port": 8640},
        "admin": {"port": 8641},
        "public_hosts": ["mcp.example.com"],
        "allowed_origins": ["https://app.example.com"],
        "servers": {
            "web": {
                "url": "https://up.example.com/mcp", "transport": "sse", "policy": "p.json", "breaker": {"failures": 0},
                "credential": {"file": "secret", "header": "X-Key"},
            }
        },
        "grants_file": "grants.json",
        "oauth": {
            "issuer": "i", "audience": "a", "public_url": "https://mcp.example.com", "jwks_file": "jwks.json",
            "algorithms": ["ES256"], "scopes": ["s"], "grants": [{"claim": "sub", "equals": "x", "grant": "ci"}],
        },
        "store": {"url": "redis://127.0.0.1"},
        "log": {"path": "log.jsonl", "arguments": "full"},
        "limits": {"idle_ms": 5000},
        "methods": ["resources/read"],
        "jit": "auto",
        "workers": 2,
        "observe": True,
    },
]


def make_folder(folder):
    """What the configurations name."""
    root = pathlib.Path(folder)
    (root / "p.json").write_text('{"version": "1", "default": "allow"}')
    (root / "jwks.json").write_text('{"keys": []}')
    for name, text in (("secret", "s"), ("grants.json", '{"version": 1, "grants": [{"id": "ci"}]}')):
        os.close(os.open(root / name, os.O_CREAT | os.O_WRONLY, 0o600))
        (root / name).write_text(text)
    return root


def limit_rows():
    text = (TOP / "runtime/gateway/config/serve_limits.def").read_text()
    for row in re.finditer(r"SERVE_LIMIT\((\w+),\s*([\d']+),\s*([\d']+),\s*([\d']+),\s*\"([^\"]*)\"\)", text):
        yield row[1], *(int(number.replace("'", "")) for number in row.groups()[1:4]), row[5]


def check_limits(schema):
    """What schema and manual say of a limit that the reader does not."""
    found = []
    manual = (TOP / "docs/serve.md").read_text()
    rows = list(limit_rows())
    if not rows or {row[0] for row in rows} != set(schema["properties"]["limits"]["properties"]):
        found.append("the schema has other limits than serve_limits.def")
    for name, value, least, most, meaning in rows:
        have = schema["properties"]["limits"]["properties"].get(name, {})
        if (have.get("default"), have.get("minimum"), have.get("maximum")) != (value, least, most):
            found.append(f"the schema says something else of the limit {name}")
        if f"| `{name}` | {value} | {meaning} |" not in manual:
            found.append(f"docs/serve.md has no row `{name}` | {value} | {meaning}")
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--policyc", required=True)
    parser.add_argument("--policyd", required=True)
    options = parser.parse_args()
    text = subprocess.run([options.policyc, "schema", "policyd"], check=True, capture_output=True, text=True).stdout
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    found = check_limits(schema)
    documents = [("whole", document) for document in DOCUMENTS]
    documents += [("damaged", damage) for document in DOCUMENTS for damage in agree.damaged(document)]

    with tempfile.TemporaryDirectory() as folder:
        root = make_folder(folder)

        def read(numbered):
            number, (kind, document) = numbered
            path = root / f"{number}.json"
            path.write_text(json.dumps(document))
            run = subprocess.run([options.policyd, "check-config", path], capture_output=True, text=True, check=False)
            return kind, document, run.returncode, run.stderr

        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for kind, document, status, said in pool.map(read, enumerate(documents)):
                is_valid = validator.is_valid(document)
                shown = json.dumps(document)
                if kind == "whole" and (status != 0 or not is_valid):
                    found.append(f"not taken: {shown}: {said}")
                elif status not in (0, 1):
                    found.append(f"status {status} for {shown}: {said}")
                elif not is_valid and status == 0:
                    found.append(f"only the schema rejects {shown}")
                elif is_valid and SHAPE.search(said):
                    found.append(f"only the reader rejects {shown}: {said}")
    for line in found[:40]:
        print(line)
    print(f"{len(documents)} documents, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
