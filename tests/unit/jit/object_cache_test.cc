// Objects that are kept: found again, and refused when they are not what was kept.
#include "runtime/jit/object_cache.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/unit/jit/compiled_program.h"
#include "tests/unit/jit/scratch_directory.h"

namespace policy::jit {
namespace {

namespace fs = std::filesystem;

const ObjectCache::Makers kMakers = {.linker = "LLVM 1", .codegen_path = "/bin/true"};

std::unique_ptr<ObjectCache> OpenCache(const fs::path& path,
                                       const ObjectCache::Makers& makers = kMakers) {
  auto cache = ObjectCache::Open(path.string(), makers);
  if (!cache) FAIL(cache.error());
  return std::move(*cache);
}

fs::path OnlyFile(const fs::path& directory) {
  fs::path only;
  for (const auto& entry : fs::directory_iterator(directory)) {
    REQUIRE(only.empty());
    only = entry.path();
  }
  return only;
}

TEST_CASE("an object is found for what it was made of") {
  const ScratchDirectory scratch;
  const fs::path path = scratch.path() / "a" / "jit";
  const auto program = ProgramOf("default deny\ntool t { allow when args.a == 1 }\n");
  const auto other = ProgramOf("default deny\ntool t { allow when args.a == 2 }\n");
  OpenCache(path)->Keep(*program, 0, "object");
  const auto cache = OpenCache(path);
  REQUIRE(cache->Find(*program, 0) == "object");
  REQUIRE(cache->found_count() == 1);
  REQUIRE_FALSE(cache->Find(*program, 1).has_value());
  REQUIRE_FALSE(cache->Find(*other, 0).has_value());
  REQUIRE_FALSE(
      OpenCache(path, {.linker = "LLVM 2", .codegen_path = "/bin/true"})->Find(*program, 0));
  REQUIRE_FALSE(
      OpenCache(path, {.linker = "LLVM 1", .codegen_path = "/bin/false"})->Find(*program, 0));
  REQUIRE((fs::status(path).permissions() & fs::perms::all) == fs::perms::owner_all);
}

TEST_CASE("an object that was altered is none") {
  const ScratchDirectory scratch;
  const auto program = ProgramOf("default deny\ntool t { allow when args.a == 1 }\n");
  const auto cache = OpenCache(scratch.path() / "jit");
  cache->Keep(*program, 0, "object");
  const fs::path file = OnlyFile(scratch.path() / "jit");
  const auto size = fs::file_size(file);
  for (std::uintmax_t at = 0; at < size; ++at) {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(static_cast<std::streamoff>(at));
    const char old = static_cast<char>(bytes.get());
    bytes.seekp(static_cast<std::streamoff>(at));
    bytes.put(static_cast<char>(old ^ 1)).flush();
    INFO(at);
    REQUIRE_FALSE(cache->Find(*program, 0).has_value());
    bytes.seekp(static_cast<std::streamoff>(at));
    bytes.put(old).flush();
  }
  REQUIRE(cache->Find(*program, 0) == "object");
  // Under the name of another.
  fs::copy(file, file.string() + "x");
  cache->Keep(*program, 1, "other");
  for (const auto& entry : fs::directory_iterator(scratch.path() / "jit")) {
    if (entry.path() != file) {
      fs::copy(file, entry.path(), fs::copy_options::overwrite_existing);
    }
  }
  REQUIRE_FALSE(cache->Find(*program, 1).has_value());
}

TEST_CASE("a file that others may write or that is a link is none") {
  const ScratchDirectory scratch;
  const auto program = ProgramOf("default deny\ntool t { allow when args.a == 1 }\n");
  const auto cache = OpenCache(scratch.path() / "jit");
  cache->Keep(*program, 0, "object");
  const fs::path file = OnlyFile(scratch.path() / "jit");
  fs::permissions(file, fs::perms::group_write, fs::perm_options::add);
  REQUIRE_FALSE(cache->Find(*program, 0).has_value());
  fs::permissions(file, fs::perms::group_write, fs::perm_options::remove);
  REQUIRE(cache->Find(*program, 0).has_value());
  fs::rename(file, scratch.path() / "elsewhere");
  fs::create_symlink(scratch.path() / "elsewhere", file);
  REQUIRE_FALSE(cache->Find(*program, 0).has_value());
}

TEST_CASE("a directory that is not the user's alone is refused") {
  const ScratchDirectory scratch;
  fs::create_directory(scratch.path() / "real");
  fs::permissions(scratch.path() / "real", fs::perms::owner_all);
  fs::create_symlink(scratch.path() / "real", scratch.path() / "link");
  REQUIRE_FALSE(ObjectCache::Open((scratch.path() / "link").string(), kMakers).has_value());
  REQUIRE(ObjectCache::Open((scratch.path() / "real").string(), kMakers).has_value());
  fs::permissions(scratch.path() / "real", fs::perms::group_read, fs::perm_options::add);
  const auto open = ObjectCache::Open((scratch.path() / "real").string(), kMakers);
  REQUIRE_FALSE(open.has_value());
  REQUIRE(open.error().find("chmod 700") != std::string::npos);
  std::ofstream(scratch.path() / "file") << "x";
  REQUIRE_FALSE(ObjectCache::Open((scratch.path() / "file").string(), kMakers).has_value());
}

}  // namespace
}  // namespace policy::jit
