// The calls that a question is about: those of one block's tools, or of one tool.
#ifndef COMPILER_ANALYSE_SCENE_H_
#define COMPILER_ANALYSE_SCENE_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/analyse/domain.h"
#include "compiler/ir/ir.h"

namespace policy {

struct Scene {
  std::vector<std::string_view> patterns;  // one of these matches `tool.name`
  std::optional<std::string_view> server;
  // Only calls that can be admitted: under a lock, those of its tools.
  const std::vector<ir::Pin>* pins = nullptr;
};

// The pins that `pattern` may match, from all that there are, sorted by tool: those whose name
// begins with what stands before its first star.
std::span<const ir::Pin> PinsFor(const std::vector<ir::Pin>& pins, std::string_view pattern);

// What is known of a value in the scene's calls before any condition.
Shape ShapeOf(const ir::Policy& policy, ir::ValueId value_id, const Scene& scene);

// The forms that `operand`, by its position, has wherever `value` is neither absent nor broken.
Forms OperandForms(const ir::Value& value, std::size_t operand);

}  // namespace policy

#endif  // COMPILER_ANALYSE_SCENE_H_
