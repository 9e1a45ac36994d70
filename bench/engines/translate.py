"""A workload of `workloads` in the languages of the engines."""

import json

OPERATORS = {"eq": "==", "lte": "<=", "gte": ">=", "gt": ">"}


def text(value):
    return json.dumps(value)


def by_effect(rules):
    found = {effect: [] for effect in ("allow", "require", "deny", "approve")}
    for rule in rules:
        found[rule["effect"]].append(rule["when"])
    return found["allow"], found["require"], found["deny"] + found["approve"]


def policy_json(workload):
    """The product's own form. What is generated has requirements and denials only."""
    tools = {}
    for tool, rules in workload["tools"].items():
        entry = tools.setdefault(tool, {})
        for rule in rules:
            conditions = [{"path": f"args.{each['arg']}", "op": each["op"], "value": each["value"]} for each in rule["when"]]
            key = {"require": "require", "deny": "deny_if"}[rule["effect"]]
            entry.setdefault(key, []).append({"conditions": conditions, "on_deny": "not under this policy"})
    return json.dumps({"version": "1", "default": "deny", "tools": tools}, separators=(",", ":"))


def rego_condition(condition):
    arg, op, value = f"input.args.{condition['arg']}", condition["op"], text(condition["value"])
    if op in OPERATORS:
        return f"{arg} {OPERATORS[op]} {value}"
    if op == "in":
        return f"{arg} in {{{value[1:-1]}}}"
    if op == "like":
        assert condition["value"].index("*") == len(condition["value"]) - 1
        return f"startswith({arg}, {text(condition['value'][:-1])})"
    if op.startswith("length_"):
        return f"count({arg}) {OPERATORS[op[7:]]} {value}"
    return f"{ {'starts_with': 'startswith', 'ends_with': 'endswith'}[op]}({arg}, {value})" if op != "regex" else \
        f"regex.match({value}, {arg})"


def rego(workload):
    lines = ["package policy", "default allow := false", "default denied := false"]
    for tool, rules in workload["tools"].items():
        allows, requires, denials = by_effect(rules)
        begin = f"input.tool == {text(tool)}"
        needed = [rego_condition(each) for when in requires for each in when]
        for when in allows or [[]]:
            body = [begin, *needed, *map(rego_condition, when), *(["not denied"] if denials else [])]
            lines.append(f"allow if {{ {'; '.join(body)} }}")
        lines += [f"denied if {{ {'; '.join([begin, *map(rego_condition, when)])} }}" for when in denials]
    return "\n".join(lines) + "\n"


def cedar_condition(condition):
    arg, op, value = f"context.{condition['arg']}", condition["op"], text(condition["value"])
    if op in OPERATORS:
        return f"{arg} {OPERATORS[op]} {value}"
    if op == "in":
        return f"{value}.contains({arg})"
    return f"{arg} like " + {"starts_with": f"{value[:-1]}*\"", "ends_with": f"\"*{value[1:]}", "like": value}[op]


def cedar(workload):
    """None where a rule needs what Cedar has not: expressions and the length of a text."""
    if any(each["op"] == "regex" or each["op"].startswith("length_")
           for rules in workload["tools"].values() for rule in rules for each in rule["when"]):
        return None
    lines = []
    for tool, rules in workload["tools"].items():
        allows, requires, denials = by_effect(rules)
        scope = f"(principal, action == Action::{text(tool)}, resource)"
        needed = [each for when in requires for each in when]
        for effect, all_of in [("permit", needed + when) for when in allows or [[]]] + [("forbid", when) for when in denials]:
            lines.append(f"{effect}{scope} when {{ {' && '.join(map(cedar_condition, all_of)) or 'true'} }};")
    return "\n".join(lines) + "\n"


def cel_condition(condition):
    arg, op, value = f"args.{condition['arg']}", condition["op"], condition["value"]
    # What is read from JSON is a double there.
    written = text(float(value) if isinstance(value, int) and not isinstance(value, bool) and op in OPERATORS else value)
    if op in OPERATORS:
        return f"{arg} {OPERATORS[op]} {written}"
    if op == "in":
        return f"{arg} in {written}"
    if op == "like":
        return f"{arg}.startsWith({text(value[:-1])})"
    if op.startswith("length_"):
        return f"size({arg}) {OPERATORS[op[7:]]} {written}"
    return f"{arg}.{ {'starts_with': 'startsWith', 'ends_with': 'endsWith', 'regex': 'matches'}[op]}({written})"


def expression(rules, condition, conjunction, disjunction, negation, true):
    """The rules of a tool as one expression."""
    allows, requires, denials = by_effect(rules)
    both = lambda when: f" {conjunction} ".join(map(condition, when)) or true  # noqa: E731
    parts = [both(when) for when in requires]
    parts += [f"{negation}({both(when)})" for when in denials]
    if allows:
        parts.append("(" + f" {disjunction} ".join(f"({both(when)})" for when in allows) + ")")
    return f" {conjunction} ".join(parts) or true


def cel(workload):
    """{tool: expression}: cel-go has one program an expression, and the host chooses it by the tool."""
    return json.dumps({tool: expression(rules, cel_condition, "&&", "||", "!", "true")
                       for tool, rules in workload["tools"].items()})


class Lua:
    """Functions by tool; sets are tables, expressions are the host's `matches(number, text)`."""

    def __init__(self):
        self.sets, self.expressions = [], []

    def condition(self, condition):
        arg, op, value = f"a.{condition['arg']}", condition["op"], condition["value"]
        if op in OPERATORS:
            return f"{arg} {OPERATORS[op]} {text(value)}"
        if op == "in":
            self.sets.append("{" + ",".join(f"[{text(each)}]=true" for each in value) + "}")
            return f"(sets[{len(self.sets)}][{arg}] or false)"
        if op == "regex":
            self.expressions.append(value)
            return f"matches({len(self.expressions) - 1}, {arg})"
        if op.startswith("length_"):
            return f"#{arg} {OPERATORS[op[7:]]} {value}"
        if op == "ends_with":
            return f"sub({arg}, -{len(value)}) == {text(value)}"
        prefix = value.rstrip("*")
        return f"sub({arg}, 1, {len(prefix)}) == {text(prefix)}"

    def write(self, workload):
        bodies = {tool: expression(rules, self.condition, "and", "or", "not ", "true")
                  for tool, rules in workload["tools"].items()}
        head = "local tools, sets, matches, sub = ...\n"
        # A chunk for each set and each tool: a chunk has room for 65,536 constants.
        chunks = [f"{head}sets[{i + 1}] = {each}\n" for i, each in enumerate(self.sets)]
        chunks += [f"{head}tools[{text(tool)}] = function(a) return {body} end\n" for tool, body in bodies.items()]
        return "\0".join(chunks)


def write(workload, lines, answers, folder):
    """Everything that the engines read, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    product = workload.get("product")
    (folder / ("policy.policy" if product else "policy.json")).write_text(product or policy_json(workload))
    context = workload.get("context", {})
    lua = Lua()
    files = {
        "workload.json": json.dumps({"tools": workload["tools"]}, separators=(",", ":")),
        "attributes.json": json.dumps(context.get("grant_attributes", {})),
        "policy.rego": rego(workload), "policy.cedar": cedar(workload), "policy.cel": cel(workload),
        "policy.lua": lua.write(workload), "expressions.json": json.dumps(lua.expressions),
        "calls.jsonl": "\n".join(lines) + "\n", "answers": answers,
    }
    for name, content in files.items():
        if content is not None:
            (folder / name).write_text(content)
