#include "runtime/value/function.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "compiler/resolve/resolution.h"
#include "runtime/value/suggestion.h"

namespace policy {

namespace {

// What a function takes and makes.
struct Signature {
  Function function;
  std::string_view takes;          // the first argument, for messages
  std::array<ValueType, 3> first;  // one of these; repeated where there are fewer
  ValueType second;                // of a function of two
  ValueType makes;
};

constexpr std::array kString = {ValueType::String, ValueType::String, ValueType::String};
constexpr std::array kList = {ValueType::List, ValueType::List, ValueType::List};
constexpr std::array kCounted = {ValueType::String, ValueType::List, ValueType::Record};

constexpr Signature kSignatures[] = {
    {Function::Length, "a string, list or record", kCounted, {}, ValueType::Number},
    {Function::Lower, "a string", kString, {}, ValueType::String},
    {Function::Domain, "a string", kString, {}, ValueType::String},
    {Function::Host, "a string", kString, {}, ValueType::String},
    {Function::Scheme, "a string", kString, {}, ValueType::String},
    {Function::Port, "a string", kString, {}, ValueType::Number},
    {Function::Split, "a string", kString, ValueType::String, ValueType::List},
    {Function::Join, "a list", kList, ValueType::String, ValueType::String},
    {Function::Words, "a string", kString, {}, ValueType::List},
    {Function::SqlVerbs, "a string", kString, {}, ValueType::List},
    {Function::Time, "a string", kString, ValueType::String, ValueType::Time},
};

const Signature* FindFunction(Resolution& resolution, const ast::Word& name) {
  std::vector<std::string_view> names;
  for (const Signature& signature : kSignatures) {
    if (NameOf(signature.function) == name.text) return &signature;
    names.push_back(NameOf(signature.function));
  }
  auto report =
      resolution.diagnostics.Report(diag::UnknownFunction, resolution.source, name.span, name.text);
  if (const auto meant = NearestWord(name.text, names)) {
    report.Help(fmt::format("did you mean `{}`?", meant->word));
    if (meant->is_plain) report.Replace(name.span, std::string(meant->word));
  } else {
    report.Help(fmt::format("functions are {}", Enumerate(names)));
  }
  return nullptr;
}

// The arguments, the default of the second of `time` among them. nullopt: reported.
std::optional<std::vector<Term>> ResolveArguments(Resolution& resolution,
                                                  const Signature& signature, const ast::Call& call,
                                                  Span span) {
  const auto wanted = static_cast<std::size_t>(OperandCountOf(signature.function));
  const bool may_leave_second = signature.function == Function::Time;
  const std::size_t given = call.arguments.size();
  if (given > wanted || given + (may_leave_second ? 1 : 0) < wanted) {
    resolution.diagnostics.Report(
        diag::ArgumentCount, resolution.source, span, call.function.text,
        may_leave_second ? "one value or two" : (wanted == 1 ? "one value" : "two values"), given);
    return std::nullopt;
  }
  std::vector<Term> arguments;
  bool is_whole = true;
  for (const ast::ExpressionId id : call.arguments) {
    auto term = ResolveTerm(resolution, id);
    is_whole = is_whole && term.has_value();
    if (term) arguments.push_back(*std::move(term));
  }
  if (!is_whole) return std::nullopt;
  if (arguments.size() < wanted) {
    Term zone;
    zone.kind = Term::Kind::Constant;
    zone.type = ValueType::String;
    zone.constant = resolution.policy.zone;
    zone.text = resolution.policy.zone;
    zone.span = span;
    arguments.push_back(std::move(zone));
  }
  return arguments;
}

bool IsValue(const Term& term) {
  return term.kind == Term::Kind::Value || term.kind == Term::Kind::Constant;
}

bool CheckArguments(Resolution& resolution, const Signature& signature,
                    const std::vector<Term>& arguments, Span span) {
  const std::string_view name = NameOf(signature.function);
  const Term& first = arguments[0];
  const bool first_fits = first.type == ValueType::Any ||
                          std::ranges::find(signature.first, first.type) != signature.first.end();
  if (!IsValue(first) || !first_fits) {
    ReportFunctionOperand(resolution, name, signature.takes, first);
    return false;
  }
  if (arguments.size() == 1) return true;
  const Term& second = arguments[1];
  const bool second_fits = second.type == ValueType::Any || second.type == signature.second;
  if (!IsValue(second) || !second_fits) {
    ReportFunctionOperand(resolution, name, fmt::format("{} beside it", NameOf(signature.second)),
                          second);
    return false;
  }
  if (second.kind != Term::Kind::Constant) return true;
  const auto& text = std::get<std::string>(second.constant);
  if (signature.function == Function::Split && text.empty()) {
    resolution.diagnostics.Report(diag::EmptySeparator, resolution.source, second.span)
        .Help("split at what stands between the parts: `split(args.to, \",\")`");
    return false;
  }
  // The policy's own zone is judged where it is written.
  const bool is_written = signature.function == Function::Time && second.span != span;
  return !is_written || CheckZone(resolution, text, second.span);
}

// The function of its operands: made now where all are constants. nullopt: reported.
std::optional<Term> Apply(Resolution& resolution, Function function, ValueType type,
                          const std::vector<Term>& operands, Span span) {
  Term term;
  term.type = type;
  term.text = WordsAt(resolution, span);
  term.span = span;
  const auto is_constant = [](const Term& t) { return t.kind == Term::Kind::Constant; };
  // A list is no constant that a value can be.
  if (std::ranges::all_of(operands, is_constant) && type != ValueType::List) {
    const ir::Constant second = operands.size() > 1 ? operands[1].constant : ir::Constant{};
    term.kind = Term::Kind::Constant;
    term.constant = ApplyToConstants(function, operands[0].constant, second);
    if (term.constant.index() != 0) return term;
    if (function == Function::Time) {
      ReportBadInstant(resolution, operands[0].span, operands[0].text);
    } else {
      resolution.diagnostics.Report(diag::NoConstant, resolution.source, span, term.text)
          .Help("a policy in which it stands would never be certain of anything there");
    }
    return std::nullopt;
  }
  ir::Value value{.kind = ir::ValueKind::Applied, .function = function, .span = span};
  for (const Term& operand : operands) value.operands.push_back(Materialise(resolution, operand));
  term.value_id = AddValue(resolution, std::move(value));
  return term;
}

std::string_view ExpectedOf(Function function) {
  switch (function) {
    case Function::Add:
      return "two numbers, or a time or a length of time and a length of time";
    case Function::Subtract:
      return "two numbers, two times, or a time or a length of time and a length of time";
    default:
      return "two numbers, or a length of time and a number";
  }
}

// The type that arithmetic makes of two types. nullopt: of these it makes nothing.
std::optional<ValueType> ArithmeticType(Function function, ValueType left, ValueType right) {
  const auto is_number = [](ValueType type) {
    return type == ValueType::Number || type == ValueType::Any;
  };
  const bool left_is_timed = left == ValueType::Time || left == ValueType::Duration;
  if (is_number(left) && is_number(right)) return ValueType::Number;
  if (function == Function::Multiply) {
    if (left == ValueType::Duration && is_number(right)) return ValueType::Duration;
    return std::nullopt;
  }
  if (left_is_timed && right == ValueType::Duration) return left;
  const bool is_difference = function == Function::Subtract && left == ValueType::Time;
  if (is_difference && right == ValueType::Time) return ValueType::Duration;
  return std::nullopt;
}

// How little the term is at home in arithmetic: of two that do not go together the one to name.
int Misfit(const Term& term) {
  if (!IsValue(term)) return 3;
  switch (term.type) {
    case ValueType::Number:
    case ValueType::Time:
    case ValueType::Duration:
      return 0;
    case ValueType::Any:
      return 1;
    default:
      return 2;
  }
}

}  // namespace

void ReportFunctionOperand(Resolution& resolution, std::string_view function,
                           std::string_view expected, const Term& term) {
  std::string_view seen = NameOf(term.type);
  if (term.kind == Term::Kind::Set) seen = "a list written in the policy";
  if (term.kind == Term::Kind::Null) seen = "null";
  if (term.kind == Term::Kind::Value && term.type == ValueType::Any) {
    seen = "never a time or a length of time";
  }
  auto report = resolution.diagnostics.Report(diag::FunctionOperand, resolution.source, term.span,
                                              function, expected, term.text, seen);
  if (term.type == ValueType::Any && term.kind == Term::Kind::Value) {
    report.Help(fmt::format("`time({})` reads a time from text", term.text));
  }
}

std::optional<Term> ResolveCall(Resolution& resolution, const ast::Call& call, Span span) {
  const Signature* signature = FindFunction(resolution, call.function);
  if (signature == nullptr) return std::nullopt;
  const auto arguments = ResolveArguments(resolution, *signature, call, span);
  if (!arguments || !CheckArguments(resolution, *signature, *arguments, span)) return std::nullopt;
  return Apply(resolution, signature->function, signature->makes, *arguments, span);
}

std::optional<Term> ResolveArithmetic(Resolution& resolution, const ast::Arithmetic& arithmetic,
                                      Span span) {
  constexpr std::array kFunctions = {Function::Add, Function::Subtract, Function::Multiply};
  const Function function = kFunctions[static_cast<std::size_t>(arithmetic.kind)];
  auto left = ResolveTerm(resolution, arithmetic.left);
  auto right = ResolveTerm(resolution, arithmetic.right);
  if (!left || !right) return std::nullopt;
  // 2 * 10m is 10m * 2.
  if (function == Function::Multiply && right->type == ValueType::Duration) std::swap(left, right);
  const auto type = ArithmeticType(function, left->type, right->type);
  if (!IsValue(*left) || !IsValue(*right) || !type) {
    ReportFunctionOperand(resolution, NameOf(function), ExpectedOf(function),
                          Misfit(*left) >= Misfit(*right) ? *left : *right);
    return std::nullopt;
  }
  return Apply(resolution, function, *type, {*std::move(left), *std::move(right)}, span);
}

}  // namespace policy
