#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "compiler/resolve/resolution.h"
#include "grammar/suggestion.h"
#include "runtime/program/regex.h"
#include "runtime/value/civil_time.h"
#include "runtime/value/path_text.h"
#include "runtime/value/url_text.h"

namespace policy {

namespace {

using ast::LiteralKind;
using ast::Operator;
using std::string_view_literals::operator""sv;

constexpr std::array kWeekdays = {"Mon"sv, "Tue"sv, "Wed"sv, "Thu"sv, "Fri"sv, "Sat"sv, "Sun"sv};

std::string_view NameOf(LiteralKind kind) {
  switch (kind) {
    case LiteralKind::Null:
      return "null";
    case LiteralKind::Bool:
      return "a boolean";
    case LiteralKind::Number:
      return "a number";
    case LiteralKind::String:
      return "a string";
    case LiteralKind::Duration:
      return "a length of time";
  }
  return "nothing";
}

std::string_view NameOf(PathType type) {
  switch (type) {
    case PathType::Any:
      return "anything";
    case PathType::String:
      return "a string";
    case PathType::Number:
      return "a number";
    case PathType::List:
      return "a list";
    case PathType::Time:
      return "a time";
  }
  return "nothing";
}

// One comparison while its right side is read.
struct Reading {
  Resolution& resolution;
  const ast::Comparison& comparison;
  const ResolvedPath& path;
  const ast::Expression& right;

