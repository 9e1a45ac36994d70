#include <fmt/format.h>

#include <array>

#include "compiler/testing/report.h"
#include "runtime/program/disassemble.h"
#include "runtime/program/layout.h"

namespace policy {

namespace {

struct Column {
  Truth truth;
  std::string_view name;
};
constexpr std::array kColumns = {Column{Truth::True, "true"}, Column{Truth::False, "false"},
                                 Column{Truth::Unknown, "unknown"}};

// "      3      0       -  ": a dash is what cannot come about.
std::string CountsText(const Outcomes& outcomes) {
  std::string text;
  for (const Column& column : kColumns) {
    const auto at = static_cast<std::size_t>(column.truth);
    text += fmt::format(
        "{:>8}", outcomes.can_be[at] ? std::to_string(outcomes.counts[at]) : std::string("-"));
  }
  return text;
}

std::string MissingText(const Outcomes& outcomes) {
  std::string text;
  for (const Column& column : kColumns) {
    const auto at = static_cast<std::size_t>(column.truth);
    if (outcomes.can_be[at] && outcomes.counts[at] == 0) {
      text += fmt::format("{}{}", text.empty() ? "; never " : ", ", column.name);
    }
  }
  return text;
}

}  // namespace

std::string ShareText(std::size_t seen_count, std::size_t possible_count) {
  return fmt::format("{:.1f}% ({} of {} outcomes)", CoveragePercent(seen_count, possible_count),
                     seen_count, possible_count);
}

double CoveragePercent(std::size_t seen_count, std::size_t possible_count) {
  if (possible_count == 0) return 100;
  return 100.0 * static_cast<double>(seen_count) / static_cast<double>(possible_count);
}

std::string RenderCoverage(const Coverage& coverage) {
  const Layout& layout = coverage.program().layout();
  std::string text =
      fmt::format("\ncoverage of {}: {}\n", VisibleText(coverage.program().rule(0).file),
                  ShareText(coverage.seen_count(), coverage.possible_count()));
  for (const Column& column : kColumns) text += fmt::format("{:>8}", column.name);
  text += '\n';
  for (const RuleCoverage& rule : coverage.rules()) {
    const RuleReference reference = coverage.program().rule(rule.rule);
    text += fmt::format("{}  {}:{} {} ({}){}\n", CountsText(rule.outcomes),
                        VisibleText(reference.file), reference.line, VisibleText(reference.id),
                        NameOf(layout.rules()[rule.rule].kind), MissingText(rule.outcomes));
    for (const ConditionCoverage& condition : rule.conditions) {
      text += fmt::format("{}      {}{}\n", CountsText(condition.outcomes),
                          VisibleText(condition.text), MissingText(condition.outcomes));
    }
  }
  return text;
}

}  // namespace policy
