// Every operator in every outcome it has.
#include "runtime/value/predicate.h"

#include <re2/re2.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/value/text_hash.h"

namespace policy {
namespace {

constexpr Truth kTrue = Truth::True;
constexpr Truth kFalse = Truth::False;
constexpr Truth kUnknown = Truth::Unknown;

Value Number(const char* text) { return Value::MakeNumber(ParseDecimal(text).value()); }
Value String(std::string_view text) { return Value::MakeString(text); }
Value Of(ValueKind kind, std::string_view text = {}) {
  Value value = Value::MakeString(text);
  value.kind = kind;
  return value;
}
Value List(std::string_view raw) { return Of(ValueKind::List, raw); }

Operand Text(std::string_view text) {
  Operand operand;
  operand.kind = OperandKind::String;
  operand.text = text;
  return operand;
}
Operand NumberOperand(const char* text) {
  Operand operand;
  operand.kind = OperandKind::Number;
  operand.number = ParseDecimal(text).value();
  return operand;
}
Operand BoolOperand(bool boolean) {
  Operand operand;
  operand.kind = OperandKind::Bool;
  operand.boolean = boolean;
  return operand;
}
Operand TimeOperand(std::int64_t nanoseconds) {
  Operand operand;
  operand.kind = OperandKind::Time;
  operand.nanoseconds = nanoseconds;
  return operand;
}

// What no operator beside exists and is null can say anything of.
const Value kNeverKnown[] = {Of(ValueKind::Absent), Of(ValueKind::Broken), Of(ValueKind::Null),
                             Of(ValueKind::InexactNumber, "1e400"), Of(ValueKind::Record, "{}")};

TEST_CASE("exists and is null") {
  struct Row {
    Value value;
    Truth exists;
    Truth is_null;
  };
  const Row rows[] = {{Of(ValueKind::Absent), kFalse, kUnknown},
                      {Of(ValueKind::Broken), kUnknown, kUnknown},
                      {Of(ValueKind::Null), kUnknown, kTrue},
                      {Value::MakeBool(false), kTrue, kFalse},
                      {Number("0"), kTrue, kFalse},
                      {Of(ValueKind::InexactNumber, "1e400"), kTrue, kFalse},
                      {String(""), kTrue, kFalse},
                      {List("[]"), kTrue, kFalse},
                      {Of(ValueKind::Record, "{}"), kTrue, kFalse},
                      {Value::MakeTime(0), kTrue, kFalse}};
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.value.kind));
    CHECK(Apply(Predicate::Exists, row.value, {}) == row.exists);
    CHECK(Apply(Predicate::IsNull, row.value, {}) == row.is_null);
  }
}

