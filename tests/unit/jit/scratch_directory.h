// A directory for one test, gone with it.
#ifndef TESTS_UNIT_JIT_SCRATCH_DIRECTORY_H_
#define TESTS_UNIT_JIT_SCRATCH_DIRECTORY_H_

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace policy::jit {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string path = (std::filesystem::temp_directory_path() / "policy-jit-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;  // removes what it made, once
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace policy::jit

#endif  // TESTS_UNIT_JIT_SCRATCH_DIRECTORY_H_
