// Proves the instructions and the index tables they switch over.
#include <bit>
#include <vector>

#include "runtime/program/table_hash.h"
#include "runtime/program/verify_records.h"

namespace policy {
namespace {

using format::kNone;
using format::RuleKind;

constexpr std::uint8_t kPredicateCount = 0
#define PREDICATE(name, text, operand) +1
#include "runtime/value/predicates.def"
#undef PREDICATE
    ;
constexpr std::uint8_t kJumpFlags = kFlagJumpIfFalse | kFlagJumpIfTrue;

class CodeProof {
 public:
  CodeProof(const Records& records, const Scopes& scopes, Proof& proof)
      : records_(records),
        scopes_(scopes),
        proof_(proof),
        last_index_(records.index_tables.size(), 0),
        memo_tests_(std::size_t{records.header->memo_cells} + 1, kNone) {}

  bool Verify();

 private:
  bool Fail(std::uint32_t at, std::string_view what) {
    return proof_.Fail("instruction {} {}", at, what);
  }
  bool VerifyInstruction(std::uint32_t at);
  bool VerifyTest(std::uint32_t at);
  bool VerifyMemo(std::uint32_t at);
  bool VerifyFlags(std::uint32_t at, std::uint8_t allowed);
  bool VerifyTarget(std::uint32_t at);
  bool VerifyRule(std::uint32_t at, RuleKind kind);
  bool VerifyDeny(std::uint32_t at);
  bool VerifyClose(std::uint32_t at);
  bool VerifyIndex(std::uint32_t at);
  bool VerifyIndexTable(std::uint32_t id);
  bool VerifyLiterals(std::uint32_t id);
  std::uint64_t LiteralHash(std::uint32_t constant) const;

