"""Measures policyd over HTTP against no proxy, nginx, HAProxy and a relay on its own transport, all in one run; see
bench/README.md. Called by bench/gateway/run."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = TOP / "build/bin"
SCRATCH = TOP / "build/bench/gateway-http"
POLICY = TOP / "bench/gateway/policies/limit.json"
SECONDS_MAX = 60
RELAY, NGINX, HAPROXY, POLICYD = "relay", "nginx", "HAProxy", "policyd, limit, log"

NGINX_CONF = """
worker_processes 1;
daemon off;
pid {scratch}/nginx.pid;
error_log stderr error;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {scratch}/nginx-body;
  proxy_temp_path {scratch}/nginx-proxy;
  fastcgi_temp_path {scratch}/nginx-fastcgi;
  uwsgi_temp_path {scratch}/nginx-uwsgi;
  scgi_temp_path {scratch}/nginx-scgi;
  keepalive_requests 1000000000;
  tcp_nodelay on;
  upstream echo {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://echo;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      {extra}
    }}
  }}
}}
"""

HAPROXY_CFG = """
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  http-reuse always
frontend in
  bind 127.0.0.1:{port}
  default_backend echo
backend echo
  server echo 127.0.0.1:{upstream} pool-max-conn -1 maxconn 8192
"""


class Failure(Exception):
    """A wrong answer, or a program that would not run."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise Failure(f"nothing listens on port {port}; see {SCRATCH}")


def processes_below(process):
    """`process` and all that it has started."""
    found, at = [process], 0
    while at < len(found):
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{found[at]}/task/{found[at]}/children").read_text()
            found += map(int, text.split())
        at += 1
    return found


class Row:
    """A program that listens: where, and which processes it is."""

    def __init__(self, name, command, port, processor, path="/mcp", token=""):
        self.name, self.port, self.path, self.token = name, port, path, token
        with open(SCRATCH / f"{name.split(',')[0]}.log", "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True,
                                            preexec_fn=lambda: os.sched_setaffinity(0, {processor}))
        wait_for(port)
        self.processes = processes_below(self.process.pid)

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def policyd(port, upstream, processor):
    grants = SCRATCH / "grants.json"
    token = subprocess.run([PROGRAMS / "policyd", "grants", "add", "--grants", grants, "bench"],
                           check=True, capture_output=True, text=True).stdout.strip()
    config = SCRATCH / "policyd.json"
    config.write_text(json.dumps({
        "listen": {"address": "127.0.0.1", "port": port},
        "workers": 1,
        "servers": {"echo": {"url": f"http://127.0.0.1:{upstream}/mcp", "policy": str(POLICY)}},
        "grants_file": str(grants),
        "state": str(SCRATCH / "state"),
        "log": {"path": str(SCRATCH / "decisions.log")},
        "limits": {"in_flight_max": 4096, "sessions_max": 1000000, "sessions_per_grant_max": 1000000,
                   "upstream_connections_max": 4096},
    }))
    config.chmod(0o600)
    return Row(POLICYD, [PROGRAMS / "policyd", "serve", "--config", config, "--init-state"], port, processor, "/mcp/echo", token)


