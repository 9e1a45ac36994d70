#include "tests/reference/policy.h"

#include <algorithm>
#include <exception>
#include <map>

#include "tests/reference/number.h"

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

// 500.00 has two, 5.25e1 has one, 5e2 none.
int DecimalsWritten(const std::string& number) {
  const std::size_t e = std::min(number.find_first_of("eE"), number.size());
  const std::size_t point = number.substr(0, e).find('.');
  const int behind_point = point == std::string::npos ? 0 : static_cast<int>(e - point - 1);
  const int exponent = e == number.size() ? 0 : std::stoi(number.substr(e + 1));
  return std::max(0, behind_point - exponent);
}

std::int64_t Units(const std::string& number, int scale) {
  const auto units = ScaledInteger(ReadDigits(number), scale);
  if (!units) throw Problem{"max " + number};
  return *units;
}

std::vector<Condition> ReadConditions(const Json& rule) {
  std::vector<Condition> out;
  for (const Json& json : Need(rule, "conditions").items) {
    Condition condition;
    condition.path = NeedPath(Need(json, "path").text);
    condition.op = Need(json, "op").text;
    if (const Json* value = json.Find("value")) condition.value = *value;
    if (const Json* absent = json.Find("absent")) condition.absent = *absent;
    out.push_back(std::move(condition));
  }
  return out;
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
  limit.window = Need(json, "window").text;
  const Json& max = Need(json, "max");
  const Json* scale = json.Find("scale");
  limit.scale = scale == nullptr ? DecimalsWritten(max.text) : std::stoi(scale->text);
  limit.max_units = Units(max.text, limit.scale);
  limit.scopes = ReadScopes(json.Find("scope"));
  limit.refund = TextOr(json, "on_error", "keep") == "refund";
  if (const Json* cost = json.Find("cost")) {
    limit.cost_is_length = cost->Is(Json::Kind::Record);
    limit.cost = NeedPath(limit.cost_is_length ? Need(*cost, "length").text : cost->text);
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
  entry.pattern = pattern;
  entry.id = "/tools/" + PointerToken(pattern);
  const std::string action = TextOr(json, "action", "allow");
  const std::string reason = TextOr(json, "reason", "");
  entry.admits = action != "deny" && pattern != "*";

  Rule defaults;
  defaults.text = reason;
  if (const Json* approval = json.Find("approval")) {
    defaults.from = TextOr(*approval, "from", "");
    defaults.within_seconds = WholeSeconds(TextOr(*approval, "within", "0"));
  }
  const auto add = [&](RuleKind kind, std::string id) -> Rule& {
    Rule rule = defaults;
    rule.kind = kind;
    rule.id = std::move(id);
    entry.rules.push_back(std::move(rule));
    return entry.rules.back();
  };
  const auto add_each = [&](RuleKind kind, const std::string& key, const Json& list) {
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      const Json& item = list.items[i];
      Rule& rule = add(kind, entry.id + '/' + key + '/' + std::to_string(i));
      rule.conditions = ReadConditions(item);
      rule.text = TextOr(item, "on_deny", rule.text);
      rule.from = TextOr(item, "from", rule.from);
      if (const Json* within = item.Find("within"))
        rule.within_seconds = WholeSeconds(within->text);
    }
  };
  if (action == "deny") add(RuleKind::Deny, entry.id + "/action");
  if (action == "require_approval") add(RuleKind::Approve, entry.id + "/action");
  for (const auto& [key, value] : json.members) {
    if (key == "args") {
      Rule& rule = add(RuleKind::CloseArguments, entry.id + "/args");
      for (const Json& name : value.items) rule.arguments.push_back(name.text);
    } else if (key == "require") {
      add_each(RuleKind::Require, key, value);
    } else if (key == "deny_if") {
      add_each(RuleKind::Deny, key, value);
    } else if (key == "approve_if") {
      add_each(RuleKind::Approve, key, value);
    } else if (key == "limits") {
      for (std::size_t i = 0; i < value.items.size(); ++i)
        entry.rules.push_back(ReadLimit(value.items[i], entry.id + "/limits/" + std::to_string(i)));
    } else if (key == "rate_limit") {
      entry.rules.push_back(ReadRateLimit(value, entry.id + "/rate_limit"));
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
      entry.pattern = hide->items[i].text;
      entry.id = "/hide/" + std::to_string(i);
      entry.rules.emplace_back();
      entry.rules.back().kind = RuleKind::Hide;
      entry.rules.back().id = entry.id;
      policy.entries.push_back(std::move(entry));
    }
  }
  if (const Json* all_tools = json.Find("all_tools")) {
    Entry entry;
    entry.pattern = "*";
    entry.id = "/all_tools";
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

std::string ReadQuotedName(std::string_view text, std::size_t& at) {
  const std::size_t begin = at++;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  if (at >= text.size()) throw Problem{"quote"};
  const auto name = ParseJson(text.substr(begin, ++at - begin));
  if (!name) throw Problem{"quote"};
  return name->text;
}

Path ReadPathText(std::string_view text) {
  Path path;
  std::size_t at = std::min(text.find_first_of(".["), text.size());
  path.root = text.substr(0, at);
  while (at < text.size()) {
    Step step;
    if (text[at] == '.') {
      const std::size_t end = std::min(text.find_first_of(".[", at + 1), text.size());
      step.name = text.substr(at + 1, end - at - 1);
      at = end;
    } else if (text.substr(at, 2) == "[\"") {
      ++at;
      step.name = ReadQuotedName(text, at);
      if (text.substr(at, 1) != "]") throw Problem{"bracket"};
      ++at;
    } else {
      const std::size_t end = text.find(']', at);
      if (end == std::string_view::npos) throw Problem{"bracket"};
      step.index = std::stoul(std::string(text.substr(at + 1, end - at - 1)));
      at = end + 1;
    }
    path.steps.push_back(std::move(step));
  }
  return path;
}

}  // namespace

std::optional<Path> ReadPath(std::string_view text) {
  try {
    return ReadPathText(text);
  } catch (const Problem&) {
  } catch (const std::exception&) {  // an index that is none
  }
  return std::nullopt;
}

std::optional<Policy> ReadPolicy(std::string_view text, std::string& problem) {
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

}  // namespace reference
