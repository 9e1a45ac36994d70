#include "tests/fuzz/derived_program.h"

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/program/encode.h"
#include "runtime/value/function.h"
#include "runtime/value/predicate.h"

namespace fuzz {
namespace {

using policy::Encoder;
using policy::Function;
using policy::Instruction;
using policy::Opcode;
using policy::Predicate;
using policy::Relation;
namespace format = policy::format;

std::uint32_t Slot(Encoder& encoder, std::string_view name) {
  return encoder.AddSlot(encoder.AddMember(Encoder::RootNode(format::Root::Args), name));
}

Instruction Test(Predicate predicate, std::uint32_t value, std::uint32_t constant) {
  return {.opcode = Opcode::Test,
          .predicate = static_cast<std::uint8_t>(predicate),
          .slot = static_cast<std::uint16_t>(value),
          .constant = constant};
}

std::uint32_t AddRule(Encoder& encoder, format::RuleKind kind, std::string_view id) {
  format::Rule rule;
  rule.kind = kind;
  rule.id = encoder.AddText(id);
  rule.order = static_cast<std::uint32_t>(encoder.rules.size());
  encoder.rules.push_back(rule);
  return rule.order;
}

std::uint32_t Quantify(Encoder& encoder, format::Quantifier kind, std::uint32_t list,
                       std::uint32_t variable, std::span<const Instruction> tests) {
  const auto body = static_cast<std::uint32_t>(encoder.code.size());
  encoder.code.insert(encoder.code.end(), tests.begin(), tests.end());
  encoder.code.push_back({.opcode = Opcode::End});
  return encoder.AddQuantified(kind, list, variable, body);
}

// count r in args.list: (r is not null and (any s in args.deep.a: s == r))
std::uint32_t WriteCount(Encoder& encoder) {
  const std::uint32_t list = Slot(encoder, "list");
  const std::uint32_t deep = Slot(encoder, "deep");
  const std::uint32_t key = encoder.AddLiteral(encoder.AddString("a"));
  const std::uint32_t inside = encoder.AddApplied(Function::Member, deep, key);
  const std::uint32_t outer = encoder.AddVariable();
  const std::uint32_t inner = encoder.AddVariable();
  const std::uint32_t same = encoder.AddCompared(Relation::Equal, inner, outer);
  const Instruction is_same = Test(Predicate::EqualBool, same, encoder.AddBool(true));
  const std::uint32_t any =
      Quantify(encoder, format::Quantifier::Any, inside, inner, std::span(&is_same, 1));
  Instruction tests[] = {Test(Predicate::IsNull, outer, encoder.AddNone()),
                         Test(Predicate::EqualBool, any, encoder.AddBool(true))};
  tests[0].flags = policy::kFlagNegate;
  tests[1].flags = static_cast<std::uint8_t>(policy::WriteMode::Or);
  return Quantify(encoder, format::Quantifier::Count, list, outer, tests);
}

// Every function of the arguments, each in a test of its own that approves.
void WriteFunctions(Encoder& encoder, std::vector<Instruction>& block) {
  const std::uint32_t to = Slot(encoder, "to");
  const std::uint32_t text = Slot(encoder, "text");
  const std::uint32_t number = Slot(encoder, "n");
  const std::uint32_t name = encoder.AddLiteral(encoder.AddString("a"));
  const std::uint32_t approve = AddRule(encoder, format::RuleKind::Approve, "approve");
  for (std::size_t i = 0; i < policy::kFunctionCount; ++i) {
    const auto function = static_cast<Function>(i);
    const bool takes_name = function == Function::Member;
    const bool takes_two = policy::OperandCountOf(function) == 2;
    const std::uint32_t first = i % 3 == 0 ? to : i % 3 == 1 ? text : number;
    const std::uint32_t second = takes_name || i % 2 == 0 ? name : number;
    const std::uint32_t value =
        encoder.AddApplied(function, first, takes_name || takes_two ? second : format::kNone);
    block.push_back(Test(Predicate::EqualString, value, encoder.AddString("x.org")));
    block.push_back({.opcode = Opcode::Approve, .constant = approve});
  }
}

}  // namespace

std::vector<std::byte> DerivedProgram() {
  Encoder encoder;
  encoder.header.zone = encoder.AddText("UTC");
  encoder.header.memo_cells = 1;
  AddRule(encoder, format::RuleKind::Default, "/default");
  const std::uint32_t allow = AddRule(encoder, format::RuleKind::Allow, "allow");
  const std::uint32_t count = WriteCount(encoder);
  std::vector<Instruction> block;
  WriteFunctions(encoder, block);
  const std::uint32_t twice =
      encoder.AddApplied(Function::Multiply, count, encoder.AddLiteral(encoder.AddNumber({2, 0})));
  format::Limit limit;
  limit.rule = AddRule(encoder, format::RuleKind::Limit, "limit");
  limit.max = 100;
  limit.cost = format::CostKind::Amount;
  limit.cost_slot = twice;
  encoder.limits.push_back(limit);
  encoder.counters.push_back({.name = {}, .window = format::WindowKind::Day});
  const std::uint32_t risk =
      encoder.AddSlot(encoder.AddMember(Encoder::RootNode(format::Root::Tool), "risk"));
  const auto start = static_cast<std::uint32_t>(encoder.code.size());
  encoder.code.insert(encoder.code.end(), block.begin(), block.end());
  encoder.code.push_back(Test(Predicate::EqualString, risk, encoder.AddString("low")));
  encoder.code.back().memo = 1;
  encoder.code.push_back(
      {.opcode = Opcode::Guard, .target = static_cast<std::uint32_t>(encoder.code.size()) + 4});
  encoder.code.push_back(Test(Predicate::LessNumber, twice, encoder.AddNumber({5, 0})));
  encoder.code.push_back({.opcode = Opcode::Allow, .constant = allow});
  encoder.code.push_back({.opcode = Opcode::Limit});
  encoder.code.push_back({.opcode = Opcode::End});
  encoder.AddTool("send", start, 0);
  encoder.AddPin("send", "default", R"({"readOnlyHint":true})", "mail", "low");
  encoder.AddPin("read", "default", "", "", "");
  return encoder.Finish();
}

}  // namespace fuzz
