#include "runtime/limits/scope_key.h"

#include <catch2/catch.hpp>
#include <string>

namespace policy {
namespace {

std::string KeyOf(const Value& value) {
  ScopeKey key;
  REQUIRE(key.AddValue(value));
  return std::string(key.bytes());
}

Value NumberOf(std::string_view text) { return Value::MakeNumber(*ParseDecimal(text)); }

TEST_CASE("equal numbers are one key, and no other type's") {
  CHECK(KeyOf(NumberOf("1")) == KeyOf(NumberOf("1.0")));
  CHECK(KeyOf(NumberOf("1")) == KeyOf(NumberOf("10e-1")));
  CHECK(KeyOf(NumberOf("0")) == KeyOf(NumberOf("-0.00")));
  CHECK(KeyOf(NumberOf("1")) != KeyOf(NumberOf("-1")));
  CHECK(KeyOf(NumberOf("1")) != KeyOf(NumberOf("10")));
  CHECK(KeyOf(NumberOf("1")) != KeyOf(Value::MakeString("1")));
  CHECK(KeyOf(Value::MakeString("1e0")) != KeyOf(NumberOf("1")));
  CHECK(KeyOf(Value::MakeBool(true)) != KeyOf(Value::MakeString("t")));
  CHECK(KeyOf(Value::MakeBool(true)) != KeyOf(Value::MakeBool(false)));
}

TEST_CASE("the parts of a key do not run into each other") {
  ScopeKey one;
  ScopeKey other;
  REQUIRE((one.AddGrant("a") && one.AddTool("bc")));
  REQUIRE((other.AddGrant("ab") && other.AddTool("c")));
  CHECK(one.bytes() != other.bytes());
  other.Clear();
  REQUIRE((other.AddTool("bc") && other.AddGrant("a")));
  CHECK(one.bytes() != other.bytes());
  other.Clear();
  REQUIRE(other.AddGrant(std::string("a\x01Tbc", 5)));
  CHECK(one.bytes() != other.bytes());
  // A grant named as an argument says is not that grant.
  other.Clear();
  one.Clear();
  REQUIRE(one.AddGrant("a"));
  REQUIRE(other.AddValue(Value::MakeString("a")));
  CHECK(one.bytes() != other.bytes());
}

TEST_CASE("what has no canonical form has no key") {
  ScopeKey key;
  for (const ValueKind kind : {ValueKind::Absent, ValueKind::Broken, ValueKind::Null,
                               ValueKind::InexactNumber, ValueKind::List, ValueKind::Record}) {
    Value value;
    value.kind = kind;
    CHECK_FALSE(key.AddValue(value));
  }
  CHECK(key.bytes().empty());
}

TEST_CASE("a key has a size limit") {
  ScopeKey key;
  CHECK(key.AddGrant(std::string(kScopeKeyBytesMax - 3, 'x')));
  CHECK_FALSE(key.AddTool("y"));
  key.Clear();
  CHECK_FALSE(key.AddGrant(std::string(kScopeKeyBytesMax - 2, 'x')));
  CHECK(key.AddGrant(std::string(127, 'x')));
  CHECK(key.AddTool(std::string(128, 'x')));
  CHECK(key.bytes().size() == 2 + 127 + 3 + 128);
}

}  // namespace
}  // namespace policy
