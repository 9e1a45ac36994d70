#include "compiler/check/schema_findings.h"

#include <fmt/format.h>

#include <algorithm>

namespace policy {

namespace {

constexpr std::size_t kToolsNamed = 3;

// "`a`", "`a` and `b`", "`a`, `b`, `c` and 4 more"
std::string ToolsText(const std::vector<std::string>& tools) {
  std::string text;
  const std::size_t named = std::min(tools.size(), kToolsNamed);
  for (std::size_t i = 0; i < named; ++i) {
    if (i > 0) text += i + 1 == tools.size() ? " and " : ", ";
    text += "`" + tools[i] + "`";
  }
  if (tools.size() > named) text += fmt::format(" and {} more", tools.size() - named);
  return text;
}

Diagnostics::Builder ReportKind(const Checked& checked, const FoundAt& found,
                                const std::string& tools, bool is_of_all) {
  Diagnostics& to = checked.diagnostics;
  const Source& source = checked.source;
  switch (found.finding) {
    case SchemaFinding::NotNamed:
      return is_of_all ? to.Report(diag::UnknownArgument, source, found.span, found.path, tools)
                       : to.Report(diag::ArgumentOfSome, source, found.span, found.path, tools);
    case SchemaFinding::NotNamedBelow:
      return to.Report(diag::MemberNotNamed, source, found.span, tools, found.path);
    case SchemaFinding::WrongKind:
      return to.Report(diag::SchemaType, source, found.span, found.path, tools, found.detail,
                       found.other);
    case SchemaFinding::Excluded:
      return to.Report(diag::SchemaExcludes, source, found.span, found.path, tools, found.detail);
    case SchemaFinding::OutOfRange:
      return to.Report(diag::SchemaRange, source, found.span, found.path, tools, found.other,
                       found.detail);
    case SchemaFinding::MayBeAbsent:
      return to.Report(diag::MayBeAbsent, source, found.span, found.path, tools, found.detail);
    case SchemaFinding::OtherDefault:
      return to.Report(diag::OtherDefault, source, found.span, found.path, tools, found.other,
                       found.detail);
    case SchemaFinding::CostAbsent:
      return to.Report(diag::CostAbsent, source, found.span, found.path, tools);
    case SchemaFinding::CostNegative:
      break;
  }
  return to.Report(diag::CostNegative, source, found.span, found.path, tools);
}

}  // namespace

void SchemaFindings::Add(FoundAt found, std::string_view tool) {
  std::tuple key{PlaceOf(found.span, found.path), found.finding, found.detail};
  Entry& entry = entries_[key];
  if (entry.tools.empty() || entry.tools.back() != tool) {
    entry.tools.emplace_back(tool);
    if (!found.is_asked) entry.minded.emplace_back(tool);
  }
  if (entry.tools.size() == 1) entry.found = std::move(found);
}

void SchemaFindings::Look(Span span, const std::string& path, std::string_view tool) {
  std::vector<std::string>& tools = looks_[PlaceOf(span, path)];
  if (tools.empty() || tools.back() != tool) tools.emplace_back(tool);
}

void SchemaFindings::Report(const Checked& checked) const {
  for (const auto& [key, entry] : entries_) {
    const auto looked = looks_.find(std::get<0>(key));
    ReportOne(checked, entry,
              looked == looks_.end() || looked->second.size() <= entry.tools.size());
  }
}

void SchemaFindings::ReportOne(const Checked& checked, const Entry& entry, bool is_of_all) const {
  const FoundAt& found = entry.found;
  if (!is_of_all && entry.minded.empty()) return;
  auto report =
      ReportKind(checked, found, ToolsText(is_of_all ? entry.tools : entry.minded), is_of_all);
  if (!found.help.empty()) report.Help(found.help);
  if (found.fix_old.empty()) return;
  const Source& source = checked.diagnostics.SourceOf(checked.source, found.span);
  const std::string_view text =
      source.text().substr(found.span.begin, found.span.end - found.span.begin);
  const std::size_t at = text.find(found.fix_old);
  if (at == std::string_view::npos || text.find(found.fix_old, at + 1) != std::string_view::npos) {
    return;
  }
  const auto begin = found.span.begin + static_cast<std::uint32_t>(at);
  report.Replace({begin, begin + static_cast<std::uint32_t>(found.fix_old.size()), found.span.file},
                 found.fix_new);
}

}  // namespace policy
