#include "runtime/program/encode.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "policy/check.h"
#include "runtime/program/table_hash.h"
#include "runtime/value/predicate.h"

namespace policy {
namespace {

// Puts `value` into the first free place of the probe sequence of `hash`.
void Insert(std::span<std::uint32_t> table, std::uint64_t hash, std::uint32_t value) {
  const std::size_t mask = table.size() - 1;
  std::size_t place = hash & mask;
  while (table[place] != format::kNone) place = (place + 1) & mask;
  table[place] = value;
}

format::Constant MakeConstant(OperandKind kind) {
  format::Constant constant;
  constant.kind = static_cast<std::uint8_t>(kind);
  return constant;
}

std::string KeyOf(OperandKind kind, std::string_view rest) {
  return std::string(1, static_cast<char>(kind)).append(rest);
}

template <typename T>
void Append(std::vector<std::byte>& file, format::Header& header, format::SectionId id,
            std::span<const T> records) {
  file.resize((file.size() + 7) / 8 * 8);
  header.sections[static_cast<std::size_t>(id)] = {static_cast<std::uint32_t>(file.size()),
                                                   static_cast<std::uint32_t>(records.size())};
  const std::size_t offset = file.size();
  file.resize(offset + records.size_bytes());
  if (!records.empty()) std::memcpy(file.data() + offset, records.data(), records.size_bytes());
}

}  // namespace

std::array<std::uint8_t, 32> ChecksumOf(std::span<const std::byte> file) {
  constexpr std::size_t kOffset = offsetof(format::Header, checksum);
  constexpr std::array<std::uint8_t, 32> kZero{};
  CHECK(file.size() >= sizeof(format::Header));
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  CHECK(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1);
  const std::span<const std::byte> rest = file.subspan(kOffset + kZero.size());
  std::array<std::uint8_t, 32> digest{};
  CHECK(EVP_DigestUpdate(context, file.data(), kOffset) == 1 &&
        EVP_DigestUpdate(context, kZero.data(), kZero.size()) == 1 &&
        EVP_DigestUpdate(context, rest.data(), rest.size()) == 1 &&
        EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1);
  EVP_MD_CTX_free(context);
  return digest;
}

Encoder::Encoder() {
  for (std::size_t root = 0; root < format::kRootCount; ++root) {
    nodes_.emplace_back();
    last_children_.push_back(format::kNone);
  }
}

format::Text Encoder::AddText(std::string_view text) {
  if (text.empty()) return {};
  const auto [entry, added] = texts_.try_emplace(std::string(text));
  if (added) {
    entry->second = {static_cast<std::uint32_t>(strings_.size()),
                     static_cast<std::uint32_t>(text.size())};
    strings_.append(text);
  }
  return entry->second;
}

std::string_view Encoder::TextOf(format::Text text) const {
  return std::string_view(strings_).substr(text.offset, text.size);
}

std::uint32_t Encoder::Intern(std::string key, const format::Constant& constant) {
  const auto [entry, added] =
      constant_ids_.try_emplace(std::move(key), static_cast<std::uint32_t>(constants_.size()));
  if (added) constants_.push_back(constant);
  return entry->second;
}

std::uint32_t Encoder::AddNone() {
  return Intern(KeyOf(OperandKind::None, ""), MakeConstant(OperandKind::None));
}

std::uint32_t Encoder::AddString(std::string_view text) {
  format::Constant constant = MakeConstant(OperandKind::String);
  const format::Text stored = AddText(text);
  constant.a = stored.offset;
  constant.b = stored.size;
  return Intern(KeyOf(OperandKind::String, text), constant);
}

std::uint32_t Encoder::AddRegex(std::string_view text) {
  format::Constant constant = MakeConstant(OperandKind::Regex);
  const format::Text stored = AddText(text);
  constant.a = stored.offset;
  constant.b = stored.size;
  return Intern(KeyOf(OperandKind::Regex, text), constant);
}

std::uint32_t Encoder::AddNumber(Decimal number) {
  format::Constant constant = MakeConstant(OperandKind::Number);
  constant.wide = number.coefficient;
  constant.exponent = number.exponent;
  const std::string key =
      std::to_string(number.coefficient) + "e" + std::to_string(number.exponent);
  return Intern(KeyOf(OperandKind::Number, key), constant);
}

std::uint32_t Encoder::AddBool(bool value) {
  format::Constant constant = MakeConstant(OperandKind::Bool);
  constant.flag = value ? 1 : 0;
  return Intern(KeyOf(OperandKind::Bool, value ? "1" : "0"), constant);
}

std::uint32_t Encoder::AddTime(std::int64_t nanoseconds) {
  format::Constant constant = MakeConstant(OperandKind::Time);
  constant.wide = nanoseconds;
  return Intern(KeyOf(OperandKind::Time, std::to_string(nanoseconds)), constant);
}

std::uint32_t Encoder::AddDuration(std::int64_t nanoseconds) {
  format::Constant constant = MakeConstant(OperandKind::Duration);
  constant.wide = nanoseconds;
  return Intern(KeyOf(OperandKind::Duration, std::to_string(nanoseconds)), constant);
}

std::uint32_t Encoder::AddStringSet(std::span<const std::string> strings) {
  std::string key = KeyOf(OperandKind::StringSet, "");
  std::vector<std::uint32_t> items;
  for (const std::string& text : strings) {
    items.push_back(AddString(text));
    key += std::to_string(items.back()) + ",";
  }
  if (const auto known = constant_ids_.find(key); known != constant_ids_.end()) {
    return known->second;
  }
  format::Constant constant = MakeConstant(OperandKind::StringSet);
  constant.a = static_cast<std::uint32_t>(set_items_.size());
  constant.b = static_cast<std::uint32_t>(items.size());
  set_items_.insert(set_items_.end(), items.begin(), items.end());
  std::vector<std::uint32_t> table(TableSize(constant.b), format::kNone);
  for (std::uint32_t i = 0; i < constant.b; ++i) Insert(table, HashBytes(strings[i]), i);
  constant.table_first = static_cast<std::uint32_t>(set_items_.size());
  constant.table_size = static_cast<std::uint32_t>(table.size());
  set_items_.insert(set_items_.end(), table.begin(), table.end());
  return Intern(std::move(key), constant);
}

std::uint32_t Encoder::AddNumberSet(std::span<const Decimal> numbers) {
  std::string key = KeyOf(OperandKind::NumberSet, "");
  std::vector<std::uint32_t> items;
  for (const Decimal number : numbers) {
    items.push_back(AddNumber(number));
    key += std::to_string(items.back()) + ",";
  }
  if (const auto known = constant_ids_.find(key); known != constant_ids_.end()) {
    return known->second;
  }
  format::Constant constant = MakeConstant(OperandKind::NumberSet);
  constant.a = static_cast<std::uint32_t>(set_items_.size());
  constant.b = static_cast<std::uint32_t>(items.size());
  set_items_.insert(set_items_.end(), items.begin(), items.end());
  return Intern(std::move(key), constant);
}

std::uint32_t Encoder::AddBoolSet(bool has_false, bool has_true) {
  format::Constant constant = MakeConstant(OperandKind::BoolSet);
  constant.flag = static_cast<std::uint8_t>((has_false ? 1 : 0) | (has_true ? 2 : 0));
  return Intern(KeyOf(OperandKind::BoolSet, std::to_string(constant.flag)), constant);
}

std::uint32_t Encoder::AddNode(format::PathNode node, std::string key) {
  const auto [entry, added] =
      node_ids_.try_emplace(std::move(key), static_cast<std::uint32_t>(nodes_.size()));
  if (!added) return entry->second;
  std::uint32_t& last = last_children_[node.parent];
  (last == format::kNone ? nodes_[node.parent].first_child : nodes_[last].next_sibling) =
      entry->second;
  last = entry->second;
  if (node.index != format::kNone) nodes_[node.parent].has_index_children = 1;
  nodes_.push_back(node);
  last_children_.push_back(format::kNone);
  return entry->second;
}

std::uint32_t Encoder::AddMember(std::uint32_t parent, std::string_view key) {
  format::PathNode node;
  node.key = AddText(key);
  node.parent = parent;
  return AddNode(node, std::to_string(parent) + "." + std::string(key));
}

std::uint32_t Encoder::AddElement(std::uint32_t parent, std::uint32_t index) {
  format::PathNode node;
  node.parent = parent;
  node.index = index;
  return AddNode(node, std::to_string(parent) + "#" + std::to_string(index));
}

std::uint32_t Encoder::AddSlot(std::uint32_t node) {
  if (nodes_[node].slot == format::kNone) {
    nodes_[node].slot = slot_count();
    slots_.push_back({node});
  }
  return nodes_[node].slot;
}

// Until they are numbered, derived values count down from the largest number there can be: slots,
// which count up, and they never meet.
std::uint32_t Encoder::AddDerived(const format::Derived& derived) {
  derived_.push_back(derived);
  return format::kSlotsMax - (derived_count() - 1);
}

std::uint32_t Encoder::AddLiteral(std::uint32_t constant) {
  return AddDerived({.kind = format::DerivedKind::Literal, .constant = constant});
}

std::uint32_t Encoder::AddApplied(Function function, std::uint32_t first, std::uint32_t second) {
  return AddDerived({.kind = format::DerivedKind::Applied,
                     .operation = static_cast<std::uint8_t>(function),
                     .first = first,
                     .second = second});
}

std::uint32_t Encoder::AddCompared(Relation relation, std::uint32_t left, std::uint32_t right) {
  return AddDerived({.kind = format::DerivedKind::Compared,
                     .operation = static_cast<std::uint8_t>(relation),
                     .first = left,
                     .second = right});
}

std::uint32_t Encoder::AddVariable() { return AddDerived({.kind = format::DerivedKind::Element}); }

std::uint32_t Encoder::AddQuantified(format::Quantifier kind, std::uint32_t list,
                                     std::uint32_t variable, std::uint32_t body) {
  const std::uint32_t scope_end = format::kSlotsMax - derived_count();  // its own number
  return AddDerived({.kind = format::DerivedKind::Quantified,
                     .operation = static_cast<std::uint8_t>(kind),
                     .first = list,
                     .second = variable,
                     .code = body,
                     .code_end = static_cast<std::uint32_t>(code.size()),
                     .scope_end = scope_end});
}

std::uint32_t Encoder::NumberOf(std::uint32_t value) const {
  const bool is_derived = value <= format::kSlotsMax && value > format::kSlotsMax - derived_count();
  return is_derived ? slot_count() + (format::kSlotsMax - value) : value;
}

void Encoder::NumberValues() {
  CHECK(slot_count() + derived_count() <= format::kSlotsMax);
  for (format::Derived& derived : derived_) {
    derived.first = NumberOf(derived.first);
    derived.second = NumberOf(derived.second);
    if (derived.kind == format::DerivedKind::Quantified) {
      derived.scope_end = NumberOf(derived.scope_end);
    }
  }
  for (Instruction& instruction : code) {
    instruction.slot = static_cast<std::uint16_t>(NumberOf(instruction.slot));
  }
  for (format::Limit& limit : limits) limit.cost_slot = NumberOf(limit.cost_slot);
}

void Encoder::AddPin(std::string_view tool, std::string_view server, std::string_view annotations,
                     std::string_view category, std::string_view risk) {
  pins_.push_back(
      {AddText(tool), AddText(server), AddText(annotations), AddText(category), AddText(risk)});
}

void Encoder::SortPins() {
  std::ranges::sort(pins_, {}, [this](const format::Pin& pin) {
    return std::pair(TextOf(pin.tool), TextOf(pin.server));
  });
}

void Encoder::AddTool(std::string_view name, std::uint32_t code_index, std::uint32_t hidden) {
  tools_.push_back({AddText(name), code_index, hidden});
}

void Encoder::AddPattern(std::string_view pattern, std::uint32_t code_index, std::uint32_t hidden) {
  patterns_.push_back({AddText(pattern), code_index, hidden});
}

std::uint64_t Encoder::LiteralHash(std::uint32_t constant_id) const {
  const format::Constant& constant = constants_[constant_id];
  switch (static_cast<OperandKind>(constant.kind)) {
    case OperandKind::String:
      return HashBytes(TextOf({constant.a, constant.b}));
    case OperandKind::Number:
      return NumberHash({constant.wide, constant.exponent});
    case OperandKind::Bool:
      return BoolHash(constant.flag != 0);
    default:
      CHECK(false && "not a literal");
      return 0;
  }
}

std::uint32_t Encoder::AddIndexTable(
    std::span<const std::pair<std::uint32_t, std::uint32_t>> constant_targets) {
  CHECK(!constant_targets.empty());
  std::vector<std::uint32_t> table(TableSize(static_cast<std::uint32_t>(constant_targets.size())),
                                   format::kNone);
  for (std::uint32_t i = 0; i < constant_targets.size(); ++i) {
    Insert(table, LiteralHash(constant_targets[i].first), i);
  }
  index_tables_.push_back({static_cast<std::uint32_t>(index_entries_.size()),
                           static_cast<std::uint32_t>(table.size()),
                           constants_[constant_targets.front().first].kind});
  for (const std::uint32_t i : table) {
    index_entries_.push_back(i == format::kNone ? format::IndexEntry{}
                                                : format::IndexEntry{constant_targets[i].first,
                                                                     constant_targets[i].second});
  }
  return static_cast<std::uint32_t>(index_tables_.size() - 1);
}

std::vector<std::uint32_t> Encoder::PathTable() const {
  const auto count = static_cast<std::uint32_t>(nodes_.size() - format::kRootCount);
  std::vector<std::uint32_t> table(TableSize(count), format::kNone);
  for (std::uint32_t i = format::kRootCount; i < nodes_.size(); ++i) {
    const format::PathNode& node = nodes_[i];
    Insert(table,
           node.index == format::kNone ? MemberHash(node.parent, TextOf(node.key))
                                       : ElementHash(node.parent, node.index),
           i);
  }
  return table;
}

std::vector<std::uint32_t> Encoder::ToolTable() const {
  std::vector<std::uint32_t> table(TableSize(static_cast<std::uint32_t>(tools_.size())),
                                   format::kNone);
  for (std::uint32_t i = 0; i < tools_.size(); ++i) {
    Insert(table, HashBytes(TextOf(tools_[i].name)), i);
  }
  return table;
}

std::vector<std::byte> Encoder::Finish() {
  using format::SectionId;
  NumberValues();
  SortPins();
  std::vector<std::byte> file(sizeof(format::Header));
  const std::vector<std::uint32_t> path_table = PathTable();
  const std::vector<std::uint32_t> tool_table = ToolTable();
  Append(file, header, SectionId::Strings, std::span<const char>(strings_));
  Append(file, header, SectionId::Constants, std::span<const format::Constant>(constants_));
  Append(file, header, SectionId::SetItems, std::span<const std::uint32_t>(set_items_));
  Append(file, header, SectionId::Slots, std::span<const format::Slot>(slots_));
  Append(file, header, SectionId::PathNodes, std::span<const format::PathNode>(nodes_));
  Append(file, header, SectionId::PathTable, std::span<const std::uint32_t>(path_table));
  Append(file, header, SectionId::Code, std::span<const Instruction>(code));
  Append(file, header, SectionId::Tools, std::span<const format::Tool>(tools_));
  Append(file, header, SectionId::ToolTable, std::span<const std::uint32_t>(tool_table));
  Append(file, header, SectionId::Patterns, std::span<const format::Pattern>(patterns_));
  Append(file, header, SectionId::Rules, std::span<const format::Rule>(rules));
  Append(file, header, SectionId::Limits, std::span<const format::Limit>(limits));
  Append(file, header, SectionId::Counters, std::span<const format::Counter>(counters));
  Append(file, header, SectionId::Scopes, std::span<const format::Scope>(scopes));
  Append(file, header, SectionId::IndexTables, std::span<const format::IndexTable>(index_tables_));
  Append(file, header, SectionId::IndexEntries,
         std::span<const format::IndexEntry>(index_entries_));
  Append(file, header, SectionId::Derived, std::span<const format::Derived>(derived_));
  Append(file, header, SectionId::Pins, std::span<const format::Pin>(pins_));
  file.resize((file.size() + 7) / 8 * 8);
  CHECK(file.size() < format::kNone);
  header.header_bytes = sizeof(format::Header);
  header.file_bytes = file.size();
  std::memcpy(file.data(), &header, sizeof header);
  header.checksum = ChecksumOf(file);
  std::memcpy(file.data(), &header, sizeof header);
  return file;
}

}  // namespace policy
