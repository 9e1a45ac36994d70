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
  for (const Scope& scope : policy.declared_scopes) paths.push_back(scope.path);
  for (const Entry& entry : policy.entries) {
    for (const Rule& rule : entry.rules) {
      if (rule.condition) AddPaths(*rule.condition, paths);
      if (rule.limit.cost) AddPaths(*rule.limit.cost, paths);
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
std::optional<std::int64_t> AmountOf(const Value& cost, int scale) {
  if (!cost.Is(Value::Kind::Number) || !cost.number || cost.number->negative) return std::nullopt;
  return ScaledInteger(*cost.number, scale);
}

// A scope key: scalars only, tagged by type, numbers by value.
std::optional<std::string> KeyOf(const Value& value) {
  switch (value.kind) {
    case Value::Kind::String:
      return "s" + value.text;
    case Value::Kind::Bool:
      return value.boolean ? "true" : "false";
    case Value::Kind::Number:
      if (!value.number) return std::nullopt;
      return std::string(value.number->negative ? "n-" : "n") + value.number->digits + "e" +
             std::to_string(value.number->exponent);
    default:
      return std::nullopt;
  }
}

// Whether an allow of this entry admits the tool: `*` alone adds rules to every tool but admits
// none.
bool MayAdmit(const Entry& entry, const std::string& tool) {
  return std::any_of(entry.patterns.begin(), entry.patterns.end(), [&](const std::string& pattern) {
    return pattern != "*" && MatchesPattern(pattern, tool);
  });
}

bool Covers(const Entry& entry, const Call& call) {
  if (entry.server && *entry.server != call.context.server) return false;
  return std::any_of(entry.patterns.begin(), entry.patterns.end(), [&](const std::string& pattern) {
    return MatchesPattern(pattern, call.tool);
  });
}

}  // namespace

struct Evaluator::World {
  World(const Call& call, const std::string& zone, Reached* reached)
      : grant_id(call.context.grant),
        session(call.context.session),
        server(call.context.server),
        tool_name(call.tool) {
    const Context& context = call.context;
    view.now_ns = context.now_ns;
    view.zone = zone;
    view.reached = reached;
    auto& roots = view.roots;
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

  Truth Holds(const Rule& rule) {
    return rule.condition ? Judge(*rule.condition, view) : Truth::True;
  }

  std::optional<std::string> ScopeKey(const Scope& scope) {
    if (scope.kind == "grant") return grant_id;
    if (scope.kind == "session") return session;
    if (scope.kind == "server") return server;
    if (scope.kind == "tool") return tool_name;
    if (scope.kind == "global") return "";
    return KeyOf(Evaluate(Expression::At(scope.path), view));
  }

  View view;
  std::string grant_id;
  std::string session;
  std::string server;
  std::string tool_name;
};

struct Evaluator::Charge {
  const Rule* rule = nullptr;
  std::int64_t amount = 0;
  std::string key;  // of the cell
  Cell cell;        // as it stands before the call
};

// Step 1: hidden, a deny that fires, a require that is not true.
void Evaluator::FireDenials(const std::vector<const Rule*>& rules, World& world, Decision& out) {
  bool spoken_by_true = false;
  for (const Rule* rule : rules) {
    Truth fires = Truth::False;
    switch (rule->kind) {
      case RuleKind::Hide:
        fires = Truth::True;
        break;
      case RuleKind::Deny:
        fires = world.Holds(*rule);
        break;
      case RuleKind::Require:
        fires = Not(world.Holds(*rule));
        break;
      case RuleKind::CloseArguments:
        for (const auto& [key, value] : world.view.roots.at("args").members) {
          if (std::find(rule->arguments.begin(), rule->arguments.end(), key) ==
              rule->arguments.end())
            fires = Truth::True;
        }
        break;
      case RuleKind::Allow:
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

// Step 2: an allow rule that is true; the default where none names the tool.
bool Evaluator::Admits(const std::vector<const Rule*>& allows, World& world,
                       std::vector<std::string>& admitting, Decision& out) {
  for (const Rule* allow : allows) {
    if (world.Holds(*allow) == Truth::True) admitting.push_back(allow->id);
  }
  if (allows.empty() && policy_.default_allows) admitting = {"/default"};
  if (!admitting.empty()) return true;
  if (allows.empty()) out.rules = {"/default"};
  for (const Rule* allow : allows) {
    if (out.rules.empty()) {
      out.speaker = allow->id;
      out.speaker_text = allow->text;
    }
    out.rules.push_back(allow->id);
  }
  return false;
}

// Step 3: what each limit would charge, and to which cell.
// Every one for which that cannot be said denies.
std::vector<Evaluator::Charge> Evaluator::ChargesOf(const std::vector<const Rule*>& rules,
                                                    World& world, Decision& out) {
  std::vector<Charge> charges;
  for (const Rule* rule : rules) {
    if (rule->kind != RuleKind::Limit) continue;
    const Limit& limit = rule->limit;
    const auto amount = limit.cost ? AmountOf(Evaluate(*limit.cost, world.view), limit.scale)
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
      if (out.rules.empty()) {
        out.speaker = rule->id;
        out.speaker_text = rule->text;
      }
      out.rules.push_back(rule->id);
    } else {
      charges.push_back({rule, *amount, *key, {}});
    }
  }
  return charges;
}

std::optional<std::int64_t> MillisecondsUp(std::optional<std::int64_t> time_ns) {
  if (!time_ns) return std::nullopt;
  return (*time_ns + 999'999) / 1'000'000;
}

// How the charge's counter, which is not fixed, stands for it. Whether it has room.
bool Evaluator::LookAtMeter(const Charge& charge, std::int64_t now_ns, Quota& quota) const {
  const Limit& limit = charge.rule->limit;
  const auto known = cells_.find(charge.key);
  const std::vector<Use> uses = known == cells_.end() ? std::vector<Use>() : known->second.uses;
  const Standing standing = StandingAt(limit, uses, now_ns, charge.amount);
  quota.max = CapacityOf(limit);
  quota.used = standing.used;
  quota.remaining = std::max<std::int64_t>(0, quota.max - quota.used);
  quota.window_end_ms = MillisecondsUp(standing.empty_ns);
  if (standing.free_ns) quota.retry_after_ms = MillisecondsUp(*standing.free_ns - now_ns);
  return standing.has_room;
}

// Step 4: whether every limit has room.
void Evaluator::LookAtCells(std::vector<Charge>& charges, std::int64_t now_ns, Decision& out) {
  bool retryable = true;
  for (Charge& charge : charges) {
    const Limit& limit = charge.rule->limit;
    if (HasMeter(limit)) {
      Quota quota;
      quota.rule = charge.rule->id;
      quota.is_short = !LookAtMeter(charge, now_ns, quota);
      // Limits that share a cell wait for the one that has least.
      for (const Charge& other : charges) {
        Quota beside;
        if (other.key == charge.key && !LookAtMeter(other, now_ns, beside)) {
          quota.retry_after_ms = std::max(quota.retry_after_ms, beside.retry_after_ms);
        }
      }
      quota.retryable = !quota.is_short || std::ranges::all_of(charges, [&](const Charge& other) {
        const Limit& shared = other.rule->limit;
        return other.key != charge.key ||
               (shared.max_units > 0 && other.amount <= CapacityOf(shared));
      });
      if (!quota.is_short || !quota.retryable) quota.retry_after_ms.reset();
      if (quota.is_short) {
        out.outcome = Outcome::Limited;
        out.rules.push_back(charge.rule->id);
        retryable = retryable && quota.retryable;
        out.retry_after_ms = std::max(out.retry_after_ms, quota.retry_after_ms);
      }
      out.quotas.push_back(quota);
      continue;
    }
    const Window window = WindowAt(limit.window, now_ns, policy_.zone);
    Cell cell{window.begin_ns, window.end_ns, 0, {}};
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
void Evaluator::AskForApproval(const std::vector<const Rule*>& rules, World& world, Decision& out) {
  for (const Rule* rule : rules) {
    if (rule->kind != RuleKind::Approve || world.Holds(*rule) == Truth::False) continue;
    if (out.rules.empty()) {
      out.approval_group = rule->from;
      out.approval_within_seconds = rule->within_seconds;
    }
    out.outcome = Outcome::Approval;
    out.rules.push_back(rule->id);
  }
}

// Step 6: all charges in one step, a cell once.
void Evaluator::Take(const std::vector<Charge>& charges, std::int64_t now_ns, Decision& out) {
  held_.clear();
  std::set<std::string> taken;
  for (const Charge& charge : charges) {
    if (!taken.insert(charge.key).second) continue;
    Cell& cell = cells_[charge.key];
    const Limit& limit = charge.rule->limit;
    if (HasMeter(limit)) {
      cell.uses.push_back({now_ns, charge.amount});
    } else {
      cell = charge.cell;
      cell.used += charge.amount;
    }
    // Limits that share a cell give it back only if all of them do.
    const bool refund = std::all_of(charges.begin(), charges.end(), [&](const Charge& other) {
      return other.key != charge.key || other.rule->limit.refund;
    });
    held_.push_back({charge.key, cell.begin_ns, charge.amount, refund, !HasMeter(limit),
                     limit.algorithm == "concurrency"});
  }
  for (std::size_t i = 0; i < charges.size(); ++i) {
    Quota& quota = out.quotas[i];
    if (HasMeter(charges[i].rule->limit)) {
      LookAtMeter(charges[i], now_ns, quota);
      quota.retry_after_ms.reset();
      continue;
    }
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
  World world(call, policy_.zone, reached);
  world.view.roots["args"] = std::move(*arguments);

  std::vector<const Rule*> rules;
  std::vector<const Rule*> allows;
  for (const Entry& entry : policy_.entries) {
    if (!Covers(entry, call)) continue;
    for (const Rule& rule : entry.rules) {
      if (rule.kind != RuleKind::Allow) rules.push_back(&rule);
      if (rule.kind == RuleKind::Allow && MayAdmit(entry, call.tool)) allows.push_back(&rule);
    }
  }

  FireDenials(rules, world, out);  // 1
  if (!out.rules.empty()) return out;
  std::vector<std::string> admitting;
  if (!Admits(allows, world, admitting, out)) return out;      // 2
  std::vector<Charge> charges = ChargesOf(rules, world, out);  // 3
  if (!out.rules.empty()) return out;
  LookAtCells(charges, world.view.now_ns, out);  // 4
  if (out.outcome == Outcome::Limited) return out;
  AskForApproval(rules, world, out);  // 5
  if (out.outcome == Outcome::Approval) return out;
  out.outcome = Outcome::Allow;  // 6
  out.rules = admitting;
  Take(charges, world.view.now_ns, out);
  return out;
}

void Evaluator::Settle(Settlement settlement) {
  for (const Held& held : held_) {
    const bool gives_back = settlement == Settlement::Void || held.ends_with_call ||
                            (settlement == Settlement::CommitError && held.refund);
    Cell& cell = cells_.at(held.key);
    // Settled before anything else is charged: it is the last.
    if (gives_back && !held.is_fixed) cell.uses.pop_back();
    if (held.is_fixed && gives_back && cell.begin_ns == held.begin_ns) cell.used -= held.amount;
  }
  held_.clear();
}

}  // namespace reference