  const Records& records_;
  const Scopes& scopes_;
  Proof& proof_;
  std::vector<std::uint32_t> last_index_;  // by table: the last Index that uses it
  std::vector<std::uint32_t> memo_tests_;  // by cell: the first Test that uses it
};

bool CodeProof::VerifyFlags(std::uint32_t at, std::uint8_t allowed) {
  const Instruction& instruction = records_.code[at];
  if ((instruction.flags & ~allowed) != 0 || (instruction.flags & kFlagModeMask) > 2) {
    return Fail(at, "has flags that its opcode does not know");
  }
  return (instruction.flags & kJumpFlags) == 0 || VerifyTarget(at);
}

bool CodeProof::VerifyTarget(std::uint32_t at) {
  const std::uint32_t target = records_.code[at].target;
  if (target <= at || target >= records_.code.size()) return Fail(at, "jumps back or outside");
  return scopes_.body_of[target] == scopes_.body_of[at] ||
         Fail(at, "jumps into or out of a quantifier's body");
}

bool CodeProof::VerifyTest(std::uint32_t at) {
  const Instruction& test = records_.code[at];
  if (!VerifyFlags(at, kFlagModeMask | kFlagNegate | kJumpFlags | kFlagAbsentMask)) return false;
  if (test.predicate >= kPredicateCount || test.slot >= records_.value_count() ||
      test.constant >= records_.constants.size() ||
      records_.KindOf(test.constant) != OperandOf(static_cast<Predicate>(test.predicate))) {
    return Fail(at, "tests with a wrong predicate, slot or constant");
  }
  if (!scopes_.Sees(scopes_.body_of[at], test.slot)) {
    return Fail(at, "tests an element, or what is made of it, outside its quantifier");
  }
  return VerifyMemo(at);
}

bool CodeProof::VerifyMemo(std::uint32_t at) {
  const Instruction& test = records_.code[at];
  if (test.memo == 0) return true;
  if (scopes_.IsScoped(test.slot)) return Fail(at, "remembers a test of an element");
  if (test.memo >= memo_tests_.size()) return Fail(at, "uses a memo cell that is not there");
  std::uint32_t& first = memo_tests_[test.memo];
  if (first == kNone) first = at;
  const Instruction& other = records_.code[first];
  return (other.slot == test.slot && other.predicate == test.predicate &&
          other.constant == test.constant) ||
         Fail(at, "shares a memo cell with another test");
}

bool CodeProof::VerifyRule(std::uint32_t at, RuleKind kind) {
  const Instruction& instruction = records_.code[at];
  if (!VerifyFlags(at, 0)) return false;
  return (instruction.constant < records_.rules.size() &&
          records_.rules[instruction.constant].kind == kind) ||
         Fail(at, "fires a rule of another kind");
}

bool CodeProof::VerifyDeny(std::uint32_t at) {
  const std::uint32_t rule = records_.code[at].constant;
  const bool hides = rule < records_.rules.size() && records_.rules[rule].kind == RuleKind::Hide;
  return VerifyRule(at, hides ? RuleKind::Hide : RuleKind::Deny);
}

bool CodeProof::VerifyClose(std::uint32_t at) {
  const Instruction& instruction = records_.code[at];
  if (!VerifyRule(at, RuleKind::CloseArguments)) return false;
  return (instruction.target < records_.constants.size() &&
          (records_.KindOf(instruction.target) == OperandKind::StringSet ||
           records_.KindOf(instruction.target) == OperandKind::None)) ||
         Fail(at, "closes the arguments without a set of names");
}

bool CodeProof::VerifyIndex(std::uint32_t at) {
  const Instruction& instruction = records_.code[at];
  if (!VerifyFlags(at, 0) || !VerifyTarget(at)) return false;
  if (instruction.constant >= records_.index_tables.size() ||
      instruction.slot >= records_.slots.size()) {
    return Fail(at, "switches over a table or slot that is not there");
  }
  last_index_[instruction.constant] = at;  // instructions are looked at in order
  return true;
}

bool CodeProof::VerifyInstruction(std::uint32_t at) {
  const Instruction& instruction = records_.code[at];
  switch (instruction.opcode) {
    case Opcode::Test:
      return VerifyTest(at);
    case Opcode::Constant:
      return VerifyFlags(at, kFlagModeMask) &&
             (instruction.predicate <= 2 || Fail(at, "has no truth value"));
    case Opcode::Combine:  // any register may be a source
      return VerifyFlags(at, kFlagModeMask | kFlagNegate | kJumpFlags);
    case Opcode::Jump:
    case Opcode::Guard:
      return VerifyFlags(at, 0) && VerifyTarget(at);
    case Opcode::Index:
      return VerifyIndex(at);
    case Opcode::Deny:
      return VerifyDeny(at);
    case Opcode::Require:
      return VerifyRule(at, RuleKind::Require);
    case Opcode::Allow:
      return VerifyRule(at, RuleKind::Allow);
    case Opcode::Approve:
      return VerifyRule(at, RuleKind::Approve);
    case Opcode::CloseArguments:
      return VerifyClose(at);
    case Opcode::Limit:
      return VerifyFlags(at, 0) && (instruction.constant < records_.limits.size() ||
                                    Fail(at, "applies a limit that is not there"));
    case Opcode::End:
      return VerifyFlags(at, 0);
  }
  return Fail(at, "has an opcode that this version does not have");
}

std::uint64_t CodeProof::LiteralHash(std::uint32_t constant) const {
  switch (records_.KindOf(constant)) {
    case OperandKind::String:
      return HashBytes(records_.String(constant));
    case OperandKind::Number:
      return NumberHash(records_.Number(constant));
    default:
      return BoolHash(records_.constants[constant].flag != 0);
  }
}

bool CodeProof::VerifyIndexTable(std::uint32_t id) {
  const format::IndexTable& table = records_.index_tables[id];
  const std::size_t all = records_.index_entries.size();
  if (table.kind != static_cast<std::uint32_t>(OperandKind::String) &&
      table.kind != static_cast<std::uint32_t>(OperandKind::Number) &&
      table.kind != static_cast<std::uint32_t>(OperandKind::Bool)) {
    return proof_.Fail("index table {} is over values of no known kind", id);
  }
  if (!std::has_single_bit(table.entry_count) || table.first_entry > all ||
      table.entry_count > all - table.first_entry) {
    return proof_.Fail("index table {} has a wrong size or place", id);
  }
  bool has_free = false;
  for (const format::IndexEntry& entry :
       records_.index_entries.subspan(table.first_entry, table.entry_count)) {
    if (!proof_.Spend(1)) return false;
    if (entry.constant == kNone) {
      has_free = true;
      continue;
    }
    if (entry.constant >= records_.constants.size() ||
        static_cast<std::uint32_t>(records_.KindOf(entry.constant)) != table.kind) {
      return proof_.Fail("index table {} has a wrong literal", id);
    }
    if (entry.target <= last_index_[id] || entry.target >= records_.code.size() ||
        scopes_.body_of[entry.target] != kNone) {
      return proof_.Fail("index table {} leads back or outside", id);
    }
  }
  if (!has_free) return proof_.Fail("index table {} has no free place", id);
  return VerifyLiterals(id);
}

// Every literal is found at its own entry, so none is there twice and none is missed.
bool CodeProof::VerifyLiterals(std::uint32_t id) {
  const format::IndexTable& table = records_.index_tables[id];
  const auto entries = records_.index_entries.subspan(table.first_entry, table.entry_count);
  const std::size_t mask = entries.size() - 1;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::uint32_t constant = entries[i].constant;
    if (constant == kNone) continue;
    const bool is_string = records_.KindOf(constant) == OperandKind::String;
    const std::size_t size = is_string ? records_.String(constant).size() : 0;
    if (!proof_.Spend(1 + size)) return false;
    for (std::size_t place = LiteralHash(constant) & mask; place != i; place = (place + 1) & mask) {
      const std::uint32_t other = entries[place].constant;
      const bool equal =
          other != kNone &&
          (is_string ? records_.String(other) == records_.String(constant)
                     : records_.Number(other) == records_.Number(constant) &&
                           records_.constants[other].flag == records_.constants[constant].flag);
      if (other == kNone || equal) {
        return proof_.Fail("index table {} misses a literal or has it twice", id);
      }
      if (!proof_.Spend(1 + size)) return false;
    }
  }
  return true;
}

bool CodeProof::Verify() {
  const std::size_t count = records_.code.size();
  if (count == 0 || count > format::kInstructionsMax) {
    return proof_.Fail("it has no instructions or more than {}", format::kInstructionsMax);
  }
  for (std::uint32_t at = 0; at < count; ++at) {
    if (!VerifyInstruction(at)) return false;
  }
  if (records_.code.back().opcode != Opcode::End) return proof_.Fail("its code does not end");
  for (std::uint32_t id = 0; id < records_.index_tables.size(); ++id) {
    if (!VerifyIndexTable(id)) return false;
  }
  return true;
}

}  // namespace

bool VerifyCode(const Records& records, const Scopes& scopes, Proof& proof) {
  return CodeProof(records, scopes, proof).Verify();
}

}  // namespace policy
