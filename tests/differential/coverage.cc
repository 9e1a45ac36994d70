#include "tests/differential/coverage.h"

namespace differential {
namespace {

using reference::Json;
using reference::Outcome;
using reference::Truth;

constexpr bool kBool = true;    // comes out true, false and unknown
constexpr bool kValue = false;  // comes out known and unknown

// Everything that the reference counts, and how it can come out.
const std::vector<std::pair<std::string, bool>>& Operations() {
  static const auto all = [] {
    std::vector<std::pair<std::string, bool>> list;
    for (const char* op :
         {"eq",      "neq",      "in",     "not_in",      "lt",        "lte",   "gt",      "gte",
          "regex",   "contains", "exists", "starts_with", "ends_with", "under", "host_in", "like",
          "is null", "not",      "and",    "or",          "any",       "all"})
      list.emplace_back(op, kBool);
    for (const char* relation : {"eq", "neq", "lt", "lte", "gt", "gte", "in", "not_in", "contains",
                                 "starts_with", "ends_with", "under"})
      list.emplace_back(std::string(relation) + " of two values", kBool);
    for (const char* order : {"eq", "neq", "lt", "lte", "gt", "gte"}) {
      list.emplace_back(std::string(order) + " of times", kBool);
      list.emplace_back(std::string(order) + " of durations", kBool);
    }
    for (const char* function :
         {"length()", "lower()", "domain()", "host()", "scheme()", "port()", "split()", "join()",
          "words()", "sql_verbs()", "time()", "+()", "-()", "*()", "count", "[]"})
      list.emplace_back(function, kValue);
    return list;
  }();
  return all;
}

const std::vector<std::string> kFeatures = {"default allow",
                                            "default deny",
                                            "hide",
                                            "all_tools",
                                            "zone",
                                            "description",
                                            "pattern",
                                            "pattern *",
                                            "action allow",
                                            "action deny",
                                            "action require_approval",
                                            "reason",
                                            "args",
                                            "require",
                                            "deny_if",
                                            "approve_if",
                                            "approval",
                                            "limits",
                                            "rate_limit text",
                                            "rate_limit record",
                                            "no conditions",
                                            "absent",
                                            "on_deny",
                                            "from",
                                            "within",
                                            "list element",
                                            "quoted key",
                                            "root args",
                                            "root tool",
                                            "root grant",
                                            "root claims",
                                            "root client",
                                            "root now",
                                            "root now.hour",
                                            "root now.weekday",
                                            "root now.date",
                                            "large set",
                                            "indexed rules",
                                            "window second",
                                            "window minute",
                                            "window hour",
                                            "window day",
                                            "window week",
                                            "window month",
                                            "window lifetime",
                                            "window in seconds",
                                            "algorithm fixed",
                                            "algorithm sliding",
                                            "algorithm bucket",
                                            "algorithm concurrency",
                                            "burst",
                                            "scope grant",
                                            "scope session",
                                            "scope tool",
                                            "scope server",
                                            "scope global",
                                            "scope claim",
                                            "scope arg",
                                            "scope list",
                                            "cost path",
                                            "cost length",
                                            "scale",
                                            "on_error refund",
                                            "outcome allow",
                                            "outcome deny",
                                            "outcome approval",
                                            "outcome limited",
                                            "refused",
                                            "denied by hide",
                                            "denied by action",
                                            "denied by args",
                                            "denied by require",
                                            "denied by deny_if",
                                            "denied by limits",
                                            "denied by default",
                                            "asked by action",
                                            "asked by approve_if",
                                            "limited by rate_limit",
                                            "limited by limits",
                                            "limited by all_tools",
                                            "allowed by default",
                                            "allowed by entry",
                                            "several limits",
                                            "several denials",
                                            "never retryable",
                                            "settled with error",
                                            "settled as void",
                                            "allowed with charges",
                                            "text form of policy.json",
                                            "else",
                                            "let",
                                            "server",
                                            "name",
                                            "because",
                                            "up to",
                                            "each",
                                            "duration",
                                            "several patterns",
                                            "window 10m",
                                            "rule allow",
                                            "rule deny",
                                            "rule require",
                                            "rule approve",
                                            "rule args",
                                            "rule limit",
                                            "denied by allow",
                                            "denied by deny",
                                            "denied by text require",
                                            "denied by text args",
                                            "denied by limit",
                                            "denied by a name",
                                            "asked by approve",
                                            "limited by limit",
                                            "allowed by allow",
                                            "allowed by a name"};

void NoteScope(std::map<std::string, std::uint64_t>& features, const Json& scope) {
  if (scope.Is(Json::Kind::String)) ++features["scope " + scope.text];
  for (const auto& [key, value] : scope.members) ++features["scope " + key];
  for (const Json& item : scope.items) NoteScope(features, item);
  if (scope.Is(Json::Kind::List)) ++features["scope list"];
}

void NoteCondition(std::map<std::string, std::uint64_t>& features, const Json& condition) {
  if (condition.Find("path") == nullptr) return;  // the text form's: the reference counts them
  const std::string& path = condition.Find("path")->text;
  ++features["root " + path.substr(0, path.find_first_of(".["))];
  if (path.starts_with("now.")) ++features["root " + path];
  if (path.find("[\"") != std::string::npos) ++features["quoted key"];
  if (path.find("[0]") != std::string::npos || path.find("[1]") != std::string::npos)
    ++features["list element"];
  const Json* value = condition.Find("value");
  if (value != nullptr && value->items.size() > 30) ++features["large set"];
}

// Every record of the policy, wherever it stands.
void NoteRecord(std::map<std::string, std::uint64_t>& features, const Json& record) {
  for (const auto& [key, value] : record.members) {
    if (key == "window")
      ++features["window " + (value.Is(Json::Kind::String) ? value.text : "in seconds")];
    if (key == "rate_limit")
      ++features[value.Is(Json::Kind::String) ? "rate_limit text" : "rate_limit record"];
    if (key == "scope") NoteScope(features, value);
    if (key == "cost") ++features[value.Is(Json::Kind::String) ? "cost path" : "cost length"];
    if (key == "patterns" && value.items.size() > 1) ++features["several patterns"];
    if (key == "action" || key == "algorithm" || key == "on_error" || key == "default" ||
        key == "rule")
      ++features[key + ' ' + value.text];
    if (key == "conditions" && value.items.empty()) ++features["no conditions"];
    if (key == "deny_if" && value.items.size() >= 4) ++features["indexed rules"];
    if (key.find('*') != std::string::npos) ++features["pattern"];
    ++features[key == "*" ? "pattern *" : key];
    NoteRecord(features, value);
  }
  if (record.Find("op") != nullptr) NoteCondition(features, record);
  for (const Json& item : record.items) NoteRecord(features, item);
}

// "/tools/x/deny_if/0" -> "deny_if"; "/tools/x" -> "entry"; "x,y/deny/1" -> "deny".
std::string KindOfRule(const std::string& id) {
  if (id.starts_with("/hide/")) return "hide";
  if (id.starts_with("/all_tools/")) return "all_tools";
  if (id == "/default") return "default";
  if (id.starts_with("hide/")) return "hide";
  if (id.starts_with("rule ")) return "a name";
  if (!id.starts_with("/tools/")) {
    const std::size_t last = id.rfind('/');
    const std::size_t before = id.rfind('/', last - 1);
    const std::string kind = id.substr(before + 1, last - before - 1);
    return kind == "require" || kind == "args" ? "text " + kind : kind;
  }
  const std::size_t name = std::string("/tools/").size();
  const std::size_t end = id.find('/', name);
  if (end == std::string::npos) return "entry";
  return id.substr(end + 1, id.find('/', end + 1) - end - 1);
}

}  // namespace

void Coverage::NotePolicy(const Json& policy) { NoteRecord(features, policy); }

void Coverage::NoteDecision(const Step& step, const reference::Decision& decision) {
  static const std::map<Outcome, std::pair<const char*, const char*>> words = {
      {Outcome::Allow, {"allow", "allowed by "}},
      {Outcome::Deny, {"deny", "denied by "}},
      {Outcome::Approval, {"approval", "asked by "}},
      {Outcome::Limited, {"limited", "limited by "}}};
  const auto& [name, verb] = words.at(decision.outcome);
  ++features[std::string("outcome ") + name];
  if (decision.rules.empty()) ++features["refused"];
  for (const std::string& rule : decision.rules) ++features[verb + KindOfRule(rule)];
  if (decision.quotas.size() > 1) ++features["several limits"];
  if (decision.outcome == Outcome::Deny && decision.rules.size() > 1) ++features["several denials"];
  for (const reference::Quota& quota : decision.quotas) {
    if (!quota.retryable) ++features["never retryable"];
  }
  if (decision.outcome != Outcome::Allow || decision.quotas.empty()) return;
  ++features["allowed with charges"];
  if (step.settlement == reference::Settlement::CommitError) ++features["settled with error"];
  if (step.settlement == reference::Settlement::Void) ++features["settled as void"];
}

std::vector<std::string> Coverage::Missing() const {
  std::vector<std::string> missing;
  for (const auto& [name, is_bool] : Operations()) {
    for (const auto& [truth, word] :
         {std::pair(Truth::True, "true"), std::pair(Truth::False, "false"),
          std::pair(Truth::Unknown, "unknown")}) {
      if (!is_bool && truth == Truth::False) continue;
      if (!operators.contains({name, truth})) missing.push_back(name + " is " + word);
    }
  }
  for (const std::string& feature : kFeatures) {
    if (!features.contains(feature)) missing.push_back(feature);
  }
  return missing;
}

std::string Coverage::Table() const {
  std::string out;
  const auto count = [this](const std::string& op, Truth truth) {
    const auto found = operators.find({op, truth});
    return found == operators.end() ? std::string("0") : std::to_string(found->second);
  };
  for (const auto& [op, is_bool] : Operations()) {
    out += op + ": " + (is_bool ? "true " : "known ") + count(op, Truth::True);
    if (is_bool) out += ", false " + count(op, Truth::False);
    out += ", unknown " + count(op, Truth::Unknown) + '\n';
  }
  for (const std::string& feature : kFeatures) {
    const auto found = features.find(feature);
    out += feature + ' ' + (found == features.end() ? "0" : std::to_string(found->second)) + '\n';
  }
  return out;
}

}  // namespace differential
