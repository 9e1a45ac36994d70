// Test instructions as LLVM IR: the common ones in place, the others as a call of policy_jit_test.
#ifndef RUNTIME_JIT_TEST_CODE_H_
#define RUNTIME_JIT_TEST_CODE_H_

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "runtime/jit/slot_facts.h"
#include "runtime/jit/slot_scale.h"
#include "runtime/program/layout.h"
#include "runtime/value/predicate.h"

namespace policy::jit {

// Longer texts are compared by the callback.
inline constexpr std::size_t kTextBytesInPlaceMax = 64;
// Larger sets are searched by the callback, which has their hash table.
inline constexpr std::size_t kSetSizeInPlaceMax = 16;

// What the code of tests stands among.
struct CodePlace {
  llvm::Value* slots = nullptr;       // the address of the frame's first slot
  llvm::Value* powers = nullptr;      // that of NativeCall::powers
  llvm::BasicBlock* leave = nullptr;  // gives the call to the interpreter
};

// Writes IR at the builder's place and leaves the builder behind it. The code knows true and false
// only: where a test would be unknown, or a value is none that it compares in place, it goes to
// `leave`, and the interpreter begins anew.
class TestCode {
 public:
  TestCode(const Layout& layout, const BlockShape& shape, llvm::IRBuilder<>& builder,
           const CodePlace& place);

  // What the Test says, negated and defaulted: an i1. `facts`: of the builder's place; what the
  // test finds out is added. `ask` writes the call of policy_jit_test for it, and gives its truth,
  // an i8.
  llvm::Value* Write(const Instruction& test, SlotFacts& facts,
                     const std::function<llvm::Value*()>& ask);

  // Counts the number in the slot in its units, for tests to come. Of a slot that holds something
  // else the count means nothing.
  void CountUnits(std::uint32_t slot, SlotFacts& facts);
  // Whether Write compares a count of the slot's units for this test.
  bool ComparesUnits(const Instruction& test) const;

  // Leaves unless the slot is of this kind.
  void Require(std::uint32_t slot, ValueKind kind, SlotFacts& facts);
  // Whether the string in the slot equals `text`. REQUIRES: the slot was found to be a string;
  // text.size() <= kTextBytesInPlaceMax.
  llvm::Value* EqualText(std::uint32_t slot, std::string_view text);
  // Leaves where `condition` holds, which it rarely does.
  void LeaveIf(llvm::Value* condition);
  // Leaves in any case; what is written behind it is not reached.
  void Leave();

  llvm::Value* Boolean(std::uint32_t slot);
  llvm::BasicBlock* MakeBlock(const char* name);

 private:
  bool IsInPlace(const Instruction& test) const;
  llvm::Value* WriteInPlace(const Instruction& test, SlotFacts& facts);
  llvm::Value* WriteKindTest(const Instruction& test);
  // Of a slot whose kind is what the operand is compared with.
  llvm::Value* Compare(const Instruction& test, SlotFacts& facts);
  llvm::Value* ComparePart(const Instruction& test, std::string_view text, SlotFact& fact);
  llvm::Value* CompareSet(std::uint32_t slot, const Operand& set);
  llvm::Value* CompareUnits(const Instruction& test, const Operand& operand, llvm::Value* count);
  // What the test says of a slot that equals a literal, if it says anything.
  std::optional<bool> Known(const Instruction& test, const SlotFact& fact) const;

  llvm::Value* Load(std::uint32_t slot, std::size_t offset, llvm::Type* type);
  llvm::Value* IsKind(std::uint32_t slot, ValueKind kind);
  llvm::Value* Length(std::uint32_t slot);
  llvm::Value* Data(std::uint32_t slot);
  // Whether the bytes at `data` are those of `text`. REQUIRES: they may be read.
  llvm::Value* SameBytes(llvm::Value* data, std::string_view text);
  // `looked()` where `condition` holds, else false.
  template <typename Looked>
  llvm::Value* And(llvm::Value* condition, const Looked& looked);

  const Layout& layout_;
  llvm::IRBuilder<>& builder_;
  CodePlace place_;
  SlotScales scales_;
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_TEST_CODE_H_
