// Relations between two values of one call, by tables.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/value/function.h"
#include "runtime/value/predicate.h"
#include "tests/unit/value/value_text.h"

namespace policy {
namespace {

constexpr Truth kTrue = Truth::True;
constexpr Truth kFalse = Truth::False;
constexpr Truth kUnknown = Truth::Unknown;

struct Row {
  std::string left;
  std::string right;
  Truth want;
};

template <std::size_t kSize>
void CheckRows(Relation relation, const Row (&rows)[kSize]) {
  for (const Row& row : rows) {
    CAPTURE(NameOf(relation), row.left, row.right);
    CHECK(ApplyRelation(relation, ValueOf(row.left), ValueOf(row.right)) == row.want);
  }
}

TEST_CASE("two scalars of one type are equal or not") {
  const Row rows[] = {
      {"\"a\"", "\"a\"", kTrue},
      {"\"a\"", "\"\\u0061\"", kTrue},
      {"\"a\"", "\"A\"", kFalse},
      {"\"\"", "\"\"", kTrue},
      {"\"\u00E9\"", "\"e\u0301\"", kFalse},
      {"1", "1.0", kTrue},
      {"100", "1e2", kTrue},
      {"1", "-1", kFalse},
      {"0", "-0", kTrue},
      {"true", "true", kTrue},
      {"true", "false", kFalse},
      {"@5", "@5", kTrue},
      {"@5", "@6", kFalse},
      {"~5", "~5", kTrue},
      {"~5", "~6", kFalse},
      {"5", "\"5\"", kUnknown},
      {"@5", "~5", kUnknown},
      {"5", "@5", kUnknown},
      {"true", "1", kUnknown},
      {"true", "\"true\"", kUnknown},
      {"null", "null", kUnknown},
      {"[]", "[]", kUnknown},
      {"{}", "{}", kUnknown},
      {"absent", "absent", kUnknown},
      {"broken", "broken", kUnknown},
      {"9007199254740993", "9007199254740993", kUnknown},
      {"1e400", "1e400", kUnknown},
  };
  CheckRows(Relation::Equal, rows);
}

TEST_CASE("numbers, durations and times have an order") {
  const std::string kinds[][3] = {{"-1.5", "2", "10"}, {"@-5", "@0", "@7"}, {"~-5", "~0", "~7"}};
  for (const auto& values : kinds) {
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) {
        CAPTURE(values[i], values[j]);
        const Value a = ValueOf(values[i]);
        const Value b = ValueOf(values[j]);
        CHECK(ApplyRelation(Relation::Less, a, b) == ToTruth(i < j));
        CHECK(ApplyRelation(Relation::LessOrEqual, a, b) == ToTruth(i <= j));
        CHECK(ApplyRelation(Relation::Greater, a, b) == ToTruth(i > j));
        CHECK(ApplyRelation(Relation::GreaterOrEqual, a, b) == ToTruth(i >= j));
        CHECK(ApplyRelation(Relation::Equal, a, b) == ToTruth(i == j));
      }
    }
  }
}

TEST_CASE("an order of anything else is unknown") {
  const std::string values[] = {"absent", "broken", "null", "true", "1", "9007199254740993",
                                "\"a\"",  "[1]",    "{}",   "@1",   "~1"};
  for (const Relation relation :
       {Relation::Less, Relation::LessOrEqual, Relation::Greater, Relation::GreaterOrEqual}) {
    for (const std::string& left : values) {
      for (const std::string& right : values) {
        CAPTURE(NameOf(relation), left, right);
        const bool is_known = left == right && (left == "1" || left == "@1" || left == "~1");
        CHECK((ApplyRelation(relation, ValueOf(left), ValueOf(right)) != kUnknown) == is_known);
      }
    }
  }
}

TEST_CASE("a scalar is in a list") {
  const Row rows[] = {
      {"\"a\"", "[\"b\",\"a\"]", kTrue},
      {"\"a\"", "[\"\\u0061\"]", kTrue},
      {"\"a\"", "[\"b\",\"ab\"]", kFalse},  // one that holds it is another text
      {"\"a\"", "[]", kFalse},
      {"\"a\"", "[\"b\",1]", kUnknown},
      {"\"a\"", "[1,\"a\"]", kTrue},
      {"\"a\"", "[null]", kUnknown},
      {"\"a\"", "[[\"a\"]]", kUnknown},
      {"1", "[2,1.0]", kTrue},
      {"1", "[2,3]", kFalse},
      {"1", "[\"1\"]", kUnknown},
      {"1", "[9007199254740993]", kUnknown},
      {"1", "[9007199254740993,1]", kTrue},
      {"1", "[]", kFalse},
      {"true", "[false,true]", kTrue},
      {"true", "[false]", kFalse},
      {"true", "[0]", kUnknown},
      {"@1", "[]", kFalse},
      {"@1", "[1]", kUnknown},
      {"~1", "[\"x\"]", kUnknown},
      {"null", "[null]", kUnknown},
      {"[1]", "[[1]]", kUnknown},
      {"{}", "[]", kUnknown},
      {"absent", "[]", kUnknown},
      {"broken", "[]", kUnknown},
      {"9007199254740993", "[9007199254740993]", kUnknown},
      {"\"a\"", "\"abc\"", kUnknown},
      {"\"a\"", "{\"a\":1}", kUnknown},
      {"\"a\"", "absent", kUnknown},
      {"\"a\"", "null", kUnknown},
  };
  CheckRows(Relation::In, rows);
  const Value number = ValueOf("9007199254740993", true);
  CHECK(ApplyRelation(Relation::In, number, ValueOf("[9007199254740993]", true)) == kTrue);
  CHECK(ApplyRelation(Relation::In, number, ValueOf("[9007199254740993]", false)) == kUnknown);
}

