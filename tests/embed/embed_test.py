#!/usr/bin/env python3
"""Installs the build into a folder of its own, and uses what is there: every header alone, in C and in C++, examples/embed by
CMake and by pkg-config, and no symbol of libpolicy.so but the C interface's."""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = TOP / "examples/embed"
NOW_SECONDS = "1772366400"
EXPECTED = """\
allow /tools/create_refund [1 of 2 used]
deny /tools/create_refund/require/0: refunds go up to 100
deny /tools/create_refund/require/0: refunds go up to 100 (`args.amount` is text, not a number)
allow /tools/create_refund [2 of 2 used]
limited /tools/create_refund/rate_limit [2 of 2 used]: 2 per hour used up; try again in 60 min
deny /default: the policy does not permit the tool `delete_order`
deny: duplicate key `amount`
"""


def run(*command, **options):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def demand(condition, what):
    if not condition:
        sys.exit(what)


def check_headers(include, cxx):
    """Each compiles alone; the C interface as strict C99 and C++, too."""
    headers = sorted((include / "policy").glob("*.h"))
    demand(len(headers) >= 10, f"headers installed: {headers}")
    for header in headers:
        run(cxx, "-std=c++23", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", include, "-x", "c++", "-",
            input=f'#include "policy/{header.name}"\n#include "policy/{header.name}"\n')
    run("cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", include, "-x", "c", "-",
        input='#include <policy/policy.h>\n')
    run(cxx, "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", include, "-x", "c++", "-",
        input='#include <policy/policy.h>\n')


def check_symbols(library, header):
    """libpolicy.so has the functions of policy.h and nothing else."""
    shown = {line.split()[-1].partition("@")[0] for line in run("nm", "-D", "--defined-only", library).splitlines()}
    declared = set(re.findall(r"\b(policy_\w+)\(", re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)))
    declared -= {"policy_text_of"}  # inline
    demand(shown - {"POLICY_1"} == declared, f"only in the library: {shown - declared}; only declared: {declared - shown}")


def check_decisions(program, policy):
    output = run(program, policy, NOW_SECONDS, input=(EXAMPLE / "calls.jsonl").read_text())
    demand(output == EXPECTED, f"{program} said:\n{output}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("cmake", "build", "cxx"):
        parser.add_argument("--" + name, required=True)
    options = parser.parse_args()
    scratch = pathlib.Path(options.build) / "embed"
    shutil.rmtree(scratch, ignore_errors=True)
    prefix = scratch / "prefix"
    run(options.cmake, "--install", options.build, "--prefix", prefix)
    library = next(prefix.glob("lib*/**/libpolicy.so"))
    check_headers(prefix / "include", options.cxx)
    check_symbols(library, prefix / "include/policy/policy.h")

    run(options.cmake, "-S", EXAMPLE, "-B", scratch / "example", f"-DCMAKE_PREFIX_PATH={prefix}", "-G", "Ninja",
        f"-DCMAKE_CXX_COMPILER={options.cxx}", "-DCMAKE_BUILD_TYPE=Release",
        f"-DCMAKE_EXE_LINKER_FLAGS={os.environ.get('LDFLAGS', '')}")
    run(options.cmake, "--build", scratch / "example")
    policy = EXAMPLE / "policy.json"
    for program in ("decide_c", "decide_cxx"):
        check_decisions(scratch / "example" / program, policy)

    # By pkg-config, from a folder that was moved after the installation, with a compiled program.
    moved = scratch / "moved"
    prefix.rename(moved)
    library = moved / library.relative_to(prefix)
    environment = dict(os.environ, PKG_CONFIG_PATH=str(library.parent / "pkgconfig"), LD_LIBRARY_PATH=str(library.parent))
    flags = run("pkg-config", "--cflags", "--libs", "policy", env=environment).split()
    program = scratch / "decide_pkg_config"
    run("cc", "-std=c99", EXAMPLE / "decide.c", "-o", program, *flags)
    run(moved / "bin/policyc", "compile", policy, "-o", scratch / "policy.pbc")
    os.environ["LD_LIBRARY_PATH"] = environment["LD_LIBRARY_PATH"]
    check_decisions(program, scratch / "policy.pbc")
    return 0


if __name__ == "__main__":
    sys.exit(main())
