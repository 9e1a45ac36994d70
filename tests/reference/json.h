// JSON as a tree, for the reference evaluator: slow, obvious, and written apart from the product's
// own readers.
//
// nlohmann/json would lose the digits of numbers, so this reads the text itself. Numbers keep the
// text they were written with, members keep their order and their duplicates.
#ifndef TESTS_REFERENCE_JSON_H_
#define TESTS_REFERENCE_JSON_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reference {

struct Json {
  struct Member;
  enum class Kind { Null, Bool, Number, String, List, Record };

  // Written in json.cc, where Member is whole.
  Json();
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  Kind kind = Kind::Null;
  bool boolean = false;
  std::string text;  // String: unescaped; Number: as written
  std::vector<Json> items;
  std::vector<Member> members;

  static Json Null();
  static Json Bool(bool value);
  static Json Number(std::string text);
  static Json String(std::string text);
  static Json List(std::vector<Json> items);
  static Json Record();
  static Json Record(std::vector<Member> members);

  bool Is(Kind k) const { return kind == k; }
  // The last member of that name, or null. REQUIRES: nothing; null for what is no record.
  const Json* Find(std::string_view key) const;
  Json* Find(std::string_view key);
};

struct Json::Member {
  std::string key;
  Json value;
};

// nullopt for what RFC 8259 does not allow. Any depth up to 500.
std::optional<Json> ParseJson(std::string_view text);

// Compact, in the order of the members; numbers as they were written.
std::string ToText(const Json& json);
std::string Quote(std::string_view text);

}  // namespace reference

#endif  // TESTS_REFERENCE_JSON_H_
