#include "compiler/driver/checked_file.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "compiler/check/allow_comment.h"
#include "compiler/driver/policy_check.h"
#include "compiler/driver/policy_files.h"
#include "compiler/front_end.h"
#include "compiler/testing/test_file.h"

namespace policy {

namespace {

constexpr int kFixRoundsMax = 32;  // a mend can bring a mistake to light that hid behind it

bool IsAllowFileName(std::string_view path) {
  return path.substr(path.rfind('/') + 1) == kAllowFileName;
}

std::string FolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).lexically_normal().parent_path().string();
  return folder.empty() ? "." : folder;
}

// By file and place, and then in the order found.
void SortByPlace(std::vector<const Diagnostic*>& findings) {
  std::ranges::stable_sort(findings, {}, [](const Diagnostic* finding) {
    return std::pair(finding->span.file, finding->span.begin);
  });
}

// Takes out what comments of the policy let be; those that serve no more are found in turn.
void ApplyComments(const Source& source, const CompileOptions& options, CheckedFile& file) {
  Diagnostics repeated;  // numbers the included sources as the first reading did
  const auto syntax = ReadSyntax(source, options, repeated);
  if (!syntax || syntax->form != ast::Form::Text) return;
  const bool is_whole = file.error_count() == 0;  // else what was to be let be may not be found
  const std::size_t count_before = file.diagnostics->all().size();
  for (AllowComment& comment : ReadAllowComments(*syntax, source, *file.diagnostics)) {
    Allow(comment.allowance, comment.ranges, file.findings);
    if (is_whole) CheckServes(comment.allowance, source, *file.diagnostics);
  }
  for (std::size_t i = count_before; i < file.diagnostics->all().size(); ++i) {
    file.findings.push_back(&file.diagnostics->all()[i]);
  }
}

// The fixes of the file itself, from the back; one that reaches into another is left for the next
// round.
std::vector<const Fix*> FixesOf(const CheckedFile& file) {
  std::vector<const Fix*> fixes;
  for (const Diagnostic* finding : file.findings) {
    if (finding->fix && finding->source == file.source.get()) fixes.push_back(&*finding->fix);
  }
  std::ranges::stable_sort(fixes, std::greater{}, [](const Fix* fix) { return fix->span.begin; });
  std::size_t free_end = file.source->text().size() + 1;
  std::erase_if(fixes, [&](const Fix* fix) {
    if (fix->span.end > free_end || fix->span.begin == free_end) return true;
    free_end = fix->span.begin;
    return false;
  });
  return fixes;
}

std::unique_ptr<Source> Mended(const Source& source, const std::vector<const Fix*>& fixes) {
  std::string text(source.text());
  for (const Fix* fix : fixes) {
    text.replace(fix->span.begin, fix->span.end - fix->span.begin, fix->text);
  }
  return std::make_unique<Source>(source.name(), std::move(text));
}

// Round by round all fixes at once, until none is left.
CheckedFile FixAll(const CheckedFile& file, const CompileOptions& options,
                   AllowFiles& allow_files) {
  CheckedFile mended = CheckFile(Mended(*file.source, FixesOf(file)), options, allow_files);
  for (int round = 1; round < kFixRoundsMax; ++round) {
    const std::vector<const Fix*> fixes = FixesOf(mended);
    if (fixes.empty()) break;
    mended = CheckFile(Mended(*mended.source, fixes), options, allow_files);
  }
  return mended;
}

}  // namespace

bool IsCheckedFileName(std::string_view path) {
  return IsPolicyFileName(path) || IsTestFileName(path) || IsAllowFileName(path);
}

AllowFiles::AllowFile& AllowFiles::In(const std::string& folder) {
  const auto [found, is_new] = by_folder_.try_emplace(folder);
  AllowFile& file = found->second;
  if (!is_new) return file;
  const std::string path =
      (std::filesystem::path(folder) / kAllowFileName).lexically_normal().string();
  if (files_.KindOf(path) != Files::Kind::File) return file;
  if (auto source = ReadPolicy(path, files_)) {
    file.source = *std::move(source);
    file.entries = ReadAllowFile(*file.source, file.diagnostics);
  }
  return file;
}

void AllowFiles::Apply(const Source& source, const CompileOptions& options,
                       std::vector<const Diagnostic*>& findings) {
  AllowFile& file = In(FolderOf(source.name()));
  const std::string path = std::filesystem::path(source.name()).lexically_normal().string();
  if (std::ranges::find(file.checked, path) == file.checked.end()) file.checked.push_back(path);
  if (file.entries.empty()) return;
  Diagnostics repeated;
  const auto syntax = ReadSyntax(source, options, repeated);
  if (!syntax) return;
  for (AllowEntry& entry : file.entries) {
    Allow(entry.allowance, RangesOf(entry, *syntax, source), findings);
  }
}

void AllowFiles::CheckServing() {
  for (auto& [folder, file] : by_folder_) {
    if (file.entries.empty()) continue;
    const auto beside = files_.ListIn(folder);
    const bool is_whole = beside && std::ranges::all_of(*beside, [&](const std::string& path) {
                            const std::string normal =
                                std::filesystem::path(path).lexically_normal().string();
                            return !IsPolicyFileName(path) ||
                                   std::ranges::find(file.checked, normal) != file.checked.end();
                          });
    if (!is_whole) continue;
    for (const AllowEntry& entry : file.entries) {
      CheckServes(entry.allowance, *file.source, file.diagnostics);
    }
  }
}

std::vector<const Diagnostic*> AllowFiles::Findings() const {
  std::vector<const Diagnostic*> findings;
  for (const auto& [folder, file] : by_folder_) {
    for (const Diagnostic& finding : file.diagnostics.all()) findings.push_back(&finding);
  }
  return findings;
}

CheckedFile CheckFile(std::unique_ptr<Source> source, const CompileOptions& options,
                      AllowFiles& allow_files) {
  CheckedFile file{.source = std::move(source),
                   .diagnostics = std::make_unique<Diagnostics>(),
                   .findings = {},
                   .worst = {}};
  const Source& text = *file.source;
  const bool is_policy = !IsTestFileName(text.name()) && !IsAllowFileName(text.name());
  if (is_policy) {
    file.worst = CheckPolicySource(text, options, *file.diagnostics);
  } else if (IsTestFileName(text.name())) {
    ReadTestFile(text, *file.diagnostics);
  } else {
    allow_files.Open(FolderOf(text.name()));
  }
  for (const Diagnostic& finding : file.diagnostics->all()) file.findings.push_back(&finding);
  if (is_policy) {
    ApplyComments(text, options, file);
    allow_files.Apply(text, options, file.findings);
  }
  SortByPlace(file.findings);
  return file;
}

CheckedFile FixFile(CheckedFile file, const CompileOptions& options, AllowFiles& allow_files) {
  // A mend of what stopped the reader brings to light what is behind it: errors are counted at the
  // end.
  CheckedFile whole = FixAll(file, options, allow_files);
  if (whole.error_count() <= file.error_count()) return whole;
  for (int round = 0; round < kFixRoundsMax; ++round) {
    std::optional<CheckedFile> better;
    for (const Fix* fix : FixesOf(file)) {
      CheckedFile mended = CheckFile(Mended(*file.source, {fix}), options, allow_files);
      if (mended.error_count() <= file.error_count()) better = std::move(mended);
      if (better) break;
    }
    if (!better) break;
    file = *std::move(better);
  }
  return file;
}

}  // namespace policy
