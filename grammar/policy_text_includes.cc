#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "grammar/limits.h"
#include "grammar/policy_text_parts.h"
#include "grammar/shared_reports.h"

namespace policy {

namespace {

// `path` as seen from `folder`, without `.` and `..`. nullopt: it leads out, or is not relative.
std::optional<std::string> PathBelow(std::string_view folder, std::string_view path) {
  const bool has_drive = path.size() > 1 && path[1] == ':';
  if (path.starts_with('/') || has_drive || path.contains('\\') || path.contains('\0')) {
    return std::nullopt;
  }
  std::vector<std::string_view> parts;
  const std::string whole = std::string(folder) + std::string(path);
  std::string_view rest = whole;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return std::nullopt;
    } else {
      parts.pop_back();
    }
  }
  if (parts.empty()) return std::nullopt;
  return fmt::format("{}", fmt::join(parts, "/"));
}

// The text that `path` names, or nullptr, reported.
const Source* Load(TextFile& file, const ast::Word& path) {
  const TextInput& input = file.input;
  std::expected<const Source*, std::string> source =
      std::unexpected(std::string("this policy is read from a place that has no other files"));
  if (file.reader.loader != nullptr) source = file.reader.loader->Load(input.source, path.text);
  if (source) return *source;
  input.diagnostics.Report(diag::IncludeUnread, input.root, path.span, path.text, source.error());
  return nullptr;
}

// True when `source` is among the files that are being read: reported.
bool IsCycle(TextFile& file, const ast::Word& path, const Source* source) {
  const std::vector<const Source*>& open = file.reader.open;
  const auto first = std::ranges::find(open, source);
  if (first == open.end()) return false;
  std::string way;
  for (auto at = first; at != open.end(); ++at) way += fmt::format("`{}` includes ", (*at)->name());
  file.input.diagnostics.Report(diag::IncludeCycle, file.input.root, path.span, path.text)
      .Help(fmt::format("{}`{}`", way, source->name()));
  return true;
}

}  // namespace

void ReadInclude(TextFile& file, TextView view) {
  PolicyTextReader& reader = file.reader;
  const TextInput& input = file.input;
  const ast::Word path = ReadWord(file, view.first_child());
  if (!CheckText(input.root, input.diagnostics, path.span, path.text, "include")) return;
  if (file.is_root()) reader.policy.includes.push_back({path, view.span()});
  if (reader.reads_one_file) return;
  const auto place = PathBelow(file.folder, path.text);
  if (!place) {
    input.diagnostics.Report(diag::IncludeOutside, input.root, path.span, path.text)
        .Help("paths are relative to the file that says them and stay below the policy's folder");
    return;
  }
  // The root did not come from the loader, so it is known by its name alone.
  const std::string_view root_name = input.root.name();
  const bool is_root = *place == root_name.substr(root_name.rfind('/') + 1);
  const Source* source = is_root ? &input.root : Load(file, path);
  if (source == nullptr || IsCycle(file, path, source)) return;
  if (!reader.included.insert(source).second) {
    // By two ways it is no matter; twice in one file it is an oversight.
    const auto [first, is_new] = file.includes.try_emplace(source, view.span());
    if (!is_new) {
      input.diagnostics.Report(diag::IncludedTwice, input.root, view.span(), path.text)
          .Note(first->second, "first here")
          .Help("once is enough");
    }
    return;
  }
  file.includes.try_emplace(source, view.span());
  if (reader.included.size() > kIncludesMax + 1) {  // the root counts itself
    if (reader.included.size() == kIncludesMax + 2) {
      input.diagnostics.Report(diag::TooManyIncludes, input.root, path.span, kIncludesMax);
    }
    return;
  }
  const std::size_t slash = place->rfind('/');
  const std::string folder = slash == std::string::npos ? "" : place->substr(0, slash + 1);
  ReadTextFile(reader, *source, input.diagnostics.AddSource(*source), folder);
}

}  // namespace policy
