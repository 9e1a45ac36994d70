// The lines that perf reads, and whose file they are in.
#include "runtime/jit/perf_map.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/unit/jit/compiled_program.h"
#include "tests/unit/jit/scratch_directory.h"

namespace policy::jit {
namespace {

std::string Read(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_CASE("each block has a line with its address, its size and its tool") {
  const ScratchDirectory folder;
  const std::string path = (folder.path() / "perf.map").string();
  const auto program =
      ProgramOf("default deny\ntool t { allow when args.a == \"x\" }\ntool u { allow }\n");
  const auto linker = TestLinker();
  auto map = PerfMap::Open(path);
  REQUIRE(map.has_value());
  linker->NoteIn(std::move(*map));
  const auto t = linker->Link(ObjectOf(*program, 0), "t");
  const auto u = linker->Link(ObjectOf(*program, 1), "u v\n7 8 x\x7F");
  REQUIRE(t.has_value());
  REQUIRE(u.has_value());

  std::istringstream lines(Read(path));
  for (const auto& [code, label] :
       {std::pair(t->code, "policy:t"), std::pair(u->code, "policy:u v?7 8 x?")}) {
    std::uintptr_t address = 0;
    std::size_t bytes = 0;
    std::string name;
    lines >> std::hex >> address >> bytes;
    REQUIRE(std::getline(lines >> std::ws, name));
    REQUIRE(address == reinterpret_cast<std::uintptr_t>(code));
    REQUIRE(bytes > 0);
    REQUIRE(bytes < 4096);
    REQUIRE(name == label);
  }
  REQUIRE(lines.peek() == std::char_traits<char>::eof());
}

TEST_CASE("the file is new, whatever stood in its place") {
  const ScratchDirectory folder;
  const std::string path = (folder.path() / "perf.map").string();
  const std::string other = (folder.path() / "other").string();
  std::ofstream(other) << "other";
  REQUIRE(::symlink(other.c_str(), path.c_str()) == 0);
  const auto map = PerfMap::Open(path);
  REQUIRE(map.has_value());
  (*map)->Add(&other, 16, "t");
  REQUIRE(Read(other) == "other");
  struct stat status{};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  REQUIRE(S_ISREG(status.st_mode));
  REQUIRE((status.st_mode & 0777) == 0600);
}

TEST_CASE("what cannot be made is said") {
  const ScratchDirectory folder;
  const std::string path = (folder.path() / "none/perf.map").string();
  const auto map = PerfMap::Open(path);
  REQUIRE_FALSE(map.has_value());
  REQUIRE(map.error().find(path) == 0);
}

TEST_CASE("perf finds it by the process's number") {
  REQUIRE(PerfMapPath() == "/tmp/perf-" + std::to_string(::getpid()) + ".map");
}

}  // namespace
}  // namespace policy::jit
