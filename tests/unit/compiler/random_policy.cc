#include "tests/unit/compiler/random_policy.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "compiler/ir/access.h"
#include "runtime/program/regex.h"
#include "runtime/value/function.h"

namespace policy {

namespace {

using differential::Random;

const std::vector<std::string> kTexts = {"",
                                         "a",
                                         "ab",
                                         "abc",
                                         "b",
                                         "main",
                                         "/srv",
                                         "/srv/",
                                         "/srv/app",
                                         "/srv/app/x",
                                         "/srvx",
                                         "https://a.b/",
                                         "http://c.a.b/x",
                                         "a.b",
                                         "A",
                                         "bab",
                                         "x"};
const std::vector<std::string> kRegexes = {"^a",    "^ab$", "b",       "",     "^(?:a|b)$",
                                           "^/srv", "a$",   "(?i)^AB", "^a*b", "^$"};
const std::vector<std::string> kGlobs = {"*", "a*", "*b", "a*b", "*ab*", "main", "/srv/*", "a*b*c"};
const std::vector<std::string> kRoots = {"/srv", "/srv/app", "/etc"};
const std::vector<std::string> kHosts = {"a.b", "*.b", "c.a.b", "*.a.b", "d.e", "1.2.3.4"};
const std::vector<std::string> kNumbers = {"-1", "0", "1", "5", "5.5", "10", "1e18", "0.001"};

const std::vector<Predicate> kPredicates = {Predicate::Exists,
                                            Predicate::IsNull,
                                            Predicate::EqualString,
                                            Predicate::EqualNumber,
                                            Predicate::EqualBool,
                                            Predicate::InStrings,
                                            Predicate::InNumbers,
                                            Predicate::InBools,
                                            Predicate::LessNumber,
                                            Predicate::LessOrEqualNumber,
                                            Predicate::GreaterNumber,
                                            Predicate::GreaterOrEqualNumber,
                                            Predicate::Matches,
                                            Predicate::ContainsString,
                                            Predicate::ContainsNumber,
                                            Predicate::ContainsBool,
                                            Predicate::StartsWith,
                                            Predicate::EndsWith,
                                            Predicate::Under,
                                            Predicate::HostIn,
                                            Predicate::Like};

std::vector<std::string> MakeSet(Random& random, const std::vector<std::string>& from) {
  std::vector<std::string> set;
  for (std::uint64_t i = 0; i <= random.Below(3); ++i) set.push_back(random.Pick(from));
  std::ranges::sort(set);
  const auto repeated = std::ranges::unique(set);
  set.erase(repeated.begin(), repeated.end());
  return set;
}

ir::Constant MakeConstant(Random& random, Predicate predicate) {
  switch (predicate) {
    case Predicate::Matches:
      return ir::RegexText{random.Pick(kRegexes)};
    case Predicate::Like:
      return random.Pick(kGlobs);
    case Predicate::Under:
      return random.Pick(kRoots);
    case Predicate::HostIn:
      return MakeSet(random, kHosts);
    default:
      break;
  }
  switch (OperandOf(predicate)) {
    case OperandKind::String:
      return random.Pick(kTexts);
    case OperandKind::Number:
      return *ParseDecimal(random.Pick(kNumbers));
    case OperandKind::Bool:
      return random.Chance(50);
    case OperandKind::StringSet:
      return MakeSet(random, kTexts);
    case OperandKind::NumberSet: {
      std::vector<Decimal> set;
      for (const std::string& number : MakeSet(random, kNumbers)) {
        set.push_back(*ParseDecimal(number));
      }
      std::ranges::sort(set, [](Decimal a, Decimal b) { return Compare(a, b) < 0; });
      return set;
    }
    case OperandKind::BoolSet:
      return std::vector<bool>{random.Chance(50)};
    default:
      return {};
  }
}

ir::FormulaId Add(ir::Policy& policy, ir::Formula formula) {
  policy.formulas.push_back(std::move(formula));
  return static_cast<ir::FormulaId>(policy.formulas.size() - 1);
}

ir::FormulaId MakeTest(Random& random, ir::Policy& policy, bool is_narrow) {
  ir::Test test;
  // Mostly one value, so that conditions meet.
  test.value_id = static_cast<ir::ValueId>(is_narrow ? 0 : random.Below(policy.values.size() - 1));
  test.predicate = random.Pick(kPredicates);
  test.operand = MakeConstant(random, test.predicate);
  if (random.Chance(15)) test.when_absent = static_cast<Truth>(random.Below(3));
  policy.tests.push_back(std::move(test));
  ir::Formula formula;
  formula.kind = ir::FormulaKind::Test;
  formula.test_id = static_cast<ir::TestId>(policy.tests.size() - 1);
  return Add(policy, std::move(formula));
}

ir::FormulaId MakeFormula(Random& random, ir::Policy& policy, bool is_narrow, int depth) {
  if (depth == 0 || random.Chance(25)) return MakeTest(random, policy, is_narrow);
  ir::Formula formula;
  if (random.Chance(25)) {
    formula.kind = ir::FormulaKind::Not;
    formula.operands = {MakeFormula(random, policy, is_narrow, depth - 1)};
  } else {
    formula.kind = random.Chance(65) ? ir::FormulaKind::And : ir::FormulaKind::Or;
    for (std::uint64_t i = random.Below(4); i < 4; ++i) {
      formula.operands.push_back(MakeFormula(random, policy, is_narrow, depth - 1));
    }
  }
  return Add(policy, std::move(formula));
}

void AddPath(ir::Policy& policy, std::vector<ir::Step> steps) {
  policy.paths.push_back({format::Root::Args, std::move(steps)});
  policy.values.push_back(
      {.kind = ir::ValueKind::Path, .path_id = static_cast<ir::PathId>(policy.paths.size() - 1)});
}

Value Of(ValueKind kind, std::string_view text = {}) {
  Value value = Value::MakeString(text);
  value.kind = kind;
  return value;
}

std::vector<Value> MakeValues() {
  static std::deque<std::string> kept;
  std::vector<Value> values;
  const auto add_text = [&](std::string text) {
    values.push_back(Value::MakeString(kept.emplace_back(std::move(text))));
  };
  for (const std::string& text : kTexts) {
    add_text(text);
    add_text(text + "x");
    add_text("x" + text);
    add_text(text + "b");
    add_text(text + "/y");
  }
  for (const std::string host : {"a.b", "c.a.b", "x.c.a.b", "d.e", "b", "x.b", "1.2.3.4"}) {
    add_text("https://" + host);
    add_text("HTTP://" + host + "/p");
  }
  add_text(std::string(kPatternSubjectBytesMax + 1, 'a'));
  add_text("https://a.b/" + std::string(kPatternSubjectBytesMax, 'a'));
  add_text("/srv/" + std::string(kPatternSubjectBytesMax, 'b'));
  for (const std::string number : {"-1", "0", "1", "5", "5.5", "10", "1e18", "0.001", "-2", "0.5",
                                   "0.0005", "2", "5.2", "6", "11", "2e18", "-1e18"}) {
    values.push_back(Value::MakeNumber(*ParseDecimal(number)));
  }
  values.push_back(Value::MakeBool(false));
  values.push_back(Value::MakeBool(true));
  for (const std::string_view list :
       {"[]", "[\"a\"]", "[\"ab\",\"b\"]", "[1]", "[5,10]", "[true]", "[null]", "[\"a\",1]",
        "[false,true]", "[\"\"]", "[\"main\",null]"}) {
    values.push_back(Of(ValueKind::List, list));
  }
  values.push_back(Of(ValueKind::Absent));
  values.push_back(Of(ValueKind::Broken));
  values.push_back(Of(ValueKind::Null));
  values.push_back(Of(ValueKind::InexactNumber, "1e400"));
  values.push_back(Of(ValueKind::Record, "{}"));
  return values;
}

Value Compute(const ir::Policy& policy, ir::ValueId value_id, const Call& call) {
  static KeptTexts room;
  const ir::Value& value = ir::ValueOf(policy, value_id);
  if (value.kind == ir::ValueKind::Path) {
    return static_cast<int>(value.path_id) == 0   ? call.a
           : static_cast<int>(value.path_id) == 1 ? call.b
                                                  : call.x;
  }
  if (value.kind == ir::ValueKind::Constant) {
    return Value::MakeNumber(std::get<Decimal>(value.constant));
  }
  const Value first = Compute(policy, value.operands[0], call);
  const Value second =
      value.operands.size() > 1 ? Compute(policy, value.operands[1], call) : Value();
  return ApplyFunction(value.function, first, second, room);
}

}  // namespace

RandomPolicy MakePolicy(Random& random, std::size_t formula_count) {
  RandomPolicy made;
  ir::Policy& policy = made.policy;
  AddPath(policy, {"a"});
  AddPath(policy, {"b"});
  AddPath(policy, {"a", "x"});
  const auto apply = [&](Function function, std::vector<ir::ValueId> operands) {
    ir::Value value;
    value.kind = ir::ValueKind::Applied;
    value.function = function;
    value.operands = std::move(operands);
    policy.values.push_back(std::move(value));
  };
  const auto constant = static_cast<ir::ValueId>(8);
  apply(Function::Length, {static_cast<ir::ValueId>(0)});
  apply(Function::Lower, {static_cast<ir::ValueId>(0)});
  apply(Function::Host, {static_cast<ir::ValueId>(1)});
  apply(Function::Scheme, {static_cast<ir::ValueId>(1)});
  apply(Function::OrElse, {static_cast<ir::ValueId>(0), constant});
  ir::Value five;
  five.kind = ir::ValueKind::Constant;
  five.constant = *ParseDecimal("5");
  policy.values.push_back(five);
  const bool is_narrow = random.Chance(60);
  for (std::size_t i = 0; i < formula_count; ++i) {
    made.roots.push_back(MakeFormula(random, policy, is_narrow, 2));
  }
  return made;
}

const std::vector<Value>& Values() {
  static const std::vector<Value> values = MakeValues();
  return values;
}

Call MakeCall(Random& random) {
  Call call;
  call.a = random.Chance(20) ? Of(ValueKind::Record, "{}") : random.Pick(Values());
  call.b = random.Pick(Values());
  if (call.a.kind == ValueKind::Record) {
    call.x = random.Pick(Values());
  } else if (call.a.kind == ValueKind::Absent) {
    call.x = Of(ValueKind::Absent);
  } else {
    call.x = Of(ValueKind::Broken);
  }
  return call;
}

Truth EvaluateTest(const ir::Policy& policy, const ir::Test& test, const Call& call) {
  const Value value = Compute(policy, test.value_id, call);
  if (value.kind == ValueKind::Absent && test.when_absent) return *test.when_absent;
  Operand operand;
  operand.kind = OperandOf(test.predicate);
  std::vector<std::string_view> strings;
  std::unique_ptr<re2::RE2> regex;
  if (const auto* text = std::get_if<std::string>(&test.operand)) operand.text = *text;
  if (const auto* number = std::get_if<Decimal>(&test.operand)) operand.number = *number;
  if (const auto* boolean = std::get_if<bool>(&test.operand)) operand.boolean = *boolean;
  if (const auto* set = std::get_if<std::vector<std::string>>(&test.operand)) {
    strings.assign(set->begin(), set->end());
    operand.strings = strings;
  }
  if (const auto* set = std::get_if<std::vector<Decimal>>(&test.operand)) operand.numbers = *set;
  if (const auto* set = std::get_if<std::vector<bool>>(&test.operand)) {
    operand.set_has_false = !set->front();
    operand.set_has_true = set->front();
  }
  if (const auto* text = std::get_if<ir::RegexText>(&test.operand)) {
    regex = CompileRegex(text->text);
    operand.regex = regex.get();
  }
  return Apply(test.predicate, value, operand);
}

Truth Evaluate(const ir::Policy& policy, ir::FormulaId formula_id, const Call& call) {
  const ir::Formula& formula = ir::FormulaOf(policy, formula_id);
  switch (formula.kind) {
    case ir::FormulaKind::Constant:
      return formula.constant;
    case ir::FormulaKind::Test:
      return EvaluateTest(policy, ir::TestOf(policy, formula.test_id), call);
    case ir::FormulaKind::Not:
      return Not(Evaluate(policy, formula.operands[0], call));
    default:
      break;
  }
  const bool is_and = formula.kind == ir::FormulaKind::And;
  Truth truth = ToTruth(is_and);
  for (const ir::FormulaId operand_id : formula.operands) {
    const Truth of_operand = Evaluate(policy, operand_id, call);
    truth = is_and ? And(truth, of_operand) : Or(truth, of_operand);
  }
  return truth;
}

}  // namespace policy