TEST_CASE("operators with one operand") {
  const std::string long_text(kPatternSubjectBytesMax + 1, 'a');
  const std::string longest_text(kPatternSubjectBytesMax, 'a');
  std::string long_list = "[";
  for (std::size_t i = 0; i < kListElementsMax; ++i) long_list += "\"x\",";
  const std::string longest_list = long_list.substr(0, long_list.size() - 1) + "]";
  long_list += "\"x\"]";
  Value exact_list = List("[9007199254740993]");
  exact_list.boolean = true;

  struct Row {
    Predicate predicate;
    Value value;
    Operand operand;
    Truth want;
  };
  const Row rows[] = {
      {Predicate::EqualString, String("a"), Text("a"), kTrue},
      {Predicate::EqualString, String("A"), Text("a"), kFalse},
      {Predicate::EqualString, Number("5"), Text("5"), kUnknown},
      {Predicate::EqualString, List("[\"a\"]"), Text("a"), kUnknown},
      {Predicate::EqualNumber, Number("1.0"), NumberOperand("10e-1"), kTrue},
      {Predicate::EqualNumber, Number("1"), NumberOperand("2"), kFalse},
      {Predicate::EqualNumber, String("1"), NumberOperand("1"), kUnknown},
      {Predicate::EqualBool, Value::MakeBool(true), BoolOperand(true), kTrue},
      {Predicate::EqualBool, Value::MakeBool(true), BoolOperand(false), kFalse},
      {Predicate::EqualBool, String("true"), BoolOperand(true), kUnknown},
      {Predicate::EqualTime, Value::MakeTime(7), TimeOperand(7), kTrue},
      {Predicate::EqualTime, Value::MakeTime(7), TimeOperand(8), kFalse},
      {Predicate::EqualTime, Number("7"), TimeOperand(7), kUnknown},
      {Predicate::LessNumber, Number("1"), NumberOperand("2"), kTrue},
      {Predicate::LessNumber, Number("2"), NumberOperand("2"), kFalse},
      {Predicate::LessNumber, String("1"), NumberOperand("2"), kUnknown},
      {Predicate::LessOrEqualNumber, Number("2"), NumberOperand("2"), kTrue},
      {Predicate::LessOrEqualNumber, Number("2.1"), NumberOperand("2"), kFalse},
      {Predicate::LessOrEqualNumber, Value::MakeTime(1), NumberOperand("2"), kUnknown},
      {Predicate::GreaterNumber, Number("3"), NumberOperand("2"), kTrue},
      {Predicate::GreaterNumber, Number("-3"), NumberOperand("2"), kFalse},
      {Predicate::GreaterNumber, Value::MakeBool(true), NumberOperand("0"), kUnknown},
      {Predicate::GreaterOrEqualNumber, Number("2"), NumberOperand("2"), kTrue},
      {Predicate::GreaterOrEqualNumber, Number("1"), NumberOperand("2"), kFalse},
      {Predicate::GreaterOrEqualNumber, String("9"), NumberOperand("2"), kUnknown},
      {Predicate::LessTime, Value::MakeTime(1), TimeOperand(2), kTrue},
      {Predicate::LessTime, Value::MakeTime(2), TimeOperand(2), kFalse},
      {Predicate::LessTime, Number("1"), TimeOperand(2), kUnknown},
      {Predicate::LessOrEqualTime, Value::MakeTime(2), TimeOperand(2), kTrue},
      {Predicate::LessOrEqualTime, Value::MakeTime(3), TimeOperand(2), kFalse},
      {Predicate::LessOrEqualTime, Number("1"), TimeOperand(2), kUnknown},
      {Predicate::GreaterTime, Value::MakeTime(3), TimeOperand(2), kTrue},
      {Predicate::GreaterTime, Value::MakeTime(2), TimeOperand(2), kFalse},
      {Predicate::GreaterTime, Number("3"), TimeOperand(2), kUnknown},
      {Predicate::GreaterOrEqualTime, Value::MakeTime(2), TimeOperand(2), kTrue},
      {Predicate::GreaterOrEqualTime, Value::MakeTime(1), TimeOperand(2), kFalse},
      {Predicate::GreaterOrEqualTime, String(""), TimeOperand(2), kUnknown},
      {Predicate::StartsWith, String("abc"), Text("ab"), kTrue},
      {Predicate::StartsWith, String("abc"), Text("b"), kFalse},
      {Predicate::StartsWith, String(longest_text), Text("a"), kTrue},
      {Predicate::StartsWith, String(long_text), Text("a"), kUnknown},
      {Predicate::StartsWith, List("[\"ab\"]"), Text("ab"), kUnknown},
      {Predicate::EndsWith, String("abc"), Text("bc"), kTrue},
      {Predicate::EndsWith, String("abc"), Text("b"), kFalse},
      {Predicate::EndsWith, String(long_text), Text("a"), kUnknown},
      {Predicate::EndsWith, Number("1"), Text("1"), kUnknown},
      {Predicate::ContainsString, String("abc"), Text("b"), kTrue},
      {Predicate::ContainsString, String("abc"), Text("x"), kFalse},
      {Predicate::ContainsString, String(long_text), Text("b"), kFalse},
      {Predicate::ContainsString, Number("1"), Text("1"), kUnknown},
      {Predicate::ContainsString, List("[]"), Text("a"), kFalse},
      {Predicate::ContainsString, List("[\"a\",\"b\"]"), Text("b"), kTrue},
      {Predicate::ContainsString, List("[\"a\",\"\\u0062\"]"), Text("b"), kTrue},
      {Predicate::ContainsString, List("[\"a\",\"c\"]"), Text("b"), kFalse},
      {Predicate::ContainsString, List("[\"a\",\"abc\"]"), Text("b"), kUnknown},
      {Predicate::ContainsString, List("[\"a\",\"a\\u0062c\"]"), Text("b"), kUnknown},
      {Predicate::ContainsString, List("[\"a\",1]"), Text("b"), kUnknown},
      {Predicate::ContainsString, List("[null,\"b\"]"), Text("b"), kTrue},
      {Predicate::ContainsString, List("[[\"b\"]]"), Text("b"), kUnknown},
      {Predicate::ContainsString, List("[{\"b\":\"b\"}]"), Text("b"), kUnknown},
      {Predicate::ContainsString, List(longest_list), Text("x"), kTrue},
      {Predicate::ContainsString, List(longest_list), Text("y"), kFalse},
      {Predicate::ContainsString, List(long_list), Text("x"), kUnknown},
      {Predicate::ContainsNumber, List("[1,2.50]"), NumberOperand("2.5"), kTrue},
      {Predicate::ContainsNumber, List("[1,2]"), NumberOperand("3"), kFalse},
      {Predicate::ContainsNumber, List("[1,\"3\"]"), NumberOperand("3"), kUnknown},
      {Predicate::ContainsNumber, List("[1,1e400]"), NumberOperand("3"), kUnknown},
      {Predicate::ContainsNumber, List("[9007199254740993]"), NumberOperand("9007199254740993"),
       kUnknown},
      {Predicate::ContainsNumber, exact_list, NumberOperand("9007199254740993"), kTrue},
      {Predicate::ContainsNumber, Number("1"), NumberOperand("1"), kUnknown},
      {Predicate::ContainsBool, List("[false,true]"), BoolOperand(true), kTrue},
      {Predicate::ContainsBool, List("[false]"), BoolOperand(true), kFalse},
      {Predicate::ContainsBool, List("[false,\"true\"]"), BoolOperand(true), kUnknown},
      {Predicate::ContainsBool, Value::MakeBool(true), BoolOperand(true), kUnknown},
      {Predicate::Under, String("/srv/app/x"), Text("/srv/app"), kTrue},
      {Predicate::Under, String("/etc/x"), Text("/srv/app"), kFalse},
      {Predicate::Under, String("/srv/app/../x"), Text("/srv/app"), kUnknown},
      {Predicate::Under, List("[\"/srv/app/x\"]"), Text("/srv/app"), kUnknown},
  };
  for (const Row& row : rows) {
    CAPTURE(NameOf(row.predicate), row.value.text().substr(0, 80), row.operand.text);
    REQUIRE(row.operand.kind == OperandOf(row.predicate));
    CHECK(Apply(row.predicate, row.value, row.operand) == row.want);
    for (const Value& value : kNeverKnown) {
      CHECK(Apply(row.predicate, value, row.operand) == kUnknown);
    }
  }
}

