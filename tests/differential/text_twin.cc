#include "tests/differential/text_twin.h"

#include <utility>
#include <vector>

namespace differential {
namespace {

using reference::Json;

// Thrown for what the text form cannot say; caught at the door.
struct Unsayable {};

Json Text(std::string text) { return Json::String(std::move(text)); }

std::string PointerToken(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

Json Operand(const Json& value, bool is_time) {
  if (value.Is(Json::Kind::List)) return Json::Record({{"list", value}});
  Json literal = Json::Record({{"literal", value}});
  if (!is_time) return literal;
  return Json::Record({{"call", Text("time")}, {"operands", Json::List({std::move(literal)})}});
}

Json ConditionOf(const Json& condition) {
  const Json& path = *condition.Find("path");
  const Json& op = *condition.Find("op");
  const Json& value = *condition.Find("value");
  const Json* absent = condition.Find("absent");
  if (op.text == "exists") {
    if (absent != nullptr) throw Unsayable();
    Json has = Json::Record({{"has", path}});
    return value.boolean ? has : Json::Record({{"not", std::move(has)}});
  }
  Json left = Json::Record({{absent == nullptr ? "path" : "else", path}});
  if (absent != nullptr) left.members.emplace_back("literal", *absent);
  return Json::Record(
      {{"op", op}, {"left", std::move(left)}, {"right", Operand(value, path.text == "now")}});
}

// Null where there is no condition: the rule fires in any case.
Json WhenOf(const Json& conditions) {
  if (conditions.items.empty()) return Json::Null();
  if (conditions.items.size() == 1) return ConditionOf(conditions.items[0]);
  Json all = Json::List({});
  for (const Json& condition : conditions.items) all.items.push_back(ConditionOf(condition));
  return Json::Record({{"and", std::move(all)}});
}

Json WindowOf(const Json& window) {
  return window.Is(Json::Kind::String) ? window : Text(window.text + "s");
}

void AddScopes(const Json& scope, Json& each) {
  if (scope.Is(Json::Kind::String)) each.items.push_back(scope);
  for (const auto& [kind, value] : scope.members) {
    const std::string root = kind == "claim" ? "claims" : "args";
    each.items.push_back(Text(root + (value.text.starts_with("[") ? "" : ".") + value.text));
  }
  for (const Json& item : scope.items) AddScopes(item, each);
}

class Translator {
 public:
  TextTwin Translate(const Json& policy) {
    twin_.tree = Json::Record({{"form", Text("text")}, {"default", *policy.Find("default")}});
    if (const Json* zone = policy.Find("zone")) twin_.tree.members.emplace_back("zone", *zone);
    if (const Json* hide = policy.Find("hide")) Hide(*hide);
    if (const Json* all_tools = policy.Find("all_tools")) {
      Json block = Block("*");
      Limits(*all_tools->Find("limits"), "/all_tools", block);
      blocks_.items.push_back(std::move(block));
    }
    if (const Json* tools = policy.Find("tools")) {
      for (const auto& [pattern, entry] : tools->members) Entry(pattern, entry);
    }
    twin_.tree.members.emplace_back("counters", std::move(counters_));
    twin_.tree.members.emplace_back("blocks", std::move(blocks_));
    return std::move(twin_);
  }

 private:
  void Hide(const Json& hide) {
    for (std::size_t i = 0; i < hide.items.size(); ++i)
      twin_.ids["hide/" + hide.items[i].text] = "/hide/" + std::to_string(i);
    twin_.tree.members.emplace_back("hide", hide);
  }

  static Json Block(const std::string& pattern) {
    return Json::Record({{"patterns", Json::List({Text(pattern)})}, {"rules", Json::List({})}});
  }

  static Json& Add(Json& block, const char* kind) {
    std::vector<Json>& rules = block.Find("rules")->items;
    rules.push_back(Json::Record({{"rule", Text(kind)}}));
    return rules.back();
  }

  // Rules without names of their own are numbered.
  void NoteId(const Json& block, const std::string& kind, const std::string& id) {
    const std::string begin = block.Find("patterns")->items[0].text + "/" + kind + "/";
    twin_.ids[begin + std::to_string(++numbers_[begin])] = id;
  }

  void Entry(const std::string& pattern, const Json& entry) {
    const std::string id = "/tools/" + PointerToken(pattern);
    Json block = Block(pattern);
    const Json* action = entry.Find("action");
    const Json* reason = entry.Find("reason");
    const std::string acts = action == nullptr ? "allow" : action->text;
    const auto add_named = [&](const char* kind, const std::string& name,
                               const Json* because) -> Json& {
      Json& rule = Add(block, kind);
      rule.members.emplace_back("name", Text(name));
      if (because != nullptr) rule.members.emplace_back("because", *because);
      return rule;
    };
    if (acts != "deny" && pattern != "*") add_named("allow", id, nullptr);
    if (acts == "deny") add_named("deny", id + "/action", reason);
    if (acts == "require_approval")
      AddApproval(add_named("approve", id + "/action", reason), entry, Json::Record());
    for (const auto& [key, value] : entry.members) {
      const std::string kind = key == "deny_if" ? "deny" : key == "approve_if" ? "approve" : key;
      if (key == "args") {
        if (value.items.empty()) throw Unsayable();
        Json& rule = Add(block, "args");
        rule.members.emplace_back("names", value);
        NoteId(block, "args", id + "/args");
      } else if (key == "limits") {
        Limits(value, id, block);
      } else if (key == "rate_limit") {
        RateLimit(value, id + "/rate_limit", block);
      } else if (key == "require" || key == "deny_if" || key == "approve_if") {
        for (std::size_t i = 0; i < value.items.size(); ++i) {
          const Json& item = value.items[i];
          const Json* because = item.Find("on_deny") == nullptr ? reason : item.Find("on_deny");
          Json& rule = add_named(kind.c_str(), id + '/' + key + '/' + std::to_string(i), because);
          Json when = WhenOf(*item.Find("conditions"));
          if (!when.Is(Json::Kind::Null)) rule.members.emplace_back("when", std::move(when));
          if (kind == "approve") AddApproval(rule, entry, item);
        }
      }
    }
    // A block has to say something.
    if (block.Find("rules")->items.empty()) return;
    blocks_.items.push_back(std::move(block));
  }

  static void AddApproval(Json& rule, const Json& entry, const Json& item) {
    const Json* approval = entry.Find("approval");
    for (const char* key : {"from", "within"}) {
      const Json* own = item.Find(key);
      if (own == nullptr && approval != nullptr) own = approval->Find(key);
      if (own == nullptr) continue;
      const bool is_seconds = own->Is(Json::Kind::Number);
      rule.members.emplace_back(key, is_seconds ? Text(own->text + "s") : *own);
    }
  }

  void Limits(const Json& limits, const std::string& id, Json& block) {
    for (std::size_t i = 0; i < limits.items.size(); ++i) {
      const Json& limit = limits.items[i];
      Json& rule = Limit(limit.Find("counter")->text, limit, block);
      if (const Json* cost = limit.Find("cost")) {
        const Json* length = cost->Find("length");
        Json path = Json::Record({{"path", length == nullptr ? *cost : *length}});
        if (length != nullptr)
          path =
              Json::Record({{"call", Text("length")}, {"operands", Json::List({std::move(path)})}});
        rule.members.emplace_back("cost", std::move(path));
      }
      if (const Json* on_error = limit.Find("on_error"))
        rule.members.emplace_back("on_error", *on_error);
      NoteId(block, "limit", id + "/limits/" + std::to_string(i));
    }
  }

  void RateLimit(const Json& value, const std::string& id, Json& block) {
    Json limit = value;
    if (value.Is(Json::Kind::String)) {
      const std::size_t slash = value.text.find('/');
      limit = Json::Record({{"max", Json::Number(value.text.substr(0, slash))},
                            {"window", Text(value.text.substr(slash + 1))}});
    }
    Limit(id, limit, block);
    NoteId(block, "limit", id);
  }

  // Declares the counter where it is first met; another maximum is the limit's own.
  Json& Limit(const std::string& name, const Json& limit, Json& block) {
    const Json& max = *limit.Find("max");
    const auto [declared, is_new] = max_of_.try_emplace(name, max.text);
    if (is_new) {
      Json counter = Json::Record({{"counter", Text(name)}, {"max", max}});
      if (const Json* window = limit.Find("window"))
        counter.members.emplace_back("window", WindowOf(*window));
      for (const char* key : {"algorithm", "burst"}) {
        if (const Json* term = limit.Find(key)) counter.members.emplace_back(key, *term);
      }
      if (const Json* scale = limit.Find("scale")) counter.members.emplace_back("scale", *scale);
      if (const Json* scope = limit.Find("scope")) {
        Json each = Json::List({});
        AddScopes(*scope, each);
        counter.members.emplace_back("each", std::move(each));
      }
      counters_.items.push_back(std::move(counter));
    }
    Json& rule = Add(block, "limit");
    rule.members.emplace_back("counter", Text(name));
    if (declared->second != max.text) rule.members.emplace_back("up to", max);
    return rule;
  }

  TextTwin twin_;
  Json counters_ = Json::List({});
  Json blocks_ = Json::List({});
  std::map<std::string, std::string> max_of_;
  std::map<std::string, int> numbers_;
};

}  // namespace

std::optional<TextTwin> TextTwinOf(const Json& policy) {
  try {
    return Translator().Translate(policy);
  } catch (const Unsayable&) {
    return std::nullopt;
  }
}

}  // namespace differential
