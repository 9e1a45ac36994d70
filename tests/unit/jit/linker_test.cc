// What the linker lets in, how it maps it, and that it lets go.
#include "runtime/jit/linker.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "runtime/value/sanitized.h"
#include "tests/unit/jit/compiled_program.h"

namespace policy::jit {
namespace {

constexpr const char* kPolicy =
    "default deny\ntool t { allow when args.a == \"x\" and args.b > 5 }\n";

std::string Maps() {
  std::ifstream file("/proc/self/maps");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST_CASE("nothing is ever mapped writable and executable") {
  const auto linker = TestLinker();
  const auto program = ProgramOf(kPolicy);
  REQUIRE(CompileAll(program, InThisProcess(), *linker).installed == 1);
  const std::string maps = Maps();
  REQUIRE(maps.find("r-xp") != std::string::npos);
  REQUIRE(maps.find("rwx") == std::string::npos);
  REQUIRE(maps.find("-wx") == std::string::npos);
}

TEST_CASE("an object that refers to anything else is refused") {
  const auto linker = TestLinker();
  const auto program = ProgramOf("default deny\ntool t { allow when args.a matches \"x\" }\n");
  std::string object = ObjectOf(*program, 0);
  REQUIRE(linker->Link(object, "t").has_value());
  const std::string known = "policy_jit_test";
  const std::size_t place = object.find(known);
  REQUIRE(place != std::string::npos);
  object.replace(place, known.size(), "policy_jit_tess");
  const auto linked = linker->Link(object, "t");
  REQUIRE_FALSE(linked.has_value());
  INFO(linked.error());
  REQUIRE(linked.error().find("policy_jit_tess") != std::string::npos);
}

TEST_CASE("what is no object is refused") {
  const auto linker = TestLinker();
  const auto program = ProgramOf(kPolicy);
  const std::string object = ObjectOf(*program, 0);
  for (std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{63}, object.size() / 2}) {
    INFO(size);
    REQUIRE_FALSE(linker->Link(std::string_view(object).substr(0, size), "t").has_value());
  }
}

TEST_CASE("code goes with its program and memory stays flat") {
  const auto linker = TestLinker();
  const std::vector<std::byte> bytes = BytesOf(kPolicy);
  const auto object = ObjectOf(**Program::Load(bytes), 0);
  const ObjectSource same = [&](const Program&, std::span<const std::uint32_t> blocks) {
    return std::vector<BlockObject>(blocks.size(), object);
  };
  const auto reload = [&] {
    const auto program = *Program::Load(bytes);
    REQUIRE(CompileAll(program, same, *linker).installed == 1);
  };
  const int rounds = std::getenv("POLICY_FULL") != nullptr ? 1000 : 100;
  for (int i = 0; i < 50; ++i) reload();
  const std::size_t before = ResidentBytes();
  const std::size_t maps_before = Maps().size();
  for (int i = 0; i < rounds; ++i) reload();
  INFO(before << " bytes before, " << ResidentBytes() << " after " << rounds << " reloads");
#if !POLICY_SANITIZED  // which keeps what was freed for a while
  REQUIRE(ResidentBytes() < before + (std::size_t{2} << 20));
#endif
  REQUIRE(Maps().size() < maps_before + 1000);
}

}  // namespace
}  // namespace policy::jit
