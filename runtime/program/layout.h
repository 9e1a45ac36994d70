// Typed, in-place access to the records of a verified program. Made by Program::Load only.
#ifndef RUNTIME_PROGRAM_LAYOUT_H_
#define RUNTIME_PROGRAM_LAYOUT_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/program.h"
#include "runtime/program/format.h"
#include "runtime/program/instruction.h"
#include "runtime/program/operands.h"
#include "runtime/program/pattern_index.h"
#include "runtime/value/predicate.h"
#include "runtime/value/same_text.h"
#include "runtime/value/text_hash.h"

namespace policy {

class StepGraph;
struct Step;

// Immutable, safe for concurrent use. Every id that a verified record holds may be used without a
// check.
class Layout {
 public:
  // Copies `bytes` into 8-aligned memory, proves the copy, and prepares the constants.
  static std::expected<std::unique_ptr<const Layout>, ProgramError> Make(
      std::span<const std::byte> bytes);

  ~Layout();
  Layout(const Layout&) = delete;  // large, and held by its Program
  Layout& operator=(const Layout&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  const format::Header& header() const {
    return *reinterpret_cast<const format::Header*>(bytes_.data());
  }

  std::string_view text(format::Text t) const { return {strings_.data() + t.offset, t.size}; }
  std::string_view zone() const { return text(header().zone); }
  bool default_allows() const { return header().default_allows != 0; }

  std::span<const Instruction> code() const { return code_; }
  std::span<const format::Constant> constants() const { return constants_; }
  std::span<const format::Slot> slots() const { return slots_; }
  // Derived values are numbered after the slots.
  std::uint32_t slot_count() const { return static_cast<std::uint32_t>(slots_.size()); }
  std::span<const format::Derived> derived() const { return derived_; }
  // The derived value of a number, or null for a slot.
  const format::Derived* FindDerived(std::uint32_t number) const {
    return number < slot_count() ? nullptr : &derived_[number - slot_count()];
  }
  std::span<const format::Pin> pins() const { return pins_; }
  std::span<const format::PathNode> path_nodes() const { return path_nodes_; }
  std::span<const format::Tool> tools() const { return tools_; }
  std::span<const format::Pattern> patterns() const { return patterns_; }
  std::span<const format::Rule> rules() const { return rules_; }
  std::span<const format::Limit> limits() const { return limits_; }
  std::span<const format::Counter> counters() const { return counters_; }
  std::span<const format::Scope> scopes() const { return scopes_; }
  std::span<const format::IndexTable> index_tables() const { return index_tables_; }
  std::span<const format::IndexEntry> index_entries() const { return index_entries_; }

  // Constants made ready for Apply; index as in the Constants section.
  std::span<const Operand> operands() const { return operands_.all(); }

  // The child of `node` for member `key` (unescaped), or kNone.
  std::uint32_t FindMember(std::uint32_t node, std::string_view key) const;
  // The same, and whether `key` is no child of `node` but differs from one by letter case only
  // (simple Unicode folding). `hash`: its NameHash.
  struct NamedChild {
    std::uint32_t node = format::kNone;
    bool is_case_variant = false;
  };
  NamedChild FindName(std::uint32_t node, std::string_view key, std::uint64_t hash) const {
    const std::uint64_t wanted = HashBelow(node, hash);
    std::size_t place = wanted & names_mask_;
    for (;; place = (place + 1) & names_mask_) {
      const Name& name = names_[place];
      if (name.node == format::kNone) return {};
      if (name.hash != wanted || name.parent != node) continue;
      if (SameText(name.key, key)) return {name.node, false};
      break;
    }
    return FindVariant(node, key, wanted, place);
  }
  // The child of `node` for list element `index`, or kNone.
  std::uint32_t FindElement(std::uint32_t node, std::uint32_t index) const;

  // Nodes of what a call's context may say, kNone where the program does not ask for it.
  struct ContextNodes {
    bool is_asked = false;  // anything of the context
    std::uint32_t tool_name = format::kNone;
    std::uint32_t tool_server = format::kNone;
    std::uint32_t tool_category = format::kNone;
    std::uint32_t tool_risk = format::kNone;
    std::uint32_t tool_annotations = format::kNone;
    std::uint32_t grant_id = format::kNone;
    std::uint32_t grant_label = format::kNone;
    std::uint32_t grant_tags = format::kNone;
    std::uint32_t grant_attributes = format::kNone;
    std::uint32_t client_name = format::kNone;
    std::uint32_t client_version = format::kNone;
    std::uint32_t now_hour = format::kNone;
    std::uint32_t now_minute = format::kNone;
    std::uint32_t now_weekday = format::kNone;
    std::uint32_t now_date = format::kNone;
  };
  const ContextNodes& context_nodes() const { return context_nodes_; }

  // Registers that the code uses: 0 up to one below this.
  std::size_t register_count() const { return register_count_; }

  // Which of patterns() may match a tool's name.
  const PatternIndex& pattern_index() const { return pattern_index_; }

  // The exact entry of a tool, or null: then the patterns apply.
  const format::Tool* FindTool(std::string_view name) const;

  // The code of a tool or a pattern. Blocks are numbered: the tools, then the patterns.
  struct Block {
    std::uint32_t code = format::kNone;
    std::uint32_t number = format::kNone;
    std::uint32_t first_step = 0;  // of steps()
  };
  // Of the tool; numbered kNone where no statement names it. `hash`: HashBytes of `name`.
  Block FindToolBlock(std::string_view name, std::uint64_t hash) const {
    const ToolPlace* const place = FindToolPlace(name, hash);
    return place == nullptr ? Block{} : place->block;
  }
  // REQUIRES: `pattern` is one of patterns().
  Block BlockOf(const format::Pattern& pattern) const {
    const auto position = static_cast<std::size_t>(&pattern - patterns_.data());
    return {pattern.code, static_cast<std::uint32_t>(tools_.size() + position),
            pattern_steps_[position]};
  }
  // Steps of the blocks (step_graph.h).
  const Step* steps() const { return steps_; }

  // What the lock says of a server's tool, or null.
  const format::Pin* FindPin(std::string_view tool, std::string_view server) const;

  // The instruction that the literal `value` leads to in an index table, or kNone. REQUIRES:
  // TakesIndex(table, value).
  std::uint32_t FindIndexTarget(std::uint32_t table, const Value& value) const;
  // Whether `value` is of the kind of the table's literals, so that one that is not there equals
  // none of them.
  bool TakesIndex(std::uint32_t table, const Value& value) const;

  // "args.items[0].id", "domain(args.to)": the path of a slot, or what a derived value is made of,
  // as authors write it. What is very long is cut.
  std::string SlotPath(std::uint32_t number) const;

 private:
  Layout();
  template <typename T>
  std::span<const T> Section(format::SectionId id) const;
  void View();
  void MakeSteps();
  void HashNames();
  void FindContextNodes();
  void CountRegisters();
  void IndexPatterns();

  std::unique_ptr<std::uint64_t[]> words_;
  std::span<const std::byte> bytes_;  // of words_
  std::string_view strings_;
  std::span<const format::Constant> constants_;
  std::span<const std::uint32_t> set_items_;
  std::span<const format::Slot> slots_;
  std::span<const format::PathNode> path_nodes_;
  std::span<const std::uint32_t> path_table_;
  std::span<const Instruction> code_;
  std::span<const format::Tool> tools_;
  std::span<const format::Pattern> patterns_;
  std::span<const format::Rule> rules_;
  std::span<const format::Limit> limits_;
  std::span<const format::Counter> counters_;
  std::span<const format::Scope> scopes_;
  std::span<const format::IndexTable> index_tables_;
  std::span<const format::IndexEntry> index_entries_;
  std::span<const format::Derived> derived_;
  std::span<const format::Pin> pins_;
  Operands operands_;
  // The tool table, with what a look-up asks of a tool beside each place: it reads no other memory
  // for a name that is not the one it looks for.
  struct ToolPlace {
    std::uint64_t hash = 0;  // HashBytes of the name
    const char* name = nullptr;
    std::uint32_t name_bytes = 0;
    Block block;  // its number, which is the tool's position, is kNone where free
  };
  static_assert(sizeof(ToolPlace) == 32, "two in a line of the cache");
  // Null where no statement names the tool.
  const ToolPlace* FindToolPlace(std::string_view name, std::uint64_t hash) const {
    for (std::size_t at = hash & tools_mask_;; at = (at + 1) & tools_mask_) {
      const ToolPlace& place = tool_places_[at];
      if (place.block.number == format::kNone) return nullptr;
      if (place.hash == hash && SameText({place.name, place.name_bytes}, name)) return &place;
    }
  }
  std::vector<ToolPlace> tool_places_;
  std::size_t tools_mask_ = 0;  // one below their number
  // Members by parent and NameHash, open addressing as in the path table; in memory only, as the
  // hash is this process's.
  struct Name {
    std::uint64_t hash = 0;
    std::uint32_t parent = format::kNone;
    std::uint32_t node = format::kNone;  // kNone where free
    std::string_view key;
  };
  // Of the member `hash`, the NameHash of its key, of `parent`.
  static std::uint64_t HashBelow(std::uint32_t parent, std::uint64_t hash) {
    return hash ^ parent * text_hash::kFactor;
  }
  // The rest of FindName, from `place` on, where a name of the same hash stands that is not `key`.
  NamedChild FindVariant(std::uint32_t node, std::string_view key, std::uint64_t wanted,
                         std::size_t place) const;
  std::vector<Name> names_;
  std::size_t names_mask_ = 0;  // one below their number
  ContextNodes context_nodes_;
  std::size_t register_count_ = 0;
  PatternIndex pattern_index_;
  std::unique_ptr<StepGraph> graph_;
  const Step* steps_ = nullptr;               // of graph_
  std::vector<std::uint32_t> pattern_steps_;  // by pattern: its first step
};

}  // namespace policy

#endif  // RUNTIME_PROGRAM_LAYOUT_H_
