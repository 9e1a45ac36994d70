"""The policies that are raced and the calls they decide, made from a seed. See bench/README.md.

A workload is in a neutral form that `translate` writes in each engine's language:

  {"name", "tools": {tool: [rule, …]}, "context": {…}, "product": text of the policy, or None: translated like the others}
  rule: {"effect": "require" | "deny" | "allow" | "approve", "when": [condition, …]}
  condition: {"arg", "op", "value"}; op: eq lte gte gt in starts_with ends_with like regex length_lte length_gte

A call is allowed where its tool is listed, every require holds, no deny and no approve does, and an allow does if there are any.
"""

import json
import pathlib
import random
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
CALLS = 4096
REQUEST_BYTES = 288

NUMBERS = ("amount", "limit", "count", "priority", "depth", "size")
ENUMS = {
    "status": ("open", "closed", "pending", "merged", "draft", "archived"),
    "currency": ("EUR", "USD", "GBP", "CHF", "SEK", "JPY"),
    "region": ("eu-west", "eu-north", "us-east", "us-west", "ap-south", "sa-east"),
    "channel": ("mail", "chat", "phone", "letter", "sms", "push"),
}
PREFIXES = {"path": "/srv/app/{}/", "branch": "agent/{}/", "bucket": "s3://reports-{}/"}
SUFFIXES = {"file": (".md", ".txt", ".json", ".csv"), "domain": (".example.com", ".example.org")}
EXPRESSIONS = {
    "branch": (r"^agent/{}/[a-z0-9-]{{1,50}}$", "agent/{}/fix-login-7"),
    "ticket": (r"^(OPS|DEV|SEC)-{}[0-9]{{1,6}}$", "DEV-{}4711"),
    "file": (r"^team-{}/.+\.(png|jpe?g|gif|webp)$", "team-{}/pictures/of/summer.jpeg"),
    "version": (r"^v{}\.[0-9]+\.[0-9]+(-rc[0-9]+)?$", "v{}.12.3-rc4"),
    "host": (r"^([a-z0-9-]+\.)*zone{}\.example\.com$", "build-3.ci.zone{}.example.com"),
}
VERBS = ("get", "list", "create", "update", "delete", "send", "search", "merge", "move", "close")
NOUNS = ("issue", "order", "invoice", "branch", "file", "message", "ticket", "page", "event", "contact", "record")


def holds(condition, arguments):
    given, value = arguments[condition["arg"]], condition["value"]
    return {
        "eq": lambda: given == value,
        "lte": lambda: given <= value,
        "gte": lambda: given >= value,
        "gt": lambda: given > value,
        "in": lambda: given in value,
        "starts_with": lambda: given.startswith(value),
        "ends_with": lambda: given.endswith(value),
        "like": lambda: re.fullmatch(".*".join(map(re.escape, value.split("*"))), given, re.S) is not None,
        "regex": lambda: re.search(value, given) is not None,
        "length_lte": lambda: len(given) <= value,
        "length_gte": lambda: len(given) >= value,
    }[condition["op"]]()


def allowed(workload, tool, arguments):
    """What every engine has to answer."""
    rules = workload["tools"].get(tool)
    if rules is None:
        return False
    fired = {}
    for rule in rules:
        fired.setdefault(rule["effect"], []).append(all(holds(each, arguments) for each in rule["when"]))
    return (all(fired.get("require", [])) and not any(fired.get("deny", []) + fired.get("approve", []))
            and any(fired.get("allow", [True])))


def tool_names(count):
    return [f"{VERBS[i % len(VERBS)]}_{NOUNS[i // len(VERBS) % len(NOUNS)]}_{i}" for i in range(count)]


def thin_condition(chance, arg, number):
    if arg in NUMBERS:
        return {"arg": arg, "op": chance.choice(("lte", "gte")), "value": chance.randrange(100, 900)}
    if arg in ENUMS:
        values = chance.sample(ENUMS[arg], chance.randrange(1, 5))
        return {"arg": arg, "op": "in", "value": values} if len(values) > 1 else {"arg": arg, "op": "eq", "value": values[0]}
    if arg in PREFIXES:
        return {"arg": arg, "op": "starts_with", "value": PREFIXES[arg].format(number)}
    return {"arg": arg, "op": "ends_with", "value": chance.choice(SUFFIXES[arg])}


def value_for(chance, condition, holding):
    """A value of the condition's type for which it holds, or does not."""
    op, value = condition["op"], condition["value"]
    if op in ("lte", "gte"):
        below = (op == "lte") == holding
        return chance.randrange(0, value) if below else chance.randrange(value + 1, 1001)
    if op in ("eq", "in"):
        values = value if op == "in" else [value]
        if holding:
            return chance.choice(values)
        others = [one for one in ENUMS.get(condition["arg"], ()) if one not in values]
        return chance.choice(others) if others else f"other-{chance.randrange(10**6)}"
    rest = f"notes-{chance.randrange(10**4)}"
    if op == "starts_with":
        return (value if holding else "/home/") + rest
    return rest + (value if holding else ".exe")


def requirements(tools, conditions):
    """{tool: one require of its conditions}."""
    return {tool: [{"effect": "require", "when": each}] for tool, each in zip(tools, conditions)}


