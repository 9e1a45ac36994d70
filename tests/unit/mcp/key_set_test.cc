#include "runtime/mcp/key_set.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace policy::mcp {
namespace {

TEST_CASE("keys are met again, in small records and in large ones") {
  for (const bool ignores_case : {false, true}) {
    for (const int count : {1, 5, 12, 13, 24, 25, 1'000, 70'000}) {
      CAPTURE(ignores_case, count);
      std::vector<std::string> keys;
      for (int i = 0; i < count; ++i) keys.push_back("key \u00E9 " + std::to_string(i));
      KeySet set;
      set.OpenRecord(ignores_case);
      for (const std::string& key : keys) REQUIRE_FALSE(set.Add(key));
      for (const std::string& key : keys) REQUIRE(set.Add(key) == key);
      REQUIRE(set.Add("KEY \u00C9 0").has_value() == ignores_case);
      set.CloseRecord();
    }
  }
}

TEST_CASE("records do not know each other's keys") {
  KeySet set;
  set.OpenRecord(true);
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back(std::to_string(i));
  for (const std::string& key : keys) {
    REQUIRE_FALSE(set.Add(key));
    set.OpenRecord(false);  // as large as the one around it
    for (const std::string& inner : keys) REQUIRE_FALSE(set.Add(inner));
    REQUIRE_FALSE(set.Add("a"));
    REQUIRE_FALSE(set.Add("A"));
    REQUIRE(set.Add("a"));
    set.CloseRecord();
  }
  for (const std::string& key : keys) REQUIRE(set.Add(key));
  set.CloseRecord();
}

TEST_CASE("letter case beyond ASCII") {
  const char* rows[][2] = {
      {"kind", "\u212Aind"},
      {"status", "\u017Ftatus"},
      {"\u00C4rger", "\u00E4rger"},
      {"a longer key with an \u0130, and K", "a longer key with an \u0130, and \u212A"}};
  for (const auto& row : rows) {
    KeySet set;
    set.OpenRecord(true);
    CHECK_FALSE(set.Add(row[0]));
    CHECK(set.Add(row[1]) == row[0]);
    set.OpenRecord(false);
    CHECK_FALSE(set.Add(row[0]));
    CHECK_FALSE(set.Add(row[1]));
  }
}

}  // namespace
}  // namespace policy::mcp
