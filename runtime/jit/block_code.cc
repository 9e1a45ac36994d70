#include "runtime/jit/block_code.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/MDBuilder.h>

#include <array>
#include <cstddef>
#include <map>
#include <type_traits>
#include <vector>

#include "runtime/jit/block_symbol.h"
#include "runtime/jit/test_code.h"
#include "runtime/vm/findings.h"
#include "runtime/vm/native_code.h"

namespace policy::jit {
namespace {

static_assert(std::is_standard_layout_v<NativeCall> && std::is_standard_layout_v<FoundRule>,
              "the code reads and writes their members by their offsets");
static_assert(sizeof(Truth) == 1 && sizeof(FoundRule::rule) == 4);

// Registers are variables on the stack, which LLVM's SROA turns into values: jumps go forward only,
// so there is nothing to gain from doing that here.
class BlockWriter {
 public:
  BlockWriter(const Layout& layout, const BlockShape& shape, llvm::Module& module);

  // False: an instruction is not understood.
  bool Write();

 private:
  void Declare();
  bool WriteInstruction(std::uint32_t at);
  void WriteConstant(const Instruction& instruction);
  void WriteTest(const Instruction& instruction, std::uint32_t at);
  void WriteCombine(const Instruction& instruction, std::uint32_t at);
  void WriteGuard(const Instruction& instruction, std::uint32_t at);
  void WriteIndex(const Instruction& instruction, std::uint32_t at);
  void WriteFired(std::uint32_t at, llvm::Value* truth);
  void WriteAllow(const Instruction& instruction);
  void WriteEnd();

  void GoOn(std::uint32_t at) { builder_.CreateBr(blocks_[at + 1]); }
  // To the target as the instruction's flags say of what stands in its register, else on.
  void JumpOrGoOn(const Instruction& instruction, std::uint32_t at);
  void WriteTruth(const Instruction& instruction, llvm::Value* truth);
  llvm::Value* Not(llvm::Value* truth) { return builder_.CreateSub(builder_.getInt8(2), truth); }
  llvm::Value* IsTruth(llvm::Value* truth, Truth wanted) {
    return builder_.CreateICmpEQ(truth, builder_.getInt8(static_cast<std::uint8_t>(wanted)));
  }
  llvm::AllocaInst* Register(std::uint8_t number);
  llvm::Value* Read(std::uint8_t number) {
    return builder_.CreateLoad(builder_.getInt8Ty(), Register(number));
  }
  llvm::Value* FieldOfCall(std::size_t offset) {
    return builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), function_->getArg(0), offset);
  }
  llvm::CallInst* Call(const char* name, llvm::Type* result, std::vector<llvm::Value*> arguments);

  const Layout& layout_;
  const BlockShape& shape_;
  llvm::Module& module_;
  llvm::IRBuilder<> builder_;
  llvm::Function* function_ = nullptr;
  llvm::BasicBlock* entry_ = nullptr;
  llvm::Value* slots_ = nullptr;
  llvm::AllocaInst* allows_ = nullptr;
  std::array<llvm::AllocaInst*, 256> registers_{};
  std::map<std::uint32_t, llvm::BasicBlock*> blocks_;  // by instruction
  std::unique_ptr<TestCode> tests_;
};

BlockWriter::BlockWriter(const Layout& layout, const BlockShape& shape, llvm::Module& module)
    : layout_(layout), shape_(shape), module_(module), builder_(module.getContext()) {}

void BlockWriter::Declare() {
  llvm::FunctionType* const type =
      llvm::FunctionType::get(builder_.getVoidTy(), {builder_.getPtrTy()}, /*isVarArg=*/false);
  function_ =
      llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, kBlockSymbol, module_);
  function_->setDoesNotThrow();
  // No call of memcmp or the like may come out of it: there is nothing to link it with.
  function_->addFnAttr("no-builtins");
  entry_ = llvm::BasicBlock::Create(module_.getContext(), "entry", function_);
  for (const std::uint32_t at : shape_.instructions) {
    blocks_[at] = llvm::BasicBlock::Create(module_.getContext(), "", function_);
  }
  builder_.SetInsertPoint(entry_);
  slots_ = builder_.CreateLoad(builder_.getPtrTy(), FieldOfCall(offsetof(NativeCall, slots)));
  llvm::Value* const allows =
      builder_.CreateLoad(builder_.getPtrTy(), FieldOfCall(offsetof(NativeCall, allows)));
  allows_ = builder_.CreateAlloca(builder_.getPtrTy());
  builder_.CreateStore(allows, allows_);
  builder_.CreateBr(blocks_[shape_.instructions.front()]);
  tests_ = std::make_unique<TestCode>(layout_, builder_, slots_);
}

