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
#include "runtime/value/function.h"

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

  // Values made of others. What these return stands for the value wherever the number of a slot
  // does (Instruction::slot of a Test, Limit::cost_slot, operands) until Finish, which knows how
  // many slots there are, numbers them. They are kept in this order and are not shared: add equal
  // values once, outside of quantifiers where they do not depend on a variable (literals never do).
  //
  // `constant`: a String, Number, Bool, Time or Duration.
  std::uint32_t AddLiteral(std::uint32_t constant);
  // `second` is given where the function takes two, and to Member: the literal of the member's
  // name.
  std::uint32_t AddApplied(Function function, std::uint32_t first,
                           std::uint32_t second = format::kNone);
  std::uint32_t AddCompared(Relation relation, std::uint32_t left, std::uint32_t right);

  // A quantifier is written in this order, and not within a block of a tool:
  //   1. its list, and every value of its body that does not depend on its variable;
  //   2. AddVariable();
  //   3. the values of its body that do depend on it. Among them inner quantifiers, whole;
  //   4. its body, from code.size() on: Test, Constant, Combine and Jump, targets inside, one End
  //      at its end, the answer in r[0]. Tests of values of step 3 have no memo cell;
  //   5. AddQuantified(…, the body's first instruction), at once.
  // Values of steps 2 and 3 are for the body and for each other: nothing else may use them.
  std::uint32_t AddVariable();
  std::uint32_t AddQuantified(format::Quantifier kind, std::uint32_t list, std::uint32_t variable,
                              std::uint32_t body);
  // The number of a slot or derived value in the file, once no slot is added any more.
  std::uint32_t NumberOf(std::uint32_t value) const;
  std::uint32_t derived_count() const { return static_cast<std::uint32_t>(derived_.size()); }

  // In any order. REQUIRES: none of this tool and server was added.
  void AddPin(std::string_view tool, std::string_view server, std::string_view annotations,
              std::string_view category, std::string_view risk);

  // REQUIRES: no tool of this name was added.
  void AddTool(std::string_view name, std::uint32_t code_index, std::uint32_t hidden);
  void AddPattern(std::string_view pattern, std::uint32_t code_index, std::uint32_t hidden);

  // A switch over literals (constant ids of one kind, distinct) to instructions. Index instructions
  // may be added before their table, under the number that it will get.
  std::uint32_t AddIndexTable(
      std::span<const std::pair<std::uint32_t, std::uint32_t>> constant_targets);

  // The file. The encoder is spent afterwards. REQUIRES: slots and derived values are together at
  // most kSlotsMax.
  std::vector<std::byte> Finish();

 private:
  std::uint32_t Intern(std::string key, const format::Constant& constant);
  std::uint32_t AddNode(format::PathNode node, std::string key);
  std::uint32_t AddDerived(const format::Derived& derived);
  void NumberValues();
  void SortPins();
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
  std::vector<format::Derived> derived_;
  std::vector<format::Pin> pins_;
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