def start_rows(only, streams):
    """All that is measured; the upstream, which is the row `direct`, first."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    processors = sorted(os.sched_getaffinity(0))
    own, other = processors[0], processors[-1]
    rows = [Row("direct", [PROGRAMS / "bench_http_echo_server", str(port)], port, own) for port in [free_port()]]
    upstream = rows[0].port
    extra = "proxy_buffering off; proxy_read_timeout 300s;" if streams else ""
    wanted = [RELAY, NGINX, HAPROXY, POLICYD]
    try:
        for name in (name for name in wanted if only in name):
            port = free_port()
            if name == RELAY:
                url = f"http://127.0.0.1:{upstream}/mcp"
                rows.append(Row(name, [PROGRAMS / "bench_http_relay", str(port), url], port, other))
            elif name == POLICYD:
                rows.append(policyd(port, upstream, other))
            elif shutil.which(name.lower()) or shutil.which(f"/usr/sbin/{name.lower()}"):
                text = NGINX_CONF if name == NGINX else HAPROXY_CFG
                path = SCRATCH / f"{name}.conf"
                path.write_text(text.format(scratch=SCRATCH, port=port, upstream=upstream, extra=extra))
                program = shutil.which(name.lower()) or f"/usr/sbin/{name.lower()}"
                arguments = ["-c", path] if name == NGINX else ["-db", "-f", path]
                rows.append(Row(name, [program, *arguments], port, other))
            else:
                print(f"{name} is not installed, and left out")
    except BaseException:
        end_rows(rows)
        raise
    return rows


def end_rows(rows):
    for row in reversed(rows):
        row.end()


def drive(row, **numbers):
    words = [PROGRAMS / "bench_http_driver", "--port", str(row.port), "--path", row.path,
             "--seconds-max", str(SECONDS_MAX), "--driver-cpu", str(min(os.sched_getaffinity(0)))]
    if row.token:
        words += ["--token", row.token]
    for process in row.processes:
        words += ["--process", str(process)]
    for name, number in numbers.items():
        words += ["--" + name.replace("_", "-"), str(number)]
    driver = subprocess.run(words, capture_output=True, text=True)
    if driver.returncode != 0:
        raise Failure(f"{row.name}, {numbers}: {driver.stdout}{driver.stderr}; see {SCRATCH}")
    return json.loads(driver.stdout)


def measure(options):
    """{row: {what: [result of each round]}}"""
    results = {}
    rows = start_rows(options.only, streams=False)
    try:
        for turn in range(options.http_rounds):
            for connections in options.connections:
                for row in rows[turn % len(rows):] + rows[:turn % len(rows)]:
                    result = drive(row, connections=connections, milliseconds=options.http_milliseconds)
                    results.setdefault(row.name, {}).setdefault(connections, []).append(result)
        # Every row is offered the same: half of what the slowest one takes.
        slowest = min(median(by[max(by)], "per_s") for by in results.values())
        rate = max(100, int(slowest / 2))
        for turn in range(options.http_rounds):
            for row in rows[turn % len(rows):] + rows[:turn % len(rows)]:
                result = drive(row, connections=64, rate=rate, milliseconds=options.http_milliseconds)
                results[row.name].setdefault("open", []).append(result | {"rate": rate})
    finally:
        end_rows(rows)
    rows = start_rows(options.only, streams=True)
    try:
        for row in rows:
            try:
                results[row.name]["streams"] = [drive(row, streams=options.streams)]
            except Failure as failure:
                print(f"streams: {failure}")
    finally:
        end_rows(rows)
    return results


def median(results, key):
    return statistics.median(result[key] for result in results)


def summary(results):
    table = {}
    for name, measured in results.items():
        row = table[name] = {}
        for what, rounds in measured.items():
            if what == "streams":
                row["kib_a_stream"] = round(rounds[0]["kib_a_stream"], 2)
            elif what == "open":
                row["open loop"] = {"rate": rounds[0]["rate"], **{
                    key: round(median(rounds, key), 1) for key in ("p50_us", "p99_us", "p999_us", "cpu_us")}}
            else:
                row[f"{what} connections"] = {
                    **{key: round(median(rounds, key), 1) for key in ("p50_us", "p99_us", "cpu_us")},
                    "per_s": round(median(rounds, "per_s")),
                }
                row["resident_mib"] = round(max(r["resident_kib"] for r in rounds) / 1024, 1)
    return table


def print_table(table, connections):
    nginx = table.get(NGINX)
    for count in connections:
        key = f"{count} connections"
        print(f"\n{key}, the next call when the last is answered"
              f"\n{'':22}{'calls/s':>10}{'/ nginx':>9}{'CPU us':>9}{'/ nginx':>9}{'p50 us':>10}{'/ nginx':>9}{'p99 us':>10}")
        for name, row in table.items():
            figures = row[key]
            ratio = {k: figures[k] / nginx[key][k] if nginx and nginx[key][k] else 0 for k in ("per_s", "cpu_us", "p50_us")}
            print(f"{name:22}{figures['per_s']:10,}{ratio['per_s']:9.2f}{figures['cpu_us']:9.1f}{ratio['cpu_us']:9.2f}"
                  f"{figures['p50_us']:10.1f}{ratio['p50_us']:9.2f}{figures['p99_us']:10.1f}")
    print(f"\nopen loop, {next(iter(table.values()))['open loop']['rate']:,} calls/s due over 64 connections"
          f"\n{'':22}{'p50 us':>10}{'p99 us':>10}{'p99.9 us':>10}{'CPU us':>9}{'resident MiB':>14}{'KiB a stream':>14}")
    for name, row in table.items():
        figures = row["open loop"]
        stream = f"{row['kib_a_stream']:14.1f}" if "kib_a_stream" in row else f"{'-':>14}"
        print(f"{name:22}{figures['p50_us']:10.1f}{figures['p99_us']:10.1f}{figures['p999_us']:10.1f}"
              f"{figures['cpu_us']:9.1f}{row['resident_mib']:14.1f}{stream}")


def add_options(parser):
    group = parser.add_argument_group("over HTTP")
    group.add_argument("--http-rounds", type=int, default=5)
    group.add_argument("--http-milliseconds", type=int, default=1500)
    group.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32, 256])
    group.add_argument("--streams", type=int, default=200)


def run(options):
    """Prints the tables; returns what is written down."""
    table = summary(measure(options))
    print(f"\nHTTP gateway: medians of {options.http_rounds} interleaved rounds of {options.http_milliseconds} ms; one worker"
          " each, on a processor of its own; driver and upstream share the other; bodies of 288 B")
    print_table(table, options.connections)
    return table
