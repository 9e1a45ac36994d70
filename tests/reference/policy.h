// A policy.json as the reference evaluator reads it: plain structures in the order of the text.
//
// It judges no policy: it is given what the product has accepted, and says so where it does not
// understand it.
#ifndef TESTS_REFERENCE_POLICY_H_
#define TESTS_REFERENCE_POLICY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/reference/json.h"

namespace reference {

struct Step {
  std::string name;
  std::optional<std::size_t> index;  // a list element; else a member
};

struct Path {
  std::string root;  // args, tool, grant, claims, client, now
  std::vector<Step> steps;
};

struct Condition {
  Path path;
  std::string op;
  std::optional<Json> value;
  std::optional<Json> absent;
};

struct Scope {
  std::string kind;  // grant, session, tool, server, global, claim, arg
  Path path;         // claim, arg
};

struct Limit {
  std::string counter;
  std::string window;
  std::int64_t max_units = 0;  // at `scale`
  int scale = 0;
  std::vector<Scope> scopes;
  std::optional<Path> cost;  // none: 1 is charged
  bool cost_is_length = false;
  bool refund = false;
};

enum class RuleKind { Hide, Deny, Require, Approve, CloseArguments, Limit };

struct Rule {
  RuleKind kind = RuleKind::Deny;
  std::string id;
  std::vector<Condition> conditions;
  std::string text;  // what the author wants the agent to read
  std::string from;
  std::int64_t within_seconds = 0;
  std::vector<std::string> arguments;  // CloseArguments
  Limit limit;
};

struct Entry {
  std::string pattern;
  std::string id;
  bool admits = false;  // an unconditional allow
  std::vector<Rule> rules;
};

struct Policy {
  bool default_allows = false;
  std::string zone = "UTC";
  // hide and all_tools are entries too, and stand before the tools.
  std::vector<Entry> entries;
};

std::optional<Path> ReadPath(std::string_view text);

// nullopt with a sentence in `problem` for what it does not understand.
std::optional<Policy> ReadPolicy(std::string_view text, std::string& problem);

}  // namespace reference

#endif  // TESTS_REFERENCE_POLICY_H_