bool BlockWriter::Write() {
  Declare();
  for (const std::uint32_t at : shape_.instructions) {
    builder_.SetInsertPoint(blocks_[at]);
    if (!WriteInstruction(at)) return false;
  }
  return true;
}

bool BlockWriter::WriteInstruction(std::uint32_t at) {
  const Instruction& instruction = layout_.code()[at];
  switch (instruction.opcode) {
    case Opcode::Test:
      WriteTest(instruction, at);
      return true;
    case Opcode::Constant:
      WriteConstant(instruction);
      GoOn(at);
      return true;
    case Opcode::Combine:
      WriteCombine(instruction, at);
      return true;
    case Opcode::Jump:
      builder_.CreateBr(blocks_[instruction.target]);
      return true;
    case Opcode::Guard:
      WriteGuard(instruction, at);
      return true;
    case Opcode::Index:
      WriteIndex(instruction, at);
      return true;
    case Opcode::Deny:
    case Opcode::Approve:
      WriteFired(at, Read(instruction.dst));
      return true;
    case Opcode::Require:
      WriteFired(at, Not(Read(instruction.dst)));
      return true;
    case Opcode::Allow:
      WriteAllow(instruction);
      GoOn(at);
      return true;
    case Opcode::CloseArguments:
      Call("policy_jit_close_arguments", builder_.getVoidTy(), {builder_.getInt32(at)});
      GoOn(at);
      return true;
    case Opcode::Limit:
      Call("policy_jit_note", builder_.getVoidTy(),
           {builder_.getInt32(at), builder_.getInt8(static_cast<std::uint8_t>(Truth::True))});
      GoOn(at);
      return true;
    case Opcode::End:
      WriteEnd();
      return true;
  }
  return false;
}

void BlockWriter::WriteConstant(const Instruction& instruction) {
  WriteTruth(instruction, builder_.getInt8(instruction.predicate));
}

void BlockWriter::WriteTest(const Instruction& instruction, std::uint32_t at) {
  llvm::Value* const truth = tests_->Write(instruction, [&]() -> llvm::Value* {
    llvm::CallInst* const asked =
        Call("policy_jit_test", builder_.getInt8Ty(), {builder_.getInt32(at)});
    const llvm::ConstantRange truths(llvm::APInt(8, 0), llvm::APInt(8, 3));
    asked->addRangeRetAttr(truths);
    return asked;
  });
  WriteTruth(instruction, truth);
  JumpOrGoOn(instruction, at);
}

void BlockWriter::WriteCombine(const Instruction& instruction, std::uint32_t at) {
  llvm::Value* const source = Read(instruction.predicate);
  WriteTruth(instruction, (instruction.flags & kFlagNegate) != 0 ? Not(source) : source);
  JumpOrGoOn(instruction, at);
}

void BlockWriter::WriteGuard(const Instruction& instruction, std::uint32_t at) {
  builder_.CreateCondBr(IsTruth(Read(instruction.dst), Truth::True), blocks_[at + 1],
                        blocks_[instruction.target]);
}

void BlockWriter::WriteIndex(const Instruction& instruction, std::uint32_t at) {
  llvm::Value* const next =
      Call("policy_jit_index", builder_.getInt32Ty(), {builder_.getInt32(at)});
  const std::vector<std::uint32_t> targets = TargetsOf(layout_, instruction, at);
  llvm::SwitchInst* const ways =
      builder_.CreateSwitch(next, blocks_[at + 1], static_cast<unsigned>(targets.size()));
  for (const std::uint32_t target : targets) {
    if (target != at + 1) ways->addCase(builder_.getInt32(target), blocks_[target]);
  }
}

// Most rules do not fire, and one that does is followed by the writing of its message.
void BlockWriter::WriteFired(std::uint32_t at, llvm::Value* truth) {
  llvm::BasicBlock* const fired =
      llvm::BasicBlock::Create(module_.getContext(), "fired", function_);
  builder_.CreateCondBr(IsTruth(truth, Truth::False), blocks_[at + 1], fired,
                        llvm::MDBuilder(module_.getContext()).createLikelyBranchWeights());
  builder_.SetInsertPoint(fired);
  Call("policy_jit_note", builder_.getVoidTy(), {builder_.getInt32(at), truth});
  GoOn(at);
}

