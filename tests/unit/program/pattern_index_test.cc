#include "runtime/program/pattern_index.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "runtime/value/glob.h"

namespace policy {
namespace {

// A word over two letters and perhaps a star, so that many begin and end alike.
std::string Word(std::mt19937& random, bool has_stars) {
  std::string word;
  const std::size_t size = random() % 6;
  for (std::size_t i = 0; i < size; ++i) word += random() % 3 == 0 ? 'b' : 'a';
  if (has_stars) {
    for (int stars = static_cast<int>(random() % 3) + 1; stars > 0; --stars) {
      word.insert(random() % (word.size() + 1), "*");
    }
  }
  return word;
}

TEST_CASE("every pattern that matches is among the candidates, once") {
  std::mt19937 random(11);
  std::size_t matches = 0;
  std::size_t tried = 0;
  for (int turn = 0; turn < 200; ++turn) {
    std::vector<std::string> patterns;
    const std::size_t count = turn % 2 == 0 ? random() % 12 : 100;
    for (std::size_t i = 0; i < count; ++i) patterns.push_back(Word(random, true));
    const PatternIndex index(std::vector<std::string_view>(patterns.begin(), patterns.end()));
    for (int i = 0; i < 50; ++i) {
      const std::string name = Word(random, false);
      std::multiset<std::uint32_t> candidates;
      index.ForEachCandidate(name, [&](std::uint32_t pattern) { candidates.insert(pattern); });
      tried += candidates.size();
      for (std::uint32_t pattern = 0; pattern < patterns.size(); ++pattern) {
        CAPTURE(name, patterns[pattern]);
        const bool does_match = GlobMatches(patterns[pattern], name);
        matches += does_match ? 1 : 0;
        if (does_match) REQUIRE(candidates.count(pattern) == 1);
        if (!does_match) REQUIRE(candidates.count(pattern) <= 1);
      }
    }
  }
  CHECK(matches > 1'000);
  CHECK(tried >= matches);
}

TEST_CASE("of many patterns few are tried") {
  std::vector<std::string> patterns;
  for (int i = 0; i < 5'000; ++i) {
    patterns.push_back(i % 2 == 0 ? "server_" + std::to_string(i) + "_*"
                                  : "*_of_" + std::to_string(i));
  }
  const PatternIndex index(std::vector<std::string_view>(patterns.begin(), patterns.end()));
  std::size_t tried = 0;
  index.ForEachCandidate("server_4000_delete_of_4001", [&](std::uint32_t) { ++tried; });
  CHECK(tried == 2);
  index.ForEachCandidate("another", [&](std::uint32_t) { ++tried; });
  CHECK(tried == 2);
}

}  // namespace
}  // namespace policy
