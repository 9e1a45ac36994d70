// The steps of a program find what its instructions find, of whatever code.
#include <array>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "runtime/program/encode.h"
#include "runtime/program/frame.h"
#include "runtime/program/layout.h"
#include "runtime/program/step_graph.h"
#include "runtime/vm/interpreter.h"
#include "tests/unit/vm/written_program.h"

namespace policy {
namespace {

constexpr std::uint32_t kSlots = 4;
constexpr const char* kLongText = "a text of more than eight bytes";

// Code that no compiler would write: any mode, any jump, rules by any register.
class RandomCode {
 public:
  explicit RandomCode(unsigned seed) : random_(seed) {
    for (std::uint32_t i = 0; i < kSlots; ++i) text_.Argument("a" + std::to_string(i));
    const std::uint32_t length =
        text_.encoder.AddApplied(Function::Length, 0);  // a derived value, number kSlots
    values_ = {0, 1, 2, 3, length};
    for (int block = 0; block < 6; ++block) AddBlock("t" + std::to_string(block));
  }

  std::shared_ptr<const Program> Load() { return text_.Load(); }

 private:
  std::uint32_t Pick(std::size_t count) { return static_cast<std::uint32_t>(random_() % count); }

  Instruction RandomTest() {
    static constexpr std::array kPredicates = {
        Predicate::LessNumber,    Predicate::LessOrEqualNumber,    Predicate::EqualNumber,
        Predicate::GreaterNumber, Predicate::GreaterOrEqualNumber, Predicate::EqualString,
        Predicate::InStrings,     Predicate::StartsWith,           Predicate::EndsWith,
        Predicate::Exists,        Predicate::ContainsString};
    const Predicate predicate = kPredicates[Pick(kPredicates.size())];
    Encoder& encoder = text_.encoder;
    std::uint32_t constant = 0;
    switch (OperandOf(predicate)) {
      case OperandKind::Number:
        constant = encoder.AddNumber({static_cast<std::int64_t>(Pick(3)) + 1, 0});
        break;
      case OperandKind::StringSet:
        constant = Pick(2) == 0 ? encoder.AddStringSet(std::array<std::string, 3>{"a", "ab", "abc"})
                                : encoder.AddStringSet(std::array<std::string, 2>{"a", kLongText});
        break;
      case OperandKind::String:
        constant = encoder.AddString(Pick(2) == 0 ? "a" : "ab");
        break;
      default:
        constant = encoder.AddNone();
        break;
    }
    return text_.Test(predicate, values_[Pick(values_.size())], constant);
  }

  void AddBlock(const std::string& tool) {
    constexpr std::uint32_t kLength = 14;
    const auto start = static_cast<std::uint32_t>(text_.encoder.code.size());
    const std::uint8_t registers = Pick(3) == 0 ? 2 : 1;
    std::vector<Instruction> code;
    for (std::uint32_t at = 0; at < kLength; ++at) {
      Instruction instruction = RandomInstruction(tool + "/" + std::to_string(at));
      instruction.dst = static_cast<std::uint8_t>(Pick(registers));
      const bool jumps = instruction.opcode == Opcode::Jump ||
                         instruction.opcode == Opcode::Guard ||
                         (instruction.flags & (kFlagJumpIfFalse | kFlagJumpIfTrue)) != 0;
      if (jumps) instruction.target = start + at + 1 + Pick(kLength - at);
      if (instruction.opcode == Opcode::Jump) instruction.dst = 0;
      if (instruction.opcode == Opcode::Combine) {
        instruction.predicate = static_cast<std::uint8_t>(Pick(registers));
      }
      code.push_back(instruction);
    }
    text_.Block(tool, code);
  }

  Instruction RandomInstruction(const std::string& id) {
    using format::RuleKind;
    const auto mode = static_cast<std::uint8_t>(Pick(3));
    const auto jump = static_cast<std::uint8_t>(Pick(4) << 3);
    const auto negate = static_cast<std::uint8_t>(Pick(2) == 0 ? kFlagNegate : 0);
    switch (Pick(12)) {
      case 0:
        return {.opcode = Opcode::Constant,
                .flags = mode,
                .predicate = static_cast<std::uint8_t>(Pick(3))};
      case 1:
        return {.opcode = Opcode::Combine,
                .flags = static_cast<std::uint8_t>(mode | jump | negate)};
      case 2:
        return {.opcode = Opcode::Jump};
      case 3:
        return {.opcode = Opcode::Guard};
      case 4:
        return {.opcode = Opcode::Deny, .constant = text_.AddRule(RuleKind::Deny, id)};
      case 5:
        return {.opcode = Opcode::Require, .constant = text_.AddRule(RuleKind::Require, id)};
      case 6:
        return {.opcode = Opcode::Allow, .constant = text_.AddRule(RuleKind::Allow, id)};
      case 7:
        return {.opcode = Opcode::Approve, .constant = text_.AddRule(RuleKind::Approve, id)};
      default: {
        Instruction test = RandomTest();
        const auto absent = static_cast<std::uint8_t>(Pick(3) == 0 ? Pick(4) << 5 : 0);
        test.flags = static_cast<std::uint8_t>(mode | jump | negate | absent);
        return test;
      }
    }
  }

