// Apply without a call for the tests that most policies are made of: what an interpreter's loop is
// compiled with. predicate.h has the meaning, and the rest.
#ifndef RUNTIME_VALUE_APPLY_H_
#define RUNTIME_VALUE_APPLY_H_

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string_view>

#include "runtime/value/decimal.h"
#include "runtime/value/predicate.h"
#include "runtime/value/same_text.h"
#include "runtime/value/truth.h"
#include "runtime/value/value.h"

namespace policy {
namespace apply {

// The predicates that ApplyInline leaves out.
Truth ApplyOther(Predicate predicate, const Value& value, const Operand& operand);
// Whether `set` has `text`, by its table or its order.
bool FindString(const Operand& set, std::string_view text);

// Texts of at most eight bytes are one word: all are compared, and nothing depends on which it is.
inline bool HasShort(const Operand& set, std::string_view text) {
  if (text.size() > sizeof(std::uint64_t)) return false;
  const std::uint64_t word = text_hash::LoadShort(text.data(), text.size());
  bool has = false;
  for (const ShortText& member : set.shorts) {
    has |= ((member.word ^ word) | (member.size ^ text.size())) == 0;
  }
  return has;
}

inline bool HasString(const Operand& set, std::string_view text) {
  return set.shorts.empty() ? FindString(set, text) : HasShort(set, text);
}

// A null is neither a value nor the lack of one.
constexpr Truth Exists(ValueKind kind) {
  if (kind == ValueKind::Broken || kind == ValueKind::Null) return Truth::Unknown;
  return ToTruth(kind != ValueKind::Absent);
}

constexpr Truth IsNull(ValueKind kind) {
  if (kind == ValueKind::Broken || kind == ValueKind::Absent) return Truth::Unknown;
  return ToTruth(kind == ValueKind::Null);
}

// What `says` of the value where it is of the kind that it takes, else unknown.

template <typename Test>
Truth OfText(const Value& value, Test says) {
  return value.kind == ValueKind::String ? says(value.text()) : Truth::Unknown;
}

template <typename Test>
Truth OfPatternSubject(const Value& value, Test says) {
  if (value.kind != ValueKind::String || value.length > kPatternSubjectBytesMax) {
    return Truth::Unknown;
  }
  return says(value.text());
}

template <typename Test>
Truth OfOrder(const Value& value, const Operand& operand, Test is_so) {
  if (value.kind != ValueKind::Number) return Truth::Unknown;
  return ToTruth(is_so(Compare(value.number(), operand.number)));
}

inline bool BeginsWith(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && SameText(text.substr(0, prefix.size()), prefix);
}

inline bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && SameText(text.substr(text.size() - suffix.size()), suffix);
}

}  // namespace apply

// As Apply.
[[gnu::always_inline]] inline Truth ApplyInline(Predicate predicate, const Value& value,
                                                const Operand& operand) {
  using apply::OfOrder;
  using std::string_view;
  using std::strong_ordering;
  switch (predicate) {
    case Predicate::Exists:
      return apply::Exists(value.kind);
    case Predicate::IsNull:
      return apply::IsNull(value.kind);
    case Predicate::EqualString:
      return apply::OfText(value,
                           [&](string_view t) { return ToTruth(SameText(t, operand.text)); });
    case Predicate::InStrings:
      return apply::OfText(value,
                           [&](string_view t) { return ToTruth(apply::HasString(operand, t)); });
    case Predicate::StartsWith:
      return apply::OfPatternSubject(
          value, [&](string_view t) { return ToTruth(apply::BeginsWith(t, operand.text)); });
    case Predicate::EndsWith:
      return apply::OfPatternSubject(
          value, [&](string_view t) { return ToTruth(apply::EndsWith(t, operand.text)); });
    case Predicate::EqualNumber:
      if (value.kind != ValueKind::Number) return Truth::Unknown;
      return ToTruth(value.number() == operand.number);
    case Predicate::LessNumber:
      return OfOrder(value, operand, [](strong_ordering order) { return order < 0; });
    case Predicate::LessOrEqualNumber:
      return OfOrder(value, operand, [](strong_ordering order) { return order <= 0; });
    case Predicate::GreaterNumber:
      return OfOrder(value, operand, [](strong_ordering order) { return order > 0; });
    case Predicate::GreaterOrEqualNumber:
      return OfOrder(value, operand, [](strong_ordering order) { return order >= 0; });
    case Predicate::EqualBool:
      if (value.kind != ValueKind::Bool) return Truth::Unknown;
      return ToTruth(value.boolean == operand.boolean);
    default:
      return apply::ApplyOther(predicate, value, operand);
  }
}

}  // namespace policy

#endif  // RUNTIME_VALUE_APPLY_H_