  std::string_view op() const { return ast::JsonNameOf(comparison.op); }
};

void ReportOperand(const Reading& reading, Span span, std::string_view expected,
                   std::string_view seen) {
  reading.resolution.diagnostics.Report(diag::OperandType, reading.resolution.source, span,
                                        reading.op(), expected, seen);
}

// Reports a path whose values can never be of the type that the comparison needs.
bool CheckPathType(const Reading& reading, PathType needed) {
  if (reading.path.type == PathType::Any || reading.path.type == needed) return true;
  auto report = reading.resolution.diagnostics.Report(
      diag::PathType, reading.resolution.source, reading.comparison.op_span, reading.path.text,
      NameOf(reading.path.type), reading.op(), NameOf(needed));
  if (reading.path.type == PathType::List) report.Help("`contains` looks into lists");
  if (reading.path.type == PathType::Time) {
    report.Help("`now` compares with RFC 3339 text by eq, neq, lt, lte, gt and gte");
  }
  return false;
}

PathType TypeOf(LiteralKind kind) {
  if (kind == LiteralKind::String) return PathType::String;
  if (kind == LiteralKind::Number) return PathType::Number;
  return PathType::Any;
}

// The right side where it has to be one value of `kind`.
const ast::Literal* ExpectLiteral(const Reading& reading, LiteralKind kind) {
  const auto* literal = std::get_if<ast::Literal>(&reading.right.node);
  if (literal != nullptr && literal->kind == kind) return literal;
  ReportOperand(reading, reading.right.span, NameOf(kind),
                literal != nullptr ? NameOf(literal->kind) : "a list");
  return nullptr;
}

// Values that `now.weekday`, `now.hour` and others can never have: a condition on them would be a
// rule that silently never holds.
bool CheckCanOccur(const Reading& reading, const ast::Literal& literal, Span span) {
  const std::string& path = reading.path.text;
  std::string help;
  if (path == "now.weekday") {
    if (std::ranges::find(kWeekdays, literal.text) != kWeekdays.end()) return true;
    help = fmt::format("weekdays are {}", Enumerate(kWeekdays));
  } else if (path == "now.date") {
    if (literal.text.size() == kDateTextBytes && ParseInstant(literal.text + "T00:00:00Z")) {
      return true;
    }
    help = "dates are written `2026-03-01`";
  } else if (path == "now.hour" || path == "now.minute") {
    const auto number = ParseDecimal(literal.text);
    const int max = path == "now.hour" ? 23 : 59;
    if (!number) return true;  // reported where the number is read
    if (Compare(*number, {}) >= 0 && Compare(*number, {max, 0}) <= 0) return true;
    help = fmt::format("`{}` is a number from 0 to {}", path, max);
  } else {
    return true;
  }
  reading.resolution.diagnostics
      .Report(diag::NeverEqual, reading.resolution.source, span, path, literal.text)
      .Help(help);
  return false;
}

std::optional<Comparand> ReadInstant(const Reading& reading, Predicate predicate) {
  const ast::Literal* literal = ExpectLiteral(reading, LiteralKind::String);
  if (literal == nullptr) return std::nullopt;
  const auto instant = ParseInstant(literal->text);
  if (!instant) {
    reading.resolution.diagnostics
        .Report(diag::BadInstant, reading.resolution.source, reading.right.span, literal->text)
        .Help("write RFC 3339 with a zone: `2026-03-01T10:00:00Z`");
    return std::nullopt;
  }
  return Comparand{predicate, ir::TimePoint{*instant}};
}

std::optional<Comparand> ReadEqual(const Reading& reading) {
  if (reading.path.type == PathType::Time) return ReadInstant(reading, Predicate::EqualTime);
  const auto* literal = std::get_if<ast::Literal>(&reading.right.node);
  if (literal == nullptr || literal->kind == LiteralKind::Null) {
    ReportOperand(reading, reading.right.span, "a string, number or boolean",
                  literal == nullptr ? "a list" : "null");
    return std::nullopt;
  }
  if (!CheckPathType(reading, TypeOf(literal->kind))) return std::nullopt;
  if (!CheckCanOccur(reading, *literal, reading.right.span)) return std::nullopt;
  switch (literal->kind) {
    case LiteralKind::String:
      return Comparand{Predicate::EqualString, literal->text};
    case LiteralKind::Bool:
      return Comparand{Predicate::EqualBool, literal->boolean};
    default: {
      const auto number = ResolveNumber(reading.resolution, literal->text, reading.right.span);
      if (!number) return std::nullopt;
      return Comparand{Predicate::EqualNumber, *number};
    }
  }
}

// The literals of a set: not empty, of one kind. nullopt: reported.
std::optional<std::vector<const ast::Expression*>> ReadMembers(const Reading& reading) {
  const auto* list = std::get_if<ast::List>(&reading.right.node);
  if (list == nullptr) {
    ReportOperand(reading, reading.right.span, "a list",
                  NameOf(std::get<ast::Literal>(reading.right.node).kind));
    return std::nullopt;
  }
  if (list->items.empty()) {
    reading.resolution.diagnostics.Report(diag::EmptySet, reading.resolution.source,
                                          reading.right.span, reading.op());
    return std::nullopt;
  }
  std::vector<const ast::Expression*> members;
  for (ast::ExpressionId id : list->items) {
    members.push_back(&ast::At(reading.resolution.syntax, id));
    const LiteralKind first = std::get<ast::Literal>(members[0]->node).kind;
    const LiteralKind kind = std::get<ast::Literal>(members.back()->node).kind;
    if (kind == first) continue;
    reading.resolution.diagnostics
        .Report(diag::MixedSet, reading.resolution.source, members.back()->span, NameOf(first),
                NameOf(kind))
        .Note(members[0]->span, "the first member");
    return std::nullopt;
  }
  return members;
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

std::optional<Comparand> ReadSet(const Reading& reading) {
  const auto members = ReadMembers(reading);
  if (!members) return std::nullopt;
  const LiteralKind kind = std::get<ast::Literal>((*members)[0]->node).kind;
  if (!CheckPathType(reading, TypeOf(kind))) return std::nullopt;
  std::vector<std::string> strings;
  std::vector<Decimal> numbers;
  std::vector<bool> bools;
  for (const ast::Expression* member : *members) {
    const auto& literal = std::get<ast::Literal>(member->node);
    if (!CheckCanOccur(reading, literal, member->span)) return std::nullopt;
    if (kind == LiteralKind::String) {
      strings.push_back(literal.text);
    } else if (kind == LiteralKind::Bool) {
      bools.push_back(literal.boolean);
    } else {
      const auto number = ResolveNumber(reading.resolution, literal.text, member->span);
      if (!number) return std::nullopt;
      numbers.push_back(*number);
    }
  }
  if (kind == LiteralKind::String) {
    return Comparand{Predicate::InStrings, SortedDistinct(std::move(strings))};
  }
  if (kind == LiteralKind::Bool) {
    return Comparand{Predicate::InBools, SortedDistinct(std::move(bools))};
  }
  return Comparand{Predicate::InNumbers, SortedDistinct(std::move(numbers))};
}

struct OrderPredicates {
  Predicate number;
  Predicate time;
};

OrderPredicates OrderOf(Operator op) {
  switch (op) {
    case Operator::Less:
      return {Predicate::LessNumber, Predicate::LessTime};
    case Operator::LessOrEqual:
      return {Predicate::LessOrEqualNumber, Predicate::LessOrEqualTime};
    case Operator::Greater:
      return {Predicate::GreaterNumber, Predicate::GreaterTime};
    default:
      return {Predicate::GreaterOrEqualNumber, Predicate::GreaterOrEqualTime};
  }
}

std::optional<Comparand> ReadOrder(const Reading& reading) {
  const OrderPredicates predicates = OrderOf(reading.comparison.op);
  if (reading.path.type == PathType::Time) return ReadInstant(reading, predicates.time);
  const ast::Literal* literal = ExpectLiteral(reading, LiteralKind::Number);
  if (literal == nullptr || !CheckPathType(reading, PathType::Number)) return std::nullopt;
  const auto number = ResolveNumber(reading.resolution, literal->text, reading.right.span);
  if (!number) return std::nullopt;
  return Comparand{predicates.number, *number};
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

// starts_with, ends_with, regex, under: a string against a string.
std::optional<Comparand> ReadText(const Reading& reading) {
  const ast::Literal* literal = ExpectLiteral(reading, LiteralKind::String);
  if (literal == nullptr || !CheckPathType(reading, PathType::String)) return std::nullopt;
  switch (reading.comparison.op) {
    case Operator::StartsWith:
      return Comparand{Predicate::StartsWith, literal->text};
    case Operator::EndsWith:
      return Comparand{Predicate::EndsWith, literal->text};
    case Operator::Like:
      return Comparand{Predicate::Like, literal->text};
    case Operator::Under:
      return ReadUnder(reading, literal->text);
    default:
      return ReadRegex(reading, literal->text);
  }
}

std::optional<Comparand> ReadContains(const Reading& reading) {
  const auto* literal = std::get_if<ast::Literal>(&reading.right.node);
  if (literal == nullptr || literal->kind == LiteralKind::Null) {
    ReportOperand(reading, reading.right.span, "a string, number or boolean",
                  literal == nullptr ? "a list" : "null");
    return std::nullopt;
  }
  const bool is_string = literal->kind == LiteralKind::String;
  const bool fits_string = is_string && reading.path.type == PathType::String;
  if (!fits_string && !CheckPathType(reading, PathType::List)) return std::nullopt;
  if (is_string) return Comparand{Predicate::ContainsString, literal->text};
  if (literal->kind == LiteralKind::Bool) {
    return Comparand{Predicate::ContainsBool, literal->boolean};
  }
  const auto number = ResolveNumber(reading.resolution, literal->text, reading.right.span);
  if (!number) return std::nullopt;
  return Comparand{Predicate::ContainsNumber, *number};
}

std::optional<Comparand> ReadHosts(const Reading& reading) {
  const auto members = ReadMembers(reading);
  if (!members || !CheckPathType(reading, PathType::String)) return std::nullopt;
  std::vector<std::string> hosts;
  for (const ast::Expression* member : *members) {
    const auto& literal = std::get<ast::Literal>(member->node);
    if (literal.kind != LiteralKind::String) {
      ReportOperand(reading, member->span, "a list of host names", NameOf(literal.kind));
      return std::nullopt;
    }
    auto host = NormalHostPattern(literal.text);
    if (!host) {
      reading.resolution.diagnostics
          .Report(diag::BadHost, reading.resolution.source, member->span, literal.text)
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

std::optional<Decimal> ResolveNumber(Resolution& resolution, const std::string& digits, Span span) {
  const auto number = ParseDecimal(digits);
  if (!number) {
    resolution.diagnostics.Report(diag::NumberNotExact, resolution.source, span, digits)
        .Help("at most 18 digits, and exponents from -18 to 18");
  }
  return number;
}

std::optional<Comparand> ResolveComparand(Resolution& resolution, const ast::Comparison& comparison,
                                          const ResolvedPath& path) {
  const Reading reading{resolution, comparison, path, ast::At(resolution.syntax, comparison.right)};
  std::optional<Comparand> comparand;
  switch (comparison.op) {
    case Operator::Equal:
    case Operator::NotEqual:
      comparand = ReadEqual(reading);
      break;
    case Operator::In:
    case Operator::NotIn:
      comparand = ReadSet(reading);
      break;
    case Operator::Less:
    case Operator::LessOrEqual:
    case Operator::Greater:
    case Operator::GreaterOrEqual:
      comparand = ReadOrder(reading);
      break;
    case Operator::Matches:
    case Operator::StartsWith:
    case Operator::EndsWith:
    case Operator::Like:
    case Operator::Under:
      comparand = ReadText(reading);
      break;
    case Operator::Contains:
      comparand = ReadContains(reading);
      break;
    case Operator::HostIn:
      comparand = ReadHosts(reading);
      break;
  }
  if (comparand) {
    comparand->negated = comparison.op == Operator::NotEqual || comparison.op == Operator::NotIn;
  }
  return comparand;
}

}  // namespace policy
