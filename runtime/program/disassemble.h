// A program as text, for `policyc dump --as program` and for explanations.
#ifndef RUNTIME_PROGRAM_DISASSEMBLE_H_
#define RUNTIME_PROGRAM_DISASSEMBLE_H_

#include <cstdint>
#include <string>

#include "policy/program.h"
#include "runtime/program/instruction.h"
#include "runtime/program/layout.h"

namespace policy {

// The whole program: the same text for the same bytes.
std::string Disassemble(const Program& program);

// "100", "\"example.com\"", "[\"a\", \"b\"]": a constant as policy.json writes it, times as
// nanoseconds. Long ones are cut.
std::string ConstantText(const Layout& layout, std::uint32_t constant);

// "args.amount gt 100", "args.to not_in [\"a\"]": what a Test instruction asks, its default for an
// absent value included; in the words of policy.json where the policy is one, else of the text
// form.
std::string ConditionText(const Layout& layout, const Instruction& test);

// `text` as a JSON string of at most `bytes_max` bytes of it, cut between characters.
std::string QuotedText(std::string_view text, std::size_t bytes_max);

std::string_view NameOf(format::RuleKind kind);  // "deny", "close arguments"

}  // namespace policy

#endif  // RUNTIME_PROGRAM_DISASSEMBLE_H_
