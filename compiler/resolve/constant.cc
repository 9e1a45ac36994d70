#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "compiler/resolve/resolution.h"
#include "runtime/program/regex.h"
#include "runtime/value/civil_time.h"
#include "runtime/value/path_text.h"
#include "runtime/value/suggestion.h"
#include "runtime/value/url_text.h"

namespace policy {

namespace {

using ast::Operator;
using std::string_view_literals::operator""sv;

constexpr std::array kWeekdays = {"Mon"sv, "Tue"sv, "Wed"sv, "Thu"sv, "Fri"sv, "Sat"sv, "Sun"sv};

// One comparison while its right side is read.
struct Reading {
  Resolution& resolution;
  WrittenOperator op;
  const Term& left;
  const Term& right;

  std::string_view spelling() const { return SpellingOf(resolution, op.op); }
};

// What a term of the right side is, for messages.
std::string_view SeenOf(const Term& term) {
  if (term.kind == Term::Kind::Set) return "a list";
  return term.kind == Term::Kind::Null ? "null" : NameOf(term.type);
}

void ReportOperand(const Reading& reading, const Term& term, std::string_view expected) {
  auto report =
      reading.resolution.diagnostics.Report(diag::OperandType, reading.resolution.source, term.span,
                                            reading.spelling(), expected, SeenOf(term));
  const bool is_text = reading.resolution.syntax.form == ast::Form::Text;
  if (is_text && term.kind == Term::Kind::Null) {
    report.Help(fmt::format("`{0} is null` asks for null, `has {0}` for a value that is there",
                            reading.left.text));
  }
  const bool is_timed = term.type == ValueType::Time || term.type == ValueType::Duration;
  if (is_timed && reading.left.type == ValueType::Any) {
    report.Help("only times and lengths of time compare with it: `now - time(args.at) < 10m`");
  }
}

// Reports a left side whose values can never be of the type that the comparison needs.
bool CheckLeftType(const Reading& reading, ValueType needed) {
  if (reading.left.type == ValueType::Any || reading.left.type == needed) return true;
  ReportTermType(reading.resolution, reading.op, reading.left, NameOf(needed));
  return false;
}

// The right side where it has to be one constant of `type`.
bool ExpectRight(const Reading& reading, ValueType type) {
  if (reading.right.kind == Term::Kind::Constant && reading.right.type == type) return true;
  ReportOperand(reading, reading.right, NameOf(type));
  return false;
}

bool IsScalar(const Term& term) {
  return term.kind == Term::Kind::Constant &&
         (term.type == ValueType::String || term.type == ValueType::Number ||
          term.type == ValueType::Bool);
}

// Values that `now.weekday`, `now.hour` and others can never have: a condition on them would be a
// rule that silently never holds.
bool CheckCanOccur(const Reading& reading, const Term& term) {
  const std::string& path = reading.left.text;
  std::string help;
  if (path == "now.weekday") {
    if (std::ranges::find(kWeekdays, term.text) != kWeekdays.end()) return true;
    help = fmt::format("weekdays are {}", Enumerate(kWeekdays));
  } else if (path == "now.date") {
    if (term.text.size() == kDateTextBytes && ParseInstant(term.text + "T00:00:00Z")) return true;
    help = "dates are written `2026-03-01`";
  } else if (path == "now.hour" || path == "now.minute") {
    const auto* number = std::get_if<Decimal>(&term.constant);
    const int max = path == "now.hour" ? 23 : 59;
    if (number == nullptr) return true;  // reported where the types are compared
    if (Compare(*number, {}) >= 0 && Compare(*number, {max, 0}) <= 0) return true;
    help = fmt::format("`{}` is a number from 0 to {}", path, max);
  } else {
    return true;
  }
  reading.resolution.diagnostics
      .Report(diag::NeverEqual, reading.resolution.source, term.span, path, term.text)
      .Help(help);
  return false;
}

// A time on the right: text, or what `time` made of it.
std::optional<Comparand> ReadInstant(const Reading& reading, Predicate predicate) {
  if (reading.right.kind == Term::Kind::Constant && reading.right.type == ValueType::Time) {
    return Comparand{predicate, reading.right.constant};
  }
  if (!ExpectRight(reading, ValueType::String)) return std::nullopt;
  const auto instant = ParseInstant(std::get<std::string>(reading.right.constant));
  if (!instant) {
    ReportBadInstant(reading.resolution, reading.right.span, reading.right.text);
    return std::nullopt;
  }
  return Comparand{predicate, ir::TimePoint{*instant}};
}

std::optional<Comparand> ReadDuration(const Reading& reading, Predicate predicate) {
  if (!ExpectRight(reading, ValueType::Duration)) return std::nullopt;
  return Comparand{predicate, reading.right.constant};
}

std::optional<Comparand> ReadEqual(const Reading& reading) {
  if (reading.left.type == ValueType::Time) return ReadInstant(reading, Predicate::EqualTime);
  if (reading.left.type == ValueType::Duration) {
    return ReadDuration(reading, Predicate::EqualDuration);
  }
  if (!IsScalar(reading.right)) {
    ReportOperand(reading, reading.right, "a string, number or boolean");
    return std::nullopt;
  }
  const ValueType type = reading.right.type;
  const bool is_bool_path = type == ValueType::Bool && reading.left.type != ValueType::Bool;
  if (is_bool_path && reading.left.type != ValueType::Any) {
    ReportTermType(reading.resolution, reading.op, reading.left, NameOf(ValueType::Bool));
    return std::nullopt;
  }
  if (!CheckLeftType(reading, type) || !CheckCanOccur(reading, reading.right)) return std::nullopt;
  const Predicate predicate = type == ValueType::String ? Predicate::EqualString
                              : type == ValueType::Bool ? Predicate::EqualBool
                                                        : Predicate::EqualNumber;
  return Comparand{predicate, reading.right.constant};
}

// Whether the right side is a list of scalars: not empty, of one type. False: reported.
bool CheckMembers(const Reading& reading) {
  if (reading.right.kind != Term::Kind::Set) {
    ReportOperand(reading, reading.right, "a list");
    return false;
  }
  const std::vector<Term>& items = reading.right.items;
  if (items.empty()) {
    reading.resolution.diagnostics.Report(diag::EmptySet, reading.resolution.source,
                                          reading.right.span, reading.spelling());
    return false;
  }
  for (const Term& item : items) {
    if (!IsScalar(item)) {
      ReportOperand(reading, item, "strings, numbers or booleans");
      return false;
    }
    if (item.type == items[0].type) continue;
    reading.resolution.diagnostics
        .Report(diag::MixedSet, reading.resolution.source, item.span, NameOf(items[0].type),
                NameOf(item.type))
        .Note(items[0].span, "the first member");
    return false;
  }
  return true;
}

template <typename T>
std::vector<T> SortedDistinct(std::vector<T> values) {
  if constexpr (std::is_same_v<T, Decimal>) {
    std::ranges::sort(values, [](Decimal a, Decimal b) { return Compare(a, b) < 0; });
  } else {
    std::sort(values.begin(), values.end());  // std::ranges::sort takes no vector<bool>
  }
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

template <typename T>
Comparand SetOf(Predicate predicate, const std::vector<Term>& items) {
  std::vector<T> values;
  for (const Term& item : items) values.push_back(std::get<T>(item.constant));
  return Comparand{predicate, SortedDistinct(std::move(values))};
}

std::optional<Comparand> ReadSet(const Reading& reading) {
  if (!CheckMembers(reading)) return std::nullopt;
  const std::vector<Term>& items = reading.right.items;
  if (!CheckLeftType(reading, items[0].type)) return std::nullopt;
  for (const Term& item : items) {
    if (!CheckCanOccur(reading, item)) return std::nullopt;
  }
  if (items[0].type == ValueType::String) return SetOf<std::string>(Predicate::InStrings, items);
  if (items[0].type == ValueType::Bool) return SetOf<bool>(Predicate::InBools, items);
  return SetOf<Decimal>(Predicate::InNumbers, items);
}

struct OrderPredicates {
  Predicate number;
  Predicate time;
  Predicate duration;
};

OrderPredicates OrderOf(Operator op) {
  switch (op) {
    case Operator::Less:
      return {Predicate::LessNumber, Predicate::LessTime, Predicate::LessDuration};
    case Operator::LessOrEqual:
      return {Predicate::LessOrEqualNumber, Predicate::LessOrEqualTime,
              Predicate::LessOrEqualDuration};
    case Operator::Greater:
      return {Predicate::GreaterNumber, Predicate::GreaterTime, Predicate::GreaterDuration};
    default:
      return {Predicate::GreaterOrEqualNumber, Predicate::GreaterOrEqualTime,
              Predicate::GreaterOrEqualDuration};
  }
}

std::optional<Comparand> ReadOrder(const Reading& reading) {
  const OrderPredicates predicates = OrderOf(reading.op.op);
  if (reading.left.type == ValueType::Time) return ReadInstant(reading, predicates.time);
  if (reading.left.type == ValueType::Duration) return ReadDuration(reading, predicates.duration);
  if (!ExpectRight(reading, ValueType::Number) || !CheckLeftType(reading, ValueType::Number)) {
    return std::nullopt;
  }
  return Comparand{predicates.number, reading.right.constant};
}

std::optional<Comparand> ReadRegex(const Reading& reading, const std::string& text) {
  const auto regex = CompileRegex(text);
  if (!regex->ok()) {
    reading.resolution.diagnostics.Report(diag::BadRegex, reading.resolution.source,
                                          reading.right.span, regex->error());
    return std::nullopt;
  }
  return Comparand{Predicate::Matches, ir::RegexText{text}};
}

std::optional<Comparand> ReadUnder(const Reading& reading, const std::string& text) {
  if (!IsPlainRoot(text)) {
    reading.resolution.diagnostics
        .Report(diag::BadUnderRoot, reading.resolution.source, reading.right.span, text)
        .Help("write an absolute path without `..`, `~`, `$`, `%` or a backslash: `/srv/app`");
    return std::nullopt;
  }
  return Comparand{Predicate::Under, text};
}

// starts_with, ends_with, regex, like, under: a string against a string.
std::optional<Comparand> ReadText(const Reading& reading) {
  if (!ExpectRight(reading, ValueType::String) || !CheckLeftType(reading, ValueType::String)) {
    return std::nullopt;
  }
  const auto& text = std::get<std::string>(reading.right.constant);
  switch (reading.op.op) {
    case Operator::StartsWith:
      return Comparand{Predicate::StartsWith, text};
    case Operator::EndsWith:
      return Comparand{Predicate::EndsWith, text};
    case Operator::Like:
      return Comparand{Predicate::Like, text};
    case Operator::Under:
      return ReadUnder(reading, text);
    default:
      return ReadRegex(reading, text);
  }
}

std::optional<Comparand> ReadContains(const Reading& reading) {
  if (!IsScalar(reading.right)) {
    ReportOperand(reading, reading.right, "a string, number or boolean");
    return std::nullopt;
  }
  const bool is_string = reading.right.type == ValueType::String;
  const bool fits_string = is_string && reading.left.type == ValueType::String;
  if (!fits_string && !CheckLeftType(reading, ValueType::List)) return std::nullopt;
  const Predicate predicate = is_string                               ? Predicate::ContainsString
                              : reading.right.type == ValueType::Bool ? Predicate::ContainsBool
                                                                      : Predicate::ContainsNumber;
  return Comparand{predicate, reading.right.constant};
}

std::optional<Comparand> ReadHosts(const Reading& reading) {
  if (!CheckMembers(reading) || !CheckLeftType(reading, ValueType::String)) return std::nullopt;
  std::vector<std::string> hosts;
  for (const Term& item : reading.right.items) {
    if (item.type != ValueType::String) {
      ReportOperand(reading, item, "a list of host names");
      return std::nullopt;
    }
    auto host = NormalHostPattern(std::get<std::string>(item.constant));
    if (!host) {
      reading.resolution.diagnostics
          .Report(diag::BadHost, reading.resolution.source, item.span, item.text)
          .Help(
              "write a host without scheme, port or path: `example.com`, or `*.example.com` for "
              "its subdomains");
      return std::nullopt;
    }
    hosts.push_back(*std::move(host));
  }
  return Comparand{Predicate::HostIn, SortedDistinct(std::move(hosts))};
}

}  // namespace

std::string_view NameOf(ValueType type) {
  switch (type) {
    case ValueType::Any:
      return "anything";
    case ValueType::Bool:
      return "a boolean";
    case ValueType::String:
      return "a string";
    case ValueType::Number:
      return "a number";
    case ValueType::List:
      return "a list";
    case ValueType::Record:
      return "a record";
    case ValueType::Time:
      return "a time";
    case ValueType::Duration:
      return "a length of time";
  }
  return "nothing";
}

std::string_view SpellingOf(const Resolution& resolution, Operator op) {
  if (resolution.syntax.form == ast::Form::Json) return ast::JsonNameOf(op);
  switch (op) {
#define OPERATOR(name, json, text) \
  case Operator::name:             \
    return text;
#include "grammar/operators.def"
#undef OPERATOR
  }
  return "";
}

void ReportTermType(Resolution& resolution, WrittenOperator op, const Term& term,
                    std::string_view needed) {
  auto report =
      resolution.diagnostics.Report(diag::PathType, resolution.source, op.span, term.text,
                                    NameOf(term.type), SpellingOf(resolution, op.op), needed);
  if (term.type == ValueType::List) report.Help("`contains` looks into lists");
  if (term.type == ValueType::Time && resolution.syntax.form == ast::Form::Json) {
    report.Help("`now` compares with RFC 3339 text by eq, neq, lt, lte, gt and gte");
  }
}

void ReportBadInstant(Resolution& resolution, Span span, std::string_view text) {
  resolution.diagnostics.Report(diag::BadInstant, resolution.source, span, text)
      .Help("write RFC 3339 with a zone: `2026-03-01T10:00:00Z`");
}

std::optional<Decimal> ResolveNumber(Resolution& resolution, const std::string& digits, Span span) {
  const auto number = ParseDecimal(digits);
  if (!number) {
    resolution.diagnostics.Report(diag::NumberNotExact, resolution.source, span, digits)
        .Help("at most 18 digits, and exponents from -18 to 18");
  }
  return number;
}

std::optional<Comparand> ResolveComparand(Resolution& resolution, WrittenOperator op,
                                          const Term& left, const Term& right) {
  const Reading reading{resolution, op, left, right};
  switch (op.op) {
    case Operator::Equal:
    case Operator::NotEqual:
      return ReadEqual(reading);
    case Operator::In:
    case Operator::NotIn:
      return ReadSet(reading);
    case Operator::Less:
    case Operator::LessOrEqual:
    case Operator::Greater:
    case Operator::GreaterOrEqual:
      return ReadOrder(reading);
    case Operator::Matches:
    case Operator::StartsWith:
    case Operator::EndsWith:
    case Operator::Like:
    case Operator::Under:
      return ReadText(reading);
    case Operator::Contains:
      return ReadContains(reading);
    case Operator::HostIn:
      return ReadHosts(reading);
  }
  return std::nullopt;
}

}  // namespace policy
