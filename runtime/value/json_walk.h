// Walking JSON text in place. Everything here takes text that has been validated before (the strict
// reader of runtime/mcp has seen every byte): nothing is checked again, nothing is allocated.
#ifndef RUNTIME_VALUE_JSON_WALK_H_
#define RUNTIME_VALUE_JSON_WALK_H_

#include <cstddef>
#include <string_view>

namespace policy {

// One past the end of the JSON value that begins at `p` (no white space before it). REQUIRES: the
// value stands in a list or a record.
const char* SkipJsonValue(const char* p);

// The elements of a list, in order.
//
//   ListWalk walk(raw);
//   for (std::string_view element; walk.Next(element);) …
class ListWalk {
 public:
  // `list` is raw JSON from [ to ].
  explicit ListWalk(std::string_view list) : at_(list.data() + 1) {}

  // The next element as raw JSON, or false at the end.
  bool Next(std::string_view& element);

 private:
  const char* at_;
};

// The members of a record, in order.
class RecordWalk {
 public:
  // `record` is raw JSON from { to }.
  explicit RecordWalk(std::string_view record) : at_(record.data() + 1) {}

  // The next member: `key` is a raw JSON string with its quotes, `value` raw JSON. false at the
  // end.
  bool Next(std::string_view& key, std::string_view& value);

 private:
  const char* at_;
};

// Elements of a list or members of a record, counted up to `max`.
std::size_t CountElements(std::string_view list, std::size_t max);

// `string` is a raw JSON string with its quotes.
bool HasEscapes(std::string_view string);

// What stands between the quotes. It is the text itself where HasEscapes is false.
inline std::string_view WithoutQuotes(std::string_view string) {
  return string.substr(1, string.size() - 2);
}

// Writes the text of `string` to `room`, which holds string.size() bytes, and returns its bytes.
std::size_t Unescape(std::string_view string, char* room);

// Whether `string` says `text`.
bool JsonStringEquals(std::string_view string, std::string_view text);

}  // namespace policy

#endif  // RUNTIME_VALUE_JSON_WALK_H_
