// What every reader of a JSON record needs: known keys, required keys, values of a type, words of a
// list; each mistake reported in one way, with the way to mend it.
#ifndef GRAMMAR_JSON_FIELDS_H_
#define GRAMMAR_JSON_FIELDS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "grammar/json_document.h"
#include "policy/diagnostic.h"

namespace policy {

// The text being read and where to report.
struct JsonInput {
  const Source& source;
  Diagnostics& diagnostics;
};

// The members of one record whose keys are all known. Reports wrong keys when made; a member with a
// wrong or repeated key is not there for Find.
class Fields {
 public:
  // `what` names the record in messages: "a limit". REQUIRES: `record` is a Record; it and `known`
  // outlive this.
  Fields(JsonInput input, const json::Value& record, std::string what,
         std::span<const std::string_view> known);

  // The value of `key`, or null.
  const json::Value* Find(std::string_view key) const;
  // Likewise, and reports the key as missing.
  const json::Value* Require(std::string_view key) const;
  const json::Value& record() const { return record_; }

 private:
  JsonInput input_;
  const json::Value& record_;
  std::string what_;
  std::span<const std::string_view> known_;
};

// Reports every key that stands twice in `record`.
void CheckDuplicateKeys(JsonInput input, const json::Value& record);

// Reports when `value` is not of `kind`, naming `key` and what is `expected` ("a list of
// patterns").
bool Expect(JsonInput input, const json::Value& value, json::Kind kind, std::string_view key,
            std::string_view expected);
void ReportWrongType(JsonInput input, const json::Value& value, std::string_view key,
                     std::string_view expected);

// A string of at most kPolicyStringBytesMax bytes, not empty.
std::optional<std::string> ReadString(JsonInput input, const json::Value& value,
                                      std::string_view key);

// A whole number from `min` to `max`, written without point or exponent.
struct Range {
  std::uint64_t min = 0;
  std::uint64_t max = 0;
};
std::optional<std::uint64_t> ReadWholeNumber(JsonInput input, const json::Value& value,
                                             std::string_view key, Range range);

// The index in `words` of a string, reported with the nearest word when it is none of them.
// `what` with article: "a window".
std::optional<std::size_t> ReadWord(JsonInput input, const json::Value& value, std::string_view key,
                                    std::string_view what, std::span<const std::string_view> words);

// Reports when a list or record has more than `max` members.
bool CheckCount(JsonInput input, const json::Value& value, std::string_view key, std::size_t max);

// The range to mark for something inside a string literal: bytes of the unescaped text, exact when
// the literal has no escapes, else the whole literal.
Span SpanInside(JsonInput input, const json::Value& string, std::size_t begin, std::size_t end);

// A reference token appended to a JSON Pointer, `~` and `/` escaped.
std::string PointerTo(std::string_view parent, std::string_view key);
std::string PointerTo(std::string_view parent, std::size_t index);

// `text` as a JSON string literal.
std::string JsonQuoted(std::string_view text);

}  // namespace policy

#endif  // GRAMMAR_JSON_FIELDS_H_
