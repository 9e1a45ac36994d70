#include "runtime/jit/test_code.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

#include "policy/check.h"
#include "runtime/value/decimal.h"
#include "runtime/value/value.h"

namespace policy::jit {
namespace {

static_assert(std::is_standard_layout_v<Value>, "the code reads its members by their offsets");

// Numbers with other exponents are compared by the callback: 0.000001 and 10^9 are within.
constexpr int kFastExponentMin = -6;
constexpr int kFastExponents = 16;

// Beyond any coefficient.
constexpr std::int64_t kCoefficientEnd = 1'000'000'000'000'000'000;

// literal / 10^exponent, rounded up or down, and cut to what coefficients can be below or above.
std::int64_t Threshold(Decimal literal, int exponent, bool rounds_up) {
  __int128 whole = literal.coefficient;
  int shift = literal.exponent - exponent;
  for (; shift > 0; --shift) {
    whole *= 10;
    if (whole > kCoefficientEnd) return kCoefficientEnd;
    if (whole < -kCoefficientEnd) return -kCoefficientEnd;
  }
  bool is_exact = true;
  for (; shift < 0; ++shift) {
    is_exact = is_exact && whole % 10 == 0;
    whole /= 10;  // towards zero
  }
  if (!is_exact && rounds_up && literal.coefficient > 0) ++whole;
  if (!is_exact && !rounds_up && literal.coefficient < 0) --whole;
  return static_cast<std::int64_t>(whole);
}

bool HasShortTexts(const Operand& set) {
  return set.strings.size() <= kSetSizeInPlaceMax &&
         std::ranges::all_of(set.strings, [](std::string_view text) {
           return text.size() <= kTextBytesInPlaceMax;
         });
}

template <typename Word>
std::uint64_t WordAt(std::string_view text, std::size_t at) {
  Word word;
  std::memcpy(&word, text.data() + at, sizeof(word));
  return word;
}

}  // namespace

TestCode::TestCode(const Layout& layout, llvm::IRBuilder<>& builder, llvm::Value* slots)
    : layout_(layout), builder_(builder), slots_(slots) {}

bool TestCode::IsInPlace(const Instruction& test) const {
  if (test.slot >= layout_.slot_count()) return false;  // derived values are made by the callback
  const Operand& operand = layout_.operands()[test.constant];
  switch (static_cast<Predicate>(test.predicate)) {
    case Predicate::EqualString:
    case Predicate::StartsWith:
    case Predicate::EndsWith:
      return operand.text.size() <= kTextBytesInPlaceMax;
    case Predicate::InStrings:
      return HasShortTexts(operand);
    case Predicate::InNumbers:
      return operand.numbers.size() <= kSetSizeInPlaceMax;
    case Predicate::Matches:
    case Predicate::ContainsString:
    case Predicate::ContainsNumber:
    case Predicate::ContainsBool:
    case Predicate::Under:
    case Predicate::HostIn:
    case Predicate::Like:
      return false;
    case Predicate::Exists:
    case Predicate::IsNull:
    case Predicate::EqualNumber:
    case Predicate::EqualBool:
    case Predicate::EqualTime:
    case Predicate::InBools:
    case Predicate::LessNumber:
    case Predicate::LessOrEqualNumber:
    case Predicate::GreaterNumber:
    case Predicate::GreaterOrEqualNumber:
    case Predicate::LessTime:
    case Predicate::LessOrEqualTime:
    case Predicate::GreaterTime:
    case Predicate::GreaterOrEqualTime:
    case Predicate::EqualDuration:
    case Predicate::LessDuration:
    case Predicate::LessOrEqualDuration:
    case Predicate::GreaterDuration:
    case Predicate::GreaterOrEqualDuration:
      return true;
  }
  return false;
}

llvm::Value* TestCode::WriteFast(const Instruction& test) {
  llvm::Value* truth = WritePredicate(test);
  if ((test.flags & kFlagNegate) != 0) truth = builder_.CreateSub(builder_.getInt8(2), truth);
  const int when_absent = (test.flags & kFlagAbsentMask) >> kFlagAbsentShift;
  if (when_absent == 0) return truth;
  return builder_.CreateSelect(IsKind(test.slot, ValueKind::Absent),
                               Constant(static_cast<Truth>(when_absent - 1)), truth);
}

llvm::Value* TestCode::WritePredicate(const Instruction& test) {
  const auto predicate = static_cast<Predicate>(test.predicate);
  const Operand& operand = layout_.operands()[test.constant];
  switch (operand.kind) {
    case OperandKind::None:
      return WriteKindTest(predicate, test.slot);
    case OperandKind::String:
      return WriteStringTest(predicate, test.slot, operand);
    case OperandKind::StringSet:
      return WriteStringSet(test.slot, operand);
    case OperandKind::Number:
      if (predicate == Predicate::EqualNumber) {
        return WriteEqualNumbers(test.slot, {&operand.number, 1});
      }
      return WriteOrderedNumber(predicate, test.slot, operand.number);
    case OperandKind::NumberSet:
      return WriteEqualNumbers(test.slot, operand.numbers);
    case OperandKind::Bool:
    case OperandKind::BoolSet:
      return WriteBoolTest(predicate, test.slot, operand);
    case OperandKind::Time:
    case OperandKind::Duration:
      return WriteNanoseconds(predicate, test.slot, operand);
    case OperandKind::Regex:
      break;
  }
  CHECK(false && "IsInPlace lets no other operand through");
  return nullptr;
}

llvm::Value* TestCode::WriteKindTest(Predicate predicate, std::uint32_t slot) {
  llvm::Value* const is_absent = IsKind(slot, ValueKind::Absent);
  llvm::Value* const is_broken = IsKind(slot, ValueKind::Broken);
  llvm::Value* const is_null = IsKind(slot, ValueKind::Null);
  if (predicate == Predicate::Exists) {
    return KnownTruth(builder_.CreateNot(builder_.CreateOr(is_broken, is_null)),
                      builder_.CreateNot(is_absent));
  }
  return KnownTruth(builder_.CreateNot(builder_.CreateOr(is_broken, is_absent)), is_null);
}

llvm::Value* TestCode::WriteStringTest(Predicate predicate, std::uint32_t slot,
                                       const Operand& operand) {
  const std::string_view text = operand.text;
  llvm::Value* const length = Length(slot);
  llvm::Value* const size = builder_.getInt32(static_cast<std::uint32_t>(text.size()));
  llvm::Value* known = IsKind(slot, ValueKind::String);
  llvm::Value* has_room = nullptr;
  if (predicate == Predicate::EqualString) {
    has_room = builder_.CreateICmpEQ(length, size);
  } else {
    has_room = builder_.CreateICmpUGE(length, size);
    known = builder_.CreateAnd(
        known, builder_.CreateICmpULE(length, builder_.getInt32(kPatternSubjectBytesMax)));
  }
  // The bytes are there to be read only for a string that is long enough.
  llvm::BasicBlock* const begin = builder_.GetInsertBlock();
  llvm::BasicBlock* const look = MakeBlock("look");
  llvm::BasicBlock* const done = MakeBlock("done");
  llvm::Value* const not_looked =
      builder_.CreateSelect(known, Constant(Truth::False), Constant(Truth::Unknown));
  builder_.CreateCondBr(builder_.CreateAnd(known, has_room), look, done);
  builder_.SetInsertPoint(look);
  llvm::Value* data = Load(slot, offsetof(Value, data), builder_.getPtrTy());
  if (predicate == Predicate::EndsWith) {
    llvm::Value* const skipped = builder_.CreateSub(length, size);
    data = builder_.CreateInBoundsGEP(builder_.getInt8Ty(), data,
                                      builder_.CreateZExt(skipped, builder_.getInt64Ty()));
  }
  llvm::Value* const same = ToTruth(SameBytes(data, text));
  builder_.CreateBr(done);
  builder_.SetInsertPoint(done);
  llvm::PHINode* const truth = builder_.CreatePHI(builder_.getInt8Ty(), 2);
  truth->addIncoming(not_looked, begin);
  truth->addIncoming(same, look);
  return truth;
}

llvm::Value* TestCode::WriteStringSet(std::uint32_t slot, const Operand& set) {
  std::map<std::size_t, std::vector<std::string_view>> by_size;
  for (const std::string_view text : set.strings) by_size[text.size()].push_back(text);
  llvm::Value* const known = IsKind(slot, ValueKind::String);
  llvm::Value* const length = Length(slot);
  llvm::Value* const data = Load(slot, offsetof(Value, data), builder_.getPtrTy());
  llvm::BasicBlock* const begin = builder_.GetInsertBlock();
  llvm::BasicBlock* const look = MakeBlock("sizes");
  llvm::BasicBlock* const done = MakeBlock("done");
  builder_.CreateCondBr(known, look, done);
  builder_.SetInsertPoint(look);
  llvm::SwitchInst* const sizes =
      builder_.CreateSwitch(length, done, static_cast<unsigned>(by_size.size()));
  std::vector<std::pair<llvm::Value*, llvm::BasicBlock*>> found;
  for (const auto& [size, texts] : by_size) {
    llvm::BasicBlock* const block = MakeBlock("size");
    sizes->addCase(builder_.getInt32(static_cast<std::uint32_t>(size)), block);
    builder_.SetInsertPoint(block);
    llvm::Value* any = builder_.getFalse();
    for (const std::string_view text : texts) {
      any = builder_.CreateOr(any, SameBytes(data, text));
    }
    found.emplace_back(ToTruth(any), builder_.GetInsertBlock());
    builder_.CreateBr(done);
  }
  builder_.SetInsertPoint(done);
  llvm::PHINode* const truth =
      builder_.CreatePHI(builder_.getInt8Ty(), static_cast<unsigned>(found.size() + 2));
  truth->addIncoming(Constant(Truth::Unknown), begin);
  truth->addIncoming(Constant(Truth::False), look);
  for (const auto& [value, block] : found) truth->addIncoming(value, block);
  return truth;
}

llvm::Value* TestCode::WriteEqualNumbers(std::uint32_t slot, std::span<const Decimal> numbers) {
  llvm::Value* const coefficient = Coefficient(slot);
  llvm::Value* const exponent = Load(slot, offsetof(Value, exponent), builder_.getInt8Ty());
  llvm::Value* any = builder_.getFalse();
  for (const Decimal number : numbers) {
    llvm::Value* const same = builder_.CreateAnd(
        builder_.CreateICmpEQ(coefficient,
                              builder_.getInt64(static_cast<std::uint64_t>(number.coefficient))),
        builder_.CreateICmpEQ(exponent,
                              builder_.getInt8(static_cast<std::uint8_t>(number.exponent))));
    any = builder_.CreateOr(any, same);
  }
  return KnownTruth(IsKind(slot, ValueKind::Number), any);
}

// c * 10^e < literal says c < literal / 10^e, and for a whole c the quotient may be rounded: the
// quotients of the usual exponents stand in a table.
llvm::Value* TestCode::WriteOrderedNumber(Predicate predicate, std::uint32_t slot,
                                          Decimal literal) {
  const bool rounds_up =
      predicate == Predicate::LessNumber || predicate == Predicate::GreaterOrEqualNumber;
  llvm::Value* const known = IsKind(slot, ValueKind::Number);
  llvm::Value* const exponent = Load(slot, offsetof(Value, exponent), builder_.getInt8Ty());
  llvm::Value* const place =
      builder_.CreateSub(exponent, builder_.getInt8(static_cast<std::uint8_t>(kFastExponentMin)));
  llvm::Value* const is_fast = builder_.CreateICmpULT(place, builder_.getInt8(kFastExponents));
  llvm::BasicBlock* const fast = MakeBlock("fast");
  slow_ = MakeBlock("slow");
  builder_.CreateCondBr(is_fast, fast, slow_,
                        llvm::MDBuilder(builder_.getContext()).createLikelyBranchWeights());
  builder_.SetInsertPoint(fast);
  llvm::Value* const threshold = builder_.CreateLoad(
      builder_.getInt64Ty(),
      builder_.CreateInBoundsGEP(builder_.getInt64Ty(), Thresholds(literal, rounds_up),
                                 builder_.CreateZExt(place, builder_.getInt64Ty())));
  llvm::CmpInst::Predicate compare = llvm::CmpInst::ICMP_SGE;
  if (predicate == Predicate::LessNumber) compare = llvm::CmpInst::ICMP_SLT;
  if (predicate == Predicate::LessOrEqualNumber) compare = llvm::CmpInst::ICMP_SLE;
  if (predicate == Predicate::GreaterNumber) compare = llvm::CmpInst::ICMP_SGT;
  return KnownTruth(known, builder_.CreateICmp(compare, Coefficient(slot), threshold));
}

llvm::Value* TestCode::WriteBoolTest(Predicate predicate, std::uint32_t slot,
                                     const Operand& operand) {
  llvm::Value* const boolean = builder_.CreateICmpNE(
      Load(slot, offsetof(Value, boolean), builder_.getInt8Ty()), builder_.getInt8(0));
  const bool when_true = predicate == Predicate::EqualBool ? operand.boolean : operand.set_has_true;
  const bool when_false =
      predicate == Predicate::EqualBool ? !operand.boolean : operand.set_has_false;
  return KnownTruth(
      IsKind(slot, ValueKind::Bool),
      builder_.CreateSelect(boolean, builder_.getInt1(when_true), builder_.getInt1(when_false)));
}

llvm::Value* TestCode::WriteNanoseconds(Predicate predicate, std::uint32_t slot,
                                        const Operand& operand) {
  const ValueKind kind = operand.kind == OperandKind::Time ? ValueKind::Time : ValueKind::Duration;
  llvm::CmpInst::Predicate compare = llvm::CmpInst::ICMP_EQ;
  switch (predicate) {
    case Predicate::LessTime:
    case Predicate::LessDuration:
      compare = llvm::CmpInst::ICMP_SLT;
      break;
    case Predicate::LessOrEqualTime:
    case Predicate::LessOrEqualDuration:
      compare = llvm::CmpInst::ICMP_SLE;
      break;
    case Predicate::GreaterTime:
    case Predicate::GreaterDuration:
      compare = llvm::CmpInst::ICMP_SGT;
      break;
    case Predicate::GreaterOrEqualTime:
    case Predicate::GreaterOrEqualDuration:
      compare = llvm::CmpInst::ICMP_SGE;
      break;
    default:
      CHECK(predicate == Predicate::EqualTime || predicate == Predicate::EqualDuration);
  }
  llvm::Value* const literal = builder_.getInt64(static_cast<std::uint64_t>(operand.nanoseconds));
  return KnownTruth(IsKind(slot, kind), builder_.CreateICmp(compare, Coefficient(slot), literal));
}

llvm::Value* TestCode::Thresholds(Decimal literal, bool rounds_up) {
  llvm::Value*& table = thresholds_[{{literal.coefficient, literal.exponent}, rounds_up}];
  if (table != nullptr) return table;
  std::array<std::uint64_t, kFastExponents> thresholds;
  for (int i = 0; i < kFastExponents; ++i) {
    thresholds[static_cast<std::size_t>(i)] =
        static_cast<std::uint64_t>(Threshold(literal, kFastExponentMin + i, rounds_up));
  }
  llvm::Constant* const values = llvm::ConstantDataArray::get(builder_.getContext(), thresholds);
  llvm::Module& module = *builder_.GetInsertBlock()->getModule();
  table = new llvm::GlobalVariable(module, values->getType(), /*isConstant=*/true,
                                   llvm::GlobalValue::PrivateLinkage, values);  // the module's
  return table;
}

// A slot is not written while a block runs, so that LLVM may read it once for many tests.
llvm::Value* TestCode::Load(std::uint32_t slot, std::size_t offset, llvm::Type* type) {
  llvm::Value* const address = builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), slots_,
                                                                   slot * sizeof(Value) + offset);
  llvm::LoadInst* const load = builder_.CreateLoad(type, address);
  load->setMetadata(llvm::LLVMContext::MD_invariant_load,
                    llvm::MDNode::get(builder_.getContext(), {}));
  return load;
}

