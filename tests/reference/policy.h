// A policy as the reference evaluator reads it, of either form: plain structures in the order of
// the text.
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

#include "tests/reference/expression.h"
#include "tests/reference/place.h"

namespace reference {

struct Scope {
  std::string kind;  // grant, session, tool, server, global, claim, arg
  Path path;         // claim, arg
};

struct Limit {
  std::string counter;
  std::string algorithm = "fixed";
  std::string window;          // concurrency: "lifetime"
  std::int64_t max_units = 0;  // at `scale`
  int scale = 0;
  std::optional<std::int64_t> burst_units;  // of a bucket; none: its max
  std::vector<Scope> scopes;
  std::optional<Expression> cost;  // none: 1 is charged
  bool refund = false;
};

enum class RuleKind { Hide, Allow, Deny, Require, Approve, CloseArguments, Limit };

struct Rule {
  RuleKind kind = RuleKind::Deny;
  std::string id;
  std::optional<Expression> condition;  // none: always
  std::string text;                     // what the author wants the agent to read
  std::string from;
  std::int64_t within_seconds = 0;
  std::vector<std::string> arguments;  // CloseArguments
  Limit limit;
};

// Rules for the tools that any of the patterns matches.
struct Entry {
  std::vector<std::string> patterns;
  std::optional<std::string> server;  // only for calls to this one
  std::vector<Rule> rules;
};

struct Policy {
  bool default_allows = false;
  std::string zone = "UTC";
  // hide is an entry too, and stands before the tools.
  std::vector<Entry> entries;
  // Of counters that are declared, whether a rule names them or not: the policy names these paths.
  std::vector<Scope> declared_scopes;
};

// Text that begins with `{` is policy.json. nullopt with a sentence in `problem` for what it does
// not understand.
std::optional<Policy> ReadPolicy(std::string_view text, std::string& problem);

std::optional<Policy> ReadJsonPolicy(std::string_view text, std::string& problem);
std::optional<Policy> ReadTextPolicy(std::string_view text, std::string& problem);

// 500.00 has two, 5.25e1 has one, 5e2 none.
int DecimalsWritten(const std::string& number);

}  // namespace reference

#endif  // TESTS_REFERENCE_POLICY_H_
