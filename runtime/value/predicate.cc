#include "runtime/value/predicate.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "runtime/value/glob.h"
#include "runtime/value/json_walk.h"
#include "runtime/value/path_text.h"
#include "runtime/value/text_hash.h"
#include "runtime/value/url_text.h"

namespace policy {

namespace {

// -- sets ----------------------------------------------------------------------------------------

bool HasString(const Operand& set, std::string_view text) {
  if (set.string_table.empty()) return std::ranges::binary_search(set.strings, text);
  const std::size_t mask = set.string_table.size() - 1;
  std::size_t at = HashBytes(text) & mask;
  // The bound only matters for a table without a free entry, which no compiler makes.
  for (std::size_t probes = 0; probes <= mask; ++probes, at = (at + 1) & mask) {
    const std::uint32_t entry = set.string_table[at];
    if (entry == kEmptyEntry) return false;
    if (set.strings[entry] == text) return true;
  }
  return false;
}

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

Truth ApplyToPatternSubject(Predicate predicate, std::string_view subject, const Operand& operand) {
  if (subject.size() > kPatternSubjectBytesMax) return Truth::Unknown;
  switch (predicate) {
    case Predicate::Matches:
      return Matches(subject, operand.regex);
    case Predicate::StartsWith:
      return ToTruth(subject.starts_with(operand.text));
    case Predicate::EndsWith:
      return ToTruth(subject.ends_with(operand.text));
    case Predicate::Like:
      return ToTruth(GlobMatches(operand.text, subject));
    default:
      return Truth::Unknown;
  }
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

Truth ApplyToString(Predicate predicate, std::string_view text, const Operand& operand) {
  switch (predicate) {
    case Predicate::EqualString:
      return ToTruth(text == operand.text);
    case Predicate::InStrings:
      return ToTruth(HasString(operand, text));
    case Predicate::ContainsString:
      return ToTruth(HoldsText(text, operand.text));
    case Predicate::Under:
      return IsUnder(text, operand.text);
    case Predicate::HostIn:
      return HostIn(text, operand);
    default:
      return ApplyToPatternSubject(predicate, text, operand);
  }
}

Truth ApplyToNumber(Predicate predicate, Decimal number, const Operand& operand) {
  switch (predicate) {
    case Predicate::EqualNumber:
      return ToTruth(number == operand.number);
    case Predicate::InNumbers:
      return ToTruth(HasNumber(operand, number));
    case Predicate::LessNumber:
      return ToTruth(Compare(number, operand.number) < 0);
    case Predicate::LessOrEqualNumber:
      return ToTruth(Compare(number, operand.number) <= 0);
    case Predicate::GreaterNumber:
      return ToTruth(Compare(number, operand.number) > 0);
    case Predicate::GreaterOrEqualNumber:
      return ToTruth(Compare(number, operand.number) >= 0);
    default:
      return Truth::Unknown;
  }
}

Truth ApplyToBool(Predicate predicate, bool boolean, const Operand& operand) {
  switch (predicate) {
    case Predicate::EqualBool:
      return ToTruth(boolean == operand.boolean);
    case Predicate::InBools:
      return ToTruth(boolean ? operand.set_has_true : operand.set_has_false);
    default:
      return Truth::Unknown;
  }
}

Truth ApplyToTime(Predicate predicate, std::int64_t nanoseconds, const Operand& operand) {
  switch (predicate) {
    case Predicate::EqualTime:
      return ToTruth(nanoseconds == operand.nanoseconds);
    case Predicate::LessTime:
      return ToTruth(nanoseconds < operand.nanoseconds);
    case Predicate::LessOrEqualTime:
      return ToTruth(nanoseconds <= operand.nanoseconds);
    case Predicate::GreaterTime:
      return ToTruth(nanoseconds > operand.nanoseconds);
    case Predicate::GreaterOrEqualTime:
      return ToTruth(nanoseconds >= operand.nanoseconds);
    default:
      return Truth::Unknown;
  }
}

Truth ApplyToDuration(Predicate predicate, std::int64_t nanoseconds, const Operand& operand) {
  switch (predicate) {
    case Predicate::EqualDuration:
      return ToTruth(nanoseconds == operand.nanoseconds);
    case Predicate::LessDuration:
      return ToTruth(nanoseconds < operand.nanoseconds);
    case Predicate::LessOrEqualDuration:
      return ToTruth(nanoseconds <= operand.nanoseconds);
    case Predicate::GreaterDuration:
      return ToTruth(nanoseconds > operand.nanoseconds);
    case Predicate::GreaterOrEqualDuration:
      return ToTruth(nanoseconds >= operand.nanoseconds);
    default:
      return Truth::Unknown;
  }
}

Truth ApplyToList(Predicate predicate, const Value& list, const Operand& operand) {
  switch (predicate) {
    case Predicate::ContainsString:
    case Predicate::ContainsNumber:
    case Predicate::ContainsBool:
      return ListContains(predicate, list, operand);
    default:
      return Truth::Unknown;
  }
}

// A null is neither a value nor the lack of one.
Truth Exists(ValueKind kind) {
  if (kind == ValueKind::Broken || kind == ValueKind::Null) return Truth::Unknown;
  return ToTruth(kind != ValueKind::Absent);
}

Truth IsNull(ValueKind kind) {
  if (kind == ValueKind::Broken || kind == ValueKind::Absent) return Truth::Unknown;
  return ToTruth(kind == ValueKind::Null);
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

OperandKind OperandOf(Predicate predicate) {
  return kPredicates[static_cast<std::size_t>(predicate)].operand;
}

std::string_view NameOf(Predicate predicate) {
  return kPredicates[static_cast<std::size_t>(predicate)].text;
}

Truth Apply(Predicate predicate, const Value& value, const Operand& operand) {
  if (predicate == Predicate::Exists) return Exists(value.kind);
  if (predicate == Predicate::IsNull) return IsNull(value.kind);
  switch (value.kind) {
    case ValueKind::String:
      return ApplyToString(predicate, value.text(), operand);
    case ValueKind::Number:
      return ApplyToNumber(predicate, value.number(), operand);
    case ValueKind::Bool:
      return ApplyToBool(predicate, value.boolean, operand);
    case ValueKind::Time:
      return ApplyToTime(predicate, value.coefficient, operand);
    case ValueKind::Duration:
      return ApplyToDuration(predicate, value.coefficient, operand);
    case ValueKind::List:
      return ApplyToList(predicate, value, operand);
    default:  // absent, broken, null, inexact, record
      return Truth::Unknown;
  }
}

}  // namespace policy