  std::mt19937 random_;
  ProgramText text_;
  std::vector<std::uint32_t> values_;
};

void FillAtRandom(std::mt19937& random, Frame& frame) {
  frame.Clear();
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
    switch (random() % 6) {
      case 0:
        break;  // absent
      case 1:
        frame.Fill(slot, Value::MakeNull());
        break;
      case 2:
        frame.Fill(slot, Value::MakeNumber({static_cast<std::int64_t>(random() % 4), 0}));
        break;
      case 3:
        frame.Fill(slot, Value::MakeNumber({25, -1}));
        break;
      default: {
        static constexpr std::string_view kTexts[] = {"a", "ab", "abc",
                                                      "",  "b",  "a text of more than eight bytes"};
        frame.Fill(slot, Value::MakeString(kTexts[random() % std::size(kTexts)]));
      }
    }
  }
}

using Notes = std::vector<std::pair<std::uint32_t, Truth>>;

Notes NotesOf(const std::vector<FoundRule>& rules) {
  Notes notes;
  for (const FoundRule& rule : rules) notes.emplace_back(rule.rule, rule.truth);
  return notes;
}

TEST_CASE("steps find what instructions find") {
  std::mt19937 random(11);
  int sole = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    RandomCode code(seed);
    const std::shared_ptr<const Program> program = code.Load();
    const Layout& layout = program->layout();
    Frame frame(program);
    for (int call = 0; call < 60; ++call) {
      const format::Tool& tool = layout.tools()[random() % layout.tools().size()];
      FillAtRandom(random, frame);
      frame.set_tool(layout.text(tool.name));
      Findings by_instructions;
      InterpretBlock(tool.code, frame, by_instructions);
      frame.ForgetMade();
      Findings by_steps;
      Interpret(frame, by_steps);
      CAPTURE(seed, call, frame.tool());
      REQUIRE(NotesOf(by_steps.denials) == NotesOf(by_instructions.denials));
      REQUIRE(NotesOf(by_steps.allows) == NotesOf(by_instructions.allows));
      REQUIRE(NotesOf(by_steps.approvals) == NotesOf(by_instructions.approvals));
      frame.ForgetMade();
      Findings rest;
      const std::uint32_t rule = FindSoleAllow(frame, rest);
      const bool is_sole = by_instructions.is_one_allow();
      REQUIRE((rule != format::kNone) == is_sole);
      if (is_sole) REQUIRE(rule == by_instructions.allows.front().rule);
      sole += is_sole;
    }
  }
  CHECK(sole > 50);
}

TEST_CASE("code that many tools share is made into steps once") {
  ProgramText text;
  const std::uint32_t slot = text.Argument("a");
  const std::uint32_t deny = text.AddRule(format::RuleKind::Deny, "deny");
  const std::uint32_t constant = text.encoder.AddString("x");
  constexpr std::uint32_t kTests = 200;
  std::vector<Instruction> code;
  for (std::uint32_t i = 0; i < kTests; ++i) {
    code.push_back(text.Test(Predicate::EqualString, slot, constant));
    code.push_back({.opcode = Opcode::Deny, .constant = deny});
  }
  text.Block("first", code);
  for (std::uint32_t i = 1; i < kTests; ++i) {  // each begins one instruction behind the last
    text.encoder.AddTool("t" + std::to_string(i), i, 0);
  }
  const std::shared_ptr<const Program> program = text.Load();
  const Layout& layout = program->layout();
  StepGraph graph(layout.code(), layout.operands(), layout.slot_count());
  for (const format::Tool& tool : layout.tools()) graph.StepsOf(tool.code);
  CHECK(graph.steps().size() <= layout.code().size() * 3);
}

}  // namespace
}  // namespace policy
