#include "compiler/analyse/scene.h"

#include <algorithm>

#include "compiler/ir/access.h"
#include "runtime/value/civil_time.h"
#include "runtime/value/glob.h"

namespace policy {

namespace {

using format::Root;

constexpr Forms kTexts = FormsOf(Form::Text, Form::LongText);

Decimal Whole(std::int64_t number) { return *ParseDecimal(std::to_string(number)); }

Shape WholeNumbers(Forms others, std::int64_t least, std::int64_t most) {
  return {.forms = others | FormsOf(Form::Number),
          .is_whole = true,
          .least = Whole(least),
          .most = Whole(most)};
}

// The lock's tools among the scene's.
std::vector<std::string_view> PinnedNames(const Scene& scene) {
  std::vector<std::string_view> names;
  for (const std::string_view pattern : scene.patterns) {
    for (const ir::Pin& pin : PinsFor(*scene.pins, pattern)) {
      if (scene.server && pin.server != *scene.server) continue;
      if (GlobMatches(pattern, pin.tool)) names.push_back(pin.tool);
    }
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

Shape ShapeOfToolName(const Scene& scene) {
  Shape shape{.forms = FormsOf(Form::Text), .patterns = scene.patterns};
  if (scene.pins != nullptr) shape.texts = PinnedNames(scene);
  if (!shape.texts.empty()) return shape;
  const bool is_open = std::ranges::any_of(
      scene.patterns, [](std::string_view pattern) { return pattern.contains('*'); });
  if (is_open) shape.forms = kTexts | FormsOf(Form::Absent);
  return shape;
}

Shape ShapeOfTool(std::string_view member, const Scene& scene) {
  if (member == "name") return ShapeOfToolName(scene);
  if (member == "server") {
    if (scene.server) return {.forms = FormsOf(Form::Text), .texts = {*scene.server}};
    return {.forms = kTexts | FormsOf(Form::Absent)};
  }
  return {.forms = kJsonForms};
}

Shape ShapeOfNow(const ir::Path& path) {
  if (path.steps.empty()) return {.forms = FormsOf(Form::Time)};
  const auto& member = std::get<std::string>(path.steps[0]);
  if (member == "hour") return WholeNumbers({}, 0, 23);
  if (member == "minute") return WholeNumbers({}, 0, 59);
  Shape shape{.forms = FormsOf(Form::Text)};
  if (member != "weekday") return shape;
  for (int weekday = 0; weekday < 7; ++weekday) {
    shape.texts.push_back(WeekdayName(weekday));
  }
  return shape;
}

Shape ShapeOfPath(const ir::Path& path, const Scene& scene) {
  const auto* member = path.steps.empty() ? nullptr : std::get_if<std::string>(&path.steps.front());
  const bool is_direct = member != nullptr && path.steps.size() == 1;
  switch (path.root) {
    case Root::Now:
      return ShapeOfNow(path);
    case Root::Tool:
      return is_direct ? ShapeOfTool(*member, scene) : Shape{.forms = kJsonForms};
    case Root::Client:
      return {.forms = kTexts | FormsOf(Form::Absent)};
    case Root::Grant:
      if (is_direct && (*member == "id" || *member == "label")) {
        return {.forms = kTexts | FormsOf(Form::Absent)};
      }
      return {.forms = kJsonForms};
    default:
      return {.forms = kJsonForms};
  }
}

Shape ShapeOfConstant(const ir::Constant& constant) {
  if (const auto* text = std::get_if<std::string>(&constant)) {
    return {.forms = FormsOf(Form::Text), .texts = {*text}};
  }
  if (const auto* number = std::get_if<Decimal>(&constant)) {
    return {.forms = FormsOf(Form::Number), .least = *number, .most = *number};
  }
  if (const auto* boolean = std::get_if<bool>(&constant)) {
    return {.forms = *boolean ? FormsOf(Form::True) : FormsOf(Form::False)};
  }
  return {.forms = FormsOf(Form::Time, Form::Duration)};
}

Shape ShapeOfApplied(Function function) {
  constexpr Forms kBroken = FormsOf(Form::Broken);
  switch (function) {
    case Function::Length:
      return {.forms = kBroken | FormsOf(Form::Number), .is_whole = true, .least = Decimal{}};
    case Function::Scheme:
      return {.forms = kBroken | FormsOf(Form::Text), .texts = {"http", "https"}};
    case Function::Port:
      return WholeNumbers(kBroken, 1, 65'535);
    case Function::Lower:
    case Function::Domain:
    case Function::Host:
    case Function::Join:
      return {.forms = kBroken | kTexts};
    case Function::Split:
    case Function::Words:
    case Function::SqlVerbs:
      return {.forms = kBroken | FormsOf(Form::List)};
    case Function::Add:
    case Function::Subtract:
    case Function::Multiply:
      return {.forms = kBroken | FormsOf(Form::Number, Form::Time, Form::Duration)};
    case Function::Time:
      return {.forms = kBroken | FormsOf(Form::Time)};
    default:
      return {};
  }
}

}  // namespace

std::span<const ir::Pin> PinsFor(const std::vector<ir::Pin>& pins, std::string_view pattern) {
  const std::string_view head = pattern.substr(0, pattern.find('*'));
  const auto begin_of = [&](const ir::Pin& pin) {
    return std::string_view(pin.tool).substr(0, head.size());
  };
  const auto found = std::ranges::equal_range(pins, head, {}, begin_of);
  return {found.begin(), found.end()};
}

Shape ShapeOf(const ir::Policy& policy, ir::ValueId value_id, const Scene& scene) {
  const ir::Value& value = ir::ValueOf(policy, value_id);
  constexpr Forms kBools = FormsOf(Form::Broken, Form::False, Form::True);
  switch (value.kind) {
    case ir::ValueKind::Path:
      return ShapeOfPath(ir::PathOf(policy, value.path_id), scene);
    case ir::ValueKind::Constant:
      return ShapeOfConstant(value.constant);
    case ir::ValueKind::Applied:
      return ShapeOfApplied(value.function);
    case ir::ValueKind::Compared:
      return {.forms = kBools};
    case ir::ValueKind::Quantified:
      if (value.quantifier != ir::QuantifierKind::Count) return {.forms = kBools};
      return WholeNumbers(FormsOf(Form::Broken), 0, kListElementsMax);
    case ir::ValueKind::Element:
      return {};
  }
  return {};
}

Forms OperandForms(const ir::Value& value, std::size_t operand) {
  constexpr Forms kScalars = FormsOf(Form::False, Form::True, Form::Number, Form::Text,
                                     Form::LongText, Form::Time, Form::Duration);
  switch (value.kind) {
    case ir::ValueKind::Quantified:
      return FormsOf(Form::List);
    case ir::ValueKind::Compared:
      return kScalars | FormsOf(Form::List);
    case ir::ValueKind::Applied:
      break;
    default:
      return kAllForms;
  }
  switch (value.function) {
    case Function::Lower:
    case Function::Domain:
    case Function::Host:
    case Function::Scheme:
    case Function::Port:
    case Function::Split:
    case Function::Words:
    case Function::SqlVerbs:
    case Function::Time:
      return kTexts;
    case Function::Length:
      return kTexts | FormsOf(Form::List, Form::Record);
    case Function::Join:
      return operand == 0 ? FormsOf(Form::List) : kTexts;
    case Function::Add:
    case Function::Subtract:
    case Function::Multiply:
      return FormsOf(Form::Number, Form::Time, Form::Duration);
    case Function::Member:
      return operand == 0 ? FormsOf(Form::Record) : kAllForms;
    case Function::Element:
      return operand == 0 ? FormsOf(Form::List) : kAllForms;
    default:
      return kAllForms;
  }
}

}  // namespace policy
