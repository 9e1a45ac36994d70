#include "runtime/value/predicate.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <compare>
#include <cstring>
#include <functional>
#include <string>

#include "runtime/value/apply.h"
#include "runtime/value/glob.h"
#include "runtime/value/json_walk.h"
#include "runtime/value/path_text.h"
#include "runtime/value/same_text.h"
#include "runtime/value/text_hash.h"
#include "runtime/value/url_text.h"

namespace policy {

namespace {

using apply::HasString;

// -- sets ----------------------------------------------------------------------------------------

bool HasNumber(const Operand& set, Decimal number) {
  return std::ranges::binary_search(set.numbers, number,
                                    [](Decimal a, Decimal b) { return Compare(a, b) < 0; });
}

// -- hosts ---------------------------------------------------------------------------------------

Truth HostIn(std::string_view url, const Operand& set) {
  const auto host = ReadUrlHost(url);
  if (!host) return Truth::Unknown;
  if (HasString(set, host->text())) return Truth::True;
  if (host->is_address) return Truth::False;
  // "*.b.c" and "*.c" for "a.b.c": the star takes the place of the byte before each dot.
  UrlHost pattern = *host;
  for (std::size_t i = 1; i < pattern.size; ++i) {
    if (pattern.bytes[i] != '.') continue;
    pattern.bytes[i - 1] = '*';
    if (HasString(set, pattern.text().substr(i - 1))) return Truth::True;
  }
  return Truth::False;
}

// -- patterns ------------------------------------------------------------------------------------

Truth Matches(std::string_view subject, const re2::RE2* regex) {
  if (regex == nullptr || !regex->ok()) return Truth::Unknown;
  return ToTruth(
      regex->Match(subject, 0, subject.size(), re2::RE2::UNANCHORED, /*submatch=*/nullptr, 0));
}

// -- contains on lists ---------------------------------------------------------------------------

// Whether the raw JSON string `element` holds `needle`. A string with escapes is decoded first; the
// room for long ones is kept from call to call.
bool ElementHolds(std::string_view element, std::string_view needle) {
  if (!HasEscapes(element)) return HoldsText(WithoutQuotes(element), needle);
  std::array<char, 512> small;
  if (element.size() <= small.size()) {
    return HoldsText({small.data(), Unescape(element, small.data())}, needle);
  }
  thread_local std::string large;
  if (large.size() < element.size()) large.resize(element.size());
  return HoldsText({large.data(), Unescape(element, large.data())}, needle);
}

Truth ElementEqualsString(std::string_view element, std::string_view text) {
  if (element.front() != '"') return Truth::Unknown;
  if (JsonStringEquals(element, text)) return Truth::True;
  return ElementHolds(element, text) ? Truth::Unknown : Truth::False;
}

Truth ElementEqualsNumber(std::string_view element, Decimal number, bool numbers_exact) {
  const char first = element.front();
  if (first != '-' && (first < '0' || first > '9')) return Truth::Unknown;
  const auto value = ParseDecimal(element);
  if (!value || (!numbers_exact && !SurvivesBinary64(element))) return Truth::Unknown;
  return ToTruth(*value == number);
}

Truth ElementEqualsBool(std::string_view element, bool boolean) {
  if (element != "true" && element != "false") return Truth::Unknown;
  return ToTruth((element == "true") == boolean);
}

// An element that is equal makes it true; without one, an element that cannot be compared leaves it
// open.
Truth ListContains(Predicate predicate, const Value& list, const Operand& operand) {
  Truth found = Truth::False;
  std::size_t count = 0;
  ListWalk walk(list.text());
  for (std::string_view element; walk.Next(element);) {
    if (++count > kListElementsMax) return Truth::Unknown;
    if (found == Truth::True) continue;
    if (predicate == Predicate::ContainsString) {
      found = Or(found, ElementEqualsString(element, operand.text));
    } else if (predicate == Predicate::ContainsNumber) {
      found = Or(found, ElementEqualsNumber(element, operand.number, list.boolean));
    } else {
      found = Or(found, ElementEqualsBool(element, operand.boolean));
    }
  }
  return found;
}

// -- by kind of value ----------------------------------------------------------------------------

// Times and durations.
template <typename Test>
Truth OfNanoseconds(const Value& value, ValueKind kind, const Operand& operand, Test is_so) {
  return value.kind == kind ? ToTruth(is_so(value.coefficient, operand.nanoseconds))
                            : Truth::Unknown;
}

Truth Contains(Predicate predicate, const Value& value, const Operand& operand) {
  if (value.kind == ValueKind::List) return ListContains(predicate, value, operand);
  if (value.kind != ValueKind::String || predicate != Predicate::ContainsString) {
    return Truth::Unknown;
  }
  return ToTruth(HoldsText(value.text(), operand.text));
}

struct PredicateRow {
  std::string_view text;
  OperandKind operand;
};

constexpr PredicateRow kPredicates[] = {
#define PREDICATE(name, text, operand) {text, OperandKind::operand},
#include "runtime/value/predicates.def"
#undef PREDICATE
};

}  // namespace

bool apply::FindString(const Operand& set, std::string_view text) {
  constexpr std::size_t kComparedMax = 4;  // so few are sooner compared than hashed
  if (set.strings.size() <= kComparedMax) {
    return std::ranges::any_of(set.strings,
                               [text](std::string_view s) { return SameText(s, text); });
  }
  if (set.string_table.empty()) return std::ranges::binary_search(set.strings, text);
  const std::size_t mask = set.string_table.size() - 1;
  std::size_t at = HashBytes(text) & mask;
  // The bound only matters for a table without a free entry, which no compiler makes.
  for (std::size_t probes = 0; probes <= mask; ++probes, at = (at + 1) & mask) {
    const std::uint32_t entry = set.string_table[at];
    if (entry == kEmptyEntry) return false;
    if (SameText(set.strings[entry], text)) return true;
  }
  return false;
}

OperandKind OperandOf(Predicate predicate) {
  return kPredicates[static_cast<std::size_t>(predicate)].operand;
}

std::string_view NameOf(Predicate predicate) {
  return kPredicates[static_cast<std::size_t>(predicate)].text;
}

Truth Apply(Predicate predicate, const Value& value, const Operand& operand) {
  return ApplyInline(predicate, value, operand);
}

Truth apply::ApplyOther(Predicate predicate, const Value& value, const Operand& operand) {
  using std::string_view;
  switch (predicate) {
    case Predicate::ContainsString:
    case Predicate::ContainsNumber:
    case Predicate::ContainsBool:
      return Contains(predicate, value, operand);
    case Predicate::Under:
      return OfText(value, [&](string_view t) { return IsUnder(t, operand.text); });
    case Predicate::HostIn:
      return OfText(value, [&](string_view t) { return HostIn(t, operand); });
    case Predicate::Matches:
      return OfPatternSubject(value, [&](string_view t) { return Matches(t, operand.regex); });
    case Predicate::Like:
      return OfPatternSubject(value,
                              [&](string_view t) { return ToTruth(GlobMatches(operand.text, t)); });
    case Predicate::InNumbers:
      if (value.kind != ValueKind::Number) return Truth::Unknown;
      return ToTruth(HasNumber(operand, value.number()));
    case Predicate::InBools:
      if (value.kind != ValueKind::Bool) return Truth::Unknown;
      return ToTruth(value.boolean ? operand.set_has_true : operand.set_has_false);
    case Predicate::EqualTime:
      return OfNanoseconds(value, ValueKind::Time, operand, std::equal_to<>());
    case Predicate::LessTime:
      return OfNanoseconds(value, ValueKind::Time, operand, std::less<>());
    case Predicate::LessOrEqualTime:
      return OfNanoseconds(value, ValueKind::Time, operand, std::less_equal<>());
    case Predicate::GreaterTime:
      return OfNanoseconds(value, ValueKind::Time, operand, std::greater<>());
    case Predicate::GreaterOrEqualTime:
      return OfNanoseconds(value, ValueKind::Time, operand, std::greater_equal<>());
    case Predicate::EqualDuration:
      return OfNanoseconds(value, ValueKind::Duration, operand, std::equal_to<>());
    case Predicate::LessDuration:
      return OfNanoseconds(value, ValueKind::Duration, operand, std::less<>());
    case Predicate::LessOrEqualDuration:
      return OfNanoseconds(value, ValueKind::Duration, operand, std::less_equal<>());
    case Predicate::GreaterDuration:
      return OfNanoseconds(value, ValueKind::Duration, operand, std::greater<>());
    case Predicate::GreaterOrEqualDuration:
      return OfNanoseconds(value, ValueKind::Duration, operand, std::greater_equal<>());
    default:  // ApplyInline's own
      return Truth::Unknown;
  }
}

}  // namespace policy
