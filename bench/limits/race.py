#!/usr/bin/env python3
"""Two replicas that share a limit through one real Redis: leases, a script for every call, and rate-limiter-flexible.

race.py --programs build/bin --peers build/bench-limits --node NODE [--json FILE] [--google FILE] [--seconds N]

Each with two limits: one that is never reached (what a call costs), and one of 1,000 a second (how many are let through,
and how many more than that). What Google Benchmark wrote to FILE goes into the result as it is.
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time

NEVER = 1 << 40
TIGHT = 1_000


def commands(options, name, socket, limit):
    terms = [str(socket), str(limit), str(options.seconds)]
    if name == "rate-limiter-flexible":
        peer = pathlib.Path(__file__).parent / "peers" / "flexible.mjs"
        return [[options.node, str(peer), *terms, "16"]] * 2
    program = str(options.programs / "limits_redis_bench")
    return [[program, name, *terms, how] for how in ("makes", "joins")]


def race(options, name, limit):
    """One run on a Redis of its own; the sum of both replicas."""
    with tempfile.TemporaryDirectory() as folder:
        socket = pathlib.Path(folder) / "redis.sock"
        server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder],
                                  stdout=subprocess.DEVNULL)
        try:
            while not socket.exists():
                time.sleep(0.01)
            replicas = []
            for command in commands(options, name, socket, limit):
                replicas.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                                 env={**os.environ, "POLICY_PEERS": str(options.peers and options.peers.resolve())}))
                time.sleep(0.1)  # the first makes the pool
            outputs = [replica.communicate(timeout=options.seconds + 20)[0] for replica in replicas]
            if any(replica.returncode for replica in replicas):
                sys.exit(f"{name} failed")
            info = subprocess.run(["redis-cli", "-s", str(socket), "INFO", "commandstats"], capture_output=True, text=True, check=True)
        finally:
            server.kill()
            server.wait()
    results = [json.loads(output) for output in outputs]
    windows = collections.Counter()
    for result in results:
        windows.update(result.get("windows", {}))
    admitted = sum(result["admitted"] for result in results)
    calls = sum(result["calls"] for result in results)
    # Scripts: every peer asks by one, or leases by them.
    asked = sum(int(re.search(r"calls=(\d+)", line)[1]) for line in info.stdout.splitlines()
                if re.match(r"cmdstat_eval(sha)?:", line))
    if windows:
        over = sum(max(0, used - limit) for used in windows.values())
    else:  # its windows begin with a call and are not told: as many as fit, and one
        over = max(0, admitted - (options.seconds + 2) * limit)
    return {"ns_per_call": round(sum(r["ns_per_call"] for r in results) / len(results), 1), "calls": calls, "admitted": admitted,
            "over": over, "scripts_per_call": round(asked / calls, 5)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--peers", type=pathlib.Path)
    parser.add_argument("--node", default="node")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--google", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    names = ["leases", "direct"]
    if options.peers and (options.peers / "node_modules").exists():
        names.append("rate-limiter-flexible")
    else:
        print("rate-limiter-flexible is not installed, and not raced", file=sys.stderr)
    print(f"{'two replicas, one Redis':24} {'ns a call':>12} {'scripts a call':>16} {'1,000/s: admitted':>18} {'over':>6}")
    rows = {}
    for name in names:
        never = race(options, name, NEVER)
        tight = race(options, name, TIGHT)
        rows[name] = {"never_reached": never, "of_1000_a_second": tight}
        print(f"{name:24} {never['ns_per_call']:>12,} {never['scripts_per_call']:>16} {tight['admitted']:>18,} "
              f"{tight['over']:>6}", flush=True)
    if options.json:
        result = {"when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                  "machine": {"cores": os.cpu_count(), "system": platform.platform()}, "seconds": options.seconds, "redis": rows}
        if options.google and options.google.exists():
            result["memory"] = [{"name": row["name"], "ns": row["real_time"], "floor": row.get("label", "")}
                                for row in json.loads(options.google.read_text())["benchmarks"]
                                if row.get("aggregate_name", "median") == "median"]
        options.json.write_text(json.dumps(result, indent=1) + "\n")


main()
