"""The race in tables, and beside what ARCHITECTURE.md asks for."""

import os
import resource
import time

MIB = 1 << 20


class Noise:
    """How much of the machine others use, in percent, since this was made. Children count once they have ended."""

    def __init__(self):
        self.began, self.busy, self.own = time.monotonic(), self.busy_seconds(), self.own_seconds()

    @staticmethod
    def busy_seconds():
        with open("/proc/stat") as stat:
            user, nice, system, _, _, interrupt, soft, steal = map(int, stat.readline().split()[1:9])
        return (user + nice + system + interrupt + soft + steal) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def own_seconds():
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    def percent(self):
        others = self.busy_seconds() - self.busy - (self.own_seconds() - self.own)
        return 100 * max(0, others) / ((time.monotonic() - self.began) * os.cpu_count())


def ns(rows, engine, mode, threads=1):
    return rows.get(engine, {}).get(mode, {}).get(str(threads), {}).get("ns")


def targets(results):
    """[{what, figure, target, met}] of what can be told from these results."""
    found = []

    def add(what, figure, target, text):
        if figure is not None:
            found.append({"what": what, "figure": text.format(figure), "target": text.format(target), "met": figure <= target})

    def over(rows, one, other, mode):
        """How many times as long `one` takes as `other`."""
        figures = ns(rows, one, mode), ns(rows, other, mode)
        return None if None in figures else figures[0] / figures[1]

    dense = over(results.get("dense_200", {}), "interpreter", "machine code", "filled")
    if dense is not None:
        found.append({"what": "dense_200: machine code against the interpreter", "figure": f"{dense:.2f}x", "target": ">= 3x",
                      "met": dense >= 3})
    slower = [over(rows, "auto", "interpreter", mode) for rows in results.values() for mode in ("filled", "bytes")]
    add("auto against the interpreter, the worst workload", max((each for each in slower if each), default=None), 1.05, "{:.2f}x")
    small, large = results.get("thin_200", {}), results.get("thin_20000", {})
    add("thin_200: decide, slots filled", ns(small, "interpreter", "filled"), 20, "{:.1f} ns")
    add("thin_200: decide from 288 bytes", ns(small, "interpreter", "bytes"), 350, "{:.0f} ns")
    if small and large:
        add("200 to 20,000 tools: decide, slots filled", ns(large, "interpreter", "filled") / ns(small, "interpreter", "filled"),
            2, "{:.2f}x")
    if large:
        add("thin_20000: check and compile", large["interpreter"]["load_s"], 2, "{:.2f} s")
        add("thin_20000: program", large["interpreter"]["program_bytes"] / MIB, 20, "{:.1f} MiB")
    return found


def cell(figure):
    if figure is None:
        return "-"
    return f"{figure:,.1f}" if figure < 100 else f"{figure:,.0f}"


def print_table(title, results, engines, pick):
    print(f"\n{title}\n{'':18}" + "".join(f"{engine:>13}" for engine in engines))
    for name, rows in results.items():
        print(f"{name:18}" + "".join(f"{cell(pick(rows.get(engine, {}))):>13}" for engine in engines))


def print_all(written):
    results = written["workloads"]
    engines = list(dict.fromkeys(engine for rows in results.values() for engine in rows))
    settings = written["settings"]
    print(f"engines: medians of {settings['rounds']} interleaved rounds of {settings['milliseconds']} ms, {settings['calls']:,} calls,"
          f" each engine's decisions checked first; others used {written['others_percent']} % of the machine")
    for mode, words in (("filled", "inputs made ready"), ("bytes", "from the request's bytes")):
        for threads in (1, 2):
            print_table(f"ns a decision, {words}, {threads} thread{'s' if threads > 1 else ''}", results, engines,
                        lambda row: row.get(mode, {}).get(str(threads), {}).get("ns"))
    for share, key in (("p50", "p50_ns"), ("p99", "p99_ns"), ("p99.9", "p999_ns")):
        print_table(f"us a batch of 64, from the request's bytes, 1 thread, {share}", results, engines,
                    lambda row: row["bytes"]["1"][key] / 1000 if "bytes" in row else None)
    print_table("ms to load: text to what decides", results, engines,
                lambda row: 1000 * row["load_s"] if "load_s" in row else None)
    print_table("MiB resident, loaded", results, engines, lambda row: row.get("rss_mib"))
    print_table("KiB of program", results, engines, lambda row: row["program_bytes"] / 1024 if row.get("program_bytes") else None)
    print_table("calls checked", results, engines, lambda row: row.get("checked"))
    if {"thin_200", "thin_20000"} <= results.keys():
        print("\n200 to 20,000 tools, inputs made ready: " + ", ".join(
            f"{engine} {ns(results['thin_20000'], engine, 'filled') / ns(results['thin_200'], engine, 'filled'):.1f}x"
            for engine in engines if ns(results["thin_20000"], engine, "filled") and ns(results["thin_200"], engine, "filled")))
    absent = [(name, engine, row["absent"]) for name, rows in results.items() for engine, row in rows.items() if "absent" in row]
    for name, engine, why in absent:
        print(f"{name}: {engine}: {why}")
    if written["targets"]:
        print("\ntargets (ARCHITECTURE.md)")
    for each in written["targets"]:
        print(f"  {each['what']:58}{each['figure']:>12}   target {each['target']:>10}   {'met' if each['met'] else 'not met'}")
