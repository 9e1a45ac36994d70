#include "compiler/check/argument_path.h"

#include <fmt/format.h>

#include "compiler/ir/access.h"
#include "grammar/json_fields.h"
#include "runtime/value/decimal.h"

namespace policy {

namespace {

using catalog::SchemaStep;

constexpr std::size_t kStepsMax = 31;  // as PathFacts counts them

bool IsIdentifier(std::string_view name) {
  for (const char c : name) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!is_letter && (&c == name.data() || c < '0' || c > '9')) return false;
  }
  return !name.empty();
}

}  // namespace

ArgumentPaths::ArgumentPaths(const ir::Policy& policy) : policy_(policy) {
  for (const ir::Value& value : policy.values) {
    if (value.kind != ir::ValueKind::Quantified) continue;
    lists_[static_cast<std::uint32_t>(value.element_id)] = value.operands[0];
  }
}

// Values stand after their operands, so this ends; how deep they nest is bounded by the resolver.
std::optional<std::vector<SchemaStep>> ArgumentPaths::StepsOf(ir::ValueId id) const {
  const ir::Value& value = ir::ValueOf(policy_, id);
  if (value.kind == ir::ValueKind::Path) {
    const ir::Path& path = ir::PathOf(policy_, value.path_id);
    if (path.root != format::Root::Args || path.steps.size() > kStepsMax) return std::nullopt;
    std::vector<SchemaStep> steps;
    for (const ir::Step& step : path.steps) {
      const auto* name = std::get_if<std::string>(&step);
      SchemaStep next;
      next.kind = name != nullptr ? SchemaStep::Kind::Member : SchemaStep::Kind::Element;
      if (name != nullptr) {
        next.name = *name;
      } else {
        next.index = std::get<std::uint32_t>(step);
      }
      steps.push_back(next);
    }
    return steps;
  }
  const bool is_step = value.kind == ir::ValueKind::Applied &&
                       (value.function == Function::Member || value.function == Function::Element);
  if (!is_step && value.kind != ir::ValueKind::Element) return std::nullopt;
  const auto list = lists_.find(static_cast<std::uint32_t>(id));
  if (!is_step && list == lists_.end()) return std::nullopt;
  auto steps = StepsOf(is_step ? value.operands[0] : list->second);
  if (!steps || steps->size() == kStepsMax) return std::nullopt;
  SchemaStep step{.kind = SchemaStep::Kind::AnyElement};
  if (is_step) {
    const ir::Constant& constant = ir::ValueOf(policy_, value.operands[1]).constant;
    if (const auto* name = std::get_if<std::string>(&constant)) {
      step = {.kind = SchemaStep::Kind::Member, .name = *name};
    } else if (const auto* number = std::get_if<Decimal>(&constant)) {
      const auto index = ToScaledInteger(*number, 0);
      if (!index || *index < 0 || *index > UINT32_MAX) return std::nullopt;
      step = {.kind = SchemaStep::Kind::Element, .index = static_cast<std::uint32_t>(*index)};
    }
  }
  steps->push_back(step);
  return steps;
}

std::string TextOf(std::span<const SchemaStep> steps) {
  std::string text = "args";
  for (const SchemaStep& step : steps) {
    switch (step.kind) {
      case SchemaStep::Kind::Member:
        text += IsIdentifier(step.name) ? "." + std::string(step.name)
                                        : "[" + JsonQuoted(step.name) + "]";
        break;
      case SchemaStep::Kind::Element:
        text += fmt::format("[{}]", step.index);
        break;
      case SchemaStep::Kind::AnyElement:
        text += "[*]";
        break;
    }
  }
  return text;
}

}  // namespace policy
