// Typed, in-place access to the records of a verified program. Made by Program::Load only.
#ifndef RUNTIME_PROGRAM_LAYOUT_H_
#define RUNTIME_PROGRAM_LAYOUT_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/program/format.h"
#include "runtime/program/instruction.h"
#include "runtime/value/predicate.h"

namespace policy {

// Immutable, safe for concurrent use. Every id that a verified record holds may be used without a
// check.
class Layout {
 public:
  ~Layout();
  Layout(const Layout&) = delete;  // large, and held by its Program
  Layout& operator=(const Layout&) = delete;

  std::span<const std::byte> bytes() const;
  const format::Header& header() const;

  std::string_view text(format::Text t) const;
  std::string_view zone() const { return text(header().zone); }
  bool default_allows() const { return header().default_allows != 0; }

  std::span<const Instruction> code() const;
  std::span<const format::Slot> slots() const;
  std::span<const format::PathNode> path_nodes() const;
  std::span<const format::Tool> tools() const;
  std::span<const format::Pattern> patterns() const;
  std::span<const format::Rule> rules() const;
  std::span<const format::Limit> limits() const;
  std::span<const format::Counter> counters() const;
  std::span<const format::Scope> scopes() const;
  std::span<const format::IndexTable> index_tables() const;
  std::span<const format::IndexEntry> index_entries() const;

  // Constants made ready for Apply; index as in the Constants section.
  std::span<const Operand> operands() const;

  // The child of `node` for member `key` (unescaped), or kNone.
  std::uint32_t FindMember(std::uint32_t node, std::string_view key) const;
  // Whether `key` is no child of `node` but differs from one by letter case only (simple Unicode
  // folding).
  bool DiffersByCaseOnly(std::uint32_t node, std::string_view key) const;
  // The child of `node` for list element `index`, or kNone.
  std::uint32_t FindElement(std::uint32_t node, std::uint32_t index) const;

  // The exact entry of a tool, or null: then the patterns apply.
  const format::Tool* FindTool(std::string_view name) const;

  // The instruction that the literal `value` leads to in an index table, or kNone.
  std::uint32_t FindIndexTarget(std::uint32_t table, const Value& value) const;

  // "args.items[0].id": the path of a slot as authors write it.
  std::string SlotPath(std::uint32_t slot) const;

 private:
  friend class Program;
  struct Loaded;
  explicit Layout(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace policy

#endif  // RUNTIME_PROGRAM_LAYOUT_H_
