// Writes decision programs: records are added, equal ones are shared, Finish lays them out.
//
// The compiler's emit/ and tests use it. It does not judge what it is given: Verify does, on the
// bytes. Callers hold themselves to the limits of format.h; Finish checks only what would make
// offsets overflow.
#ifndef RUNTIME_PROGRAM_ENCODE_H_
#define RUNTIME_PROGRAM_ENCODE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/program/format.h"
#include "runtime/program/instruction.h"
#include "runtime/value/decimal.h"

namespace policy {

class Encoder {
 public:
  Encoder();

  // Names, zone, default and memo_cells; sizes and sections are Finish's.
  format::Header header;
  std::vector<Instruction> code;
  std::vector<format::Rule> rules;
  std::vector<format::Limit> limits;
  std::vector<format::Counter> counters;
  std::vector<format::Scope> scopes;

  format::Text AddText(std::string_view text);

  std::uint32_t AddNone();
  std::uint32_t AddString(std::string_view text);
  std::uint32_t AddRegex(std::string_view text);
  std::uint32_t AddNumber(Decimal number);
  std::uint32_t AddBool(bool value);
  std::uint32_t AddTime(std::int64_t nanoseconds);
  std::uint32_t AddDuration(std::int64_t nanoseconds);
  // REQUIRES: sorted and distinct.
  std::uint32_t AddStringSet(std::span<const std::string> strings);
  std::uint32_t AddNumberSet(std::span<const Decimal> numbers);
  std::uint32_t AddBoolSet(bool has_false, bool has_true);

  static std::uint32_t RootNode(format::Root root) { return static_cast<std::uint32_t>(root); }
  std::uint32_t AddMember(std::uint32_t parent, std::string_view key);
  std::uint32_t AddElement(std::uint32_t parent, std::uint32_t index);
  // The slot of `node`; the same for the same node.
  std::uint32_t AddSlot(std::uint32_t node);
  std::uint32_t slot_count() const { return static_cast<std::uint32_t>(slots_.size()); }

  // REQUIRES: no tool of this name was added.
  void AddTool(std::string_view name, std::uint32_t code_index, std::uint32_t hidden);
  void AddPattern(std::string_view pattern, std::uint32_t code_index, std::uint32_t hidden);

  // A switch over literals (constant ids of one kind, distinct) to instructions. Index instructions
  // may be added before their table, under the number that it will get.
  std::uint32_t AddIndexTable(
      std::span<const std::pair<std::uint32_t, std::uint32_t>> constant_targets);

  // The file. The encoder is spent afterwards.
  std::vector<std::byte> Finish();

 private:
  std::uint32_t Intern(std::string key, const format::Constant& constant);
  std::uint32_t AddNode(format::PathNode node, std::string key);
  std::string_view TextOf(format::Text text) const;
  std::uint64_t LiteralHash(std::uint32_t constant) const;
  std::vector<std::uint32_t> PathTable() const;
  std::vector<std::uint32_t> ToolTable() const;

  std::string strings_;
  std::unordered_map<std::string, format::Text> texts_;
  std::vector<format::Constant> constants_;
  std::unordered_map<std::string, std::uint32_t> constant_ids_;
  std::vector<std::uint32_t> set_items_;
  std::vector<format::PathNode> nodes_;
  std::unordered_map<std::string, std::uint32_t> node_ids_;
  std::vector<std::uint32_t> last_children_;
  std::vector<format::Slot> slots_;
  std::vector<format::Tool> tools_;
  std::vector<format::Pattern> patterns_;
  std::vector<format::IndexTable> index_tables_;
  std::vector<format::IndexEntry> index_entries_;
};

// The checksum of a file: SHA-256 with the header's checksum field taken as zero. REQUIRES: at
// least a header.
std::array<std::uint8_t, 32> ChecksumOf(std::span<const std::byte> file);

}  // namespace policy

#endif  // RUNTIME_PROGRAM_ENCODE_H_
