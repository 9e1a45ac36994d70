// The floor of the race: a hash table from tools to flat conditions over a fixed array of values,
// by hand in C++. It has no unknowns, counters, messages or rules to name, and believes its input.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bench/engines/race.h"
#include "bench/peers/cpp/request.h"

namespace race {
namespace {

constexpr std::size_t kArgumentsMax = 32;

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
using Texts = std::unordered_set<std::string, Hash, std::equal_to<>>;

struct Value {
  std::int64_t number = 0;
  std::string_view text;
};

struct Call {
  std::string_view tool;
  std::array<Value, kArgumentsMax> values;
};

enum class Operator : std::uint8_t {
  EqualsNumber,
  EqualsText,
  AtMost,
  AtLeast,
  Above,
  In,
  StartsWith,
  EndsWith,
  Matches,
  LengthAtMost,
  LengthAtLeast,
};

struct Condition {
  Operator op;
  std::uint32_t argument = 0;
  std::int64_t number = 0;
  std::string text;
  std::unique_ptr<const Texts> texts;
  std::unique_ptr<const RE2> expression;

  bool Holds(const Value& given) const {
    switch (op) {
      case Operator::EqualsNumber:
        return given.number == number;
      case Operator::EqualsText:
        return given.text == text;
      case Operator::AtMost:
        return given.number <= number;
      case Operator::AtLeast:
        return given.number >= number;
      case Operator::Above:
        return given.number > number;
      case Operator::In:
        return texts->contains(given.text);
      case Operator::StartsWith:
        return given.text.starts_with(text);
      case Operator::EndsWith:
        return given.text.ends_with(text);
      case Operator::Matches:
        return RE2::PartialMatch(given.text, *expression);
      case Operator::LengthAtMost:
        return given.text.size() <= static_cast<std::size_t>(number);
      case Operator::LengthAtLeast:
        return given.text.size() >= static_cast<std::size_t>(number);
    }
    return false;
  }
};

using Conjunction = std::vector<Condition>;

bool All(const Conjunction& conditions, const Call& call) {
  return std::ranges::all_of(conditions, [&call](const Condition& each) {
    return each.Holds(call.values[each.argument]);
  });
}

struct Tool {
  Conjunction required;
  std::vector<Conjunction> denials;
  std::vector<Conjunction> allows;

  bool Allows(const Call& call) const {
    const auto holds = [&call](const Conjunction& each) { return All(each, call); };
    return All(required, call) && std::ranges::none_of(denials, holds) &&
           (allows.empty() || std::ranges::any_of(allows, holds));
  }
};

class Table : public Engine {
 public:
  explicit Table(const std::string& folder) {
    const auto workload = nlohmann::json::parse(ReadFile(folder + "/workload.json"));
    for (const auto& [name, rules] : workload["tools"].items()) {
      Tool& tool = tools_[name];
      for (const auto& rule : rules) Add(rule, tool);
    }
  }

  std::unique_ptr<Worker> MakeWorker(std::span<const std::string> requests) override;

  bool Allows(const Call& call) const {
    const auto found = tools_.find(call.tool);
    return found != tools_.end() && found->second.Allows(call);
  }

  // kArgumentsMax: no rule asks for it.
  std::size_t FindArgument(std::string_view name) const {
    const auto found = arguments_.find(name);
    return found == arguments_.end() ? kArgumentsMax : found->second;
  }

 private:
  void Add(const nlohmann::json& rule, Tool& tool) {
    const std::string effect = rule["effect"];
    Conjunction* into = &tool.required;
    if (effect == "allow") into = &tool.allows.emplace_back();
    if (effect == "deny" || effect == "approve") into = &tool.denials.emplace_back();
    for (const auto& condition : rule["when"]) into->push_back(Read(condition));
  }

  Condition Read(const nlohmann::json& written) {
    static const std::unordered_map<std::string, Operator> kOperators = {
        {"lte", Operator::AtMost},
        {"gte", Operator::AtLeast},
        {"gt", Operator::Above},
        {"in", Operator::In},
        {"starts_with", Operator::StartsWith},
        {"like", Operator::StartsWith},
        {"ends_with", Operator::EndsWith},
        {"regex", Operator::Matches},
        {"length_lte", Operator::LengthAtMost},
        {"length_gte", Operator::LengthAtLeast}};
    const std::string op = written["op"];
    const nlohmann::json& value = written["value"];
    Condition condition;
    condition.op = op != "eq"          ? kOperators.at(op)
                   : value.is_string() ? Operator::EqualsText
                                       : Operator::EqualsNumber;
    const std::string argument = written["arg"];
    condition.argument =
        arguments_.try_emplace(argument, static_cast<std::uint32_t>(arguments_.size()))
            .first->second;
    CHECK(arguments_.size() <= kArgumentsMax);
    if (value.is_string()) condition.text = value;
    if (op == "like") condition.text.pop_back();  // the star at its end
    if (op == "regex") condition.expression = std::make_unique<RE2>(condition.text);
    if (value.is_number()) condition.number = value;
    if (value.is_boolean()) condition.number = value.get<bool>() ? 1 : 0;
    if (value.is_array()) condition.texts = std::make_unique<Texts>(value.begin(), value.end());
    return condition;
  }

  std::unordered_map<std::string, Tool, Hash, std::equal_to<>> tools_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> arguments_;
};

class TableWorker : public Worker {
 public:
  TableWorker(const Table& table, std::span<const std::string> requests) : table_(table) {
    for (const std::string& request : requests) requests_.push_back(Padded(request));
    parsers_ = std::vector<simdjson::ondemand::parser>(requests.size());  // each keeps its texts
    calls_.resize(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) Fill(parsers_[i], requests_[i], calls_[i]);
  }

  std::size_t DecideFilled(std::size_t first, std::size_t count) override {
    std::size_t allowed = 0;
    for (std::size_t i = first; i < first + count; ++i) allowed += table_.Allows(calls_[i]) ? 1 : 0;
    return allowed;
  }

  std::size_t DecideBytes(std::size_t first, std::size_t count) override {
    std::size_t allowed = 0;
    for (std::size_t i = first; i < first + count; ++i) {
      Fill(parser_, requests_[i], call_);
      allowed += table_.Allows(call_) ? 1 : 0;
    }
    return allowed;
  }

 private:
  void Fill(simdjson::ondemand::parser& parser, const std::string& request, Call& call) {
    const auto take_argument = [&](std::string_view name, simdjson::ondemand::value given) {
      const std::size_t argument = table_.FindArgument(name);
      if (argument == kArgumentsMax) return;
      Value& value = call.values[argument];
      switch (given.type()) {
        case simdjson::ondemand::json_type::string:
          value.text = given.get_string();
          break;
        case simdjson::ondemand::json_type::number:
          value.number = given.get_int64();
          break;
        default:
          value.number = bool(given.get_bool()) ? 1 : 0;
      }
    };
    ReadRequest(
        parser, request, [&call](std::string_view tool) { call.tool = tool; }, take_argument);
  }

  const Table& table_;
  std::vector<std::string> requests_;
  std::vector<simdjson::ondemand::parser> parsers_;
  std::vector<Call> calls_;
  simdjson::ondemand::parser parser_;
  Call call_;
};

std::unique_ptr<Worker> Table::MakeWorker(std::span<const std::string> requests) {
  return std::make_unique<TableWorker>(*this, requests);
}

}  // namespace
}  // namespace race

int main(int argc, char** argv) {
  return race::Run(argc, argv, [](const std::string&, const std::string& folder) {
    return std::make_unique<race::Table>(folder);
  });
}
