// Test instructions as LLVM IR: the common ones in place, the others as a call of policy_jit_test.
#ifndef RUNTIME_JIT_TEST_CODE_H_
#define RUNTIME_JIT_TEST_CODE_H_

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "runtime/program/layout.h"
#include "runtime/value/predicate.h"

namespace policy::jit {

// Longer texts are compared by the callback.
inline constexpr std::size_t kTextBytesInPlaceMax = 64;
// Larger sets are searched by the callback, which has their hash table.
inline constexpr std::size_t kSetSizeInPlaceMax = 16;

// Writes IR at the builder's place and leaves the builder behind it. Truths are i8, as Truth.
class TestCode {
 public:
  // `slots`: the address of the frame's first slot.
  TestCode(const Layout& layout, llvm::IRBuilder<>& builder, llvm::Value* slots);

  // What the Test `test` says, negated and defaulted. `ask()` writes the call of policy_jit_test
  // for it, and gives its truth.
  template <typename Ask>
  llvm::Value* Write(const Instruction& test, const Ask& ask) {
    if (!IsInPlace(test)) return ask();
    slow_ = nullptr;
    llvm::Value* truth = WriteFast(test);
    if (slow_ == nullptr) return truth;
    // What the fast way does not handle, asked of the callback, meets it here.
    llvm::BasicBlock* const fast_end = builder_.GetInsertBlock();
    llvm::BasicBlock* const join = MakeBlock("join");
    builder_.CreateBr(join);
    builder_.SetInsertPoint(slow_);
    llvm::Value* const asked = ask();
    llvm::BasicBlock* const slow_end = builder_.GetInsertBlock();
    builder_.CreateBr(join);
    builder_.SetInsertPoint(join);
    llvm::PHINode* const either = builder_.CreatePHI(builder_.getInt8Ty(), 2);
    either->addIncoming(truth, fast_end);
    either->addIncoming(asked, slow_end);
    return either;
  }

 private:
  bool IsInPlace(const Instruction& test) const;
  llvm::Value* WriteFast(const Instruction& test);
  llvm::Value* WritePredicate(const Instruction& test);
  llvm::Value* WriteKindTest(Predicate predicate, std::uint32_t slot);
  llvm::Value* WriteStringTest(Predicate predicate, std::uint32_t slot, const Operand& operand);
  llvm::Value* WriteStringSet(std::uint32_t slot, const Operand& set);
  llvm::Value* WriteEqualNumbers(std::uint32_t slot, std::span<const Decimal> numbers);
  llvm::Value* WriteOrderedNumber(Predicate predicate, std::uint32_t slot, Decimal literal);
  llvm::Value* WriteBoolTest(Predicate predicate, std::uint32_t slot, const Operand& operand);
  llvm::Value* WriteNanoseconds(Predicate predicate, std::uint32_t slot, const Operand& operand);

  // The thresholds of coefficients for each exponent of kFastExponents.
  llvm::Value* Thresholds(Decimal literal, bool rounds_up);
  llvm::Value* Load(std::uint32_t slot, std::size_t offset, llvm::Type* type);
  llvm::Value* Kind(std::uint32_t slot);
  llvm::Value* IsKind(std::uint32_t slot, ValueKind kind);
  llvm::Value* Length(std::uint32_t slot);
  llvm::Value* Coefficient(std::uint32_t slot);
  // Whether the bytes at `data` are those of `text`. REQUIRES: they may be read.
  llvm::Value* SameBytes(llvm::Value* data, std::string_view text);
  llvm::Value* ToTruth(llvm::Value* condition);
  // `condition` as a truth where `known`, else unknown.
  llvm::Value* KnownTruth(llvm::Value* known, llvm::Value* condition);
  llvm::Value* Constant(Truth truth);
  llvm::BasicBlock* MakeBlock(const char* name);

  const Layout& layout_;
  llvm::IRBuilder<>& builder_;
  llvm::Value* slots_;
  llvm::BasicBlock* slow_ = nullptr;
  std::map<std::pair<std::pair<std::int64_t, int>, bool>, llvm::Value*> thresholds_;
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_TEST_CODE_H_
