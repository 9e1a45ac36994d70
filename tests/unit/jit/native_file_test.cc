// Machine code in a file: used for the program it was made of, and for nothing else.
#include "runtime/jit/native_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "runtime/jit/native_layout.h"
#include "tests/unit/jit/compiled_program.h"
#include "tests/unit/jit/scratch_directory.h"

namespace policy::jit {
namespace {

constexpr const char* kPolicy = "default deny\ntool t { allow when args.a == 1 }\n";

std::string FileOf(const Program& program) {
  const std::vector<BlockObject> objects = {ObjectOf(program, 0)};
  return WriteNativeFile(program, objects);
}

TEST_CASE("a native file is read for its own program") {
  const auto program = ProgramOf(kPolicy);
  const auto other = ProgramOf("default deny\ntool t { allow when args.a == 2 }\n");
  const std::string file = FileOf(*program);
  const auto objects = ReadNativeFile(file, *program);
  REQUIRE(objects.has_value());
  REQUIRE(*objects->front() == ObjectOf(*program, 0));
  const auto wrong = ReadNativeFile(file, *other);
  REQUIRE_FALSE(wrong.has_value());
  REQUIRE(wrong.error().find("another policy") != std::string::npos);
}

TEST_CASE("a native file that was altered is refused") {
  const auto program = ProgramOf(kPolicy);
  const std::string file = FileOf(*program);
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string altered = file;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    INFO(at);
    REQUIRE_FALSE(ReadNativeFile(altered, *program).has_value());
  }
  for (std::size_t size = 0; size < file.size(); ++size) {
    REQUIRE_FALSE(ReadNativeFile(std::string_view(file).substr(0, size), *program).has_value());
  }
  REQUIRE_FALSE(ReadNativeFile(file + "x", *program).has_value());
}

TEST_CASE("a native file of another policyd is refused") {
  const auto program = ProgramOf(kPolicy);
  std::string file = FileOf(*program);
  const std::string layout = NativeLayout();
  const std::size_t place = file.find(layout);
  REQUIRE(place != std::string::npos);
  file[place + layout.size() - 1] ^= 1;
  const auto read = ReadNativeFile(file, *program);
  REQUIRE_FALSE(read.has_value());
  REQUIRE(read.error().find("another policyd") != std::string::npos);
}

TEST_CASE("a file that others may write to is not trusted") {
  namespace fs = std::filesystem;
  const ScratchDirectory scratch;
  const fs::path path = scratch.path() / "policy.o";
  std::ofstream(path) << "code";
  ::chmod(path.c_str(), 0644);
  REQUIRE(ReadTrustedFile(path.string()) == "code");
  for (const mode_t mode : {0664U, 0646U, 0666U}) {
    ::chmod(path.c_str(), mode);
    const auto read = ReadTrustedFile(path.string());
    REQUIRE_FALSE(read.has_value());
    REQUIRE(read.error().find("chmod go-w") != std::string::npos);
  }
  ::chmod(path.c_str(), 0644);
  fs::create_symlink(path, scratch.path() / "link");
  REQUIRE_FALSE(ReadTrustedFile((scratch.path() / "link").string()).has_value());
  REQUIRE_FALSE(ReadTrustedFile(scratch.path().string()).has_value());
  REQUIRE_FALSE(ReadTrustedFile((scratch.path() / "none").string()).has_value());
}

}  // namespace
}  // namespace policy::jit
