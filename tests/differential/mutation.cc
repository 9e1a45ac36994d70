#include "tests/differential/mutation.h"

#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
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

bool AlterAlgorithm(Json& json) { return SwapWord(json, {{"sliding", "fixed"}}); }

bool AlterBurst(Json& json) {
  if (!json.Is(Json::Kind::Number)) return false;
  json.text += "1";
  return true;
}

// Of the text form's trees (policy_text.h). Those that turn one member into another alter the
// record that it stands in.

bool Rename(Json& record, const std::string& from, const std::string& to) {
  for (auto& [key, value] : record.members) {
    if (key != from) continue;
    key = to;
    return true;
  }
  return false;
}

bool Swap(Json& record, const std::string& one, const std::string& other) {
  return Rename(record, one, other) || Rename(record, other, one);
}

bool SwapJunction(Json& record) { return Swap(record, "and", "or"); }
bool SwapQuantifier(Json& record) { return Swap(record, "any", "all"); }
bool SwapPresence(Json& record) { return Swap(record, "has", "is null"); }

bool DropNot(Json& record) {
  const Json* negated = record.Find("not");
  if (negated == nullptr) return false;
  const Json inner = *negated;
  record = inner;
  return true;
}

bool Drop(Json& record, const std::string& key) {
  return std::erase_if(record.members, [&](const Json::Member& m) { return m.key == key; }) > 0;
}

// Not of a require, which has to have a condition.
bool DropWhen(Json& record) { return Drop(record, "when"); }
bool DropServer(Json& record) { return Drop(record, "server"); }
bool DropUpTo(Json& record) { return Drop(record, "up to"); }

// The path alone, without the value for its absence.
bool DropElse(Json& record) { return Drop(record, "literal") && Rename(record, "else", "path"); }

bool AlterDuration(Json& json) {
  json.text = json.text == "10m" ? "1h" : "10m";
  return true;
}

bool AlterStep(Json& json) {
  json.text = json.text == "0" ? "1" : "0";
  return true;
}

bool SwapKind(Json& json) { return SwapWord(json, {{"deny", "require"}, {"require", "deny"}}); }

// What a call of the function `Name` becomes.
struct Function {
  const char* name;
  const char* other;  // empty: its operands are altered
};
constexpr Function kFunctions[] = {
    {"length", "port"}, {"lower", "domain"}, {"domain", "host"},     {"host", "domain"},
    {"scheme", "host"}, {"port", "length"},  {"words", "sql_verbs"}, {"sql_verbs", "words"},
    {"split", ""},      {"join", ""},        {"time", ""},           {"+", "-"},
    {"-", ""},          {"*", "+"},
};

// Of a separator another separator, of a zone another zone.
bool AlterLiteral(Json& operand) {
  Json* literal = operand.Find("literal");
  if (literal == nullptr || !literal->Is(Json::Kind::String)) return false;
  const bool is_zone = literal->text.size() > 2;
  const std::string other = is_zone ? "Pacific/Apia" : "e";
  literal->text = other;
  return true;
}

// Else the two change places: those of a difference.
bool AlterOperands(std::vector<Json>& operands) {
  if (AlterLiteral(operands[1])) return true;
  std::swap(operands[0], operands[1]);
  return ToText(operands[0]) != ToText(operands[1]);
}

struct Kind {
  std::string name;
  std::string key;  // its value is altered; empty: any record may be
  std::function<bool(Json&)> alter;
};

// Every place where `kind` can alter something.
void CollectRecords(Json& json, const std::function<bool(Json&)>& alter,
                    std::vector<Json*>& found) {
  Json copy = json;
  if (json.Is(Json::Kind::Record) && alter(copy)) found.push_back(&json);
  for (auto& [key, value] : json.members) CollectRecords(value, alter, found);
  for (Json& item : json.items) CollectRecords(item, alter, found);
}

std::vector<Kind> Kinds() {
  std::vector<Kind> kinds = {
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
      {"algorithm altered", "algorithm", AlterAlgorithm},
      {"burst altered", "burst", AlterBurst},
      {"rule dropped", "rules", DropItem},
      {"duration altered", "duration", AlterDuration},
      {"element altered", "step", AlterStep},
      {"and and or swapped", "", SwapJunction},
      {"any and all swapped", "", SwapQuantifier},
      {"has and is null swapped", "", SwapPresence},
      {"not dropped", "", DropNot},
      {"?? dropped", "", DropElse},
      {"when dropped", "", DropWhen},
      {"server dropped", "", DropServer},
      {"up to dropped", "", DropUpTo},
      {"deny and require swapped", "rule", SwapKind},
  };
  for (const Function& function : kFunctions) {
    kinds.push_back({std::string("function ") + function.name, "", [function](Json& record) {
                       Json* call = record.Find("call");
                       if (call == nullptr || call->text != function.name) return false;
                       if (*function.other != '\0') {
                         call->text = function.other;
                         return true;
                       }
                       Json* operands = record.Find("operands");
                       return operands != nullptr && operands->items.size() == 2 &&
                              AlterOperands(operands->items);
                     }});
  }
  return kinds;
}

const std::vector<Kind>& AllKinds() {
  static const std::vector<Kind> kinds = Kinds();
  return kinds;
}

}  // namespace

std::size_t MutationCount() { return AllKinds().size(); }

const std::string& MutationName(std::size_t number) { return AllKinds().at(number).name; }

std::optional<Json> Mutate(const Json& policy, std::size_t number, Random& random) {
  const Kind& kind = AllKinds().at(number);
  Json mutation = policy;
  std::vector<Json*> places;
  if (kind.key.empty()) {
    CollectRecords(mutation, kind.alter, places);
  } else {
    Collect(mutation, kind.key, places);
  }
  if (places.empty() || !kind.alter(*random.Pick(places))) return std::nullopt;
  return mutation;
}

}  // namespace differential
