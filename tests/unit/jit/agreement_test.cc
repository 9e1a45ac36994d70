// A wrong translation is found out before it decides.
#include "runtime/jit/agreement.h"

#include <catch2/catch.hpp>

#include "tests/unit/jit/compiled_program.h"

namespace policy::jit {
namespace {

// Pairs of conditions that differ where a translation may go wrong.
const std::pair<const char*, const char*> kDifferent[] = {
    {"args.a == \"finance\"", "args.a == \"finances\""},
    {"args.a == \"finance\"", "args.a == \"finanza\""},
    {"args.a < 100", "args.a <= 100"},
    {"args.a < 100", "args.a < 100.01"},
    {"args.a >= 0.5", "args.a > 0.5"},
    {"args.a in [\"a\", \"b\"]", "args.a in [\"a\", \"c\"]"},
    {"args.a in [1, 2]", "args.a in [1, 20]"},
    {"args.a == true", "args.a == false"},
    {"has args.a", "args.a is not null"},
    {"args.a starts_with \"/etc\"", "args.a starts_with \"/et\""},
    {"args.a ends_with \".key\"", "args.a ends_with \"key\""},
    {"(args.a ?? 1) == 1", "(args.a ?? 2) == 1"},
    {"args.a == 1", "(args.a ?? 2) == 1"},
    {"domain(args.a) == \"example.com\"", "domain(args.a) == \"example.org\""},
};

std::string PolicyWith(const char* condition) {
  return std::string("default allow\ntool t { deny when ") + condition + " }\n";
}

TEST_CASE("code of another condition disagrees") {
  const auto linker = TestLinker();
  for (const auto& [mine, others] : kDifferent) {
    INFO(mine << " run as " << others);
    const auto program = ProgramOf(PolicyWith(mine));
    const auto wrong = ProgramOf(PolicyWith(others));
    // Its callbacks ask the program at hand, so that only what is done in place can be wrong.
    const auto linked = linker->Link(ObjectOf(*wrong, 0), "t");
    REQUIRE(linked.has_value());
    const bool is_in_place = std::string_view(mine).find("domain") == std::string_view::npos;
    const auto shape = ShapeOf(program->layout(), StartOf(program->layout(), 0));
    const auto agrees = CheckAgreement(program, 0, *shape, linked->code);
    REQUIRE(agrees.has_value() != is_in_place);
  }
}

TEST_CASE("what disagrees is not installed") {
  const auto linker = TestLinker();
  const auto program = ProgramOf(PolicyWith("args.a < 100"));
  const auto wrong = ProgramOf(PolicyWith("args.a <= 100"));
  const ObjectSource source = [&](const Program&, std::span<const std::uint32_t> blocks) {
    return InThisProcess()(*wrong, blocks);
  };
  const CompileReport report = CompileAll(program, source, *linker);
  REQUIRE(report.installed == 0);
  REQUIRE(report.disagreed == 1);
  REQUIRE_FALSE(program->native()->IsInstalled(0));
  REQUIRE(report.troubles.front().find("the interpreter decides") != std::string::npos);
}

}  // namespace
}  // namespace policy::jit
