#include "runtime/value/json_member.h"

#include <array>

#include "runtime/value/fold.h"
#include "runtime/value/function.h"
#include "runtime/value/json_walk.h"

namespace policy {

namespace {

enum class Likeness : std::uint8_t { None, ByFolding, NoRoom };

// Whether `key`, a raw JSON string, is `name` but for letter case.
Likeness LikenessOf(std::string_view key, std::string_view name, TextRoom& room) {
  const auto compare = [name](std::string_view text) {
    return EqualFolded(text, name) ? Likeness::ByFolding : Likeness::None;
  };
  if (!HasEscapes(key)) return compare(WithoutQuotes(key));
  // What folds to `name` has as many code points, each at most two escapes long.
  constexpr std::size_t kEscapedCodePointBytes = 12;
  if (key.size() > kEscapedCodePointBytes * name.size() + 2) return Likeness::None;
  std::array<char, 512> small;
  char* const text = key.size() <= small.size() ? small.data() : room.Reserve(key.size());
  if (text == nullptr) return Likeness::NoRoom;
  return compare({text, Unescape(key, text)});
}

}  // namespace

Value ReadJsonString(std::string_view raw, TextRoom& room) {
  if (!HasEscapes(raw)) return Value::MakeString(WithoutQuotes(raw));
  char* const text = room.Reserve(raw.size());
  if (text == nullptr) return Value::MakeBroken();
  return Value::MakeString({text, Unescape(raw, text)});
}

Value FindMember(const Value& record, std::string_view name, TextRoom& room) {
  if (record.kind == ValueKind::Absent) return record;
  if (record.kind != ValueKind::Record) return Value::MakeBroken();
  bool has_variant = false;
  RecordWalk walk(record.text());
  for (std::string_view key, raw; walk.Next(key, raw);) {
    if (JsonStringEquals(key, name)) return ReadJsonValue(raw, record.boolean, room);
    has_variant = has_variant || LikenessOf(key, name, room) != Likeness::None;
  }
  return has_variant ? Value::MakeBroken() : Value{};
}

}  // namespace policy