def thin(name, chance, tool_count, condition_count):
    args = [*NUMBERS, *ENUMS, *PREFIXES, *SUFFIXES]
    tools = tool_names(tool_count)
    share, more = divmod(condition_count, tool_count)
    conditions = [[thin_condition(chance, arg, i) for arg in chance.sample(args, share + (i < more))]
                  for i in range(tool_count)]
    chance.shuffle(tools)
    return {"name": name, "tools": requirements(tools, conditions)}


def thin_call(chance, workload):
    if chance.random() < 0.03:
        return f"unlisted_{chance.randrange(10**4)}", {"amount": 5}
    tool = chance.choice(workload["names"])
    conditions = workload["tools"][tool][0]["when"]
    broken = chance.randrange(len(conditions)) if chance.random() < 0.4 else -1
    return tool, {each["arg"]: value_for(chance, each, i != broken) for i, each in enumerate(conditions)}


def dense(name, chance, tool_count, rule_count, condition_count):
    """Denials of condition_count conditions each; the numbers come first and mostly hold."""
    workload = {"name": name, "tools": {}}
    for tool in tool_names(tool_count):
        rules = []
        for _ in range(rule_count):
            enums = chance.sample(list(ENUMS), 2)
            when = [{"arg": arg, "op": chance.choice(("lte", "gte")), "value": chance.randrange(300, 700)}
                    for arg in chance.sample(NUMBERS, condition_count - len(enums))]
            when += [{"arg": arg, "op": "eq", "value": chance.choice(ENUMS[arg])} for arg in enums]
            rules.append({"effect": "deny", "when": when})
        workload["tools"][tool] = rules
    return workload


def dense_call(chance, workload):
    tool = chance.choice(workload["names"])
    arguments = {arg: chance.randrange(0, 1001) for arg in NUMBERS}
    arguments.update((arg, chance.choice(values)) for arg, values in ENUMS.items())
    if chance.random() < 0.4:
        rule = chance.choice(workload["tools"][tool])
        arguments.update((each["arg"], value_for(chance, each, True)) for each in rule["when"])
    return tool, arguments


def sets(name, chance, tool_count, size):
    tools = tool_names(tool_count)
    conditions = [[{"arg": "customer", "op": "in", "value": [f"customer-{n}" for n in chance.sample(range(10**7), size)]}]
                  for _ in tools]
    return {"name": name, "tools": requirements(tools, conditions)}


def expressions(name, chance, tool_count):
    tools = tool_names(tool_count)
    conditions = [[{"arg": arg, "op": "regex", "value": EXPRESSIONS[arg][0].format(i)}
                   for arg in chance.sample(list(EXPRESSIONS), 2)] for i in range(tool_count)]
    return {"name": name, "tools": requirements(tools, conditions)}


def expressions_call(chance, workload):
    number = chance.randrange(len(workload["names"]))
    tool = workload["names"][number]
    conditions = workload["tools"][tool][0]["when"]
    broken = chance.randrange(len(conditions)) if chance.random() < 0.4 else -1
    arguments = {each["arg"]: EXPRESSIONS[each["arg"]][1].format(number) + ("/!" if i == broken else "")
                 for i, each in enumerate(conditions)}
    return tool, arguments


def example(name):
    """examples/<name> without its counters, which no peer has, and the same in the neutral form."""
    folder = pathlib.Path(__file__).parent / "policies"
    workload = json.loads((folder / f"{name}.json").read_text())
    lines = (TOP / f"examples/{name}/{name}.policy").read_text().split("\n")
    workload["product"] = "\n".join(line for line in lines if not re.match(r"\s*(counter|limit|charge)\b", line))
    workload["name"] = f"example_{name}"
    return workload


def example_call(chance, workload):
    tool = chance.choice([*workload["values"], "unlisted"])
    values = workload["values"].get(tool, {})
    return tool, {arg: chance.choice(choices) for arg, choices in values.items()}


WORKLOADS = {
    "thin_200": (lambda chance: thin("thin_200", chance, 200, 450), thin_call),
    "thin_5000": (lambda chance: thin("thin_5000", chance, 5000, 15_000), thin_call),
    "thin_20000": (lambda chance: thin("thin_20000", chance, 20_000, 60_000), thin_call),
    "dense_200": (lambda chance: dense("dense_200", chance, 200, 20, 6), dense_call),
    "sets_10000": (lambda chance: sets("sets_10000", chance, 10, 10_000), thin_call),
    "regex_200": (lambda chance: expressions("regex_200", chance, 200), expressions_call),
    "example_refunds": (lambda chance: example("refunds"), example_call),
    "example_github": (lambda chance: example("github"), example_call),
}


def request(number, tool, arguments):
    """The call as bytes, with a text that no rule looks at up to REQUEST_BYTES."""
    message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    if "note" in arguments:
        room = REQUEST_BYTES - len(json.dumps(message, separators=(",", ":"))) + len(arguments["note"])
        arguments["note"] = ("as agreed with the customer on the phone; " * 8)[:max(0, room)]
    return json.dumps(message, separators=(",", ":"))


def make(name, seed):
    """(workload, request lines, what is to be answered to each)."""
    build, call = WORKLOADS[name]
    chance = random.Random(f"{seed} {name}")
    workload = build(chance)
    workload["names"] = list(workload["tools"])
    lines, answers = [], ""
    for number in range(CALLS):
        tool, arguments = call(chance, workload)
        if "product" not in workload:  # an example's arguments are closed
            arguments["note"] = ""
        answers += "01"[allowed(workload, tool, arguments)]
        lines.append(request(number, tool, arguments))
    return workload, lines, answers
