#include "runtime/jit/block_code.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/MDBuilder.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/jit/block_symbol.h"
#include "runtime/jit/live_registers.h"
#include "runtime/jit/test_code.h"
#include "runtime/vm/findings.h"
#include "runtime/vm/native_code.h"

namespace policy::jit {
namespace {

static_assert(std::is_standard_layout_v<NativeCall> && std::is_standard_layout_v<FoundRule>,
              "the code reads and writes their members by their offsets");
static_assert(sizeof(Truth) == 1 && sizeof(FoundRule::rule) == 4 && sizeof(bool) == 1);

// A register's value by number; none: nothing was written yet, or nobody reads it again.
using Registers = std::map<std::uint8_t, llvm::Value*>;

// What holds where the code stands.
struct State {
  Registers registers;            // i1
  llvm::Value* allows = nullptr;  // where the next allow rule is noted
  SlotFacts facts;
};

// One way to an instruction.
struct Edge {
  llvm::BasicBlock* from = nullptr;
  Registers registers;
  llvm::Value* allows = nullptr;
};

// All ways to an instruction, as far as they are written.
struct Arrival {
  llvm::BasicBlock* block = nullptr;
  std::vector<Edge> edges;
  SlotFacts facts;  // of all of them
};

// Jumps go forward only, so an instruction is written when all ways to it are; what no call can
// come to is not written. Everything in registers is true or false: whatever would be unknown is
// left to the interpreter.
class BlockWriter {
 public:
  BlockWriter(const Layout& layout, const BlockShape& shape, llvm::Module& module);

  // False: an instruction is not understood.
  bool Write();

 private:
  void Declare();
  void Arrive(std::uint32_t at, Arrival& arrival);
  llvm::Value* Merged(const std::vector<std::pair<llvm::BasicBlock*, llvm::Value*>>& ways);
  void CountAhead(std::uint32_t at);
  bool WriteInstruction(std::uint32_t at);
  void WriteConstant(const Instruction& instruction, std::uint32_t at);
  void WriteTest(const Instruction& instruction, std::uint32_t at);
  void WriteCombine(const Instruction& instruction, std::uint32_t at);
  void WriteGuard(const Instruction& instruction, std::uint32_t at);
  void WriteFired(const Instruction& instruction, std::uint32_t at, bool fires_when);
  void WriteNote(std::uint32_t at);
  void WriteAllow(const Instruction& instruction, std::uint32_t at);
  void WriteIndex(const Instruction& instruction, std::uint32_t at);
  void WriteTextIndex(const Instruction& instruction);
  void WriteAskedIndex(const Instruction& instruction, std::uint32_t at);
  void WriteEnd();

