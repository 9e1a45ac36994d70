// Programs with derived values, written by hand for tests: shorter to say than by the encoder
// alone.
#ifndef TESTS_UNIT_VM_WRITTEN_PROGRAM_H_
#define TESTS_UNIT_VM_WRITTEN_PROGRAM_H_

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/program.h"
#include "runtime/program/encode.h"
#include "runtime/value/function.h"
#include "runtime/value/predicate.h"

namespace policy {

class ProgramText {
 public:
  ProgramText() {
    encoder.header.source_name = encoder.AddText("test.policy");
    encoder.header.zone = encoder.AddText("UTC");
    AddRule(format::RuleKind::Default, "/default");
  }

  std::uint32_t Argument(std::string_view name) {
    return encoder.AddSlot(encoder.AddMember(Encoder::RootNode(format::Root::Args), name));
  }
  std::uint32_t Text(std::string_view text) { return encoder.AddLiteral(encoder.AddString(text)); }
  std::uint32_t Number(Decimal number) { return encoder.AddLiteral(encoder.AddNumber(number)); }
  std::uint32_t Member(std::uint32_t record, std::string_view name) {
    return encoder.AddApplied(Function::Member, record, Text(name));
  }
  std::uint32_t AddRule(format::RuleKind kind, std::string_view id) {
    format::Rule rule;
    rule.kind = kind;
    rule.id = encoder.AddText(id);
    rule.order = static_cast<std::uint32_t>(encoder.rules.size());
    encoder.rules.push_back(rule);
    return rule.order;
  }

  Instruction Test(Predicate predicate, std::uint32_t value, std::uint32_t constant,
                   std::uint8_t flags = 0) {
    return {.opcode = Opcode::Test,
            .flags = flags,
            .predicate = static_cast<std::uint8_t>(predicate),
            .slot = static_cast<std::uint16_t>(value),
            .constant = constant};
  }
  Instruction IsTrue(std::uint32_t value) {
    return Test(Predicate::EqualBool, value, encoder.AddBool(true));
  }
  Instruction Equals(std::uint32_t value, std::string_view text) {
    return Test(Predicate::EqualString, value, encoder.AddString(text));
  }

  // The quantifier whose body is `tests`, all of them in a row.
  std::uint32_t Quantify(format::Quantifier kind, std::uint32_t list, std::uint32_t variable,
                         const std::vector<Instruction>& tests) {
    const auto body = static_cast<std::uint32_t>(encoder.code.size());
    encoder.code.insert(encoder.code.end(), tests.begin(), tests.end());
    encoder.code.push_back({.opcode = Opcode::End});
    return encoder.AddQuantified(kind, list, variable, body);
  }

  // A tool's block of `instructions`.
  void Block(std::string_view tool, const std::vector<Instruction>& instructions) {
    encoder.AddTool(tool, static_cast<std::uint32_t>(encoder.code.size()), 0);
    encoder.code.insert(encoder.code.end(), instructions.begin(), instructions.end());
    encoder.code.push_back({.opcode = Opcode::End});
  }

  std::shared_ptr<const Program> Load() {
    if (encoder.code.empty()) encoder.code.push_back({.opcode = Opcode::End});
    auto program = Program::Load(encoder.Finish());
    if (!program) FAIL(program.error().what);
    return *std::move(program);
  }

  Encoder encoder;
};

}  // namespace policy

#endif  // TESTS_UNIT_VM_WRITTEN_PROGRAM_H_
