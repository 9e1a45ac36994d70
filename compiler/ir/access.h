// Ids to the things they name.
#ifndef COMPILER_IR_ACCESS_H_
#define COMPILER_IR_ACCESS_H_

#include <cstddef>

#include "compiler/ir/ir.h"

namespace policy::ir {

inline std::size_t IndexOf(PathId id) { return static_cast<std::size_t>(id); }
inline std::size_t IndexOf(ValueId id) { return static_cast<std::size_t>(id); }
inline std::size_t IndexOf(TestId id) { return static_cast<std::size_t>(id); }
inline std::size_t IndexOf(FormulaId id) { return static_cast<std::size_t>(id); }
inline std::size_t IndexOf(RuleId id) { return static_cast<std::size_t>(id); }
inline std::size_t IndexOf(CounterId id) { return static_cast<std::size_t>(id); }

inline const Path& PathOf(const Policy& policy, PathId id) { return policy.paths[IndexOf(id)]; }
inline const Value& ValueOf(const Policy& policy, ValueId id) { return policy.values[IndexOf(id)]; }
// The path that the value is, or null.
inline const Path* PathOf(const Policy& policy, ValueId id) {
  const Value& value = ValueOf(policy, id);
  return value.kind == ValueKind::Path ? &PathOf(policy, value.path_id) : nullptr;
}
inline const Test& TestOf(const Policy& policy, TestId id) { return policy.tests[IndexOf(id)]; }
inline const Formula& FormulaOf(const Policy& policy, FormulaId id) {
  return policy.formulas[IndexOf(id)];
}
inline const Rule& RuleOf(const Policy& policy, RuleId id) { return policy.rules[IndexOf(id)]; }

// Whether rules of this kind have a condition.
inline bool HasCondition(format::RuleKind kind) {
  return kind == format::RuleKind::Deny || kind == format::RuleKind::Require ||
         kind == format::RuleKind::Allow || kind == format::RuleKind::Approve;
}

}  // namespace policy::ir

#endif  // COMPILER_IR_ACCESS_H_