Operand DurationOperand(std::int64_t nanoseconds) {
  Operand operand;
  operand.kind = OperandKind::Duration;
  operand.nanoseconds = nanoseconds;
  return operand;
}

TEST_CASE("durations are compared with durations") {
  struct Row {
    Predicate predicate;
    Truth below;
    Truth same;
    Truth above;
  };
  const Row rows[] = {{Predicate::EqualDuration, kFalse, kTrue, kFalse},
                      {Predicate::LessDuration, kTrue, kFalse, kFalse},
                      {Predicate::LessOrEqualDuration, kTrue, kTrue, kFalse},
                      {Predicate::GreaterDuration, kFalse, kFalse, kTrue},
                      {Predicate::GreaterOrEqualDuration, kFalse, kTrue, kTrue}};
  for (const Row& row : rows) {
    const Operand operand = DurationOperand(5);
    CAPTURE(static_cast<int>(row.predicate));
    CHECK(OperandOf(row.predicate) == OperandKind::Duration);
    CHECK(Apply(row.predicate, Value::MakeDuration(-6), operand) == row.below);
    CHECK(Apply(row.predicate, Value::MakeDuration(5), operand) == row.same);
    CHECK(Apply(row.predicate, Value::MakeDuration(6), operand) == row.above);
    for (const Value& value : kNeverKnown) {
      CHECK(Apply(row.predicate, value, operand) == kUnknown);
    }
    for (const Value& value :
         {Value::MakeTime(5), Number("5"), String("5"), Value::MakeBool(true), List("[]")}) {
      CHECK(Apply(row.predicate, value, operand) == kUnknown);
    }
  }
  CHECK(Apply(Predicate::EqualTime, Value::MakeDuration(5), TimeOperand(5)) == kUnknown);
  CHECK(Apply(Predicate::EqualNumber, Value::MakeDuration(5), NumberOperand("5")) == kUnknown);
  CHECK(Apply(Predicate::Exists, Value::MakeDuration(5), {}) == kTrue);
  CHECK(Apply(Predicate::IsNull, Value::MakeDuration(5), {}) == kFalse);
}