  llvm::BasicBlock* BlockOf(std::uint32_t at);
  // The builder's block goes on at `at`, by a branch that is there already.
  void AddWay(std::uint32_t at, llvm::BasicBlock* from, const State& state);
  void GoTo(std::uint32_t at) {
    llvm::BasicBlock* const from = builder_.GetInsertBlock();
    builder_.CreateBr(BlockOf(at));
    AddWay(at, from, state_);
  }
  // To `when_true` with the register true, or to `when_false` with it false.
  void Branch(std::uint8_t number, std::uint32_t when_true, std::uint32_t when_false);
  // To the target as the instruction's flags say of what stands in its register, else on.
  void JumpOrGoOn(const Instruction& instruction, std::uint32_t at);
  void WriteTruth(const Instruction& instruction, llvm::Value* truth);
  // One that is not written on every way is unknown.
  llvm::Value* Read(std::uint8_t number) {
    const auto found = state_.registers.find(number);
    if (found != state_.registers.end()) return found->second;
    tests_->Leave();
    return builder_.getFalse();
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
  std::map<std::uint32_t, RegisterSet> live_;
  std::map<std::uint32_t, Arrival> arrivals_;  // ahead of what is written
  State state_;
  std::unique_ptr<TestCode> tests_;
};

BlockWriter::BlockWriter(const Layout& layout, const BlockShape& shape, llvm::Module& module)
    : layout_(layout),
      shape_(shape),
      module_(module),
      builder_(module.getContext()),
      live_(LiveRegisters(layout, shape)) {}

void BlockWriter::Declare() {
  llvm::FunctionType* const type =
      llvm::FunctionType::get(builder_.getVoidTy(), {builder_.getPtrTy()}, /*isVarArg=*/false);
  function_ =
      llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, kBlockSymbol, module_);
  function_->setDoesNotThrow();
  // No call of memcmp or the like may come out of it: there is nothing to link it with.
  function_->addFnAttr("no-builtins");
  llvm::LLVMContext& context = module_.getContext();
  llvm::BasicBlock* const entry = llvm::BasicBlock::Create(context, "entry", function_);
  llvm::BasicBlock* const leave = llvm::BasicBlock::Create(context, "leave", function_);
  builder_.SetInsertPoint(leave);
  builder_.CreateStore(builder_.getInt8(1), FieldOfCall(offsetof(NativeCall, left)));
  builder_.CreateRetVoid();
  builder_.SetInsertPoint(entry);
  const auto field = [&](std::size_t offset) {
    return builder_.CreateLoad(builder_.getPtrTy(), FieldOfCall(offset));
  };
  const CodePlace place{.slots = field(offsetof(NativeCall, slots)),
                        .powers = field(offsetof(NativeCall, powers)),
                        .leave = leave};
  state_.allows = field(offsetof(NativeCall, allows));
  tests_ = std::make_unique<TestCode>(layout_, shape_, builder_, place);
}

bool BlockWriter::Write() {
  Declare();
  GoTo(shape_.instructions.front());
  while (!arrivals_.empty()) {
    auto next = arrivals_.extract(arrivals_.begin());
    Arrive(next.key(), next.mapped());
    if (!WriteInstruction(next.key())) return false;
  }
  return true;
}

llvm::BasicBlock* BlockWriter::BlockOf(std::uint32_t at) {
  Arrival& arrival = arrivals_[at];
  if (arrival.block == nullptr) {
    arrival.block = llvm::BasicBlock::Create(module_.getContext(), "", function_);
  }
  return arrival.block;
}

void BlockWriter::AddWay(std::uint32_t at, llvm::BasicBlock* from, const State& state) {
  Arrival& arrival = arrivals_[at];
  if (arrival.edges.empty()) {
    arrival.facts = state.facts;
  } else {
    arrival.facts.KeepCommon(state.facts);
  }
  Edge& edge = arrival.edges.emplace_back();
  edge.from = from;
  edge.allows = state.allows;
  const RegisterSet& live = live_[at];
  for (const auto& [number, value] : state.registers) {
    if (live[number]) edge.registers.emplace(number, value);
  }
}

llvm::Value* BlockWriter::Merged(
    const std::vector<std::pair<llvm::BasicBlock*, llvm::Value*>>& ways) {
  llvm::Value* const first = ways.front().second;
  if (std::ranges::all_of(ways, [&](const auto& way) { return way.second == first; })) return first;
  llvm::PHINode* const either =
      builder_.CreatePHI(first->getType(), static_cast<unsigned>(ways.size()));
  for (const auto& [from, value] : ways) either->addIncoming(value, from);
  return either;
}

void BlockWriter::Arrive(std::uint32_t at, Arrival& arrival) {
  builder_.SetInsertPoint(arrival.block);
  state_.facts = std::move(arrival.facts);
  state_.registers.clear();
  std::vector<std::pair<llvm::BasicBlock*, llvm::Value*>> ways;
  for (const Edge& edge : arrival.edges) ways.emplace_back(edge.from, edge.allows);
  state_.allows = Merged(ways);
  for (const auto& [number, first] : arrival.edges.front().registers) {
    ways.clear();
    for (const Edge& edge : arrival.edges) {
      const auto found = edge.registers.find(number);
      if (found != edge.registers.end()) ways.emplace_back(edge.from, found->second);
    }
    if (ways.size() == arrival.edges.size()) state_.registers[number] = Merged(ways);
  }
  if (arrival.edges.size() > 1 || at == shape_.instructions.front()) CountAhead(at);
}

// Numbers that are compared several times from here on are counted once, here.
void BlockWriter::CountAhead(std::uint32_t at) {
  constexpr std::uint32_t kLookAhead = 128;
  std::map<std::uint32_t, int> tests;  // by slot
  const auto code = layout_.code();
  for (std::uint32_t ahead = at; ahead < at + kLookAhead; ++ahead) {
    const Instruction& instruction = code[ahead];
    if (instruction.opcode == Opcode::End || instruction.opcode == Opcode::Jump ||
        instruction.opcode == Opcode::Index) {
      break;
    }
    if (instruction.opcode != Opcode::Test || !tests_->ComparesUnits(instruction)) continue;
    if (++tests[instruction.slot] == 2) tests_->CountUnits(instruction.slot, state_.facts);
  }
}

bool BlockWriter::WriteInstruction(std::uint32_t at) {
  const Instruction& instruction = layout_.code()[at];
  switch (instruction.opcode) {
    case Opcode::Test:
      WriteTest(instruction, at);
      return true;
    case Opcode::Constant:
      WriteConstant(instruction, at);
      return true;
    case Opcode::Combine:
      WriteCombine(instruction, at);
      return true;
    case Opcode::Jump:
      GoTo(instruction.target);
      return true;
    case Opcode::Guard:
      WriteGuard(instruction, at);
      return true;
    case Opcode::Index:
      WriteIndex(instruction, at);
      return true;
    case Opcode::Deny:
    case Opcode::Approve:
      WriteFired(instruction, at, /*fires_when=*/true);
      return true;
    case Opcode::Require:
      WriteFired(instruction, at, /*fires_when=*/false);
      return true;
    case Opcode::Allow:
      WriteAllow(instruction, at);
      return true;
    case Opcode::CloseArguments:
      Call("policy_jit_close_arguments", builder_.getVoidTy(), {builder_.getInt32(at)});
      GoTo(at + 1);
      return true;
    case Opcode::Limit:
      WriteNote(at);
      GoTo(at + 1);
      return true;
    case Opcode::End:
      WriteEnd();
      return true;
  }
  return false;
}

void BlockWriter::WriteConstant(const Instruction& instruction, std::uint32_t at) {
  const auto truth = static_cast<Truth>(instruction.predicate);
  if (truth == Truth::Unknown) tests_->Leave();
  WriteTruth(instruction, builder_.getInt1(truth == Truth::True));
  GoTo(at + 1);
}

void BlockWriter::WriteTest(const Instruction& instruction, std::uint32_t at) {
  llvm::Value* const truth = tests_->Write(instruction, state_.facts, [&]() -> llvm::Value* {
    return Call("policy_jit_test", builder_.getInt8Ty(), {builder_.getInt32(at)});
  });
  WriteTruth(instruction, truth);
  JumpOrGoOn(instruction, at);
}

void BlockWriter::WriteCombine(const Instruction& instruction, std::uint32_t at) {
  llvm::Value* source = Read(instruction.predicate);
  if ((instruction.flags & kFlagNegate) != 0) source = builder_.CreateNot(source);
  WriteTruth(instruction, source);
  JumpOrGoOn(instruction, at);
}

void BlockWriter::WriteGuard(const Instruction& instruction, std::uint32_t at) {
  Branch(instruction.dst, at + 1, instruction.target);
}

// What is not false is true here, and a requirement that does not hold fires as true.
void BlockWriter::WriteNote(std::uint32_t at) {
  llvm::CallInst* const call =
      Call("policy_jit_note", builder_.getVoidTy(),
           {builder_.getInt32(at), builder_.getInt8(static_cast<std::uint8_t>(Truth::True))});
  call->addFnAttr(llvm::Attribute::Cold);
}

// Most rules do not fire, and one that does is followed by the writing of its message.
void BlockWriter::WriteFired(const Instruction& instruction, std::uint32_t at, bool fires_when) {
  llvm::Value* truth = Read(instruction.dst);
  if (!fires_when) truth = builder_.CreateNot(truth);
  if (const auto* const known = llvm::dyn_cast<llvm::ConstantInt>(truth)) {
    if (!known->isZero()) WriteNote(at);
    return GoTo(at + 1);
  }
  llvm::BasicBlock* const from = builder_.GetInsertBlock();
  llvm::BasicBlock* const fired = tests_->MakeBlock("fired");
  builder_.CreateCondBr(truth, fired, BlockOf(at + 1),
                        llvm::MDBuilder(module_.getContext()).createUnlikelyBranchWeights());
  AddWay(at + 1, from, state_);
  builder_.SetInsertPoint(fired);
  WriteNote(at);
  GoTo(at + 1);
}

void BlockWriter::WriteAllow(const Instruction& instruction, std::uint32_t at) {
  llvm::Value* const value = Read(instruction.dst);
  const auto field = [&](std::size_t offset) {
    return builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), state_.allows, offset);
  };
  llvm::Value* const truth =
      builder_.CreateSelect(value, builder_.getInt8(static_cast<std::uint8_t>(Truth::True)),
                            builder_.getInt8(static_cast<std::uint8_t>(Truth::False)));
  builder_.CreateStore(builder_.getInt32(instruction.constant), field(offsetof(FoundRule, rule)));
  builder_.CreateStore(truth, field(offsetof(FoundRule, truth)));
  state_.allows = field(sizeof(FoundRule));
  GoTo(at + 1);
}

