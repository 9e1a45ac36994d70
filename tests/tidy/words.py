"""Words and shapes that have no place in the sources, each with what to write instead."""

import re

CODE = (".cc", ".h", ".def")

# (pattern, files it holds for, files it does not, message)
BANNED = [
    (r"\busing namespace\b", CODE, (), "`using namespace` hides where names come from: name them, or alias the namespace"),
    # LLVM's own words stand where LLVM is told what to do.
    (r"\b\w*Manager\b", CODE, ("runtime/jit/code_generator.cc",),
     "`Manager` says nothing: name the thing it is, as `Window`, `Session`, `Pipeline`"),
    (r"\b\w*Helpers?\b", CODE, (), "`Helper` says nothing: name what it does, or make it a free function"),
    (r"\b\w*[uU]tils?\b", CODE, (), "`util` collects what has no home: put it in the file named for its noun"),
    (r"\bstd::(cout|cerr|clog)\b", CODE, ("compiler/driver/", "runtime/gateway/main.cc", "tests/", "bench/", "examples/"),
     "streams are passed in: only a driver knows std::cout"),
    # The one header that C reads as well.
    (r"\bnullopt_t\b|\bNULL\b", CODE, ("include/policy/policy.h",), "write nullptr or std::nullopt"),
    (r"\bXXX\b|\bFIXME\b|\bHACK\b", CODE, (), "finish it, or write TODO with the reason it waits"),
    (r"\bTODO\b(?!.{10,})", CODE, (), "a TODO carries the reason it waits"),
    (r"\bstd::rand\b|\bsrand\(", CODE, (), "use a seeded <random> engine, so that a failure can be repeated"),
]
BANNED = [(re.compile(p), kinds, but, message) for p, kinds, but, message in BANNED]

# Where text was made: nothing of it belongs in the project. Written so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/")
REGISTRY_HOSTS = re.compile(
    r"registry\.[n]pmjs|[d]eb\.debian\.org|[s]napshot\.debian\.org|[p]ypi\.org|[c]rates\.io|proxy\.[g]olang|[n]pmmirror",
    re.IGNORECASE,
)

LINE_MAX = 100
FILE_LINES_MAX = 600


def check(path, text):
    """Yields (line, message) for every banned word, machine path, registry host, long line and stray white space."""
    code = path.endswith(CODE)
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, kinds, but, message in BANNED:
            if path.endswith(kinds) and not path.startswith(but) and pattern.search(line):
                yield number, message
        if MACHINE_PATHS.search(line):
            yield number, "a path of one machine: write it relative to the checkout, or as an example below /srv"
        if REGISTRY_HOSTS.search(line):
            yield number, "the host of a package registry: name the package, and leave the host to the machine's set-up"
        if code and len(line) > LINE_MAX and "http" not in line and path.endswith((".cc", ".h")):
            yield number, f"a line of {len(line)} characters: {LINE_MAX} is the limit"


def long_files(path, text):
    """Yields a warning for a source that would be easier to live in as two rooms."""
    lines = text.count("\n")
    if path.endswith(CODE) and lines > FILE_LINES_MAX:
        yield lines, f"{lines} lines: past {FILE_LINES_MAX} a file is split by its nouns"
