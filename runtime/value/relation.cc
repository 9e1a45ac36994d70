// Relations: how two values of one call compare. Where the right side could have been a constant,
// the predicate that tests against one decides.
#include <array>

#include "runtime/value/function.h"
#include "runtime/value/json_walk.h"
#include "runtime/value/predicate.h"

namespace policy {

namespace {

constexpr std::array<std::string_view, kRelationCount> kRelations = {
    "==", "<", "<=", ">", ">=", "in", "contains", "starts_with", "ends_with", "under"};

Truth Equal(const Value& left, const Value& right) {
  if (left.kind != right.kind) return Truth::Unknown;
  switch (left.kind) {
    case ValueKind::Bool:
      return ToTruth(left.boolean == right.boolean);
    case ValueKind::Number:
      return ToTruth(left.number() == right.number());
    case ValueKind::String:
      return ToTruth(left.text() == right.text());
    case ValueKind::Time:
    case ValueKind::Duration:
      return ToTruth(left.coefficient == right.coefficient);
    default:
      return Truth::Unknown;
  }
}

// Whether `is_so` of the order of two numbers, times or durations.
template <typename Test>
Truth Ordered(const Value& left, const Value& right, Test is_so) {
  if (left.kind != right.kind) return Truth::Unknown;
  switch (left.kind) {
    case ValueKind::Number:
      return ToTruth(is_so(Compare(left.number(), right.number())));
    case ValueKind::Time:
    case ValueKind::Duration:
      return ToTruth(is_so(left.coefficient <=> right.coefficient));
    default:
      return Truth::Unknown;
  }
}

// The right side for a predicate's constant.
Operand ConstantOf(const Value& value) {
  Operand constant;
  if (value.kind == ValueKind::String) constant.text = value.text();
  if (value.kind == ValueKind::Number) constant.number = value.number();
  constant.boolean = value.boolean;
  return constant;
}

Truth AgainstText(Predicate predicate, const Value& left, const Value& right) {
  if (right.kind != ValueKind::String) return Truth::Unknown;
  return Apply(predicate, left, ConstantOf(right));
}

Truth Contains(const Value& left, const Value& right) {
  switch (right.kind) {
    case ValueKind::String:
      return Apply(Predicate::ContainsString, left, ConstantOf(right));
    case ValueKind::Number:
      return Apply(Predicate::ContainsNumber, left, ConstantOf(right));
    case ValueKind::Bool:
      return Apply(Predicate::ContainsBool, left, ConstantOf(right));
    default:
      return Truth::Unknown;
  }
}

// An element that is equal makes it true; without one, an element of another type leaves it open.
Truth IsTextIn(std::string_view text, std::string_view list) {
  Truth found = Truth::False;
  std::size_t count = 0;
  ListWalk walk(list);
  for (std::string_view element; walk.Next(element);) {
    if (++count > kListElementsMax) return Truth::Unknown;
    if (found == Truth::True) continue;
    found = Or(found,
               element.front() == '"' ? ToTruth(JsonStringEquals(element, text)) : Truth::Unknown);
  }
  return found;
}

Truth In(const Value& scalar, const Value& list) {
  if (list.kind != ValueKind::List) return Truth::Unknown;
  switch (scalar.kind) {
    case ValueKind::String:
      return IsTextIn(scalar.text(), list.text());
    case ValueKind::Number:
    case ValueKind::Bool:
      return Contains(list, scalar);
    case ValueKind::Time:
    case ValueKind::Duration:  // no element of a list is one
      return CountElements(list.text(), 1) == 0 ? Truth::False : Truth::Unknown;
    default:
      return Truth::Unknown;
  }
}

}  // namespace

std::string_view NameOf(Relation relation) {
  return kRelations[static_cast<std::size_t>(relation)];
}

Truth ApplyRelation(Relation relation, const Value& left, const Value& right) {
  switch (relation) {
    case Relation::Equal:
      return Equal(left, right);
    case Relation::Less:
      return Ordered(left, right, [](std::strong_ordering order) { return order < 0; });
    case Relation::LessOrEqual:
      return Ordered(left, right, [](std::strong_ordering order) { return order <= 0; });
    case Relation::Greater:
      return Ordered(left, right, [](std::strong_ordering order) { return order > 0; });
    case Relation::GreaterOrEqual:
      return Ordered(left, right, [](std::strong_ordering order) { return order >= 0; });
    case Relation::In:
      return In(left, right);
    case Relation::Contains:
      return Contains(left, right);
    case Relation::StartsWith:
      return AgainstText(Predicate::StartsWith, left, right);
    case Relation::EndsWith:
      return AgainstText(Predicate::EndsWith, left, right);
    case Relation::Under:
      return AgainstText(Predicate::Under, left, right);
  }
  return Truth::Unknown;
}

}  // namespace policy