TEST_CASE("like takes a star for any bytes") {
  const auto like = [](const Value& value, std::string_view pattern) {
    return Apply(Predicate::Like, value, Text(pattern));
  };
  CHECK(like(String("agent/fix"), "agent/*") == kTrue);
  CHECK(like(String("agent/"), "agent/*") == kTrue);
  CHECK(like(String("refs/agent/x"), "agent/*") == kFalse);
  CHECK(like(String("Agent/x"), "agent/*") == kFalse);
  CHECK(like(String("a"), "a") == kTrue);
  CHECK(like(String("ab"), "a") == kFalse);
  CHECK(like(String(""), "") == kTrue);
  CHECK(like(String("a"), "") == kFalse);
  CHECK(like(String("a\nb/c\u00E9"), "a*c*") == kTrue);
  CHECK(like(String("a%b_c?[x]"), "a%b_c?[x]") == kTrue);
  CHECK(like(String("axb"), "a?b") == kFalse);
  CHECK(like(String("axb"), "a_b") == kFalse);
  const std::string large(kPatternSubjectBytesMax, 'a');
  CHECK(like(String(large), "*") == kTrue);
  CHECK(like(String(large + "a"), "*") == kUnknown);
  for (const Value& value : kNeverKnown) CHECK(like(value, "*") == kUnknown);
  for (const Value& value : {Number("5"), Value::MakeBool(true), List("[\"a\"]"),
                             Value::MakeTime(5), Value::MakeDuration(5)}) {
    CHECK(like(value, "*") == kUnknown);
  }
}

TEST_CASE("expressions are unanchored, and unknown where they cannot be tried") {
  const re2::RE2 regex("\\.(env|pem)$");
  Operand operand;
  operand.kind = OperandKind::Regex;
  operand.regex = &regex;
  CHECK(Apply(Predicate::Matches, String("/a/.env"), operand) == kTrue);
  CHECK(Apply(Predicate::Matches, String("/a/.envx"), operand) == kFalse);
  CHECK(Apply(Predicate::Matches, Number("1"), operand) == kUnknown);
  CHECK(Apply(Predicate::Matches, String(std::string(kPatternSubjectBytesMax + 1, 'a')), operand) ==
        kUnknown);
  for (const Value& value : kNeverKnown) {
    CHECK(Apply(Predicate::Matches, value, operand) == kUnknown);
  }
  operand.regex = nullptr;
  CHECK(Apply(Predicate::Matches, String(".env"), operand) == kUnknown);
}

