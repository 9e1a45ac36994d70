"""The programs of the race: built, started on a workload, checked, timed. The protocol is in race.h."""

import json
import os
import pathlib
import selectors
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = TOP / "build/bin"
PEERS = TOP / "build/bench-peers"
BATCH = 64


class Failure(Exception):
    """A wrong decision, or a program that does not run."""


class Racer:
    """One engine with one workload, loaded; used as a context."""

    def __init__(self, name, command, folder, load_seconds_max):
        self.name = name
        environment = dict(os.environ, GOMAXPROCS=str(max(2, os.cpu_count())))
        self.process = subprocess.Popen([*command, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=environment, bufsize=0)
        self.loaded = self.answer(load_seconds_max)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def answer(self, seconds_max):
        """A line of its output, or None where it takes too long."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            line = b""
            while not line.endswith(b"\n"):
                if not selector.select(seconds_max):
                    self.process.kill()
                    return None
                part = self.process.stdout.read(65536)
                if not part:
                    raise Failure(f"{self.name} ended with {self.process.wait()}")
                line += part
        return json.loads(line) if line.startswith(b"{") else line.decode().strip()

    def ask(self, *words):
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        said = self.answer(120)
        if said is None:
            raise Failure(f"{self.name} did not answer: {words}")
        return said

    def check(self, answers, seconds):
        """How many calls were decided, and decided right, in both modes."""
        counts = []
        for mode in ("filled", "bytes"):
            said = self.ask("check", mode, seconds)
            if not said or said != answers[:len(said)]:
                wrong = next((i for i, one in enumerate(said) if one != answers[i]), 0)
                raise Failure(f"{self.name} decides call {wrong + 1} otherwise ({mode})")
            counts.append(len(said))
        return min(counts)

    def time(self, mode, threads, calls, milliseconds):
        return self.ask("time", mode, threads, calls, milliseconds)


def run_quietly(log, *command, **options):
    """Whether the command succeeded; what it said is in `log`."""
    with open(log, "w") as output:
        return subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, **options).returncode == 0


def build_go():
    return run_quietly(PEERS / "go.log", "nice", "go", "build", "-p", "1", "-o", str(PEERS / "bench_peer_go"), ".",
                       cwd=TOP / "bench/peers/go")


def build_rust():
    return run_quietly(PEERS / "rust.log", "nice", "cargo", "build", "--release", "--locked", "-j1",
                       "--target-dir", str(PEERS / "rust"), cwd=TOP / "bench/peers/rust")


def peers():
    """({name: command}, {name: why it is missing}); builds what has to be built."""
    PEERS.mkdir(parents=True, exist_ok=True)
    found, missing = {"LuaJIT": [str(PROGRAMS / "bench_engine_luajit"), "luajit"]}, {}
    for tool, build, program, names in (
        ("go", build_go, PEERS / "bench_peer_go", {"cel-go": "cel-go", "OPA": "opa"}),
        ("cargo", build_rust, PEERS / "rust/release/bench_peer_rust", {"regorus": "regorus", "Cedar": "cedar"}),
    ):
        log = PEERS / ("go.log" if tool == "go" else "rust.log")
        why = None
        if shutil.which(tool) is None:
            why = f"{tool} is not installed"
        elif not build():
            why = f"it does not build, see {log.relative_to(TOP)}"
        for name, engine in names.items():
            if why is None:
                found[name] = [str(program), engine]
            else:
                missing[name] = why
    return found, missing


def versions():
    """{peer: version} of the lock files."""
    go = dict(line.split()[:2] for line in (TOP / "bench/peers/go/go.mod").read_text().split("\n")
              if line.startswith("\t") and "indirect" not in line)
    rust = (TOP / "bench/peers/rust/Cargo.lock").read_text().replace('"', "").split("\n")
    crates = {rust[i].removeprefix("name = "): rust[i + 1].removeprefix("version = ")
              for i, line in enumerate(rust) if line.startswith("name = ")}
    return {"OPA": go["github.com/open-policy-agent/opa"], "cel-go": go["cel.dev/cel-go"],
            "Cedar": crates["cedar-policy"], "regorus": crates["regorus"]}
