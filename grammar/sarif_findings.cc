#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "grammar/diagnostic_renderer.h"
#include "grammar/diagnostic_table.h"

namespace policy {

namespace {

using nlohmann::ordered_json;

std::string_view LevelOf(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return "error";
    case Severity::Warning:
      return "warning";
    case Severity::Info:
      return "note";
  }
  return "error";
}

// A path as a relative URI reference.
std::string UriOf(std::string_view path) {
  std::string uri;
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') ||
                          std::string_view("-._~/").find(c) != std::string_view::npos;
    if (is_plain) {
      uri += c;
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return uri;
}

// "`…` is not a key of …"
std::string ShortText(std::string_view format) {
  std::string text(format);
  for (std::size_t at = text.find("{}"); at != std::string::npos; at = text.find("{}", at)) {
    text.replace(at, 2, "…");
  }
  return text;
}

ordered_json RuleJson(const DiagnosticRow& row) {
  return {{"id", row.code},
          {"name", row.name},
          {"shortDescription", {{"text", ShortText(row.format)}}},
          {"helpUri", fmt::format("docs/diagnostics/{}.md", row.code)},
          {"defaultConfiguration", {{"level", LevelOf(row.severity)}}}};
}

ordered_json RegionJson(const Source& source, Span span) {
  const Position begin = source.Locate(span.begin);
  const Position end = source.Locate(span.end);
  return {{"startLine", begin.line},
          {"startColumn", begin.column},
          {"endLine", end.line},
          {"endColumn", end.column}};
}

ordered_json LocationJson(const Source& source, Span span) {
  return {{"physicalLocation",
           {{"artifactLocation", {{"uri", UriOf(source.name())}}},
            {"region", RegionJson(source, span)}}}};
}

ordered_json FixJson(const Diagnostic& finding) {
  ordered_json replacement{{"deletedRegion", RegionJson(*finding.source, finding.fix->span)},
                           {"insertedContent", {{"text", finding.fix->text}}}};
  ordered_json change{{"artifactLocation", {{"uri", UriOf(finding.source->name())}}},
                      {"replacements", ordered_json::array({std::move(replacement)})}};
  return {{"description", {{"text", finding.help.empty() ? finding.message : finding.help}}},
          {"artifactChanges", ordered_json::array({std::move(change)})}};
}

// FNV-1a: the same on every machine and in every version, as a fingerprint has to be.
std::uint64_t HashOf(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// Tells findings apart by what they say of which line's text, and equal ones by their order: line
// numbers move with every edit above.
class Fingerprints {
 public:
  std::string Of(const Diagnostic& finding) {
    std::string text = fmt::format("{}\n{}\n", finding.code, finding.message);
    if (finding.source != nullptr) {
      text += finding.source->name() + "\n";
      std::string_view line =
          finding.source->LineText(finding.source->Locate(finding.span.begin).line);
      line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
      text += line;
    }
    const std::uint64_t hash = HashOf(text);
    return fmt::format("{:016x}:{}", hash, ++counts_[hash]);
  }

 private:
  std::map<std::uint64_t, int> counts_;
};

ordered_json ResultJson(const Diagnostic& finding, std::size_t rule_index,
                        Fingerprints& fingerprints) {
  std::string message = finding.message;
  if (!finding.help.empty()) message += "\nhelp: " + finding.help;
  if (finding.witness) {
    message += fmt::format("\n{}: {}", finding.witness->outcome, finding.witness->call);
  }
  ordered_json result{{"ruleId", finding.code},
                      {"ruleIndex", rule_index},
                      {"level", LevelOf(finding.severity)},
                      {"message", {{"text", message}}}};
  if (finding.source != nullptr) {
    result["locations"] = ordered_json::array({LocationJson(*finding.source, finding.span)});
  }
  for (const Label& label : finding.labels) {
    if (label.source == nullptr) continue;
    ordered_json location = LocationJson(*label.source, label.span);
    location["message"] = {{"text", label.text}};
    result["relatedLocations"].push_back(std::move(location));
  }
  if (finding.fix && finding.source != nullptr) {
    result["fixes"] = ordered_json::array({FixJson(finding)});
  }
  result["partialFingerprints"] = {{"policyc/v1", fingerprints.Of(finding)}};
  return result;
}

}  // namespace

std::string RenderSarif(FindingList findings) {
  std::map<std::string_view, std::size_t> index_of;  // the codes that there are, sorted
  for (const Diagnostic* finding : findings) index_of.try_emplace(finding->code, 0);
  ordered_json rules = ordered_json::array();
  for (auto& [code, index] : index_of) {
    index = rules.size();
    rules.push_back(RuleJson(*FindDiagnostic(code)));
  }
  ordered_json results = ordered_json::array();
  Fingerprints fingerprints;
  for (const Diagnostic* finding : findings) {
    results.push_back(ResultJson(*finding, index_of[finding->code], fingerprints));
  }
  ordered_json driver{{"name", "policyc"}, {"rules", std::move(rules)}};
  ordered_json run;
  run["tool"]["driver"] = std::move(driver);
  run["columnKind"] = "unicodeCodePoints";
  run["results"] = std::move(results);
  const ordered_json report{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                            {"version", "2.1.0"},
                            {"runs", ordered_json::array({std::move(run)})}};
  return report.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace policy
