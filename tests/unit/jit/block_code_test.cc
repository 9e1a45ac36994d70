// Machine code finds what the interpreter finds, for every instruction and every test that is done
// in place.
#include <catch2/catch.hpp>

#include "runtime/jit/agreement.h"
#include "runtime/jit/block_shape.h"
#include "runtime/vm/interpreter.h"
#include "tests/unit/jit/compiled_program.h"
#include "tests/unit/vm/written_program.h"

namespace policy::jit {
namespace {

const char* const kPolicies[] = {
    "default deny\ntool t { allow when args.a == \"x\" }\n",
    "default deny\ntool t { allow when args.a == \"\" or args.a == \"ab\" or args.a == \"abc\" }\n",
    "default deny\ntool t { allow when args.a == \"create_refund_now\" and args.b != \"12345678\" "
    "}\n",
    "default deny\ntool t { allow when args.a in [\"eur\", \"usd\", \"pound\", \"\"] }\n",
    "default allow\ntool t { deny when args.a not in [\"eur\", \"usd\"] }\n",
    "default allow\ntool t { deny when args.a starts_with \"/etc\" or args.a ends_with \".key\" "
    "}\n",
    "default allow\ntool t { deny when args.a > 100 }\n",
    "default allow\ntool t { deny when args.a >= 0.05 and args.a < 1000000 and args.b <= -7.25 }\n",
    "default allow\ntool t { deny when args.a > 999999999999999999 or args.b < 0.0000001 }\n",
    "default allow\ntool t { deny when args.a == 12.5 or args.a in [1, 2, 3.25, -4] }\n",
    "default allow\ntool t { deny when args.a == true }\n",
    "default allow\ntool t { deny when (has args.a and not has args.b) or args.a is null }\n",
    "default allow\ntool t { deny when (args.a ?? 5) > 3 and (args.b ?? \"x\") == \"x\" }\n",
    "default allow\ntool t { deny when args.a matches \"^a+$\" or args.b like \"*x*\" }\n",
    "default allow\ntool t { deny when args.a contains \"x\" or args.b under \"/tmp\" }\n",
    "default allow\ntool t { deny when any x in args.a: x == \"rm\" }\n",
    "default allow\ntool t { deny when domain(args.a) != \"example.com\" }\n",
    "default allow\ntool t { deny when now > time(\"2026-01-01T00:00:00Z\") and args.a == 1 }\n",
    "default deny\ncounter c = 5 per minute\ntool t { allow when args.a == 1\n limit c }\n",
    "default deny\ntool t { allow\n approve when args.a > 100 from \"x\"\n require args.b == \"y\" "
    "}\n",
    "default deny\ntool \"*\" { allow when args.a == 1 }\ntool t { deny when args.b == 2 }\n",
};

TEST_CASE("machine code finds what the interpreter finds") {
  const auto linker = TestLinker();
  std::size_t in_place = 0;
  for (const char* const policy : kPolicies) {
    INFO(policy);
    const auto program = ProgramOf(policy);
    const CompileReport report = CompileAll(program, InThisProcess(), *linker);
    for (const std::string& trouble : report.troubles) UNSCOPED_INFO(trouble);
    REQUIRE(report.troubles.empty());
    REQUIRE(report.installed == BlockCount(program->layout()));
    in_place += report.installed;
  }
  REQUIRE(in_place >= std::size(kPolicies));
}

// Every instruction that the format has, in an order that no compiler makes of a policy.
TEST_CASE("every instruction has machine code") {
  ProgramText text;
  const std::uint32_t a = text.Argument("a");
  const std::uint32_t b = text.Argument("b");
  const std::uint32_t deny = text.AddRule(format::RuleKind::Deny, "/deny");
  const std::uint32_t require = text.AddRule(format::RuleKind::Require, "/require");
  const std::uint32_t allow = text.AddRule(format::RuleKind::Allow, "/allow");
  const std::uint32_t approve = text.AddRule(format::RuleKind::Approve, "/approve");
  const std::uint32_t close = text.AddRule(format::RuleKind::CloseArguments, "/close");
  const auto set = [](WriteMode mode) { return static_cast<std::uint8_t>(mode); };
  const std::uint32_t one = text.encoder.AddNumber({1, 0});
  const std::vector<std::string> names = {"amount"};
  std::vector<Instruction> code = {
      text.Test(Predicate::LessNumber, a, one),
      {.opcode = Opcode::Constant, .dst = 1, .predicate = 0},
      {.opcode = Opcode::Combine,
       .flags = static_cast<std::uint8_t>(set(WriteMode::Or) | kFlagNegate),
       .dst = 1,
       .predicate = 0},
      {.opcode = Opcode::Constant, .flags = set(WriteMode::And), .dst = 1, .predicate = 2},
      text.Test(Predicate::EqualString, b, text.encoder.AddString("go"), set(WriteMode::Or)),
      {.opcode = Opcode::Guard, .dst = 0, .target = 9},
      {.opcode = Opcode::Deny, .dst = 1, .constant = deny},
      {.opcode = Opcode::Require, .dst = 1, .constant = require},
      {.opcode = Opcode::Jump, .target = 11},
      {.opcode = Opcode::Allow, .dst = 1, .constant = allow},
      {.opcode = Opcode::Approve, .dst = 0, .constant = approve},
      {.opcode = Opcode::Allow, .dst = 0, .constant = allow},
      {.opcode = Opcode::CloseArguments,
       .constant = close,
       .target = text.encoder.AddStringSet(names)},
  };
  text.Block("t", code);
  const auto program = text.Load();
  const auto linker = TestLinker();
  const CompileReport report = CompileAll(program, InThisProcess(), *linker);
  for (const std::string& trouble : report.troubles) UNSCOPED_INFO(trouble);
  REQUIRE(report.installed == 1);
}

TEST_CASE("an installed block answers for the interpreter") {
  const auto program = ProgramOf(kPolicies[0]);
  const auto linker = TestLinker();
  REQUIRE(CompileAll(program, InThisProcess(), *linker).installed == 1);
  REQUIRE(program->native()->IsInstalled(0));
  Frame frame(program);
  frame.set_tool("t");
  frame.Fill(0, Value::MakeString("x"));
  Findings findings;
  REQUIRE(program->native()->Run(0, frame, findings));
  REQUIRE(findings.allows.size() == 1);
  REQUIRE(findings.allows[0].truth == Truth::True);
}

TEST_CASE("a call that is left to the interpreter adds nothing to what was found") {
  const auto program = ProgramOf(
      "default deny\ncounter c = 5 per minute\ntool t { allow\n approve when args.a == 1 from \"x\""
      "\n deny when args.a == 1\n limit c\n deny when args.b == 2 }\n");
  const auto linker = TestLinker();
  REQUIRE(CompileAll(program, InThisProcess(), *linker).installed == 1);
  Frame frame(program);
  frame.set_tool("t");
  for (std::uint32_t slot = 0; slot < frame.slot_count(); ++slot) {
    if (program->layout().SlotPath(slot) == "args.a") frame.Fill(slot, Value::MakeNumber({1, 0}));
  }
  Findings findings;
  findings.denials = {{7, Truth::True}};
  findings.allows = {{8, Truth::False}, {9, Truth::True}};
  REQUIRE_FALSE(program->native()->Run(0, frame, findings));  // args.b is absent
  REQUIRE(findings.denials.size() == 1);
  REQUIRE(findings.allows.size() == 2);
  REQUIRE(findings.approvals.empty());
  REQUIRE(findings.limits.empty());
  Interpret(frame, findings);
  REQUIRE(findings.denials.size() == 3);
  REQUIRE(findings.allows.size() == 3);
  REQUIRE(findings.approvals.size() == 1);
  REQUIRE(findings.limits.size() == 1);
}

TEST_CASE("code that leaves too many calls to the interpreter is given up") {
  const auto program = ProgramOf(kPolicies[0]);
  const auto linker = TestLinker();
  REQUIRE(CompileAll(program, InThisProcess(), *linker).installed == 1);
  const NativeCode& native = *program->native();
  Frame answered(program);
  answered.Fill(0, Value::MakeString("x"));
  Frame left(program);
  Findings findings;
  const auto run = [&](Frame& frame, std::uint32_t times) {
    for (std::uint32_t i = 0; i < times; ++i) {
      findings.Clear();
      native.Run(0, frame, findings);
    }
  };
  for (int round = 0; round < 3; ++round) {  // one in nine
    run(answered, NativeCode::kLeftLookedAt * (NativeCode::kAnsweredPerLeftMin + 1));
    run(left, NativeCode::kLeftLookedAt);
    REQUIRE(native.IsInstalled(0));
  }
  run(answered, NativeCode::kLeftLookedAt * (NativeCode::kAnsweredPerLeftMin - 1));
  run(left, NativeCode::kLeftLookedAt);
  REQUIRE_FALSE(native.IsInstalled(0));
  REQUIRE_FALSE(native.Run(0, answered, findings));
}

TEST_CASE("code that leaves every call to the interpreter is not installed") {
  const auto program =
      ProgramOf("default allow\ntool t { deny when args.a == 1 and args.a == \"x\" }\n");
  const auto linker = TestLinker();
  const CompileReport report = CompileAll(program, InThisProcess(), *linker);
  REQUIRE(report.installed + report.left == 1);
  REQUIRE(report.troubles.empty());
}

TEST_CASE("a block over the limit is not compiled") {
  ProgramText text;
  const std::uint32_t a = text.Argument("a");
  const std::uint32_t x = text.encoder.AddString("x");
  text.Block("t", std::vector<Instruction>(kBlockInstructionsMax,
                                           text.Test(Predicate::EqualString, a, x)));
  const auto program = text.Load();
  REQUIRE_FALSE(ShapeOf(program->layout(), StartOf(program->layout(), 0)).has_value());
  const auto linker = TestLinker();
  const CompileReport report = CompileAll(program, InThisProcess(), *linker);
  REQUIRE(report.installed == 0);
  REQUIRE(report.not_compiled == 1);
}

}  // namespace
}  // namespace policy::jit