llvm::Value* TestCode::Kind(std::uint32_t slot) {
  return Load(slot, offsetof(Value, kind), builder_.getInt8Ty());
}

llvm::Value* TestCode::IsKind(std::uint32_t slot, ValueKind kind) {
  return builder_.CreateICmpEQ(Kind(slot), builder_.getInt8(static_cast<std::uint8_t>(kind)));
}

llvm::Value* TestCode::Length(std::uint32_t slot) {
  return Load(slot, offsetof(Value, length), builder_.getInt32Ty());
}

llvm::Value* TestCode::Coefficient(std::uint32_t slot) {
  return Load(slot, offsetof(Value, coefficient), builder_.getInt64Ty());
}

// By words, the last of which may overlap the one before it.
llvm::Value* TestCode::SameBytes(llvm::Value* data, std::string_view text) {
  llvm::Value* same = builder_.getTrue();
  const auto compare = [&](std::size_t at, llvm::IntegerType* type, std::uint64_t want) {
    llvm::Value* const address =
        builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), data, at);
    llvm::LoadInst* const word = builder_.CreateAlignedLoad(type, address, llvm::Align(1));
    word->setMetadata(llvm::LLVMContext::MD_invariant_load,
                      llvm::MDNode::get(builder_.getContext(), {}));
    same =
        builder_.CreateAnd(same, builder_.CreateICmpEQ(word, llvm::ConstantInt::get(type, want)));
  };
  const std::size_t size = text.size();
  if (size >= 8) {
    std::size_t at = 0;
    for (; at + 8 <= size; at += 8) {
      compare(at, builder_.getInt64Ty(), WordAt<std::uint64_t>(text, at));
    }
    if (at < size) compare(size - 8, builder_.getInt64Ty(), WordAt<std::uint64_t>(text, size - 8));
  } else if (size >= 4) {
    compare(0, builder_.getInt32Ty(), WordAt<std::uint32_t>(text, 0));
    if (size > 4) compare(size - 4, builder_.getInt32Ty(), WordAt<std::uint32_t>(text, size - 4));
  } else {
    if (size >= 2) compare(0, builder_.getInt16Ty(), WordAt<std::uint16_t>(text, 0));
    if (size % 2 == 1)
      compare(size - 1, builder_.getInt8Ty(), WordAt<std::uint8_t>(text, size - 1));
  }
  return same;
}

llvm::Value* TestCode::ToTruth(llvm::Value* condition) {
  return builder_.CreateSelect(condition, Constant(Truth::True), Constant(Truth::False));
}

llvm::Value* TestCode::KnownTruth(llvm::Value* known, llvm::Value* condition) {
  return builder_.CreateSelect(known, ToTruth(condition), Constant(Truth::Unknown));
}

llvm::Value* TestCode::Constant(Truth truth) {
  return builder_.getInt8(static_cast<std::uint8_t>(truth));
}

llvm::BasicBlock* TestCode::MakeBlock(const char* name) {
  return llvm::BasicBlock::Create(builder_.getContext(), name,
                                  builder_.GetInsertBlock()->getParent());
}

}  // namespace policy::jit
