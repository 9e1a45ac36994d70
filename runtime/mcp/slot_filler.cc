#include "runtime/mcp/slot_filler.h"

#include "runtime/value/decimal.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {

using format::kNone;

Value SlotFiller::ReadNumber(std::string_view raw) const {
  Value value = Value::MakeString(raw);
  value.kind = ValueKind::InexactNumber;
  if (raw.size() > kNumberBytesMax) return value;
  const auto [number, survives_binary64] = ReadJsonNumber(raw);
  if (!number || (layout_->header().numbers_exact == 0 && !survives_binary64)) return value;
  value.kind = ValueKind::Number;
  value.coefficient = number->coefficient;
  value.exponent = number->exponent;
  return value;
}

void SlotFiller::FillScalar(std::uint32_t node, JsonKind kind, std::string_view raw) {
  if (nodes_[node].first_child != kNone) BreakChildren(node);  // a scalar is no parent
  if (nodes_[node].slot == kNone) return;
  switch (kind) {
    case JsonKind::False:
    case JsonKind::True:
      return Fill(node, Value::MakeBool(kind == JsonKind::True));
    case JsonKind::Number:
      return Fill(node, ReadNumber(raw));
    case JsonKind::EscapedString: {
      char* const room = frame_->Reserve(raw.size());
      return Fill(node, Value::MakeString({room, Unescape(raw, room)}));
    }
    case JsonKind::String:
    case JsonKind::UnreadableString:  // the call is refused
      return Fill(node, Value::MakeString(WithoutQuotes(raw)));
    case JsonKind::Null:
      return Fill(node, Value::MakeNull());
  }
}

// A list answers for its elements only, a record for its members only. Elements that the list does
// not have stay broken: nothing can be said of them; members that the record does not have are
// absent.
void SlotFiller::OpenContainer(std::uint32_t node, bool is_record) {
  for (std::uint32_t child = nodes_[node].first_child; child != kNone;
       child = nodes_[child].next_sibling) {
    const bool is_member = nodes_[child].index == kNone;
    if (!is_record || !is_member) FillBelow(child, ValueKind::Broken);
  }
}

void SlotFiller::FillContainer(std::uint32_t node, bool is_record, std::string_view raw) {
  if (nodes_[node].slot == kNone) return;
  Value value = Value::MakeString(raw);
  value.kind = is_record ? ValueKind::Record : ValueKind::List;
  value.boolean = layout_->header().numbers_exact != 0;
  Fill(node, value);
}

void SlotFiller::BreakChildren(std::uint32_t node) {
  for (std::uint32_t child = nodes_[node].first_child; child != kNone;
       child = nodes_[child].next_sibling) {
    FillBelow(child, ValueKind::Broken);
  }
}

void SlotFiller::FillBelow(std::uint32_t node, ValueKind kind) {
  Value value;
  value.kind = kind;
  // In preorder; from a node without children up to the first that has a sibling.
  for (std::uint32_t at = node;;) {
    Fill(at, value);
    if (nodes_[at].first_child != kNone) {
      at = nodes_[at].first_child;
      continue;
    }
    while (at != node && nodes_[at].next_sibling == kNone) at = nodes_[at].parent;
    if (at == node) return;
    at = nodes_[at].next_sibling;
  }
}

void SlotFiller::String(std::uint32_t node, std::string_view text) {
  BreakChildren(node);
  Fill(node, Value::MakeString(text));
}

void SlotFiller::Number(std::uint32_t node, std::int64_t number) {
  BreakChildren(node);
  Fill(node, Value::MakeNumber(*ParseDecimal(std::to_string(number))));
}

void SlotFiller::Time(std::uint32_t node, std::int64_t nanoseconds) {
  Fill(node, Value::MakeTime(nanoseconds));
}

}  // namespace policy::mcp
