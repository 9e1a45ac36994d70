// What a condition says once it is known which tool is called and what is absent from the call: the
// places in it that then do not matter.
#ifndef COMPILER_CHECK_GUARD_H_
#define COMPILER_CHECK_GUARD_H_

#include <optional>
#include <span>
#include <string_view>

#include "compiler/check/argument_path.h"
#include "compiler/ir/ir.h"

namespace policy {

// What the predicate says of a scalar constant; nullopt for operands that need more than their own
// text to compare with: expressions.
std::optional<Truth> TruthOf(Predicate predicate, const ir::Constant& operand,
                             const ir::Constant& scalar);

// A call of which only this is known.
struct KnownCall {
  std::string_view tool;
  std::string_view server;
  // What is absent, and with it all that is below; empty: nothing is known to be.
  std::span<const catalog::SchemaStep> absent = {};
};

// The truth of the formula for every such call, where there is one and it is true or false.
std::optional<bool> TruthFor(const ir::Policy& policy, const ArgumentPaths& paths, ir::FormulaId id,
                             const KnownCall& call);

// A group that a place in a condition stands in: it does not matter where another operand of the
// group decides it.
struct EnclosingGroup {
  const ir::Formula* group = nullptr;
  ir::FormulaId own{};  // the operand that the place stands in
};
bool IsDecidedElsewhere(const ir::Policy& policy, const ArgumentPaths& paths,
                        std::span<const EnclosingGroup> groups, const KnownCall& call);

}  // namespace policy

#endif  // COMPILER_CHECK_GUARD_H_
