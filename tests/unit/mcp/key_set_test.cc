#include "runtime/mcp/key_set.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace policy::mcp {
namespace {

// A set and its innermost record.
struct OpenSet {
  void Open(bool ignores_case) { records.push_back(set.Open(ignores_case)); }
  void Close() {
    set.Close(records.back());
    records.pop_back();
  }
  std::optional<std::string_view> Add(std::string_view key) {
    KeySet::Record& record = records.back();
    const std::string_view* const known = set.Add(record, key, set.Hash(key, record.ignores_case));
    return known == nullptr ? std::nullopt : std::optional(*known);
  }

  KeySet set;
  std::vector<KeySet::Record> records;
};

TEST_CASE("keys are met again, in small records and in large ones") {
  for (const bool ignores_case : {false, true}) {
    for (const int count : {1, 5, 12, 13, 24, 25, 1'000, 70'000}) {
      CAPTURE(ignores_case, count);
      std::vector<std::string> keys;
      for (int i = 0; i < count; ++i) keys.push_back("key \u00E9 " + std::to_string(i));
      OpenSet set;
      set.Open(ignores_case);
      for (const std::string& key : keys) REQUIRE_FALSE(set.Add(key));
      for (const std::string& key : keys) REQUIRE(set.Add(key) == key);
      REQUIRE(set.Add("KEY \u00C9 0").has_value() == ignores_case);
      set.Close();
    }
  }
}

TEST_CASE("records do not know each other's keys") {
  OpenSet set;
  set.Open(true);
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back(std::to_string(i));
  for (const std::string& key : keys) {
    REQUIRE_FALSE(set.Add(key));
    set.Open(false);  // as large as the one around it
    for (const std::string& inner : keys) REQUIRE_FALSE(set.Add(inner));
    REQUIRE_FALSE(set.Add("a"));
    REQUIRE_FALSE(set.Add("A"));
    REQUIRE(set.Add("a"));
    set.Close();
  }
  for (const std::string& key : keys) REQUIRE(set.Add(key));
  set.Close();
}

TEST_CASE("letter case beyond ASCII") {
  const char* rows[][2] = {
      {"kind", "\u212Aind"},
      {"status", "\u017Ftatus"},
      {"\u00C4rger", "\u00E4rger"},
      {"a longer key with an \u0130, and K", "a longer key with an \u0130, and \u212A"}};
  for (const auto& row : rows) {
    OpenSet set;
    set.Open(true);
    CHECK_FALSE(set.Add(row[0]));
    CHECK(set.Add(row[1]) == row[0]);
    set.Open(false);
    CHECK_FALSE(set.Add(row[0]));
    CHECK_FALSE(set.Add(row[1]));
  }
}

}  // namespace
}  // namespace policy::mcp
