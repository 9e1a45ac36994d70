#include "tests/differential/mutation.h"

#include <map>
#include <vector>

namespace differential {
namespace {

using reference::Json;

// Every place below `json` that is the value of a member named `key`.
void Collect(Json& json, const std::string& key, std::vector<Json*>& found) {
  for (auto& [name, value] : json.members) {
    if (name == key) found.push_back(&value);
    Collect(value, key, found);
  }
  for (Json& item : json.items) Collect(item, key, found);
}

bool SwapWord(Json& json, const std::map<std::string, std::string>& words) {
  const auto other = words.find(json.text);
  if (other == words.end()) return false;
  json.text = other->second;
  return true;
}

bool SwapOperator(Json& json) {
  return SwapWord(json, {{"eq", "neq"},
                         {"neq", "eq"},
                         {"in", "not_in"},
                         {"not_in", "in"},
                         {"lt", "lte"},
                         {"lte", "lt"},
                         {"gt", "gte"},
                         {"gte", "gt"},
                         {"starts_with", "ends_with"},
                         {"ends_with", "starts_with"}});
}

bool FlipDefault(Json& json) { return SwapWord(json, {{"allow", "deny"}, {"deny", "allow"}}); }

bool DropItem(Json& json) {
  if (json.items.empty()) return false;
  json.items.pop_back();
  return true;
}

bool AlterMax(Json& json) {
  if (!json.Is(Json::Kind::Number)) return false;
  json = Json::Number(json.text == "2" ? "3" : "2");
  return true;
}

bool FlipExists(Json& json) {
  if (!json.Is(Json::Kind::Bool)) return false;
  json.boolean = !json.boolean;
  return true;
}

bool AlterScope(Json& json) {
  return SwapWord(json, {{"grant", "session"}, {"session", "global"}, {"tool", "global"}});
}

bool AlterWindow(Json& json) {
  return SwapWord(json, {{"day", "hour"}, {"hour", "day"}, {"minute", "second"}, {"week", "day"}});
}

struct Kind {
  const char* name;
  const char* key;
  bool (*alter)(Json&);
};

constexpr Kind kKinds[] = {
    {"default flipped", "default", FlipDefault},
    {"operator swapped", "op", SwapOperator},
    {"condition dropped", "conditions", DropItem},
    {"deny rule dropped", "deny_if", DropItem},
    {"require rule dropped", "require", DropItem},
    {"approve rule dropped", "approve_if", DropItem},
    {"argument name dropped", "args", DropItem},
    {"exists flipped", "value", FlipExists},
    {"max altered", "max", AlterMax},
    {"scope altered", "scope", AlterScope},
    {"window altered", "window", AlterWindow},
};

}  // namespace

std::optional<Mutation> Mutate(const Json& policy, Random& random) {
  const Kind& kind = kKinds[random.Below(std::size(kKinds))];
  Mutation mutation{kind.name, policy};
  std::vector<Json*> places;
  Collect(mutation.policy, kind.key, places);
  if (places.empty() || !kind.alter(*random.Pick(places))) return std::nullopt;
  return mutation;
}

}  // namespace differential
