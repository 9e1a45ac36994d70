#include "tests/differential/call_generator.h"

#include <optional>

#include "tests/differential/expression_aim.h"
#include "tests/differential/policy_text.h"
#include "tests/differential/value_generator.h"
#include "tests/reference/place.h"

namespace differential {
namespace {

using reference::Json;

constexpr std::int64_t kSecondNs = 1'000'000'000;

// Days on which clocks change somewhere, months and weeks end, and ordinary ones.
const std::vector<std::int64_t> kDays = {
    1'774'738'800,  // 2026-03-28T23:00:00Z, before Europe's spring change
    1'792'879'200,  // 2026-10-24T22:00:00Z, before Europe's autumn change
    1'777'500'000,  // 2026-04-29T22:00:00Z, before Cairo's change
    1'775'001'500,  // 2026-03-31T23:58:20Z, the end of a month
    1'788'652'800,  // 2026-09-06, Santiago's change at midnight
    1'780'000'000, 1'767'225'590, 1'709'164'790, 1'774'900'000};

std::string SwapCase(std::string text) {
  if (const std::size_t at = text.find("ö"); at != std::string::npos)
    return text.replace(at, std::string("ö").size(), "Ö");
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') {
      c = static_cast<char>(c - 'a' + 'A');
      return text;
    }
  }
  return text;
}

// Makes a call that has to be refused, or looks like it.
void Spoil(Json& arguments, Random& random) {
  if (arguments.members.empty()) {
    arguments.members.emplace_back("__proto__", Json::Record());
    return;
  }
  const auto member = random.Pick(arguments.members);
  switch (random.Below(5)) {
    case 0:
      arguments.members.push_back(member);
      break;
    case 1:
      arguments.members.emplace_back(SwapCase(member.key), Json::Number("1"));
      break;
    case 2: {
      const std::string name = SwapCase(member.key);
      arguments.members.front().key = name;
      break;
    }
    case 3:
      arguments.members.emplace_back("nested",
                                     Json::List({Json::Record({{"__proto__", member.value}})}));
      break;
    default:
      arguments.members.emplace_back(
          "lin\xC5\xBF", Json::Record({{"k", member.value}, {"\xE2\x84\xAA", member.value}}));
      break;
  }
}

}  // namespace

CallGenerator::CallGenerator(const Json& policy, Random& random)
    : policy_(policy), random_(random) {
  Collect(policy);
  if (const Json* blocks = policy.Find("blocks")) {
    for (const Json& block : blocks->items) {
      if (const Json* server = block.Find("server")) servers_.push_back(server->text);
      if (const Json* patterns = block.Find("patterns"))
        for (const Json& pattern : patterns->items) patterns_.push_back(pattern.text);
    }
  }
  if (const Json* tools = policy.Find("tools")) {
    for (const auto& [pattern, entry] : tools->members) patterns_.push_back(pattern);
  }
  if (const Json* hide = policy.Find("hide")) {
    for (const Json& pattern : hide->items) patterns_.push_back(pattern.text);
  }
  now_ns_ = random_.Pick(kDays) * kSecondNs;
}

CallGenerator::Target& CallGenerator::TargetAt(const std::string& path) {
  for (Target& target : targets_) {
    if (target.path == path) return target;
  }
  targets_.push_back({path, {}});
  return targets_.back();
}

// Conditions, costs and scopes, wherever they stand.
void CallGenerator::Collect(const Json& json) {
  const Json* path = json.Find("path");
  const Json* op = json.Find("op");
  if (path != nullptr && op != nullptr) {
    const Json* value = json.Find("value");
    TargetAt(path->text).tests.emplace_back(op->text, value == nullptr ? Json::Null() : *value);
  }
  for (const auto& [key, value] : json.members) {
    if (key == "arg") TargetAt("args." + value.text);
    if (key == "length") TargetAt(value.text);
    if (key == "cost" && value.Is(Json::Kind::String)) {
      Target& target = TargetAt(value.text);
      target.tests.emplace_back("eq", Json::Number("3"));
      target.tests.emplace_back("eq", Json::Number("12.5"));
    }
    Collect(value);
  }
  for (const Json& item : json.items) Collect(item);
}

std::string CallGenerator::Tool() {
  if (patterns_.empty() || random_.Chance(4)) return random_.Chance(50) ? "unheard_of" : "send";
  std::string name = random_.Pick(patterns_);
  static const std::vector<std::string> fillings = {"", "x", "_mail", "_text", "a*b", "/", "end"};
  for (std::size_t at = name.find('*'); at != std::string::npos; at = name.find('*', at)) {
    const std::string& filling = random_.Pick(fillings);
    name.replace(at, 1, filling);
    at += filling.size();
  }
  if (random_.Chance(3)) name = SwapCase(name);
  if (random_.Chance(3)) name += 'x';
  return name.empty() ? "x" : name;
}

