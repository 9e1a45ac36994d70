// Lists of texts: what functions make of a text is a list as calls have it, raw JSON.
#ifndef RUNTIME_VALUE_TEXT_LIST_H_
#define RUNTIME_VALUE_TEXT_LIST_H_

#include <string_view>

#include "runtime/value/predicate.h"
#include "runtime/value/text_room.h"
#include "runtime/value/value.h"

namespace policy {

// The bytes of `text` as a JSON string, with its quotes.
std::size_t QuotedBytes(std::string_view text);

// Writes `text` as a JSON string to `room`, which holds QuotedBytes(text), and returns its end.
char* WriteQuoted(std::string_view text, char* room);

// A List value of the texts that `walk` gives: `bool Next(std::string_view&)`, false at the end; it
// is walked twice. Broken: more than kListElementsMax of them, or no room.
template <typename Walk>
Value MakeTextList(const Walk& walk, TextRoom& room) {
  std::size_t bytes = 2;  // [ and ]
  std::size_t count = 0;
  Walk measured = walk;
  for (std::string_view text; measured.Next(text);) {
    if (++count > kListElementsMax) return Value::MakeBroken();
    bytes += QuotedBytes(text) + 1;
  }
  char* const begin = room.Reserve(bytes);
  if (begin == nullptr) return Value::MakeBroken();
  char* end = begin;
  *end++ = '[';
  Walk written = walk;
  for (std::string_view text; written.Next(text);) {
    if (end[-1] != '[') *end++ = ',';
    end = WriteQuoted(text, end);
  }
  *end++ = ']';
  Value list = Value::MakeString({begin, end});
  list.kind = ValueKind::List;
  return list;
}

// The pieces of `text` between the separators, from left to right: "a,,b" has three, "" has one.
class SplitWalk {
 public:
  // REQUIRES: `separator` is not empty.
  SplitWalk(std::string_view text, std::string_view separator)
      : rest_(text), separator_(separator) {}
  bool Next(std::string_view& piece);

 private:
  std::string_view rest_;
  std::string_view separator_;
  bool is_done_ = false;
};

// A String of the elements of `list`, raw JSON, with `separator` between them. Broken: an element
// that is no string, more than kListElementsMax elements, more than kPatternSubjectBytesMax bytes,
// or no room.
Value JoinTexts(std::string_view list, std::string_view separator, TextRoom& room);

}  // namespace policy

#endif  // RUNTIME_VALUE_TEXT_LIST_H_
