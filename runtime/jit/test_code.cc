#include "runtime/jit/test_code.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "policy/check.h"
#include "runtime/value/value.h"
#include "runtime/vm/native_code.h"

namespace policy::jit {
namespace {

static_assert(std::is_standard_layout_v<Value>, "the code reads its members by their offsets");

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

// The kind of values that tests with such an operand understand.
ValueKind KindOf(OperandKind operand) {
  switch (operand) {
    case OperandKind::String:
    case OperandKind::StringSet:
      return ValueKind::String;
    case OperandKind::Number:
    case OperandKind::NumberSet:
      return ValueKind::Number;
    case OperandKind::Bool:
    case OperandKind::BoolSet:
      return ValueKind::Bool;
    case OperandKind::Time:
      return ValueKind::Time;
    case OperandKind::Duration:
      return ValueKind::Duration;
    case OperandKind::None:
    case OperandKind::Regex:
      break;
  }
  CHECK(false && "IsInPlace lets no other operand through");
  return ValueKind::Broken;
}

llvm::CmpInst::Predicate Comparison(Predicate predicate) {
  switch (predicate) {
    case Predicate::LessNumber:
    case Predicate::LessTime:
    case Predicate::LessDuration:
      return llvm::CmpInst::ICMP_SLT;
    case Predicate::LessOrEqualNumber:
    case Predicate::LessOrEqualTime:
    case Predicate::LessOrEqualDuration:
      return llvm::CmpInst::ICMP_SLE;
    case Predicate::GreaterNumber:
    case Predicate::GreaterTime:
    case Predicate::GreaterDuration:
      return llvm::CmpInst::ICMP_SGT;
    case Predicate::GreaterOrEqualNumber:
    case Predicate::GreaterOrEqualTime:
    case Predicate::GreaterOrEqualDuration:
      return llvm::CmpInst::ICMP_SGE;
    case Predicate::EqualNumber:
    case Predicate::EqualTime:
    case Predicate::EqualDuration:
      return llvm::CmpInst::ICMP_EQ;
    default:
      break;
  }
  CHECK(false && "no other predicate compares integers");
  return llvm::CmpInst::ICMP_EQ;
}

// What a test says of an absent slot, where it says something of its own; Unknown is left to the
// interpreter like any other.
std::optional<bool> WhenAbsent(const Instruction& test) {
  const int when_absent = (test.flags & kFlagAbsentMask) >> kFlagAbsentShift;
  if (when_absent == 0 || static_cast<Truth>(when_absent - 1) == Truth::Unknown) return {};
  return static_cast<Truth>(when_absent - 1) == Truth::True;
}

bool IsNegated(const Instruction& test) { return (test.flags & kFlagNegate) != 0; }

}  // namespace

TestCode::TestCode(const Layout& layout, const BlockShape& shape, llvm::IRBuilder<>& builder,
                   const CodePlace& place)
    : layout_(layout), builder_(builder), place_(place), scales_(layout, shape) {}

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
    case Predicate::EqualNumber:
      return true;
    case Predicate::LessNumber:
    case Predicate::LessOrEqualNumber:
    case Predicate::GreaterNumber:
    case Predicate::GreaterOrEqualNumber:
      return scales_.Count(test.slot, operand.number).has_value();
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
    case Predicate::EqualBool:
    case Predicate::EqualTime:
    case Predicate::InBools:
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

bool TestCode::ComparesUnits(const Instruction& test) const {
  const OperandKind kind = layout_.operands()[test.constant].kind;
  return (kind == OperandKind::Number || kind == OperandKind::NumberSet) && IsInPlace(test);
}

llvm::Value* TestCode::Write(const Instruction& test, SlotFacts& facts,
                             const std::function<llvm::Value*()>& ask) {
  if (const auto known = Known(test, facts.of(test.slot))) return builder_.getInt1(*known);
  if (IsInPlace(test)) return WriteInPlace(test, facts);
  llvm::Value* const truth = ask();
  LeaveIf(builder_.CreateICmpEQ(truth, builder_.getInt8(static_cast<int>(Truth::Unknown))));
  return builder_.CreateICmpEQ(truth, builder_.getInt8(static_cast<int>(Truth::True)));
}

std::optional<bool> TestCode::Known(const Instruction& test, const SlotFact& fact) const {
  if (fact.equal == nullptr) return std::nullopt;
  const Truth truth = Apply(static_cast<Predicate>(test.predicate),
                            Value::MakeString(fact.equal->text), layout_.operands()[test.constant]);
  if (truth == Truth::Unknown) return std::nullopt;
  return (truth == Truth::True) != IsNegated(test);
}

llvm::Value* TestCode::WriteInPlace(const Instruction& test, SlotFacts& facts) {
  const Operand& operand = layout_.operands()[test.constant];
  const std::optional<bool> when_absent = WhenAbsent(test);
  llvm::BasicBlock* otherwise = nullptr;
  if (ComparesUnits(test)) CountUnits(test.slot, facts);
  if (when_absent && !facts.of(test.slot).kind) {
    // Here an absent slot has an answer of its own.
    llvm::BasicBlock* const present = MakeBlock("present");
    otherwise = MakeBlock("absent");
    builder_.CreateCondBr(IsKind(test.slot, ValueKind::Absent), otherwise, present);
    builder_.SetInsertPoint(present);
  }
  SlotFacts inner = facts;
  llvm::Value* condition = nullptr;
  if (operand.kind == OperandKind::None) {
    condition = WriteKindTest(test);
  } else {
    Require(test.slot, KindOf(operand.kind), inner);
    condition = Compare(test, inner);
  }
  if (IsNegated(test)) condition = builder_.CreateNot(condition);
  if (otherwise == nullptr) {
    facts = std::move(inner);
    return condition;
  }
  llvm::BasicBlock* const end = builder_.GetInsertBlock();
  llvm::BasicBlock* const join = MakeBlock("join");
  builder_.CreateBr(join);
  builder_.SetInsertPoint(otherwise);
  builder_.CreateBr(join);
  builder_.SetInsertPoint(join);
  llvm::PHINode* const either = builder_.CreatePHI(builder_.getInt1Ty(), 2);
  either->addIncoming(condition, end);
  either->addIncoming(builder_.getInt1(*when_absent), otherwise);
  return either;
}

llvm::Value* TestCode::WriteKindTest(const Instruction& test) {
  LeaveIf(IsKind(test.slot, ValueKind::Broken));
  if (static_cast<Predicate>(test.predicate) == Predicate::Exists) {
    LeaveIf(IsKind(test.slot, ValueKind::Null));
    return builder_.CreateNot(IsKind(test.slot, ValueKind::Absent));
  }
  LeaveIf(IsKind(test.slot, ValueKind::Absent));
  return IsKind(test.slot, ValueKind::Null);
}

llvm::Value* TestCode::Compare(const Instruction& test, SlotFacts& facts) {
  const auto predicate = static_cast<Predicate>(test.predicate);
  const Operand& operand = layout_.operands()[test.constant];
  switch (operand.kind) {
    case OperandKind::String:
      return predicate == Predicate::EqualString
                 ? EqualText(test.slot, operand.text)
                 : ComparePart(test, operand.text, facts.at(test.slot));
    case OperandKind::StringSet:
      return CompareSet(test.slot, operand);
    case OperandKind::Number:
    case OperandKind::NumberSet:
      return CompareUnits(test, operand, facts.of(test.slot).scaled);
    case OperandKind::Bool:
      return operand.boolean ? Boolean(test.slot) : builder_.CreateNot(Boolean(test.slot));
    case OperandKind::BoolSet:
      return builder_.CreateSelect(Boolean(test.slot), builder_.getInt1(operand.set_has_true),
                                   builder_.getInt1(operand.set_has_false));
    case OperandKind::Time:
    case OperandKind::Duration:
      return builder_.CreateICmp(
          Comparison(predicate),
          Load(test.slot, offsetof(Value, coefficient), builder_.getInt64Ty()),
          builder_.getInt64(static_cast<std::uint64_t>(operand.nanoseconds)));
    case OperandKind::None:
    case OperandKind::Regex:
      break;
  }
  CHECK(false && "IsInPlace lets no other operand through");
  return nullptr;
}

llvm::Value* TestCode::EqualText(std::uint32_t slot, std::string_view text) {
  llvm::Value* const same_size = builder_.CreateICmpEQ(
      Length(slot), builder_.getInt32(static_cast<std::uint32_t>(text.size())));
  return And(same_size, [&] { return SameBytes(Data(slot), text); });
}

llvm::Value* TestCode::ComparePart(const Instruction& test, std::string_view text, SlotFact& fact) {
  llvm::Value* const length = Length(test.slot);
  llvm::Value* const size = builder_.getInt32(static_cast<std::uint32_t>(text.size()));
  if (!fact.is_pattern_subject) {
    LeaveIf(builder_.CreateICmpUGT(length, builder_.getInt32(kPatternSubjectBytesMax)));
    fact.is_pattern_subject = true;
  }
  return And(builder_.CreateICmpUGE(length, size), [&] {
    llvm::Value* data = Data(test.slot);
    if (static_cast<Predicate>(test.predicate) == Predicate::EndsWith) {
      llvm::Value* const skipped = builder_.CreateSub(length, size);
      data = builder_.CreateInBoundsGEP(builder_.getInt8Ty(), data,
                                        builder_.CreateZExt(skipped, builder_.getInt64Ty()));
    }
    return SameBytes(data, text);
  });
}

llvm::Value* TestCode::CompareSet(std::uint32_t slot, const Operand& set) {
  std::map<std::size_t, std::vector<std::string_view>> by_size;
  for (const std::string_view text : set.strings) by_size[text.size()].push_back(text);
  llvm::Value* const length = Length(slot);
  llvm::Value* const data = Data(slot);
  llvm::BasicBlock* const done = MakeBlock("done");
  std::vector<std::pair<llvm::Value*, llvm::BasicBlock*>> found;
  for (const auto& [size, texts] : by_size) {
    llvm::BasicBlock* const look = MakeBlock("size");
    llvm::BasicBlock* const next = MakeBlock("other");
    builder_.CreateCondBr(
        builder_.CreateICmpEQ(length, builder_.getInt32(static_cast<std::uint32_t>(size))), look,
        next);
    builder_.SetInsertPoint(look);
    llvm::Value* any = builder_.getFalse();
    for (const std::string_view text : texts) any = builder_.CreateOr(any, SameBytes(data, text));
    found.emplace_back(any, builder_.GetInsertBlock());
    builder_.CreateBr(done);
    builder_.SetInsertPoint(next);
  }
  found.emplace_back(builder_.getFalse(), builder_.GetInsertBlock());
  builder_.CreateBr(done);
  builder_.SetInsertPoint(done);
  llvm::PHINode* const either =
      builder_.CreatePHI(builder_.getInt1Ty(), static_cast<unsigned>(found.size()));
  for (const auto& [value, block] : found) either->addIncoming(value, block);
  return either;
}

// A literal that is no whole count of units equals no number that is one.
llvm::Value* TestCode::CompareUnits(const Instruction& test, const Operand& operand,
                                    llvm::Value* count) {
  const auto literal = [&](std::int64_t units) {
    return builder_.getInt64(static_cast<std::uint64_t>(units));
  };
  if (operand.kind == OperandKind::Number) {
    const auto units = scales_.Count(test.slot, operand.number);
    if (!units) return builder_.getFalse();
    return builder_.CreateICmp(Comparison(static_cast<Predicate>(test.predicate)), count,
                               literal(*units));
  }
  llvm::Value* any = builder_.getFalse();
  for (const Decimal number : operand.numbers) {
    const auto units = scales_.Count(test.slot, number);
    if (units) any = builder_.CreateOr(any, builder_.CreateICmpEQ(count, literal(*units)));
  }
  return any;
}

void TestCode::CountUnits(std::uint32_t slot, SlotFacts& facts) {
  SlotFact& fact = facts.at(slot);
  if (fact.scaled != nullptr) return;
  llvm::Value* const exponent = Load(slot, offsetof(Value, exponent), builder_.getInt8Ty());
  const int unit = scales_.ExponentOf(slot);
  llvm::Value* const place = builder_.CreateZExt(
      builder_.CreateSub(exponent, builder_.getInt8(static_cast<std::uint8_t>(unit))),
      builder_.getInt64Ty());
  LeaveIf(builder_.CreateICmpUGE(place, builder_.getInt64(kNativePowers)));
  llvm::LoadInst* const power =
      builder_.CreateLoad(builder_.getInt64Ty(),
                          builder_.CreateInBoundsGEP(builder_.getInt64Ty(), place_.powers, place));
  llvm::Value* const product = builder_.CreateBinaryIntrinsic(
      llvm::Intrinsic::smul_with_overflow,
      Load(slot, offsetof(Value, coefficient), builder_.getInt64Ty()), power);
  LeaveIf(builder_.CreateExtractValue(product, 1));
  fact.scaled = builder_.CreateExtractValue(product, 0);
}

void TestCode::Require(std::uint32_t slot, ValueKind kind, SlotFacts& facts) {
  SlotFact& fact = facts.at(slot);
  if (fact.kind == kind) return;
  if (fact.kind) return Leave();
  LeaveIf(builder_.CreateNot(IsKind(slot, kind)));
  fact.kind = kind;
}

void TestCode::LeaveIf(llvm::Value* condition) {
  llvm::BasicBlock* const on = MakeBlock("on");
  builder_.CreateCondBr(condition, place_.leave, on,
                        llvm::MDBuilder(builder_.getContext()).createUnlikelyBranchWeights());
  builder_.SetInsertPoint(on);
}

void TestCode::Leave() {
  builder_.CreateBr(place_.leave);
  builder_.SetInsertPoint(MakeBlock("never"));
}

// A slot is not written while a block runs, so that LLVM may read it once for many tests.
llvm::Value* TestCode::Load(std::uint32_t slot, std::size_t offset, llvm::Type* type) {
  llvm::Value* const address = builder_.CreateConstInBoundsGEP1_64(
      builder_.getInt8Ty(), place_.slots, slot * sizeof(Value) + offset);
  llvm::LoadInst* const load = builder_.CreateLoad(type, address);
  load->setMetadata(llvm::LLVMContext::MD_invariant_load,
                    llvm::MDNode::get(builder_.getContext(), {}));
  return load;
}

llvm::Value* TestCode::IsKind(std::uint32_t slot, ValueKind kind) {
  return builder_.CreateICmpEQ(Load(slot, offsetof(Value, kind), builder_.getInt8Ty()),
                               builder_.getInt8(static_cast<std::uint8_t>(kind)));
}

llvm::Value* TestCode::Length(std::uint32_t slot) {
  return Load(slot, offsetof(Value, length), builder_.getInt32Ty());
}

llvm::Value* TestCode::Data(std::uint32_t slot) {
  return Load(slot, offsetof(Value, data), builder_.getPtrTy());
}

llvm::Value* TestCode::Boolean(std::uint32_t slot) {
  return builder_.CreateICmpNE(Load(slot, offsetof(Value, boolean), builder_.getInt8Ty()),
                               builder_.getInt8(0));
}

template <typename Looked>
llvm::Value* TestCode::And(llvm::Value* condition, const Looked& looked) {
  llvm::BasicBlock* const begin = builder_.GetInsertBlock();
  llvm::BasicBlock* const look = MakeBlock("look");
  llvm::BasicBlock* const done = MakeBlock("done");
  builder_.CreateCondBr(condition, look, done);
  builder_.SetInsertPoint(look);
  llvm::Value* const found = looked();
  llvm::BasicBlock* const end = builder_.GetInsertBlock();
  builder_.CreateBr(done);
  builder_.SetInsertPoint(done);
  llvm::PHINode* const both = builder_.CreatePHI(builder_.getInt1Ty(), 2);
  both->addIncoming(builder_.getFalse(), begin);
  both->addIncoming(found, end);
  return both;
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

llvm::BasicBlock* TestCode::MakeBlock(const char* name) {
  return llvm::BasicBlock::Create(builder_.getContext(), name,
                                  builder_.GetInsertBlock()->getParent());
}

}  // namespace policy::jit
