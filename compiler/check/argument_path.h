// Values of a policy as places in the arguments, where they are such.
#ifndef COMPILER_CHECK_ARGUMENT_PATH_H_
#define COMPILER_CHECK_ARGUMENT_PATH_H_

#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/catalog/tool_schema.h"
#include "compiler/ir/ir.h"

namespace policy {

// Refers to the policy.
class ArgumentPaths {
 public:
  explicit ArgumentPaths(const ir::Policy& policy);

  // The steps below the arguments at which the value stands; an element that a quantifier looks at
  // is any element. nullopt: it stands nowhere there, or is made by a function.
  std::optional<std::vector<catalog::SchemaStep>> StepsOf(ir::ValueId id) const;

 private:
  const ir::Policy& policy_;
  std::unordered_map<std::uint32_t, ir::ValueId> lists_;  // by Element
};

// "args.items[0].kind", "args.to[*]".
std::string TextOf(std::span<const catalog::SchemaStep> steps);

}  // namespace policy

#endif  // COMPILER_CHECK_ARGUMENT_PATH_H_
