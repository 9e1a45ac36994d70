#include <algorithm>
#include <exception>
#include <map>

#include "tests/reference/number.h"
#include "tests/reference/policy.h"
#include "tests/reference/text.h"

namespace reference {
namespace {

// Thrown for what is not understood; caught at the door.
struct Problem {
  std::string what;
};

std::string PointerToken(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

const Json& Need(const Json& record, const char* key) {
  const Json* found = record.Find(key);
  if (found == nullptr) throw Problem{std::string("no ") + key};
  return *found;
}

std::string TextOr(const Json& record, const char* key, std::string otherwise) {
  const Json* found = record.Find(key);
  return found == nullptr ? otherwise : found->text;
}

Path NeedPath(std::string_view text) {
  auto path = ReadPath(text);
  if (!path) throw Problem{"path " + std::string(text)};
  return *path;
}

std::int64_t WholeSeconds(const std::string& text) {
  const std::int64_t count = std::stoll(text);
  switch (text.back()) {
    case 'm':
      return count * 60;
    case 'h':
      return count * 3600;
    case 'd':
      return count * 86400;
    default:
      return count;
  }
}

std::int64_t Units(const std::string& number, int scale) {
  const auto units = ScaledInteger(ReadDigits(number), scale);
  if (!units) throw Problem{"max " + number};
  return *units;
}

// The literal beside `path`: beside `now`, a text is a time.
Expression WrittenBeside(const Path& path, const Json& json) {
  if (path.root == "now" && path.steps.empty() && json.Is(Json::Kind::String)) {
    const auto time_ns = ReadTime(json.text);
    if (!time_ns) throw Problem{"time " + json.text};
    return Expression::Literal(Value::Time(*time_ns));
  }
  if (!json.Is(Json::Kind::List)) return Expression::Literal(ValueOf(json, ExactNumber));
  std::vector<Expression> items;
  for (const Json& item : json.items)
    items.push_back(Expression::Literal(ValueOf(item, ExactNumber)));
  return Expression::Make(Expression::Kind::List, "", std::move(items));
}

Expression ReadCondition(const Json& json) {
  const Path path = NeedPath(Need(json, "path").text);
  const std::string op = Need(json, "op").text;
  Expression left = Expression::At(path);
  if (const Json* absent = json.Find("absent"))
    left = Expression::Make(Expression::Kind::OrElse, "",
                            {std::move(left), WrittenBeside(path, *absent)});
  const Json& value = Need(json, "value");
  if (op != "exists")
    return Expression::Make(Expression::Kind::Compare, op,
                            {std::move(left), WrittenBeside(path, value)});
  Expression has = Expression::Make(Expression::Kind::Has, "", {std::move(left)});
  const bool is_negated = value.Is(Json::Kind::Bool) && !value.boolean;
  return is_negated ? Expression::Make(Expression::Kind::Not, "", {std::move(has)}) : has;
}

Expression ReadConditions(const Json& rule) {
  std::vector<Expression> all;
  for (const Json& json : Need(rule, "conditions").items) all.push_back(ReadCondition(json));
  return Expression::Make(Expression::Kind::And, "", std::move(all));
}

std::vector<Scope> ReadScopes(const Json* json) {
  if (json == nullptr) return {{"grant", {}}};
  if (json->Is(Json::Kind::String)) return {{json->text, {}}};
  if (json->Is(Json::Kind::Record)) {
    const auto& [kind, value] = json->members.at(0);
    const std::string root = kind == "claim" ? "claims." : "args.";
    return {{kind, NeedPath(root + value.text)}};
  }
  // The order and repetitions say nothing.
  std::map<std::string, Scope> scopes;
  for (const Json& item : json->items) scopes[ToText(item)] = ReadScopes(&item).at(0);
  std::vector<Scope> out;
  for (auto& [text, scope] : scopes) out.push_back(std::move(scope));
  return out;
}

Rule ReadLimit(const Json& json, std::string id) {
  Rule rule;
  rule.kind = RuleKind::Limit;
  rule.id = std::move(id);
  Limit& limit = rule.limit;
  limit.counter = Need(json, "counter").text;
  limit.algorithm = TextOr(json, "algorithm", "fixed");
  limit.window = limit.algorithm == "concurrency" ? "lifetime" : Need(json, "window").text;
  const Json& max = Need(json, "max");
  const Json* scale = json.Find("scale");
  limit.scale = scale == nullptr ? DecimalsWritten(max.text) : std::stoi(scale->text);
  limit.max_units = Units(max.text, limit.scale);
  if (const Json* burst = json.Find("burst")) limit.burst_units = Units(burst->text, limit.scale);
  limit.scopes = ReadScopes(json.Find("scope"));
  limit.refund = TextOr(json, "on_error", "keep") == "refund";
  if (const Json* cost = json.Find("cost")) {
    const bool is_length = cost->Is(Json::Kind::Record);
    const Path path = NeedPath(is_length ? Need(*cost, "length").text : cost->text);
    limit.cost = Expression::At(path);
    if (is_length)
      limit.cost = Expression::Make(Expression::Kind::Call, "length", {Expression::At(path)});
  }
  return rule;
}

Rule ReadRateLimit(const Json& json, const std::string& id) {
  Rule rule;
  rule.kind = RuleKind::Limit;
  rule.id = id;
  rule.limit.counter = id;
  rule.limit.scopes = ReadScopes(nullptr);
  if (json.Is(Json::Kind::String)) {
    const std::size_t slash = json.text.find('/');
    rule.limit.max_units = std::stoll(json.text.substr(0, slash));
    rule.limit.window = json.text.substr(slash + 1);
  } else {
    rule.limit.max_units = Units(Need(json, "max").text, 0);
    rule.limit.window = Need(json, "window").text;
  }
  return rule;
}

// One entry of `tools`: the action, then the other keys in the order of the text.
Entry ReadEntry(const std::string& pattern, const Json& json) {
  Entry entry;
  entry.patterns = {pattern};
  const std::string id = "/tools/" + PointerToken(pattern);
  const std::string action = TextOr(json, "action", "allow");
  const std::string reason = TextOr(json, "reason", "");
  Rule defaults;
  defaults.text = reason;
  if (const Json* approval = json.Find("approval")) {
    defaults.from = TextOr(*approval, "from", "");
    defaults.within_seconds = WholeSeconds(TextOr(*approval, "within", "0"));
  }
  const auto add = [&](RuleKind kind, std::string rule_id) -> Rule& {
    Rule rule = defaults;
    rule.kind = kind;
    rule.id = std::move(rule_id);
    entry.rules.push_back(std::move(rule));
    return entry.rules.back();
  };
  const auto add_each = [&](RuleKind kind, const std::string& key, const Json& list) {
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      const Json& item = list.items[i];
      Rule& rule = add(kind, id + '/' + key + '/' + std::to_string(i));
      rule.condition = ReadConditions(item);
      rule.text = TextOr(item, "on_deny", rule.text);
      rule.from = TextOr(item, "from", rule.from);
      if (const Json* within = item.Find("within"))
        rule.within_seconds = WholeSeconds(within->text);
    }
  };
  if (action != "deny") add(RuleKind::Allow, id).text.clear();
  if (action == "deny") add(RuleKind::Deny, id + "/action");
  if (action == "require_approval") add(RuleKind::Approve, id + "/action");
  for (const auto& [key, value] : json.members) {
    if (key == "args") {
      Rule& rule = add(RuleKind::CloseArguments, id + "/args");
      for (const Json& name : value.items) rule.arguments.push_back(name.text);
    } else if (key == "require") {
      add_each(RuleKind::Require, key, value);
    } else if (key == "deny_if") {
      add_each(RuleKind::Deny, key, value);
    } else if (key == "approve_if") {
      add_each(RuleKind::Approve, key, value);
    } else if (key == "limits") {
      for (std::size_t i = 0; i < value.items.size(); ++i)
        entry.rules.push_back(ReadLimit(value.items[i], id + "/limits/" + std::to_string(i)));
    } else if (key == "rate_limit") {
      entry.rules.push_back(ReadRateLimit(value, id + "/rate_limit"));
    } else if (key != "action" && key != "reason" && key != "approval") {
      throw Problem{"key " + key};
    }
  }
  return entry;
}

Policy Read(const Json& json) {
  Policy policy;
  policy.default_allows = Need(json, "default").text == "allow";
  policy.zone = TextOr(json, "zone", "UTC");
  if (const Json* hide = json.Find("hide")) {
    for (std::size_t i = 0; i < hide->items.size(); ++i) {
      Entry entry;
      entry.patterns = {hide->items[i].text};
      entry.rules.emplace_back();
      entry.rules.back().kind = RuleKind::Hide;
      entry.rules.back().id = "/hide/" + std::to_string(i);
      policy.entries.push_back(std::move(entry));
    }
  }
  if (const Json* all_tools = json.Find("all_tools")) {
    Entry entry;
    entry.patterns = {"*"};
    const Json& limits = Need(*all_tools, "limits");
    for (std::size_t i = 0; i < limits.items.size(); ++i)
      entry.rules.push_back(ReadLimit(limits.items[i], "/all_tools/limits/" + std::to_string(i)));
    policy.entries.push_back(std::move(entry));
  }
  if (const Json* tools = json.Find("tools")) {
    for (const auto& [pattern, entry] : tools->members)
      policy.entries.push_back(ReadEntry(pattern, entry));
  }
  return policy;
}

}  // namespace

int DecimalsWritten(const std::string& number) {
  const std::size_t e = std::min(number.find_first_of("eE"), number.size());
  const std::size_t point = number.substr(0, e).find('.');
  const int behind_point = point == std::string::npos ? 0 : static_cast<int>(e - point - 1);
  const int exponent = e == number.size() ? 0 : std::stoi(number.substr(e + 1));
  return std::max(0, behind_point - exponent);
}

std::optional<Policy> ReadJsonPolicy(std::string_view text, std::string& problem) {
  const auto json = ParseJson(text);
  if (!json) {
    problem = "not JSON";
    return std::nullopt;
  }
  try {
    return Read(*json);
  } catch (const Problem& found) {
    problem = found.what;
  } catch (const std::exception& error) {  // numbers that are none
    problem = error.what();
  }
  return std::nullopt;
}

std::optional<Policy> ReadPolicy(std::string_view text, std::string& problem) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && text[first] == '{';
  return is_json ? ReadJsonPolicy(text, problem) : ReadTextPolicy(text, problem);
}

}  // namespace reference
