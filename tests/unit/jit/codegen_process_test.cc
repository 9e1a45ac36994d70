// policyd-codegen as policyd starts it, and programs in its place that do not do as it does.
#include "runtime/jit/codegen_process.h"

#include <catch2/catch.hpp>

#include "runtime/jit/codegen_message.h"
#include "tests/unit/jit/compiled_program.h"

namespace policy::jit {
namespace {

constexpr const char* kPolicy =
    "default deny\ntool t { allow when args.a == \"x\" and args.b > 5 }\n";

TEST_CASE("the process makes what is made here") {
  const auto program = ProgramOf(kPolicy);
  CodegenProcess process(PathBeside("policyd-codegen"));
  const std::uint32_t blocks[] = {0};
  const auto objects = process.Ask(*program, blocks);
  REQUIRE(objects.has_value());
  if (!objects->front()) FAIL(objects->front().error());
  REQUIRE(*objects->front() == ObjectOf(*program, 0));
  const auto printed = process.Print(*program, blocks);
  REQUIRE(printed.has_value());
  REQUIRE(printed->front()->find("define void @policy_block(ptr") != std::string::npos);
}

// Large code takes ways through LLVM, and to the kernel, that small code does not.
TEST_CASE("the process makes large blocks of every kind of test") {
  std::string text = "default allow\ncounter c = 5 per minute\ntool t {\n  limit c\n";
  for (int i = 0; i < 60; ++i) {
    const std::string n = std::to_string(i);
    text += "  deny when args.a" + n + " == \"value-" + n + "\" and args.b" + n + " > " + n + "\n";
    text +=
        "  deny when args.c starts_with \"prefix-" + n + "\" or args.d in [\"x\", \"" + n + "\"]\n";
    text += "  require args.e" + n + " matches \"^a" + n + "$\"\n";
    text += "  approve when any x in args.f: x == " + n + " from \"x\"\n";
    text += "  deny when (args.g ?? " + n + ") != 5 and args.d == \"" + n + "\"\n";
  }
  const auto program = ProgramOf(text + "}\n");
  CodegenProcess process(PathBeside("policyd-codegen"));
  const auto linker = TestLinker();
  const CompileReport report = CompileAll(
      program,
      [&](const Program& of, std::span<const std::uint32_t> part) { return process.Ask(of, part); },
      *linker);
  for (const std::string& trouble : report.troubles) UNSCOPED_INFO(trouble);
  REQUIRE(report.installed == 1);
}

TEST_CASE("a process that fails costs its blocks the machine code") {
  const auto program = ProgramOf(kPolicy);
  const std::uint32_t blocks[] = {0};
  for (const auto& [path, why] :
       {std::pair{"/bin/false", "ended with 1"}, std::pair{"/bin/true", "did not answer"}}) {
    CodegenProcess process(path);
    const auto objects = process.Ask(*program, blocks);
    REQUIRE(objects.has_value());
    REQUIRE_FALSE(objects->front().has_value());
    INFO(objects->front().error());
    REQUIRE(objects->front().error().find(why) != std::string::npos);
  }
  CodegenProcess missing("/nowhere/policyd-codegen");
  const auto none = missing.Ask(*program, blocks);
  REQUIRE_FALSE(none.has_value());
  REQUIRE(none.error().find("/nowhere/policyd-codegen") != std::string::npos);
  const auto linker = TestLinker();
  const CompileReport report = CompileAll(
      program,
      [&](const Program& of, std::span<const std::uint32_t> part) { return missing.Ask(of, part); },
      *linker);
  REQUIRE(report.installed == 0);
  REQUIRE(report.troubles.size() == 1);
}

TEST_CASE("no process is started once it is stopped") {
  const auto program = ProgramOf(kPolicy);
  CodegenProcess process(PathBeside("policyd-codegen"));
  process.Stop();
  const std::uint32_t blocks[] = {0};
  REQUIRE_FALSE(process.Ask(*program, blocks).has_value());
}

TEST_CASE("an answer that is not whole is none") {
  const std::vector<BlockObject> objects = {std::string("object"), std::unexpected("why")};
  const std::string bytes = WriteAnswer(objects);
  const auto read = ReadAnswer(bytes, 2);
  REQUIRE(read.has_value());
  REQUIRE(*(*read)[0] == "object");
  REQUIRE((*read)[1].error() == "why");
  REQUIRE_FALSE(ReadAnswer(bytes, 1).has_value());
  REQUIRE_FALSE(ReadAnswer(bytes, 3).has_value());
  REQUIRE_FALSE(ReadAnswer(bytes + "x", 2).has_value());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(ReadAnswer(std::string_view(bytes).substr(0, size), 2).has_value());
  }
}

TEST_CASE("a request that is not whole is none") {
  const std::vector<std::byte> program(10);
  const std::uint32_t blocks[] = {7, 9};
  const std::string bytes = WriteRequest(program, blocks);
  const auto request = ReadRequest(bytes);
  REQUIRE(request.has_value());
  REQUIRE(request->blocks == std::vector<std::uint32_t>{7, 9});
  REQUIRE(request->program.size() == 10);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(ReadRequest(std::string_view(bytes).substr(0, size)).has_value());
  }
}

}  // namespace
}  // namespace policy::jit
