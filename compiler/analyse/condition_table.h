// The policy's tests as the decision procedure asks them: equal ones are one condition, and each
// can be put to a value.
#ifndef COMPILER_ANALYSE_CONDITION_TABLE_H_
#define COMPILER_ANALYSE_CONDITION_TABLE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/ir/ir.h"
#include "runtime/value/predicate.h"
#include "runtime/value/value.h"

namespace policy {

enum class ConditionId : std::uint32_t {};

// A test without its place. `path ?? literal` is the path with an answer for its absence.
struct Condition {
  ir::ValueId value_id{};
  Predicate predicate{};
  std::optional<Truth> when_absent;
  Operand operand;                         // a regular expression only once it is asked
  const ir::Constant* constant = nullptr;  // what `operand` was made of
};

// Expressions that one analysis compiles; of those over it nothing is known.
inline constexpr std::size_t kAnalysedRegexesMax = 2'000;

// Not thread-safe. The policy outlives it.
class ConditionTable {
 public:
  explicit ConditionTable(const ir::Policy& policy);
  ~ConditionTable();
  ConditionTable(const ConditionTable&) = delete;  // operands point into it
  ConditionTable& operator=(const ConditionTable&) = delete;

  const ir::Policy& policy() const { return policy_; }
  ConditionId Of(ir::TestId test_id) const {
    return condition_ids_[static_cast<std::size_t>(test_id)];
  }
  const Condition& at(ConditionId id) const { return conditions_[static_cast<std::size_t>(id)]; }

  // What the condition says of `value`; nullopt: an expression over kAnalysedRegexesMax.
  std::optional<Truth> Ask(ConditionId id, const Value& value);
  // The compiled expression of a Matches condition; null: over the limit.
  const re2::RE2* RegexOf(ConditionId id);

 private:
  ConditionId Intern(const ir::Test& test);
  Operand OperandOf(const ir::Constant& constant);

  const ir::Policy& policy_;
  std::vector<ConditionId> condition_ids_;  // by test
  std::vector<Condition> conditions_;
  std::unordered_multimap<std::uint64_t, ConditionId> by_hash_;
  std::deque<std::vector<std::string_view>> string_sets_;
  std::vector<std::unique_ptr<re2::RE2>> regexes_;
};

}  // namespace policy

#endif  // COMPILER_ANALYSE_CONDITION_TABLE_H_
