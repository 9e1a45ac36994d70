// Numbers, times and durations: the constants of the conditions cut the line into points and open
// intervals, and within each every condition says one thing.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/analyse/domain.h"

namespace policy {

namespace {

// More constants than these are not looked at one by one.
constexpr std::size_t kBoundsMax = 256;

using Wide = __int128;

std::optional<Wide> Power(int exponent) {
  if (exponent > 36) return std::nullopt;
  Wide power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// The largest whole multiple of 10^-decimals that is not above `number`, in those units.
std::optional<Wide> FloorUnits(Decimal number, int decimals) {
  const int shift = number.exponent + decimals;
  if (shift >= 0) {
    if (shift > 18) return std::nullopt;
    return Wide{number.coefficient} * *Power(shift);
  }
  const Wide divisor = *Power(-shift);
  Wide quotient = Wide{number.coefficient} / divisor;
  if (number.coefficient < 0 && quotient * divisor != Wide{number.coefficient}) --quotient;
  return quotient;
}

std::optional<Decimal> FromUnits(Wide units, int decimals) {
  constexpr Wide kCoefficientMax = 999'999'999'999'999'999;
  if (units > kCoefficientMax || units < -kCoefficientMax) return std::nullopt;
  return ParseDecimal(fmt::format("{}e-{}", static_cast<std::int64_t>(units), decimals));
}

bool Less(Decimal a, Decimal b) { return Compare(a, b) < 0; }

struct Gap {
  std::optional<Decimal> low;  // nullopt: no end
  std::optional<Decimal> high;
};

// The next multiple of 10^-decimals within the open interval.
std::optional<Decimal> WithDecimals(const Gap& gap, int decimals) {
  if (gap.low) {
    const auto units = FloorUnits(*gap.low, decimals);
    if (!units) return std::nullopt;
    const auto number = FromUnits(*units + 1, decimals);
    return number && (!gap.high || Less(*number, *gap.high)) ? number : std::nullopt;
  }
  if (!gap.high) return Decimal{};
  const auto units = FloorUnits(*gap.high, decimals);
  return units ? FromUnits(*units - 1, decimals) : std::nullopt;
}

constexpr int kSampleDecimalsMax = 9;

// Yes: `number` lies within. No: nothing does that the shape allows. Maybe: none was found.
struct Found {
  Possible possible = Possible::Maybe;
  Decimal number;
};

Found FindBetween(const Gap& gap, bool is_whole) {
  if (const auto number = WithDecimals(gap, 0)) return {Possible::Yes, *number};
  if (is_whole) {
    // Small ends: that no whole number lies between them was seen exactly.
    const bool is_small = gap.low && gap.high && FloorUnits(*gap.low, 0) &&
                          FromUnits(*FloorUnits(*gap.low, 0) + 1, 0);
    return {is_small ? Possible::No : Possible::Maybe, {}};
  }
  for (int decimals = 1; decimals <= kSampleDecimalsMax; ++decimals) {
    if (const auto number = WithDecimals(gap, decimals)) return {Possible::Yes, *number};
  }
  return {};
}

// A number that servers may read as another is none in a call, unless its server is said to be
// exact.
FormAnswer NumberAnswer(Possible possible, Decimal number = {}) {
  if (possible != Possible::Yes) return {possible, {}};
  std::string json = ToText(number);
  if (!SurvivesBinary64(json)) return {Possible::Maybe, {}};
  return {Possible::Yes, {.form = Form::Number, .json = std::move(json)}};
}

bool IsWhole(Decimal number) { return number.exponent >= 0; }

// The constants of the conditions, sorted. nullopt: too many.
std::optional<std::vector<Decimal>> NumberBounds(const ConditionTable& conditions,
                                                 const Shape& shape, std::span<const Asked> asked) {
  std::vector<Decimal> bounds;
  for (const Asked& each : asked) {
    const Operand& operand = conditions.at(each.condition_id).operand;
    if (operand.kind == OperandKind::Number) bounds.push_back(operand.number);
    if (operand.kind != OperandKind::NumberSet) continue;
    if (operand.numbers.size() > kBoundsMax) return std::nullopt;
    bounds.insert(bounds.end(), operand.numbers.begin(), operand.numbers.end());
  }
  if (shape.least) bounds.push_back(*shape.least);
  if (shape.most) bounds.push_back(*shape.most);
  if (bounds.size() > kBoundsMax) return std::nullopt;
  std::ranges::sort(bounds, Less);
  const auto repeated = std::ranges::unique(bounds);
  bounds.erase(repeated.begin(), repeated.end());
  return bounds;
}

// What a condition on numbers says of every number strictly between two neighbouring bounds, of
// which `below` is the number: none of the conditions' constants lies there.
Truth AskGap(const Condition& condition, std::span<const Decimal> bounds, std::size_t below) {
  const auto is_low = [&](Decimal constant) {  // constant <= every number of the gap
    return below > 0 && Compare(constant, bounds[below - 1]) <= 0;
  };
  switch (condition.predicate) {
    case Predicate::Exists:
      return Truth::True;
    case Predicate::IsNull:
    case Predicate::EqualNumber:
    case Predicate::InNumbers:
      return Truth::False;
    case Predicate::LessNumber:
    case Predicate::LessOrEqualNumber:
      return ToTruth(!is_low(condition.operand.number));
    case Predicate::GreaterNumber:
    case Predicate::GreaterOrEqualNumber:
      return ToTruth(is_low(condition.operand.number));
    default:
      return Truth::Unknown;
  }
}

bool GapSatisfies(const ConditionTable& conditions, std::span<const Asked> asked,
                  std::span<const Decimal> bounds, std::size_t below) {
  return std::ranges::all_of(asked, [&](const Asked& each) {
    return Has(each.allowed, AskGap(conditions.at(each.condition_id), bounds, below));
  });
}

}  // namespace

FormAnswer SolveNumber(ConditionTable& conditions, const Shape& shape,
                       std::span<const Asked> asked) {
  const auto bounds = NumberBounds(conditions, shape, asked);
  if (!bounds) return NumberAnswer(Possible::Maybe);
  // Gaps first: a number beside the constants shows more than one of them.
  Possible possible = Possible::No;
  for (std::size_t below = bounds->size() + 1; below-- > 0;) {
    const Gap gap{below > 0 ? std::optional((*bounds)[below - 1]) : std::nullopt,
                  below < bounds->size() ? std::optional((*bounds)[below]) : std::nullopt};
    if (shape.least && (!gap.low || Less(*gap.low, *shape.least))) continue;
    if (shape.most && (!gap.high || Less(*shape.most, *gap.high))) continue;
    if (!GapSatisfies(conditions, asked, *bounds, below)) continue;
    const Found found = FindBetween(gap, shape.is_whole);
    if (found.possible == Possible::No) continue;
    const FormAnswer answer = NumberAnswer(found.possible, found.number);
    if (answer.possible == Possible::Yes) return answer;
    possible = Possible::Maybe;
  }
  for (const Decimal bound : *bounds) {
    if (shape.least && Less(bound, *shape.least)) continue;
    if (shape.most && Less(*shape.most, bound)) continue;
    if (shape.is_whole && !IsWhole(bound)) continue;
    if (Satisfies(conditions, Value::MakeNumber(bound), asked) == true) {
      const FormAnswer answer = NumberAnswer(Possible::Yes, bound);
      if (answer.possible == Possible::Yes) return answer;
      possible = Possible::Maybe;
    }
  }
  return NumberAnswer(possible);
}

FormAnswer SolveInstant(ConditionTable& conditions, Form form, std::span<const Asked> asked) {
  std::vector<std::int64_t> candidates = {0};
  for (const Asked& each : asked) {
    const Operand& operand = conditions.at(each.condition_id).operand;
    if (operand.kind != OperandKind::Time && operand.kind != OperandKind::Duration) continue;
    // Whole nanoseconds: beside a constant are all the numbers that differ from it in answers.
    const std::int64_t at = operand.nanoseconds;
    candidates.push_back(at);
    if (at > std::numeric_limits<std::int64_t>::min()) candidates.push_back(at - 1);
    if (at < std::numeric_limits<std::int64_t>::max()) candidates.push_back(at + 1);
  }
  for (const std::int64_t nanoseconds : candidates) {
    const Value value =
        form == Form::Time ? Value::MakeTime(nanoseconds) : Value::MakeDuration(nanoseconds);
    if (Satisfies(conditions, value, asked) == true) {
      return {Possible::Yes, {.form = form, .json = "", .nanoseconds = nanoseconds}};
    }
  }
  return {Possible::No, {}};
}

}  // namespace policy
