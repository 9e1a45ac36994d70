// What one value can be while each of several conditions on it is one of some truths.
#ifndef COMPILER_ANALYSE_DOMAIN_H_
#define COMPILER_ANALYSE_DOMAIN_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/analyse/condition_table.h"
#include "compiler/analyse/truth_set.h"
#include "runtime/value/decimal.h"

namespace policy {

// The kinds of values as conditions tell them apart: those of runtime/value, but each truth value
// and the texts that are too long for patterns stand alone.
enum class Form : std::uint8_t {
  Absent,
  Broken,
  Null,
  False,
  True,
  Number,
  Inexact,
  Text,
  LongText,  // above kPatternSubjectBytesMax
  List,
  Record,
  Time,
  Duration,
};
inline constexpr int kFormCount = 13;

// A set of forms.
struct Forms {
  std::uint16_t bits = 0;

  constexpr bool has(Form form) const { return (bits >> static_cast<int>(form) & 1) != 0; }
  constexpr bool empty() const { return bits == 0; }
  constexpr void remove(Form form) {
    bits &= static_cast<std::uint16_t>(~(1 << static_cast<int>(form)));
  }
  friend bool operator==(Forms, Forms) = default;
};
template <typename... F>
constexpr Forms FormsOf(F... forms) {
  return {static_cast<std::uint16_t>(((1 << static_cast<int>(forms)) | ... | 0))};
}
constexpr Forms operator&(Forms a, Forms b) {
  return {static_cast<std::uint16_t>(a.bits & b.bits)};
}
constexpr Forms operator|(Forms a, Forms b) {
  return {static_cast<std::uint16_t>(a.bits | b.bits)};
}
inline constexpr Forms kAllForms{(1 << kFormCount) - 1};
// What can stand in the JSON of a call, or fail to.
inline constexpr Forms kJsonForms =
    FormsOf(Form::Absent, Form::Broken, Form::Null, Form::False, Form::True, Form::Number,
            Form::Inexact, Form::Text, Form::LongText, Form::List, Form::Record);

// What is known of a value before any condition.
struct Shape {
  Forms forms = kAllForms;
  bool is_whole = false;              // its numbers are whole
  std::optional<Decimal> least = {};  // of its numbers
  std::optional<Decimal> most = {};
  std::vector<std::string_view> texts = {};     // its only texts; empty: any
  std::vector<std::string_view> patterns = {};  // its texts match one of these; empty: any
};

// A condition on the value, and what it is to be. A value's conditions are distinct.
struct Asked {
  ConditionId condition_id{};
  TruthSet allowed = TruthSet::Any;
};

enum class Possible : std::uint8_t { No, Maybe, Yes };

// A value of a form as JSON text; times and durations have none.
struct Sample {
  Form form = Form::Absent;
  std::string json = {};
  std::int64_t nanoseconds = 0;
};

struct FormAnswer {
  Possible possible = Possible::Maybe;
  Sample sample = {};  // Yes
};

// Whether some value of `form` has every condition among its allowed truths. No is certain; without
// `wants_sample` less is tried to be as certain of Yes.
FormAnswer SolveForm(ConditionTable& conditions, const Shape& shape, Form form,
                     std::span<const Asked> asked, bool wants_sample);

// Of numbers, times and durations: order_domain.cc. Of texts: text_domain.cc. Of lists: below too.
FormAnswer SolveNumber(ConditionTable& conditions, const Shape& shape,
                       std::span<const Asked> asked);
FormAnswer SolveInstant(ConditionTable& conditions, Form form, std::span<const Asked> asked);
FormAnswer SolveText(ConditionTable& conditions, const Shape& shape, std::span<const Asked> asked,
                     bool wants_sample);

// Whether each condition may say of `value` what it is asked to. nullopt: one could not be asked.
std::optional<bool> Satisfies(ConditionTable& conditions, const Value& value,
                              std::span<const Asked> asked);

// A text as JSON.
std::string JsonText(std::string_view text);

}  // namespace policy

#endif  // COMPILER_ANALYSE_DOMAIN_H_