// A value that is not of the kind of the index's literals is left to the interpreter, so that the
// tests that stand for all of them need no code.
void BlockWriter::WriteIndex(const Instruction& instruction, std::uint32_t at) {
  const format::IndexTable& table = layout_.index_tables()[instruction.constant];
  const auto entries = layout_.index_entries().subspan(table.first_entry, table.entry_count);
  const auto kind = static_cast<OperandKind>(table.kind);
  if (kind == OperandKind::String) {
    tests_->Require(instruction.slot, ValueKind::String, state_.facts);
    std::size_t count = 0;
    const bool is_short = std::ranges::all_of(entries, [&](const format::IndexEntry& entry) {
      if (entry.constant == format::kNone) return true;
      ++count;
      return layout_.operands()[entry.constant].text.size() <= kTextBytesInPlaceMax;
    });
    if (is_short && count <= kSetSizeInPlaceMax) return WriteTextIndex(instruction);
    return WriteAskedIndex(instruction, at);
  }
  if (kind == OperandKind::Number) {
    tests_->Require(instruction.slot, ValueKind::Number, state_.facts);
    return WriteAskedIndex(instruction, at);
  }
  tests_->Require(instruction.slot, ValueKind::Bool, state_.facts);
  WriteAskedIndex(instruction, at);
}

