#include "grammar/json_writer.h"

#include <utility>

#include "grammar/json_fields.h"

namespace policy::json {

namespace {

constexpr std::size_t kColumnsMax = 100;
constexpr std::size_t kIndent = 2;

std::string ScalarText(const Value& value) {
  switch (value.kind) {
    case Kind::Bool:
      return value.boolean ? "true" : "false";
    case Kind::Number:
      return value.text;
    case Kind::String:
      return JsonQuoted(value.text);
    default:
      return "null";
  }
}

// On one line, or cut short once it is longer than `room`.
std::string OneLine(const Value& value, std::size_t room) {
  if (value.kind != Kind::List && value.kind != Kind::Record) return ScalarText(value);
  const bool is_list = value.kind == Kind::List;
  std::string text = is_list ? "[" : "{";
  const auto add = [&](std::string part) {
    if (text.size() > 1) text += ", ";
    text += part;
    return text.size() <= room;
  };
  for (const Value& item : value.items) {
    if (!add(OneLine(item, room))) return text;
  }
  for (const Member& member : value.members) {
    if (!add(JsonQuoted(member.key) + ": " + OneLine(member.value, room))) return text;
  }
  return text + (is_list ? "]" : "}");
}

// `after`: what stands behind the value on its last line.
void Append(const Value& value, std::size_t indent, std::size_t column, std::size_t after,
            bool must_break, std::string& text) {
  const std::size_t room = column + after < kColumnsMax ? kColumnsMax - column - after : 0;
  const bool is_empty = value.items.empty() && value.members.empty();
  std::string line = OneLine(value, room);
  const bool is_scalar = value.kind != Kind::List && value.kind != Kind::Record;
  if (is_scalar || is_empty || (line.size() <= room && !must_break)) {
    text += line;
    return;
  }
  const bool is_list = value.kind == Kind::List;
  const std::size_t inner = indent + kIndent;
  text += is_list ? "[\n" : "{\n";
  const std::size_t count = is_list ? value.items.size() : value.members.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t comma = i + 1 < count ? 1 : 0;
    text.append(inner, ' ');
    std::string key;
    if (!is_list) key = JsonQuoted(value.members[i].key) + ": ";
    text += key;
    Append(is_list ? value.items[i] : value.members[i].value, inner, inner + key.size(), comma,
           false, text);
    text += comma == 1 ? ",\n" : "\n";
  }
  text.append(indent, ' ');
  text += is_list ? "]" : "}";
}

}  // namespace

// The parser bounds how deep documents nest.
std::string Write(const Value& document) {
  std::string text;
  Append(document, 0, 0, 0, /*must_break=*/true, text);
  return text + "\n";
}

Value MakeString(std::string text) {
  Value value;
  value.kind = Kind::String;
  value.text = std::move(text);
  return value;
}

Value MakeNumber(std::string digits) {
  Value value;
  value.kind = Kind::Number;
  value.text = std::move(digits);
  return value;
}

Value MakeBool(bool boolean) {
  Value value;
  value.kind = Kind::Bool;
  value.boolean = boolean;
  return value;
}

Value MakeList(std::vector<Value> items) {
  Value value;
  value.kind = Kind::List;
  value.items = std::move(items);
  return value;
}

Value MakeRecord() {
  Value value;
  value.kind = Kind::Record;
  return value;
}

void Add(Value& record, std::string key, Value value) {
  record.members.push_back({std::move(key), {}, std::move(value)});
}

}  // namespace policy::json