Json CallGenerator::ValueFor(const Target& target) {
  if (target.tests.empty() || random_.Chance(8)) return AnyValue(random_);
  const auto& [op, operand] = random_.Pick(target.tests);
  return AimAt(op, operand, random_);
}

// A record of everything that the policy looks at, with values that it may have in mind.
Json CallGenerator::Roots() {
  Json roots = Json::Record({{"args", Json::Record()}});
  if (IsTextForm(policy_)) ExpressionAim(roots, now_ns_, random_).AtPolicy(policy_);
  for (const Target& target : targets_) {
    const auto path = reference::ReadPath(target.path);
    const bool is_argument = path && path->root == "args";
    if (!path || path->root == "now" || random_.Chance(is_argument ? 12 : 20)) continue;
    if (is_argument && path->steps.empty()) continue;
    std::vector<reference::Step> steps = path->steps;
    if (is_argument && random_.Chance(6)) steps.pop_back();  // a parent that is something else
    if (is_argument && steps.empty()) continue;
    steps.insert(steps.begin(), {path->root, std::nullopt});
    Put(roots, steps, ValueFor(target));
  }
  return roots;
}

Json CallGenerator::Arguments(const Json& roots) {
  Json arguments = *roots.Find("args");
  if (!arguments.Is(Json::Kind::Record)) arguments = Json::Record();
  if (random_.Chance(20)) arguments.members.emplace_back("more", AnyValue(random_));
  if (random_.Chance(20)) random_.Shuffle(arguments.members);
  if (random_.Chance(2)) Spoil(arguments, random_);
  return arguments;
}

reference::Context CallGenerator::Context(const Json& roots) {
  // Texts of the context are texts, so only what is one is taken over.
  const auto text = [&](const char* root, const char* name, std::string otherwise) {
    const Json* record = roots.Find(root);
    const Json* value = record == nullptr ? nullptr : record->Find(name);
    return value != nullptr && value->Is(Json::Kind::String) ? value->text : otherwise;
  };
  const auto json = [&](const char* root, const char* name, Json::Kind kind) -> std::string {
    const Json* record = roots.Find(root);
    const Json* value = record == nullptr || *name == '\0' ? record : record->Find(name);
    return value != nullptr && value->Is(kind) ? ToText(*value) : "";
  };
  reference::Context context;
  context.server = random_.Chance(80) ? "default" : "other";
  if (!servers_.empty() && random_.Chance(50)) context.server = random_.Pick(servers_);
  context.grant = text("grant", "id", random_.Chance(80) ? "g1" : "g2");
  if (context.grant.empty()) context.grant = "g3";
  context.grant_label = text("grant", "label", "");
  context.grant_tags = json("grant", "tags", Json::Kind::List);
  context.grant_attributes = json("grant", "attributes", Json::Kind::Record);
  context.session = random_.Chance(70) ? "s1" : "s2";
  context.claims = json("claims", "", Json::Kind::Record);
  if (context.claims.empty() && random_.Chance(60))
    context.claims = random_.Chance(50) ? R"({"sub":"u1","org":{"id":7}})" : R"({"sub":"u2"})";
  context.client_name = text("client", "name", "");
  context.client_version = text("client", "version", "");
  context.annotations = json("tool", "annotations", Json::Kind::Record);
  return context;
}

Step CallGenerator::Next() {
  static const std::vector<std::int64_t> steps_ns = {0,
                                                     0,
                                                     0,
                                                     1,
                                                     kSecondNs / 4,
                                                     kSecondNs,
                                                     17 * kSecondNs,
                                                     60 * kSecondNs,
                                                     3'599 * kSecondNs,
                                                     7'200 * kSecondNs + 5,
                                                     86'400 * kSecondNs};
  now_ns_ += random_.Pick(steps_ns);
  Step step;
  step.call.tool = Tool();
  const Json roots = Roots();
  step.call.context = Context(roots);
  step.call.context.now_ns = now_ns_;
  step.call.arguments = ToText(Arguments(roots));
  if (random_.Chance(10)) step.settlement = reference::Settlement::CommitError;
  if (random_.Chance(5)) step.settlement = reference::Settlement::Void;
  return step;
}

}  // namespace differential