void BlockWriter::WriteTextIndex(const Instruction& instruction) {
  const format::IndexTable& table = layout_.index_tables()[instruction.constant];
  std::map<std::size_t, std::vector<const format::IndexEntry*>> by_size;
  const auto entries = layout_.index_entries().subspan(table.first_entry, table.entry_count);
  for (const format::IndexEntry& entry : entries) {
    if (entry.constant == format::kNone) continue;
    by_size[layout_.operands()[entry.constant].text.size()].push_back(&entry);
  }
  const State before = state_;
  for (const auto& [size, same_size] : by_size) {
    for (const format::IndexEntry* const entry : same_size) {
      const Operand& literal = layout_.operands()[entry->constant];
      llvm::Value* const is_it = tests_->EqualText(instruction.slot, literal.text);
      llvm::BasicBlock* const found = tests_->MakeBlock("found");
      llvm::BasicBlock* const next = tests_->MakeBlock("next");
      builder_.CreateCondBr(is_it, found, next);
      builder_.SetInsertPoint(found);
      state_.facts.at(instruction.slot).equal = &literal;
      GoTo(entry->target);
      state_ = before;
      builder_.SetInsertPoint(next);
    }
  }
  GoTo(instruction.target);
}

void BlockWriter::WriteAskedIndex(const Instruction& instruction, std::uint32_t at) {
  llvm::Value* const next =
      Call("policy_jit_index", builder_.getInt32Ty(), {builder_.getInt32(at)});
  const format::IndexTable& table = layout_.index_tables()[instruction.constant];
  std::vector<std::uint32_t> targets = {instruction.target};
  for (const format::IndexEntry& entry :
       layout_.index_entries().subspan(table.first_entry, table.entry_count)) {
    if (entry.constant != format::kNone) targets.push_back(entry.target);
  }
  std::ranges::sort(targets);
  const auto repeated = std::ranges::unique(targets);
  targets.erase(repeated.begin(), repeated.end());
  llvm::BasicBlock* const from = builder_.GetInsertBlock();
  llvm::BasicBlock* const nowhere = tests_->MakeBlock("nowhere");
  llvm::SwitchInst* const ways =
      builder_.CreateSwitch(next, nowhere, static_cast<unsigned>(targets.size()));
  for (const std::uint32_t target : targets) {
    ways->addCase(builder_.getInt32(target), BlockOf(target));
    AddWay(target, from, state_);
  }
  builder_.SetInsertPoint(nowhere);
  tests_->Leave();
  builder_.CreateUnreachable();
}

