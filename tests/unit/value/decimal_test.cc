#include "runtime/value/decimal.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

namespace policy {
namespace {

TEST_CASE("numbers are read exactly, or not at all") {
  struct Row {
    const char* text;
    std::optional<Decimal> want;
  };
  const Row rows[] = {
      {"0", Decimal{0, 0}},
      {"-0", Decimal{0, 0}},
      {"0.000", Decimal{0, 0}},
      {"-0e999999999999", Decimal{0, 0}},
      {"1", Decimal{1, 0}},
      {"1.0", Decimal{1, 0}},
      {"10e-1", Decimal{1, 0}},
      {"100.00", Decimal{1, 2}},
      {"-250", Decimal{-25, 1}},
      {"0.05", Decimal{5, -2}},
      {"1.50", Decimal{15, -1}},
      {"1E2", Decimal{1, 2}},
      {"1e+2", Decimal{1, 2}},
      {"123456789012345678", Decimal{123456789012345678, 0}},
      {"999999999999999999", Decimal{999999999999999999, 0}},
      {"1000000000000000000", Decimal{1, 18}},
      {"1000000000000000001", std::nullopt},
      {"0.000000000000000001", Decimal{1, -18}},
      {"1e-18", Decimal{1, -18}},
      {"1e-19", std::nullopt},
      {"10e-19", Decimal{1, -18}},
      {"1e18", Decimal{1, 18}},
      {"1e19", std::nullopt},
      {"0.1e19", Decimal{1, 18}},
      {"1e400", std::nullopt},
      {"1e-400", std::nullopt},
      {"1e99999999999999999999999", std::nullopt},
      {"123456789012345678901234567890", std::nullopt},
      {"99.9999999999999999", Decimal{999999999999999999, -16}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(ParseDecimal(row.text) == row.want);
  }
  const std::string padded = "1" + std::string(4000, '0') + "e-4000";
  CHECK(ParseDecimal(padded) == Decimal{1, 0});
  CHECK(ParseDecimal("0." + std::string(4000, '0') + "1e4001") == Decimal{1, 0});
}

TEST_CASE("a number survives binary64 only when its shortest text is the same number") {
  for (const char* text : {"0", "-0", "0.1", "100.00", "1e2", "9007199254740992",
                           "9007199254740994", "0.30000000000000004", "123456789012345680", "1e22",
                           "-1.5", "1e-300", "5e-324", "1.7976931348623157e308", "0e999"}) {
    CAPTURE(text);
    CHECK(SurvivesBinary64(text));
  }
  for (const char* text :
       {"9007199254740993", "99.9999999999999999", "1e400", "-1e400", "1e-400", "1e-324",
        "0.1000000000000000055", "123456789012345678", "3e-324", "0.30000000000000001",
        "123456789012345678901234567890", "1.7976931348623159e308"}) {
    CAPTURE(text);
    CHECK_FALSE(SurvivesBinary64(text));
  }
}

TEST_CASE("numbers compare by value") {
  const char* ascending[] = {"-1e18", "-1000.5",
                             "-1000", "-0.000000000000000001",
                             "0",     "1e-18",
                             "0.1",   "0.11",
                             "1",     "1.000000000000000001e0",
                             "2",     "99.9999999999999999",
                             "100",   "999999999999999999",
                             "1e18"};
  std::vector<Decimal> numbers;
  for (const char* text : ascending) {
    if (const auto number = ParseDecimal(text)) numbers.push_back(*number);
  }
  REQUIRE(numbers.size() == std::size(ascending) - 1);  // one has nineteen digits
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    for (std::size_t j = 0; j < numbers.size(); ++j) {
      CAPTURE(ToText(numbers[i]), ToText(numbers[j]));
      CHECK(Compare(numbers[i], numbers[j]) == (i <=> j));
    }
  }
}

TEST_CASE("amounts scale to integers, or do not count") {
  struct Row {
    const char* text;
    int scale;
    std::optional<std::int64_t> want;
  };
  const Row rows[] = {{"5", 0, 5},
                      {"0", 9, 0},
                      {"0.01", 2, 1},
                      {"100.00", 2, 10'000},
                      {"-2.5", 1, -25},
                      {"0.001", 2, std::nullopt},
                      {"9223372036854775.807", 3, std::nullopt},  // nineteen digits
                      {"9e18", 0, 9'000'000'000'000'000'000},
                      {"1e18", 1, std::nullopt},
                      {"9223372036", 9, 9'223'372'036'000'000'000},
                      {"9223372037", 9, std::nullopt}};
  for (const Row& row : rows) {
    CAPTURE(row.text, row.scale);
    const auto number = ParseDecimal(row.text);
    CHECK((number ? ToScaledInteger(*number, row.scale) : std::nullopt) == row.want);
  }
}

TEST_CASE("the text of a number reads back the same") {
  CHECK(ToText({1, 2}) == "100");
  CHECK(ToText({5, -2}) == "0.05");
  CHECK(ToText({-1234, -2}) == "-12.34");
  CHECK(ToText({0, 0}) == "0");
  CHECK(ToText({15, -18}) == "1.5e-17");
  CHECK(ToText({123456789012345678, 18}) == "1.23456789012345678e35");
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto digits =
        static_cast<std::int64_t>(random() % 1'000'000'000'000'000'000) >> (random() % 60);
    const std::string text =
        std::to_string(static_cast<std::int64_t>(random() % 2) * 2 * digits - digits) + "e" +
        std::to_string(static_cast<int>(random() % 37) - 18);
    const auto number = ParseDecimal(text);
    if (!number) continue;
    CAPTURE(text, ToText(*number));
    CHECK(ParseDecimal(ToText(*number)) == number);
  }
}

}  // namespace
}  // namespace policy
