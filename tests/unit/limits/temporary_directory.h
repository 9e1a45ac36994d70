// A directory for one test, gone with it.
#ifndef TESTS_UNIT_LIMITS_TEMPORARY_DIRECTORY_H_
#define TESTS_UNIT_LIMITS_TEMPORARY_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <string>

namespace policy {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "limits-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;  // removed once
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace policy

#endif  // TESTS_UNIT_LIMITS_TEMPORARY_DIRECTORY_H_