void BlockWriter::WriteEnd() {
  builder_.CreateStore(state_.allows, FieldOfCall(offsetof(NativeCall, allows)));
  builder_.CreateRetVoid();
}

void BlockWriter::Branch(std::uint8_t number, std::uint32_t when_true, std::uint32_t when_false) {
  llvm::Value* const value = Read(number);
  if (when_true == when_false) return GoTo(when_true);
  if (const auto* const known = llvm::dyn_cast<llvm::ConstantInt>(value)) {
    return GoTo(known->isZero() ? when_false : when_true);
  }
  llvm::BasicBlock* const from = builder_.GetInsertBlock();
  builder_.CreateCondBr(value, BlockOf(when_true), BlockOf(when_false));
  state_.registers[number] = builder_.getTrue();
  AddWay(when_true, from, state_);
  state_.registers[number] = builder_.getFalse();
  AddWay(when_false, from, state_);
}

void BlockWriter::JumpOrGoOn(const Instruction& instruction, std::uint32_t at) {
  const bool if_false = (instruction.flags & kFlagJumpIfFalse) != 0;
  const bool if_true = (instruction.flags & kFlagJumpIfTrue) != 0;
  if (if_false == if_true) return GoTo(if_true ? instruction.target : at + 1);
  Branch(instruction.dst, if_true ? instruction.target : at + 1,
         if_true ? at + 1 : instruction.target);
}

void BlockWriter::WriteTruth(const Instruction& instruction, llvm::Value* truth) {
  const auto mode = static_cast<WriteMode>(instruction.flags & kFlagModeMask);
  llvm::Value* const before = mode == WriteMode::Set ? nullptr : Read(instruction.dst);
  if (mode == WriteMode::And && before != builder_.getTrue()) {
    truth = builder_.CreateAnd(before, truth);
  }
  if (mode == WriteMode::Or && before != builder_.getFalse()) {
    truth = builder_.CreateOr(before, truth);
  }
  state_.registers[instruction.dst] = truth;
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