TEST_CASE("a list of more than 1,024 elements holds nothing for sure") {
  std::string list = "[\"a\"";
  for (std::size_t i = 1; i < kListElementsMax; ++i) list += ",\"b\"";
  CHECK(ApplyRelation(Relation::In, ValueOf("\"a\""), ValueOf(list + "]")) == kTrue);
  CHECK(ApplyRelation(Relation::In, ValueOf("\"c\""), ValueOf(list + "]")) == kFalse);
  CHECK(ApplyRelation(Relation::In, ValueOf("\"a\""), ValueOf(list + ",\"b\"]")) == kUnknown);
  CHECK(ApplyRelation(Relation::Contains, ValueOf(list + ",\"b\"]"), ValueOf("\"a\"")) == kUnknown);
}

TEST_CASE("a string contains, begins with and ends with another") {
  const Row contains[] = {
      {"\"abc\"", "\"b\"", kTrue},
      {"\"abc\"", "\"\"", kTrue},
      {"\"abc\"", "\"x\"", kFalse},
      {"\"a\"", "\"abc\"", kFalse},
      {"[\"abc\",\"b\"]", "\"b\"", kTrue},
      {"[\"abc\"]", "\"b\"", kUnknown},  // an element that holds it
      {"[\"xyz\"]", "\"b\"", kFalse},
      {"[\"xyz\",1]", "\"b\"", kUnknown},
      {"[1,2]", "2", kTrue},
      {"[1,2]", "3", kFalse},
      {"[true]", "false", kFalse},
      {"[null]", "null", kUnknown},
      {"[[1]]", "[1]", kUnknown},
      {"\"1\"", "1", kUnknown},
      {"1", "1", kUnknown},
      {"{\"a\":1}", "\"a\"", kUnknown},
      {"absent", "\"a\"", kUnknown},
      {"\"a\"", "absent", kUnknown},
      {"[]", "@1", kUnknown},
  };
  CheckRows(Relation::Contains, contains);
  const Row begins[] = {
      {"\"abc\"", "\"ab\"", kTrue},   {"\"abc\"", "\"\"", kTrue},    {"\"abc\"", "\"bc\"", kFalse},
      {"\"a\"", "\"ab\"", kFalse},    {"\"a\"", "1", kUnknown},      {"1", "\"1\"", kUnknown},
      {"[\"a\"]", "\"a\"", kUnknown}, {"absent", "\"a\"", kUnknown}, {"\"a\"", "null", kUnknown},
  };
  CheckRows(Relation::StartsWith, begins);
  const Row ends[] = {
      {"\"abc\"", "\"bc\"", kTrue},   {"\"abc\"", "\"\"", kTrue},    {"\"abc\"", "\"ab\"", kFalse},
      {"\"a\"", "\"ba\"", kFalse},    {"\"a\"", "1", kUnknown},      {"1", "\"1\"", kUnknown},
      {"[\"a\"]", "\"a\"", kUnknown}, {"absent", "\"a\"", kUnknown}, {"\"a\"", "broken", kUnknown},
  };
  CheckRows(Relation::EndsWith, ends);
  const std::string large(kPatternSubjectBytesMax + 1, 'a');
  CHECK(ApplyRelation(Relation::StartsWith, Value::MakeString(large), ValueOf("\"a\"")) ==
        kUnknown);
  CHECK(ApplyRelation(Relation::EndsWith, Value::MakeString(large), ValueOf("\"a\"")) == kUnknown);
  CHECK(ApplyRelation(Relation::Contains, Value::MakeString(large), ValueOf("\"a\"")) == kTrue);
}

TEST_CASE("a path is under another of the call") {
  const Row rows[] = {
      {"\"/srv/app/x\"", "\"/srv/app\"", kTrue},
      {"\"/srv/application\"", "\"/srv/app\"", kFalse},
      {"\"/srv/app/../x\"", "\"/srv/app\"", kUnknown},
      {"\"/srv/app/x\"", "\"/srv/../srv\"", kUnknown},
      {"\"/srv/app/x\"", "\"srv\"", kUnknown},
      {"\"/srv/app/x\"", "\"\"", kUnknown},
      {"\"/srv/app/x\"", "1", kUnknown},
      {"1", "\"/srv\"", kUnknown},
      {"absent", "\"/srv\"", kUnknown},
  };
  CheckRows(Relation::Under, rows);
}

TEST_CASE("every relation has its operator's name") {
  CHECK(NameOf(Relation::Equal) == "==");
  CHECK(NameOf(Relation::GreaterOrEqual) == ">=");
  CHECK(NameOf(Relation::In) == "in");
  CHECK(NameOf(Relation::Under) == "under");
  CHECK(static_cast<std::size_t>(Relation::Under) + 1 == kRelationCount);
}

}  // namespace
}  // namespace policy