// The same answers from the sorted order and from the hash table.
TEST_CASE("sets of strings") {
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.push_back("member " + std::to_string(i));
  std::ranges::sort(texts);
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<std::uint32_t> table(256, kEmptyEntry);
  for (std::uint32_t i = 0; i < views.size(); ++i) {
    std::size_t at = HashBytes(views[i]) & (table.size() - 1);
    while (table[at] != kEmptyEntry) at = (at + 1) & (table.size() - 1);
    table[at] = i;
  }
  Operand sorted;
  sorted.kind = OperandKind::StringSet;
  sorted.strings = views;
  Operand hashed = sorted;
  hashed.string_table = table;
  for (const Operand& set : {sorted, hashed}) {
    for (const std::string& text : texts) {
      CHECK(Apply(Predicate::InStrings, String(text), set) == kTrue);
      CHECK(Apply(Predicate::InStrings, String(text + "x"), set) == kFalse);
    }
    CHECK(Apply(Predicate::InStrings, String(""), set) == kFalse);
    CHECK(Apply(Predicate::InStrings, Number("1"), set) == kUnknown);
    for (const Value& value : kNeverKnown) {
      CHECK(Apply(Predicate::InStrings, value, set) == kUnknown);
      CHECK(Apply(Predicate::HostIn, value, set) == kUnknown);
    }
  }
}

TEST_CASE("sets of numbers and bools") {
  const Decimal numbers[] = {{-1, 0}, {5, -1}, {1, 2}};
  Operand set;
  set.kind = OperandKind::NumberSet;
  set.numbers = numbers;
  CHECK(Apply(Predicate::InNumbers, Number("100.0"), set) == kTrue);
  CHECK(Apply(Predicate::InNumbers, Number("0.5"), set) == kTrue);
  CHECK(Apply(Predicate::InNumbers, Number("1"), set) == kFalse);
  CHECK(Apply(Predicate::InNumbers, String("100"), set) == kUnknown);

  Operand bools;
  bools.kind = OperandKind::BoolSet;
  bools.set_has_true = true;
  CHECK(Apply(Predicate::InBools, Value::MakeBool(true), bools) == kTrue);
  CHECK(Apply(Predicate::InBools, Value::MakeBool(false), bools) == kFalse);
  CHECK(Apply(Predicate::InBools, Number("1"), bools) == kUnknown);
  for (const Value& value : kNeverKnown) {
    CHECK(Apply(Predicate::InNumbers, value, set) == kUnknown);
    CHECK(Apply(Predicate::InBools, value, bools) == kUnknown);
  }
}

TEST_CASE("sets of hosts") {
  const std::string_view hosts[] = {"*.0.0.1", "*.example.com", "127.0.0.2", "example.org"};
  Operand set;
  set.kind = OperandKind::StringSet;
  set.strings = hosts;
  struct Row {
    const char* url;
    Truth want;
  };
  const Row rows[] = {{"https://example.org/x", kTrue},
                      {"https://EXAMPLE.org/x", kTrue},
                      {"https://a.example.org", kFalse},
                      {"https://a.example.com", kTrue},
                      {"https://b.a.example.com:8443", kTrue},
                      {"https://example.com", kFalse},
                      {"https://xexample.com", kFalse},
                      {"https://example.com.evil", kFalse},
                      {"http://127.0.0.2", kTrue},
                      {"http://127.0.0.1", kFalse},
                      {"https://user@example.org", kUnknown},
                      {"example.org", kUnknown}};
  for (const Row& row : rows) {
    CAPTURE(row.url);
    CHECK(Apply(Predicate::HostIn, String(row.url), set) == row.want);
  }
  CHECK(Apply(Predicate::HostIn, List("[\"https://example.org\"]"), set) == kUnknown);
}

}  // namespace
}  // namespace policy
