"""Which folder may include which: the arrows of the architecture, and the libraries that stay behind one wall."""

import re

# A folder may include itself, include/policy/ and what is named here. The longest folder that holds a file is its own.
ARROWS = {
    "include": [],
    "runtime/value": [],
    "runtime/program": ["runtime/value"],
    "runtime/limits": ["runtime/program", "runtime/value"],
    "runtime/mcp": ["runtime/program", "runtime/value"],
    "runtime/vm": ["runtime/limits", "runtime/mcp", "runtime/program", "runtime/value"],
    "runtime/jit": ["runtime/program", "runtime/value", "runtime/vm"],
    "runtime/embed": ["runtime/limits", "runtime/program", "runtime/value", "runtime/vm"],
    "runtime/transport": ["runtime/limits", "runtime/mcp", "runtime/program", "runtime/value", "runtime/vm"],
    "runtime/gateway": [
        "runtime/jit", "runtime/limits", "runtime/mcp", "runtime/program", "runtime/transport", "runtime/value",
        "runtime/vm",
    ],
    "grammar": ["runtime/value"],
    # The lock and its schemas; what asks servers for them stays behind compiler/catalog/.
    "compiler": ["compiler/catalog", "grammar", "runtime/program", "runtime/value"],
    # The C interface of the compiler goes with that of the runtime.
    "compiler/embed": [
        "compiler", "grammar", "runtime/embed", "runtime/limits", "runtime/program", "runtime/value", "runtime/vm",
    ],
    "compiler/testing": [
        "compiler", "grammar", "runtime/limits", "runtime/mcp", "runtime/program", "runtime/value", "runtime/vm",
    ],
    "compiler/driver": [
        "compiler", "compiler/catalog", "compiler/testing", "grammar", "runtime/jit", "runtime/limits", "runtime/mcp",
        "runtime/program", "runtime/transport", "runtime/value", "runtime/vm",
    ],
    "compiler/catalog": [
        "compiler", "grammar", "runtime/limits", "runtime/mcp", "runtime/program", "runtime/transport", "runtime/value",
        "runtime/vm",
    ],
}

# The composition roots: they alone know both sides.
ROOTS = {"compiler/driver/main.cc", "runtime/gateway/main.cc"}

# Headers of one library, the folders that may see them, and what others do instead.
WALLS = [
    (re.compile(r"tao/"), ["grammar"], "parse in grammar/ and hand out the AST"),
    (re.compile(r"llvm/"), ["runtime/jit"], "machine code is made in runtime/jit alone"),
    (
        re.compile(r"(sys/(socket|un|epoll|eventfd|signalfd|timerfd)|netinet/.*|arpa/inet|netdb|poll)\.h$"),
        ["runtime/transport"],
        "put what touches the socket or descriptor into runtime/transport and pass it in",
    ),
    (
        re.compile(r"nlohmann/"),
        ["grammar", "compiler", "runtime/gateway"],
        "calls are read by runtime/mcp; nlohmann/json reads policies and configuration only",
    ),
    (re.compile(r"curl/"), ["compiler/catalog"], "servers are asked over HTTP by compiler/catalog alone"),
    (re.compile(r"CLI/"), ["compiler/driver", "runtime/gateway"], "command lines are read where the programs start"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
PRODUCT = ("include", "grammar", "compiler", "runtime")


def folder_of(path):
    """The longest folder with a row of its own that holds `path`, or None."""
    best = None
    for folder in ARROWS:
        if path.startswith(folder + "/") and (best is None or len(folder) > len(best)):
            best = folder
    return best


def check(path, text):
    """Yields (line, message) for every include of a product file that points the wrong way."""
    if not path.startswith(tuple(p + "/" for p in PRODUCT)):
        return
    own = folder_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quoted, header = found.group(1) == '"', found.group(2)
        for library, folders, instead in WALLS:
            if library.match(header) and not path.startswith(tuple(f + "/" for f in folders)):
                yield number, f"`{header}` is included only in {', '.join(folders)}: {instead}"
        if not quoted or header.startswith("policy/"):
            continue
        target = folder_of(header)
        if target is None:
            yield number, f"`{header}` is not named from the top: write the path below the checkout, or policy/…"
        elif own is None:
            yield number, f"{path} lies in a folder without a row in tests/tidy/arrows.py: add its arrows"
        elif target != own and target not in ARROWS[own] and path not in ROOTS:
            yield number, (
                f"{own} must not include {target}: it may include {', '.join(['include'] + ARROWS[own])}; "
                f"move what both need to a folder that {own} may see, or pass it in from main.cc"
            )
