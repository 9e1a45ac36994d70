#include "tests/reference/evaluator.h"

#include <algorithm>
#include <set>

#include "tests/reference/calendar.h"
#include "tests/reference/number.h"
#include "tests/reference/text.h"

namespace reference {
namespace {

using Kind = Json::Kind;

// Keys of counters are bounded; so many bytes are counted for each scope beside its text.
constexpr std::size_t kScopeKeyBytesMax = 1024;
constexpr std::size_t kScopeBytes = 2;

Json RecordOf(const std::string& text) {
  if (text.empty()) return Json::Record();
  return ParseJson(text).value_or(Json::Record());
}

void AddText(Json& record, const char* key, const std::string& text) {
  if (!text.empty()) record.members.emplace_back(key, Json::String(text));
}

void AddJson(Json& record, const char* key, const std::string& text) {
  if (auto json = text.empty() ? std::nullopt : ParseJson(text))
    record.members.emplace_back(key, std::move(*json));
}

std::int64_t PowerOfTen(int exponent) {
  std::int64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

// Every path into the arguments that the policy names.
std::vector<Path> ArgumentPaths(const Policy& policy) {
  std::vector<Path> paths;
  for (const Entry& entry : policy.entries) {
    for (const Rule& rule : entry.rules) {
      for (const Condition& condition : rule.conditions) paths.push_back(condition.path);
      if (rule.limit.cost) paths.push_back(*rule.limit.cost);
      for (const Scope& scope : rule.limit.scopes) paths.push_back(scope.path);
    }
  }
  std::erase_if(paths, [](const Path& path) { return path.root != "args"; });
  return paths;
}

using Suffixes = std::vector<std::vector<Step>>;

// The paths that go on below one step.
Suffixes Below(const Suffixes& paths, const std::string* member, std::size_t index) {
  Suffixes below;
  for (const auto& steps : paths) {
    if (steps.empty()) continue;
    const bool fits = member != nullptr ? !steps[0].index && steps[0].name == *member
                                        : steps[0].index && *steps[0].index == index;
    if (fits) below.emplace_back(steps.begin() + 1, steps.end());
  }
  return below;
}

// Keys that a lenient reader could take for one another: a call with such keys is refused.
bool HasConfusableKeys(const Json& json, const Suffixes& named) {
  for (std::size_t i = 0; i < json.items.size(); ++i) {
    if (HasConfusableKeys(json.items[i], Below(named, nullptr, i))) return true;
  }
  for (std::size_t i = 0; i < json.members.size(); ++i) {
    const auto& [key, value] = json.members[i];
    if (key == "__proto__") return true;
    for (std::size_t j = 0; j < i; ++j) {
      if (SameButForCase(json.members[j].key, key)) return true;
    }
    bool is_named = false;
    bool is_near = false;
    for (const auto& steps : named) {
      if (steps.empty() || steps[0].index) continue;
      if (steps[0].name == key) is_named = true;
      if (SameButForCase(steps[0].name, key)) is_near = true;
    }
    if (is_near && !is_named) return true;
    if (HasConfusableKeys(value, Below(named, &key, 0))) return true;
  }
  return false;
}

// What a cost charges; nullopt: unknown, negative or more decimals than the counter has.
std::optional<std::int64_t> AmountOf(const Limit& limit, const Found& found) {
  if (found.kind != Found::Kind::Value) return std::nullopt;
  const Json& value = *found.value;
  if (limit.cost_is_length) {
    const bool has_length =
        value.Is(Kind::String) || value.Is(Kind::List) || value.Is(Kind::Record);
    if (!has_length) return std::nullopt;
    const std::size_t length =
        value.Is(Kind::String) ? CodePoints(value.text) : value.items.size() + value.members.size();
    return static_cast<std::int64_t>(length) * PowerOfTen(limit.scale);
  }
  const auto number = value.Is(Kind::Number) ? UsableNumber(value.text) : std::nullopt;
  if (!number || number->negative) return std::nullopt;
  return ScaledInteger(*number, limit.scale);
}

// A scope key: scalars only, tagged by type, numbers by value.
std::optional<std::string> KeyOf(const Found& found) {
  if (found.kind != Found::Kind::Value) return std::nullopt;
  const Json& value = *found.value;
  switch (value.kind) {
    case Kind::String:
      return "s" + value.text;
    case Kind::Bool:
      return value.boolean ? "true" : "false";
    case Kind::Number: {
      const auto number = UsableNumber(value.text);
      if (!number) return std::nullopt;
      return std::string(number->negative ? "n-" : "n") + number->digits + "e" +
             std::to_string(number->exponent);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

struct Evaluator::World {
  World(const Call& call, const std::string& zone)
      : grant_id(call.context.grant),
        session(call.context.session),
        server(call.context.server),
        tool_name(call.tool),
        now_ns(call.context.now_ns) {
    const Context& context = call.context;
    roots["claims"] = RecordOf(context.claims);
    Json& tool = roots["tool"] = Json::Record();
    AddText(tool, "name", call.tool);
    AddText(tool, "server", context.server);
    AddJson(tool, "annotations", context.annotations);
    Json& grant = roots["grant"] = Json::Record();
    AddText(grant, "id", context.grant);
    AddText(grant, "label", context.grant_label);
    AddJson(grant, "tags", context.grant_tags);
    grant.members.emplace_back("attributes", RecordOf(context.grant_attributes));
    Json& client = roots["client"] = Json::Record();
    AddText(client, "name", context.client_name);
    AddText(client, "version", context.client_version);
    Json& now = roots["now"] = Json::Record();
    const WallClock clock = WallClockAt(context.now_ns, zone);
    now.members.emplace_back("hour", Json::Number(std::to_string(clock.hour)));
    now.members.emplace_back("minute", Json::Number(std::to_string(clock.minute)));
    now.members.emplace_back("weekday", Json::String(clock.weekday));
    now.members.emplace_back("date", Json::String(clock.date));
  }

  Found Look(const Path& path) const {
    if (path.root == "now" && path.steps.empty()) return {Found::Kind::Time, nullptr, now_ns};
    return Walk(roots.at(path.root), path.steps);
  }

  std::optional<std::string> ScopeKey(const Scope& scope) const {
    if (scope.kind == "grant") return grant_id;
    if (scope.kind == "session") return session;
    if (scope.kind == "server") return server;
    if (scope.kind == "tool") return tool_name;
    if (scope.kind == "global") return "";
    return KeyOf(Look(scope.path));
  }

  std::map<std::string, Json> roots;
  std::string grant_id;
  std::string session;
  std::string server;
  std::string tool_name;
  std::int64_t now_ns;
};

struct Evaluator::Charge {
  const Rule* rule = nullptr;
  std::int64_t amount = 0;
  std::string key;  // of the cell
  Cell cell;        // as it stands before the call
};

Truth Evaluator::Holds(const Rule& rule, const World& world) {
  Truth all = Truth::True;
  for (const Condition& condition : rule.conditions) {
    const Truth one = Test(condition, world.Look(condition.path));
    if (reached != nullptr) ++(*reached)[{condition.op, one}];
    all = And(all, one);
  }
  return all;
}

// Step 1: hidden, a deny that fires, a require that is not true.
void Evaluator::FireDenials(const std::vector<const Rule*>& rules, const World& world,
                            Decision& out) {
  bool spoken_by_true = false;
  for (const Rule* rule : rules) {
    Truth fires = Truth::False;
    switch (rule->kind) {
      case RuleKind::Hide:
        fires = Truth::True;
        break;
      case RuleKind::Deny:
        fires = Holds(*rule, world);
        break;
      case RuleKind::Require:
        fires = Not(Holds(*rule, world));
        break;
      case RuleKind::CloseArguments:
        for (const auto& [key, value] : world.roots.at("args").members) {
          if (std::find(rule->arguments.begin(), rule->arguments.end(), key) ==
              rule->arguments.end())
            fires = Truth::True;
        }
        break;
      case RuleKind::Approve:
      case RuleKind::Limit:
        break;
    }
    if (fires == Truth::False) continue;
    const bool speaks = out.rules.empty() || (fires == Truth::True && !spoken_by_true);
    if (fires == Truth::True) spoken_by_true = true;
    if (speaks) {
      out.speaker = rule->id;
      out.speaker_text = rule->text;
    }
    out.rules.push_back(rule->id);
  }
}

// Step 3: what each limit would charge, and to which cell.
// Every one for which that cannot be said denies.
std::vector<Evaluator::Charge> Evaluator::ChargesOf(const std::vector<const Rule*>& rules,
                                                    const World& world, Decision& out) {
  std::vector<Charge> charges;
  for (const Rule* rule : rules) {
    if (rule->kind != RuleKind::Limit) continue;
    const Limit& limit = rule->limit;
    const auto amount = limit.cost ? AmountOf(limit, world.Look(*limit.cost))
                                   : std::optional<std::int64_t>(PowerOfTen(limit.scale));
    std::optional<std::string> key = limit.counter;
    std::size_t key_bytes = 0;
    for (const Scope& scope : limit.scopes) {
      const auto part = world.ScopeKey(scope);
      if (part) key_bytes += kScopeBytes + part->size();
      if (!part || key_bytes > kScopeKeyBytesMax) key.reset();
      if (key && part) *key += "|" + std::to_string(part->size()) + ":" + *part;
    }
    if (!amount || !key) {
      if (out.rules.empty()) out.speaker = rule->id;
      out.rules.push_back(rule->id);
    } else {
      charges.push_back({rule, *amount, *key, {}});
    }
  }
  return charges;
}

// Step 4: whether every limit has room.
void Evaluator::LookAtCells(std::vector<Charge>& charges, std::int64_t now_ns, Decision& out) {
  bool retryable = true;
  for (Charge& charge : charges) {
    const Limit& limit = charge.rule->limit;
    const Window window = WindowAt(limit.window, now_ns, policy_.zone);
    Cell cell{window.begin_ns, window.end_ns, 0};
    // A clock that stood earlier than the last charge is taken for the later window.
    const auto charged = cells_.find(charge.key);
    if (charged != cells_.end() && charged->second.begin_ns >= cell.begin_ns)
      cell = charged->second;
    charge.cell = cell;

    Quota quota;
    quota.rule = charge.rule->id;
    quota.max = limit.max_units;
    quota.used = cell.used;
    quota.remaining = std::max<std::int64_t>(0, quota.max - quota.used);
    if (cell.end_ns) quota.window_end_ms = *cell.end_ns / 1'000'000;
    quota.is_short = limit.max_units == 0 || charge.amount > quota.max - quota.used;
    if (quota.is_short) {
      out.outcome = Outcome::Limited;
      out.rules.push_back(charge.rule->id);
      // Waiting helps only where it helps all limits of the cell.
      quota.retryable = std::all_of(charges.begin(), charges.end(), [&](const Charge& other) {
        const std::int64_t max = other.rule->limit.max_units;
        return other.key != charge.key ||
               (cell.end_ns.has_value() && max > 0 && other.amount <= max);
      });
      if (!quota.retryable) retryable = false;
      if (quota.retryable) {
        quota.retry_after_ms = (*cell.end_ns - now_ns + 999'999) / 1'000'000;
        out.retry_after_ms = std::max(out.retry_after_ms.value_or(0), *quota.retry_after_ms);
      }
    }
    out.quotas.push_back(quota);
  }
  if (!retryable) out.retry_after_ms.reset();
}

// Step 5: nobody has released anything yet.
void Evaluator::AskForApproval(const std::vector<const Rule*>& rules, const World& world,
                               Decision& out) {
  for (const Rule* rule : rules) {
    if (rule->kind != RuleKind::Approve || Holds(*rule, world) == Truth::False) continue;
    if (out.rules.empty()) {
      out.approval_group = rule->from;
      out.approval_within_seconds = rule->within_seconds;
    }
    out.outcome = Outcome::Approval;
    out.rules.push_back(rule->id);
  }
}

// Step 6: all charges in one step, a cell once.
void Evaluator::Take(const std::vector<Charge>& charges, Decision& out) {
  held_.clear();
  std::set<std::string> taken;
  for (const Charge& charge : charges) {
    if (!taken.insert(charge.key).second) continue;
    Cell& cell = cells_[charge.key];
    cell = charge.cell;
    cell.used += charge.amount;
    // Limits that share a cell give it back only if all of them do.
    const bool refund = std::all_of(charges.begin(), charges.end(), [&](const Charge& other) {
      return other.key != charge.key || other.rule->limit.refund;
    });
    held_.push_back({charge.key, cell.begin_ns, charge.amount, refund});
  }
  for (std::size_t i = 0; i < charges.size(); ++i) {
    Quota& quota = out.quotas[i];
    quota.used = cells_.at(charges[i].key).used;
    quota.remaining = std::max<std::int64_t>(0, quota.max - quota.used);
  }
}

Decision Evaluator::Decide(const Call& call) {
  Decision out;
  auto arguments = ParseJson(call.arguments);
  Suffixes named;
  for (const Path& path : ArgumentPaths(policy_)) named.push_back(path.steps);
  if (!arguments || !arguments->Is(Kind::Record) || HasConfusableKeys(*arguments, named))
    return out;  // refused: a deny without rules
  World world(call, policy_.zone);
  world.roots["args"] = std::move(*arguments);

  std::vector<const Rule*> rules;
  std::vector<std::string> allows;
  for (const Entry& entry : policy_.entries) {
    if (!MatchesPattern(entry.pattern, call.tool)) continue;
    if (entry.admits) allows.push_back(entry.id);
    for (const Rule& rule : entry.rules) rules.push_back(&rule);
  }

  FireDenials(rules, world, out);  // 1
  if (!out.rules.empty()) return out;
  if (allows.empty() && !policy_.default_allows) {  // 2
    out.rules = {"/default"};
    return out;
  }
  std::vector<Charge> charges = ChargesOf(rules, world, out);  // 3
  if (!out.rules.empty()) return out;
  LookAtCells(charges, world.now_ns, out);  // 4
  if (out.outcome == Outcome::Limited) return out;
  AskForApproval(rules, world, out);  // 5
  if (out.outcome == Outcome::Approval) return out;
  out.outcome = Outcome::Allow;  // 6
  out.rules = allows.empty() ? std::vector<std::string>{"/default"} : allows;
  Take(charges, out);
  return out;
}

void Evaluator::Settle(Settlement settlement) {
  for (const Held& held : held_) {
    const bool gives_back =
        settlement == Settlement::Void || (settlement == Settlement::CommitError && held.refund);
    Cell& cell = cells_.at(held.key);
    if (gives_back && cell.begin_ns == held.begin_ns) cell.used -= held.amount;
  }
  held_.clear();
}

}  // namespace reference