void BlockWriter::WriteAllow(const Instruction& instruction) {
  llvm::Value* const place = builder_.CreateLoad(builder_.getPtrTy(), allows_);
  const auto field = [&](std::size_t offset) {
    return builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), place, offset);
  };
  builder_.CreateStore(builder_.getInt32(instruction.constant), field(offsetof(FoundRule, rule)));
  builder_.CreateStore(Read(instruction.dst), field(offsetof(FoundRule, truth)));
  builder_.CreateStore(field(sizeof(FoundRule)), allows_);
}

void BlockWriter::WriteEnd() {
  builder_.CreateStore(builder_.CreateLoad(builder_.getPtrTy(), allows_),
                       FieldOfCall(offsetof(NativeCall, allows)));
  builder_.CreateRetVoid();
}

void BlockWriter::JumpOrGoOn(const Instruction& instruction, std::uint32_t at) {
  llvm::Value* taken = nullptr;
  const auto add = [&](std::uint8_t flag, Truth wanted) {
    if ((instruction.flags & flag) == 0) return;
    llvm::Value* const is_wanted = IsTruth(Read(instruction.dst), wanted);
    taken = taken == nullptr ? is_wanted : builder_.CreateOr(taken, is_wanted);
  };
  add(kFlagJumpIfFalse, Truth::False);
  add(kFlagJumpIfTrue, Truth::True);
  if (taken == nullptr) return GoOn(at);
  builder_.CreateCondBr(taken, blocks_[instruction.target], blocks_[at + 1]);
}

void BlockWriter::WriteTruth(const Instruction& instruction, llvm::Value* truth) {
  switch (static_cast<WriteMode>(instruction.flags & kFlagModeMask)) {
    case WriteMode::Set:
      break;
    case WriteMode::And:
      truth = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, Read(instruction.dst), truth);
      break;
    case WriteMode::Or:
      truth = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::umax, Read(instruction.dst), truth);
      break;
  }
  builder_.CreateStore(truth, Register(instruction.dst));
}

llvm::AllocaInst* BlockWriter::Register(std::uint8_t number) {
  llvm::AllocaInst*& place = registers_[number];
  if (place != nullptr) return place;
  const llvm::IRBuilderBase::InsertPointGuard guard(builder_);
  builder_.SetInsertPoint(entry_->getTerminator());
  place = builder_.CreateAlloca(builder_.getInt8Ty());
  builder_.CreateStore(builder_.getInt8(static_cast<std::uint8_t>(Truth::Unknown)), place);
  return place;
}

llvm::CallInst* BlockWriter::Call(const char* name, llvm::Type* result,
                                  std::vector<llvm::Value*> arguments) {
  arguments.insert(arguments.begin(), function_->getArg(0));
  std::vector<llvm::Type*> types;
  types.reserve(arguments.size());
  for (const llvm::Value* argument : arguments) types.push_back(argument->getType());
  llvm::FunctionCallee callee =
      module_.getOrInsertFunction(name, llvm::FunctionType::get(result, types, /*isVarArg=*/false));
  auto* const declared = llvm::cast<llvm::Function>(callee.getCallee());
  declared->setDoesNotThrow();
  llvm::CallInst* const call = builder_.CreateCall(callee, arguments);
  // As C passes and returns small integers.
  for (unsigned i = 0; i < arguments.size(); ++i) {
    if (types[i]->isIntegerTy()) {
      declared->addParamAttr(i, llvm::Attribute::ZExt);
      call->addParamAttr(i, llvm::Attribute::ZExt);
    }
  }
  if (result->isIntegerTy()) {
    declared->addRetAttr(llvm::Attribute::ZExt);
    call->addRetAttr(llvm::Attribute::ZExt);
  }
  return call;
}

}  // namespace

std::unique_ptr<llvm::Module> WriteBlock(const Layout& layout, const BlockShape& shape,
                                         llvm::LLVMContext& context) {
  auto module = std::make_unique<llvm::Module>("policy", context);
  if (!BlockWriter(layout, shape, *module).Write()) return nullptr;
  return module;
}

}  // namespace policy::jit
