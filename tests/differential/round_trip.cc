#include "tests/differential/round_trip.h"

#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "compiler/front_end.h"
#include "grammar/ast_printer.h"
#include "grammar/policy_json_writer.h"
#include "grammar/policy_text_writer.h"
#include "grammar/text_from_json.h"
#include "policy/check.h"
#include "policy/diagnostic.h"
#include "policy/source.h"
#include "tests/differential/policy_text.h"

namespace differential {
namespace {

// What the product reads in a text, with the text itself.
struct Read {
  explicit Read(std::string text)
      : source(text.starts_with('{') ? "policy.json" : "rules.policy", std::move(text)),
        policy(policy::ReadSyntax(source, {}, diagnostics)) {}

  bool good() const { return policy.has_value() && !diagnostics.has_errors(); }
  std::string tree() const { return policy::PrintAst(*policy); }

  policy::Source source;
  policy::Diagnostics diagnostics;
  std::optional<policy::ast::Policy> policy;
};

std::string Different(const std::string& what, const std::string& before,
                      const std::string& after) {
  return what + "\n--- before\n" + before + "\n--- after\n" + after + "\n";
}

// Comments between the lines, behind them, and blank lines.
std::string WithComments(const std::string& text, Random& random) {
  std::istringstream lines(text);
  std::string out;
  int count = 0;
  const auto comment = [&count] { return "// c" + std::to_string(++count) + "."; };
  for (std::string line; std::getline(lines, line);) {
    if (random.Chance(10)) out += comment() + "\n";
    if (random.Chance(5)) out += "\n\n\n";
    out += line + (random.Chance(10) ? "  " + comment() : "") + "\n";
  }
  return out;
}

// The comments of a text, in order.
std::vector<std::string> Comments(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (const std::size_t at = line.rfind("// c"); at != std::string::npos)
      found.push_back(line.substr(at));
  }
  return found;
}

std::string RoundTripOf(const std::string& text) {
  const Read first(text);
  if (!first.good()) return "is not read: " + text;
  const std::string formatted = policy::WritePolicyText(*first.policy, &first.source);
  const Read second(formatted);
  if (!second.good()) return Different("what fmt writes is not read", text, formatted);
  if (second.tree() != first.tree())
    return Different("fmt changes the tree", first.tree() + text, second.tree() + formatted);
  if (Comments(formatted) != Comments(text))
    return Different("fmt loses comments", text, formatted);
  const std::string again = policy::WritePolicyText(*second.policy, &second.source);
  return again == formatted ? "" : Different("fmt changes its own text", formatted, again);
}

// The text form of a policy.json, and policy.json of that.
std::string Convert(const std::string& json, std::string& converted) {
  const Read first(json);
  if (!first.good()) return "is not read: " + json;
  const Read text(policy::WritePolicyText(policy::ToTextForm(*first.policy), nullptr));
  const std::string in_text(text.source.text());
  if (!text.good()) return Different("what convert writes is not read", json, in_text);
  policy::Diagnostics diagnostics;
  auto written = policy::WritePolicyJson(*text.policy, text.source, diagnostics);
  if (!written) {  // said to the author, with a reason
    CHECK(diagnostics.has_errors());
    return "";
  }
  converted = std::move(*written);
  return "";
}

}  // namespace

std::string RoundTripText(const reference::Json& policy, Random& random) {
  return RoundTripOf(WithComments(SpellingOf(policy), random));
}

std::string RoundTripJson(const reference::Json& policy, std::string& converted) {
  return Convert(SpellingOf(policy), converted);
}

}  // namespace differential
