// Values as texts, for tables of tests.
#ifndef TESTS_UNIT_VALUE_VALUE_TEXT_H_
#define TESTS_UNIT_VALUE_VALUE_TEXT_H_

#include <string>

#include "runtime/value/function.h"
#include "tests/unit/value/heap_room.h"

namespace policy {

// Kept until the test is over.
inline HeapRoom& Room() {
  static HeapRoom room(std::size_t{1} << 40);
  return room;
}

// JSON, or "absent", "broken", "@NANOSECONDS" for a time, "~NANOSECONDS" for a duration. The text
// is kept.
inline Value ValueOf(const std::string& text, bool numbers_exact = false) {
  if (text == "absent") return Value{};
  if (text == "broken") return Value::MakeBroken();
  if (text.front() == '@') return Value::MakeTime(std::stoll(text.substr(1)));
  if (text.front() == '~') return Value::MakeDuration(std::stoll(text.substr(1)));
  char* const kept = Room().Reserve(text.size() + 1);  // the walk of a list wants a byte behind it
  text.copy(kept, text.size());
  kept[text.size()] = '\0';
  return ReadJsonValue({kept, text.size()}, numbers_exact, Room());
}

// As ValueOf reads it back; strings as they are between quotes.
inline std::string TextOf(const Value& value) {
  switch (value.kind) {
    case ValueKind::Absent:
      return "absent";
    case ValueKind::Broken:
      return "broken";
    case ValueKind::Null:
      return "null";
    case ValueKind::Bool:
      return value.boolean ? "true" : "false";
    case ValueKind::Number:
      return ToText(value.number());
    case ValueKind::InexactNumber:
      return "inexact " + std::string(value.text());
    case ValueKind::String:
      return "\"" + std::string(value.text()) + "\"";
    case ValueKind::Time:
      return "@" + std::to_string(value.coefficient);
    case ValueKind::Duration:
      return "~" + std::to_string(value.coefficient);
    default:
      return std::string(value.text());
  }
}

}  // namespace policy

#endif  // TESTS_UNIT_VALUE_VALUE_TEXT_H_
