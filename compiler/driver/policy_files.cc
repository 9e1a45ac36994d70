#include "compiler/driver/policy_files.h"

#include <algorithm>
#include <string_view>

namespace policy {

bool IsPolicyFileName(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name == "policy.json" || name.ends_with(".policy.json") ||
         (name.ends_with(".policy") && name != ".policy");
}

std::expected<std::unique_ptr<Source>, std::string> ReadPolicy(const std::string& path,
                                                               const Files& files) {
  if (files.KindOf(path) == Files::Kind::Directory) {
    return std::unexpected("`" + path + "` is a directory");
  }
  auto text = files.Read(path);
  if (!text) return std::unexpected("cannot read `" + path + "`: " + text.error());
  return std::make_unique<Source>(path, *std::move(text));
}

std::expected<std::vector<std::unique_ptr<Source>>, std::string> ReadPolicies(
    const std::vector<std::string>& paths, bool (*is_meant)(std::string_view path),
    const Files& files) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    if (files.KindOf(path) != Files::Kind::Directory) {
      names.push_back(path);
      continue;
    }
    auto below = files.ListBelow(path);
    if (!below) return std::unexpected("cannot read `" + path + "`: " + below.error());
    std::erase_if(*below, [&](const std::string& name) { return !is_meant(name); });
    if (below->empty()) return std::unexpected("no policy is below `" + path + "`");
    names.insert(names.end(), below->begin(), below->end());
  }
  std::vector<std::unique_ptr<Source>> sources;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      continue;
    }
    auto source = ReadPolicy(names[i], files);
    if (!source) return std::unexpected(source.error());
    sources.push_back(*std::move(source));
  }
  return sources;
}

std::expected<std::vector<std::unique_ptr<Source>>, std::string> ReadPolicies(
    const std::vector<std::string>& paths, const Files& files) {
  return ReadPolicies(paths, IsPolicyFileName, files);
}

}  // namespace policy
