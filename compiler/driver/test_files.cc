#include "compiler/driver/test_files.h"

#include <algorithm>
#include <filesystem>

#include "compiler/driver/policy_files.h"
#include "compiler/testing/test_file.h"

namespace policy {

namespace {

std::string Normal(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().string();
}

void AddOnce(std::vector<std::string>& paths, std::string path) {
  if (std::ranges::find(paths, path) == paths.end()) paths.push_back(std::move(path));
}

std::expected<void, std::string> AddBelow(const std::string& directory, const Files& files,
                                          TestPaths& found) {
  const auto below = files.ListBelow(directory);
  if (!below) return std::unexpected("cannot read `" + directory + "`: " + below.error());
  for (const std::string& path : *below) {
    if (IsTestFileName(path)) AddOnce(found.test_files, Normal(path));
    if (IsPolicyFileName(path)) AddOnce(found.policies, Normal(path));
  }
  return {};
}

std::expected<void, std::string> AddPolicy(const std::string& path, const Files& files,
                                           TestPaths& found) {
  AddOnce(found.policies, Normal(path));
  const std::string folder = std::filesystem::path(Normal(path)).parent_path().string();
  const auto beside = files.ListIn(folder.empty() ? "." : folder);
  if (!beside) return std::unexpected("cannot read `" + folder + "`: " + beside.error());
  for (const std::string& name : *beside) {
    if (IsTestFileName(name)) AddOnce(found.beside, Normal(name));
  }
  return {};
}

}  // namespace

std::expected<TestPaths, std::string> FindTests(const std::vector<std::string>& paths,
                                                const Files& files) {
  TestPaths found;
  for (const std::string& path : paths) {
    const Files::Kind kind = files.KindOf(path);
    if (kind == Files::Kind::Missing) return std::unexpected("there is no `" + path + "`");
    if (kind == Files::Kind::File && IsTestFileName(path)) {
      AddOnce(found.test_files, Normal(path));
      continue;
    }
    const auto added = kind == Files::Kind::Directory ? AddBelow(path, files, found)
                                                      : AddPolicy(path, files, found);
    if (!added) return std::unexpected(added.error());
  }
  std::erase_if(found.beside, [&](const std::string& path) {
    return std::ranges::find(found.test_files, path) != found.test_files.end();
  });
  return found;
}

std::string PathBeside(const std::string& from, const std::string& path) {
  return (std::filesystem::path(from).parent_path() / path).lexically_normal().string();
}

}  // namespace policy
