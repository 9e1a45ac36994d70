#include "tests/differential/written_policies.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace differential {
namespace {

namespace fs = std::filesystem;
using reference::Json;

struct Section {
  std::string name;
  std::string text;
};

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The inputs of a golden case: what stands between `--- name` and the next mark.
std::vector<Section> SectionsOf(const fs::path& path) {
  std::vector<Section> sections;
  std::istringstream file(ReadFile(path));
  bool within = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("--- ")) {
      sections.push_back({line.substr(4), ""});
      within = true;
    } else if (line.starts_with("=== ")) {
      within = false;
    } else if (within) {
      sections.back().text += line + '\n';
    }
  }
  return sections;
}

// A line of `policyc eval`, in the form that names the tool.
std::vector<reference::Call> CallsOf(const std::string& text) {
  std::vector<reference::Call> calls;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto json = reference::ParseJson(line);
    const Json* tool = json ? json->Find("tool") : nullptr;
    if (tool == nullptr || !tool->Is(Json::Kind::String)) continue;
    reference::Call call;
    call.tool = tool->text;
    if (const Json* arguments = json->Find("args")) call.arguments = ToText(*arguments);
    if (const Json* claims = json->Find("claims")) call.context.claims = ToText(*claims);
    calls.push_back(std::move(call));
  }
  return calls;
}

void AddPolicies(const std::string& name, const std::vector<Section>& sections,
                 std::vector<WrittenPolicy>& found) {
  for (const Section& section : sections) {
    auto json = reference::ParseJson(section.text);
    if (section.name.ends_with(".policy")) json = Json::String(section.text);
    const bool is_policy =
        json && (json->Is(Json::Kind::String) ||
                 (json->Find("version") != nullptr && json->Find("default") != nullptr));
    if (!is_policy) continue;
    WrittenPolicy policy{name, std::move(*json), {}};
    for (const Section& other : sections) {
      for (reference::Call& call : CallsOf(other.text)) policy.calls.push_back(std::move(call));
    }
    found.push_back(std::move(policy));
  }
}

}  // namespace

std::vector<WrittenPolicy> FindPolicies(const std::vector<std::string>& folders) {
  std::vector<fs::path> paths;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<WrittenPolicy> found;
  for (const fs::path& path : paths) {
    if (path.extension() == ".case") {
      AddPolicies(path.string(), SectionsOf(path), found);
    } else if (path.extension() == ".json" || path.extension() == ".policy") {
      AddPolicies(path.string(),
                  {{path.filename().string(), ReadFile(path)},
                   {"calls", ReadFile(path.parent_path() / "calls.jsonl")}},
                  found);
    }
  }
  return found;
}

}  // namespace differential
