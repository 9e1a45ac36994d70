#include "tests/fuzz/policies.h"

#include "policy/check.h"
#include "policy/compiler.h"

namespace fuzz {

const std::vector<std::string>& Policies() {
  static const std::vector<std::string> policies = {
      R"({"version":"1","default":"deny","tools":{"send":{}}})",
      R"({"version":"1","default":"allow","hide":["secret*"],"zone":"Europe/Berlin",
          "all_tools":{"limits":[{"counter":"all","window":"day","max":100,"scope":"global"}]},
          "tools":{
            "send":{"args":["to","text","n","list"],"reason":"no",
              "require":[{"conditions":[
                {"path":"args.to","op":"regex","value":"^[a-z]+@x\\.org$"},
                {"path":"args.n","op":"lte","value":100.5,"absent":1}]}],
              "deny_if":[
                {"conditions":[{"path":"args.text","op":"contains","value":"secret"}]},
                {"conditions":[{"path":"args.list","op":"contains","value":3}]}],
              "limits":[{"counter":"sum","window":3600,"max":500.00,"cost":"args.n","scale":2,
                         "scope":["grant",{"arg":"to"},{"claim":"sub"}],"on_error":"refund"}]},
            "s*":{"rate_limit":"30/minute"},
            "*":{"deny_if":[{"conditions":[
              {"path":"grant.attributes.team","op":"neq","value":"ops","absent":"ops"},
              {"path":"now.hour","op":"lt","value":6}]}]}}})",
      R"({"version":"1","default":"deny","tools":{
            "read":{"require":[{"conditions":[
                {"path":"args.path","op":"under","value":"/srv/app"},
                {"path":"args.url","op":"host_in","value":["example.com","*.x.org"]},
                {"path":"args.deep.a[1].b","op":"exists","value":true},
                {"path":"args[\"odd key\"]","op":"in","value":["a","b","c","d","e","f","g","h"]}]}],
              "approve_if":[{"conditions":[{"path":"args.n","op":"gt","value":10}],
                             "from":"finance","within":"10m"}]},
            "send":{"deny_if":[
              {"conditions":[{"path":"args.kind","op":"eq","value":"a"}]},
              {"conditions":[{"path":"args.kind","op":"eq","value":"b"}]},
              {"conditions":[{"path":"args.kind","op":"eq","value":"c"}]},
              {"conditions":[{"path":"args.kind","op":"eq","value":"d"}]},
              {"conditions":[{"path":"args.kind","op":"eq","value":"e"},
                             {"path":"args.flag","op":"neq","value":true}]},
              {"conditions":[{"path":"args.n","op":"not_in","value":[1,2,3]},
                             {"path":"args.kind","op":"starts_with","value":"x"},
                             {"path":"tool.name","op":"ends_with","value":"d"}]}]}}})",
      R"re(policy "texts" default allow
          let staff = ["x.org", "example.com"]
          counter amounts = 500.00 per day each grant, args.to on error refund
          counter calls = 3 per 10m
          tool send, "s*" {
            args only to, cc, text, n, when
            allow "small" when args.n ?? 1 <= 100 because "no"
            allow when args.n * 2 - 1 in [199, 201]
            deny when lower(args.text) matches r"secret\w+" or args.text like "*pass*"
            require all r in args.to: domain(r) in staff
            require not has args.cc or all r in args.cc: (domain(r) in staff and r != "a@x.org")
            require now - time(args.when) < 1h
            approve when length(args.to) > 2 from "finance" within 10m
            charge amounts args.n
            limit calls up to 2
          }
          tool "*" on server "other" { deny "elsewhere" when tool.name == args.text }
          hide "secret*")re",
      R"re(policy "lists" default deny
          zone "Europe/Berlin"
          tool read {
            allow when (count i in args.items: i.kind == "card") <= 3
            deny when any i in args.items: (any t in i.tags: t starts_with args.prefix)
            deny when any i in args.items: (has i.n and i.n + 1 > args.n)
            deny when args.id in args.ids and not args.ids contains args.id
            deny when args.items[0].kind is null or args.text contains join(args.tags, "-")
            require split(args.text, ",") contains "a" or "b" in args.tags
            require args.path under claims.home
          })re",
      R"re(policy "commands" default deny
          tool run {
            allow when words(args.command)[0] in ["git", "ls"]
            deny when any w in words(args.command): w starts_with "-"
            allow when all v in sql_verbs(args.sql): v == "SELECT"
            deny when length(sql_verbs(args.sql)) > 4
            allow when host(args.url) == "x.org" and scheme(args.url) == "https"
              and port(args.url) < 1000
            deny when time(args.when, "America/New_York") + 90s * args.n
              > time("2026-03-29T02:30:00Z")
          })re"};
  return policies;
}

std::vector<std::byte> CompileText(std::string_view text, bool optimise) {
  policy::Diagnostics diagnostics;
  const policy::Source source(text.starts_with('{') ? "policy.json" : "rules.policy",
                              std::string(text));
  auto bytes = policy::Compile(source, {.optimise = optimise}, diagnostics);
  CHECK(bytes.has_value() == !diagnostics.has_errors());
  return bytes ? std::move(*bytes) : std::vector<std::byte>();
}

std::shared_ptr<const policy::Program> LoadCompiled(const std::vector<std::byte>& bytes) {
  auto program = policy::Program::Load(bytes);
  if (!program) std::fprintf(stderr, "%s\n", program.error().what.c_str());
  CHECK(program.has_value());
  return *program;
}

void AddOption(int* argument_count, char*** arguments, const char* option) {
  static std::vector<char*> all;
  all.assign(*arguments, *arguments + *argument_count);
  static std::string added = option;
  all.push_back(added.data());
  all.push_back(nullptr);
  *arguments = all.data();
  ++*argument_count;
}

}  // namespace fuzz
