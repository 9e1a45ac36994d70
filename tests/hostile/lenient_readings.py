"""How servers that read leniently would understand bytes: every call that some reader would execute.

A strict proxy is right when none of these is a call that its policy forbids.
"""

import json
import re
import unicodedata


def decodings(data):
    """The text as readers with different ideas of broken UTF-8 see it."""
    yield data.decode("utf-8", "replace")
    yield data.decode("utf-8", "ignore")
    yield data.decode("utf-8", "surrogatepass") if is_surrogates(data) else data.decode("latin-1")


def is_surrogates(data):
    try:
        data.decode("utf-8", "surrogatepass")
        return True
    except UnicodeDecodeError:
        return False


def splittings(text):
    """Lines by LF; by CR too (Node's readline, text streams); by every line end Unicode knows (str.splitlines)."""
    yield text.split("\n")
    yield re.split(r"[\r\n]", text)
    yield text.splitlines()
    yield text.replace("\0", "\n").split("\n")


def first_wins(pairs):
    record = {}
    for key, value in pairs:
        record.setdefault(key, value)
    return record


def folded(pairs):
    """As Go's encoding/json fills a struct: any case, the last wins."""
    return {unicodedata.normalize("NFKC", key).casefold(): value for key, value in pairs}


def with_prototype(pairs):
    """As JavaScript that copies keys one by one: what stands below __proto__ is inherited."""
    record = dict(pairs)
    inherited = record.pop("__proto__", None)
    return {**inherited, **record} if isinstance(inherited, dict) else record


PAIRS = (dict, first_wins, folded, with_prototype)


def values(line):
    """Every value in the line, by every reader: one after the other where text follows the value."""
    line = line.strip("\ufeff \t\x0b\x0c\0")
    for pairs in PAIRS:
        decoder = json.JSONDecoder(object_pairs_hook=pairs, strict=False)
        at = 0
        while at < len(line):
            try:
                value, at = decoder.raw_decode(line, at)
            except (ValueError, RecursionError):
                at = line.find("{", at + 1)
                if at < 0:
                    break
                continue
            yield value
            while at < len(line) and line[at] in " \t,;\0":
                at += 1


def messages(value):
    if isinstance(value, list):
        for item in value:
            yield from messages(item)
    elif isinstance(value, dict):
        yield value


def plain(text):
    """A word as a server that tidies up its input sees it."""
    return unicodedata.normalize("NFKC", text.split("\0")[0]).strip().casefold()


def calls_in(data):
    """(tool, arguments) of every call that some reader would execute, notifications included."""
    for text in decodings(data):
        for lines in splittings(text):
            for line in lines:
                for value in values(line):
                    for message in messages(value):
                        yield from calls_of(message)


def calls_of(message):
    method, params = message.get("method"), message.get("params")
    if not isinstance(method, str) or plain(method) != "tools/call":
        return
    if isinstance(params, list):  # by position
        params = dict(zip(("name", "arguments"), params))
    if not isinstance(params, dict):
        params = {}
    arguments = params.get("arguments")
    if isinstance(arguments, str):  # encoded twice
        try:
            arguments = json.loads(arguments)
        except ValueError:
            pass
    yield params.get("name"), arguments if isinstance(arguments, dict) else {}


def number(value):
    """What a server that coerces takes the value for; None where no server finds a number."""
    if isinstance(value, list) and len(value) == 1:
        return number(value[0])
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def is_permitted(name, arguments):
    """The policy of hostile_test.py: `echo` alone, and no amount above 100."""
    if not isinstance(name, str) or plain(name) != "echo":
        return False
    amount = number(arguments.get("amount", 0))
    return amount is not None and amount <= 100


def forbidden(data):
    """The first forbidden call that some reader would find in `data`, or None."""
    for name, arguments in calls_in(data):
        if not is_permitted(name, arguments):
            return name, arguments
    return None
