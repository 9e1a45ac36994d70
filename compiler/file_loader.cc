#include "compiler/file_loader.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace policy {

namespace {

// "a/b/" of "a/b/c.policy"; empty for a bare name.
std::string FolderOf(std::string_view name) {
  return std::string(name.substr(0, name.rfind('/') + 1));  // npos + 1 is 0
}

// `path` below `folder`, with `.` and `..` resolved by their letters; `folder` itself is `root` and
// perhaps more. nullopt: it leaves `root`.
std::optional<std::string> Join(std::string_view root, std::string_view folder,
                                std::string_view path) {
  std::vector<std::string> steps;
  const std::string below = std::string(folder.substr(root.size())) + std::string(path);
  for (std::size_t begin = 0; begin <= below.size();) {
    const std::size_t end = std::min(below.find('/', begin), below.size());
    std::string step = below.substr(begin, end - begin);
    begin = end + 1;
    if (step.empty() || step == ".") continue;
    if (step != "..") {
      steps.push_back(std::move(step));
    } else if (steps.empty()) {
      return std::nullopt;
    } else {
      steps.pop_back();
    }
  }
  std::string joined(root);
  for (const std::string& step : steps) joined += (&step == &steps.front() ? "" : "/") + step;
  return joined;
}

}  // namespace

std::expected<const Source*, std::string> FileLoader::Load(const Source& from,
                                                           std::string_view path) {
  auto source = LoadIfThere(from, path);
  if (source && *source == nullptr) return std::unexpected("there is no such file");
  return source;
}

std::expected<const Source*, std::string> FileLoader::LoadIfThere(const Source& from,
                                                                  std::string_view path) {
  if (path.empty() || path.front() == '/' || path.contains('\0') || path.contains('\\')) {
    return std::unexpected("it is no path below the policy's folder");
  }
  const std::string folder = FolderOf(from.name());
  const auto known_root = roots_.find(&from);
  const std::string root = known_root == roots_.end() ? folder : known_root->second;
  const auto name = Join(root, folder, path);
  if (!name) return std::unexpected("it leaves the policy's folder");
  // The same file below two policies is one Source only where it means the same.
  const std::string key = root + '\n' + *name;
  if (const auto loaded = by_name_.find(key); loaded != by_name_.end()) {
    return loaded->second.source.get();
  }
  auto text = read_(*name);
  if (!text) return std::unexpected(std::move(text.error()));
  if (!*text) return nullptr;
  auto source = std::make_unique<const Source>(*name, **std::move(text));
  const Source* const kept = source.get();
  roots_[kept] = root;
  by_name_[key] = {std::move(source), root};
  return kept;
}

}  // namespace policy
