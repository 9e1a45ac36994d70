#include "runtime/program/layout.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/program/step_graph.h"
#include "runtime/program/table_hash.h"
#include "runtime/program/value_text.h"
#include "runtime/program/verify.h"
#include "runtime/value/fold.h"
#include "runtime/value/name_hash.h"
#include "runtime/value/same_text.h"

namespace policy {
namespace {

using format::kNone;
using format::SectionId;

}  // namespace

Layout::Layout() = default;
Layout::~Layout() = default;

std::expected<std::unique_ptr<const Layout>, ProgramError> Layout::Make(
    std::span<const std::byte> bytes) {
  if (bytes.size() > format::kProgramBytesMax) {
    return std::unexpected(ProgramError{"it is larger than a program may be"});
  }
  std::unique_ptr<Layout> layout(new Layout);
  layout->words_ = std::make_unique<std::uint64_t[]>(bytes.size() / 8 + 1);
  if (!bytes.empty()) std::memcpy(layout->words_.get(), bytes.data(), bytes.size());
  layout->bytes_ = {reinterpret_cast<const std::byte*>(layout->words_.get()), bytes.size()};
  if (auto verified = Verify(layout->bytes_); !verified) {
    return std::unexpected(std::move(verified.error()));
  }
  layout->View();
  layout->HashNames();
  layout->FindContextNodes();
  layout->CountRegisters();
  layout->IndexPatterns();
  auto prepared =
      layout->operands_.Prepare(layout->strings_, layout->constants_, layout->set_items_);
  if (!prepared) return std::unexpected(std::move(prepared.error()));
  layout->MakeSteps();
  return layout;
}

template <typename T>
std::span<const T> Layout::Section(SectionId id) const {
  const format::Section section = header().sections[static_cast<std::size_t>(id)];
  return {reinterpret_cast<const T*>(bytes_.data() + section.offset), section.count};
}

void Layout::View() {
  const std::span<const char> strings = Section<char>(SectionId::Strings);
  strings_ = {strings.data(), strings.size()};
  constants_ = Section<format::Constant>(SectionId::Constants);
  set_items_ = Section<std::uint32_t>(SectionId::SetItems);
  slots_ = Section<format::Slot>(SectionId::Slots);
  path_nodes_ = Section<format::PathNode>(SectionId::PathNodes);
  path_table_ = Section<std::uint32_t>(SectionId::PathTable);
  code_ = Section<Instruction>(SectionId::Code);
  tools_ = Section<format::Tool>(SectionId::Tools);
  patterns_ = Section<format::Pattern>(SectionId::Patterns);
  rules_ = Section<format::Rule>(SectionId::Rules);
  limits_ = Section<format::Limit>(SectionId::Limits);
  counters_ = Section<format::Counter>(SectionId::Counters);
  scopes_ = Section<format::Scope>(SectionId::Scopes);
  index_tables_ = Section<format::IndexTable>(SectionId::IndexTables);
  index_entries_ = Section<format::IndexEntry>(SectionId::IndexEntries);
  derived_ = Section<format::Derived>(SectionId::Derived);
  pins_ = Section<format::Pin>(SectionId::Pins);
}

void Layout::MakeSteps() {
  graph_ = std::make_unique<StepGraph>(code_, operands(), slot_count());
  const auto table = Section<std::uint32_t>(SectionId::ToolTable);
  tool_places_.resize(table.size());
  tools_mask_ = table.size() - 1;
  for (std::size_t place = 0; place < table.size(); ++place) {
    if (table[place] == kNone) continue;
    const format::Tool& tool = tools_[table[place]];
    tool_places_[place] = {HashBytes(text(tool.name)),
                           text(tool.name).data(),
                           tool.name.size,
                           {tool.code, table[place], graph_->StepsOf(tool.code)}};
  }
  for (const format::Pattern& pattern : patterns_) {
    pattern_steps_.push_back(graph_->StepsOf(pattern.code));
  }
  graph_->Finish();
  steps_ = graph_->steps().data();
}

void Layout::HashNames() {
  const std::uint64_t seed = NameHashSeed();
  names_.assign(TableSize(static_cast<std::uint32_t>(path_nodes_.size())), Name{});
  names_mask_ = names_.size() - 1;
  for (std::uint32_t id = format::kRootCount; id < path_nodes_.size(); ++id) {
    const format::PathNode& node = path_nodes_[id];
    if (node.index != kNone) continue;
    const std::uint64_t hash = HashBelow(node.parent, NameHash(text(node.key), seed));
    std::size_t place = hash & names_mask_;
    while (names_[place].node != kNone) place = (place + 1) & names_mask_;
    names_[place] = {hash, node.parent, id, text(node.key)};
  }
}

void Layout::FindContextNodes() {
  using format::Root;
  for (const Root root : {Root::Tool, Root::Grant, Root::Claims, Root::Client, Root::Now}) {
    const format::PathNode& node = path_nodes_[static_cast<std::uint32_t>(root)];
    if (node.slot != kNone || node.first_child != kNone) context_nodes_.is_asked = true;
  }
  const auto child = [this](Root root, std::string_view key) {
    return FindMember(static_cast<std::uint32_t>(root), key);
  };
  context_nodes_.tool_name = child(Root::Tool, "name");
  context_nodes_.tool_server = child(Root::Tool, "server");
  context_nodes_.tool_category = child(Root::Tool, "category");
  context_nodes_.tool_risk = child(Root::Tool, "risk");
  context_nodes_.tool_annotations = child(Root::Tool, "annotations");
  context_nodes_.grant_id = child(Root::Grant, "id");
  context_nodes_.grant_label = child(Root::Grant, "label");
  context_nodes_.grant_tags = child(Root::Grant, "tags");
  context_nodes_.grant_attributes = child(Root::Grant, "attributes");
  context_nodes_.client_name = child(Root::Client, "name");
  context_nodes_.client_version = child(Root::Client, "version");
  context_nodes_.now_hour = child(Root::Now, "hour");
  context_nodes_.now_minute = child(Root::Now, "minute");
  context_nodes_.now_weekday = child(Root::Now, "weekday");
  context_nodes_.now_date = child(Root::Now, "date");
}

void Layout::CountRegisters() {
  for (const Instruction& instruction : code_) {
    const bool reads = instruction.opcode == Opcode::Combine;
    const std::size_t highest =
        std::max(instruction.dst, reads ? instruction.predicate : std::uint8_t{0});
    register_count_ = std::max(register_count_, highest + 1);
  }
}

void Layout::IndexPatterns() {
  std::vector<std::string_view> patterns;
  for (const format::Pattern& pattern : patterns_) patterns.push_back(text(pattern.pattern));
  pattern_index_ = PatternIndex(patterns);
}

std::uint32_t Layout::FindMember(std::uint32_t node, std::string_view key) const {
  if (path_nodes_[node].first_child == kNone) return kNone;
  const std::size_t mask = path_table_.size() - 1;
  for (std::size_t place = MemberHash(node, key) & mask;; place = (place + 1) & mask) {
    const std::uint32_t id = path_table_[place];
    if (id == kNone) return kNone;
    const format::PathNode& child = path_nodes_[id];
    if (child.parent == node && child.index == kNone && SameText(text(child.key), key)) return id;
  }
}

std::uint32_t Layout::FindElement(std::uint32_t node, std::uint32_t index) const {
  if (path_nodes_[node].has_index_children == 0) return kNone;
  const std::size_t mask = path_table_.size() - 1;
  for (std::size_t place = ElementHash(node, index) & mask;; place = (place + 1) & mask) {
    const std::uint32_t id = path_table_[place];
    if (id == kNone) return kNone;
    if (path_nodes_[id].parent == node && path_nodes_[id].index == index) return id;
  }
}

// Names that differ by case only stand on one chain, so one look-up answers both questions.
Layout::NamedChild Layout::FindVariant(std::uint32_t node, std::string_view key,
                                       std::uint64_t wanted, std::size_t place) const {
  NamedChild found;
  for (; names_[place].node != kNone; place = (place + 1) & names_mask_) {
    const Name& name = names_[place];
    if (name.hash != wanted || name.parent != node) continue;
    if (SameText(name.key, key)) return {name.node, false};
    found.is_case_variant = found.is_case_variant || EqualFolded(name.key, key);
  }
  return found;
}

const format::Tool* Layout::FindTool(std::string_view name) const {
  const ToolPlace* const place = FindToolPlace(name, HashBytes(name));
  return place == nullptr ? nullptr : &tools_[place->block.number];
}

const format::Pin* Layout::FindPin(std::string_view tool, std::string_view server) const {
  const auto key = [this](const format::Pin& pin) {
    return std::pair(text(pin.tool), text(pin.server));
  };
  const auto found = std::ranges::lower_bound(pins_, std::pair(tool, server), {}, key);
  if (found == pins_.end() || key(*found) != std::pair(tool, server)) return nullptr;
  return &*found;
}

bool Layout::TakesIndex(std::uint32_t table, const Value& value) const {
  switch (static_cast<OperandKind>(index_tables_[table].kind)) {
    case OperandKind::String:
      return value.kind == ValueKind::String;
    case OperandKind::Number:
      return value.kind == ValueKind::Number;
    default:
      return value.kind == ValueKind::Bool;
  }
}

std::uint32_t Layout::FindIndexTarget(std::uint32_t table, const Value& value) const {
  const format::IndexTable& index = index_tables_[table];
  const auto entries = index_entries_.subspan(index.first_entry, index.entry_count);
  const std::span<const Operand> literals = operands();
  const std::size_t mask = entries.size() - 1;
  const std::uint64_t hash = value.kind == ValueKind::String   ? HashBytes(value.text())
                             : value.kind == ValueKind::Number ? NumberHash(value.number())
                                                               : BoolHash(value.boolean);
  for (std::size_t place = hash & mask;; place = (place + 1) & mask) {
    if (entries[place].constant == kNone) return kNone;
    const Operand& literal = literals[entries[place].constant];
    const bool equal = value.kind == ValueKind::String   ? literal.text == value.text()
                       : value.kind == ValueKind::Number ? literal.number == value.number()
                                                         : literal.boolean == value.boolean;
    if (equal) return entries[place].target;
  }
}

std::string Layout::SlotPath(std::uint32_t number) const { return ValueText(*this, number); }

}  // namespace policy
