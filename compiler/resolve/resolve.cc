#include "compiler/resolve/resolve.h"

#include <algorithm>
#include <utility>

#include "compiler/resolve/pattern.h"
#include "compiler/resolve/resolution.h"
#include "runtime/value/civil_time.h"

namespace policy {

namespace {

ir::FormulaId AddTrue(Resolution& resolution, Span span) {
  ir::Formula formula;
  formula.kind = ir::FormulaKind::Constant;
  formula.constant = Truth::True;
  formula.span = span;
  return AddFormula(resolution, std::move(formula));
}

// The condition of a rule that may have none.
std::optional<ir::FormulaId> ResolveWhen(Resolution& resolution,
                                         std::optional<ast::ExpressionId> when, Span span) {
  if (!when) return AddTrue(resolution, span);
  return ResolveCondition(resolution, *when);
}

// Fills in what the kind of statement gives its rule. False: reported, there is no rule.
struct FillRule {
  Resolution& resolution;
  const ast::ToolBlock& block;
  ir::Rule& rule;

  bool Condition(format::RuleKind kind, std::optional<ir::FormulaId> condition) const {
    rule.kind = kind;
    if (condition) rule.condition_id = *condition;
    return condition.has_value();
  }
  bool operator()(const ast::Allow& allow) const {
    return Condition(format::RuleKind::Allow, ResolveWhen(resolution, allow.when, rule.span));
  }
  bool operator()(const ast::Deny& deny) const {
    return Condition(format::RuleKind::Deny, ResolveWhen(resolution, deny.when, rule.span));
  }
  bool operator()(const ast::Require& require) const {
    return Condition(format::RuleKind::Require, ResolveCondition(resolution, require.condition_id));
  }
  bool operator()(const ast::Approve& approve) const {
    const ast::Approve common = block.approval.value_or(ast::Approve{});
    const auto from = approve.from ? approve.from : common.from;
    const auto within = approve.within ? approve.within : common.within;
    if (from) rule.approval_group = from->text;
    if (within) rule.approval_within_seconds = within->seconds;
    return Condition(format::RuleKind::Approve, ResolveWhen(resolution, approve.when, rule.span));
  }
  bool operator()(const ast::CloseArguments& close) const {
    rule.kind = format::RuleKind::CloseArguments;
    for (const ast::Word& name : close.names) rule.argument_names.push_back(name.text);
    std::ranges::sort(rule.argument_names);
    const auto repeated = std::ranges::unique(rule.argument_names);
    rule.argument_names.erase(repeated.begin(), repeated.end());
    return true;
  }
  // No rule: it is the block that opens them.
  bool operator()(const ast::OpenArguments&) const { return false; }
  bool operator()(const ast::Limit& limit) const {
    rule.kind = format::RuleKind::Limit;
    const auto resolved = ResolveLimit(resolution, limit, rule.span);
    if (resolved) rule.limit = *resolved;
    return resolved.has_value();
  }
};

ir::RuleId AddRule(Resolution& resolution, ir::Rule rule) {
  resolution.policy.rules.push_back(std::move(rule));
  return static_cast<ir::RuleId>(resolution.policy.rules.size() - 1);
}

void ResolveHide(Resolution& resolution, const ast::Hide& hide) {
  ir::Rule rule;
  rule.kind = format::RuleKind::Hide;
  rule.id = hide.id;
  rule.span = hide.pattern.span;
  ir::Block block;
  block.patterns = {hide.pattern.text};
  block.hides = true;
  block.span = hide.pattern.span;
  block.rule_ids = {AddRule(resolution, std::move(rule))};
  resolution.policy.blocks.push_back(std::move(block));
}

void ResolveBlock(Resolution& resolution, const ast::ToolBlock& syntax) {
  ir::Block block;
  block.span = syntax.span;
  for (const ast::Word& pattern : syntax.patterns) block.patterns.push_back(pattern.text);
  if (syntax.server) block.server = syntax.server->text;
  const bool never_admits = std::ranges::all_of(block.patterns, MatchesEverything);
  for (const ast::Statement& statement : syntax.statements) {
    // Limiting every tool must not open every tool.
    if (never_admits && std::holds_alternative<ast::Allow>(statement.node)) continue;
    if (std::holds_alternative<ast::OpenArguments>(statement.node)) block.opens_arguments = true;
    ir::Rule rule;
    rule.id = statement.id;
    rule.span = statement.span;
    // A limit's own words say how much is used and when to try again.
    if (statement.because) {
      rule.message = statement.because->text;
    } else if (syntax.reason && !std::holds_alternative<ast::Limit>(statement.node)) {
      rule.message = syntax.reason->text;
    }
    if (!std::visit(FillRule{resolution, syntax, rule}, statement.node)) continue;
    block.rule_ids.push_back(AddRule(resolution, std::move(rule)));
  }
  resolution.policy.blocks.push_back(std::move(block));
}

void ResolveZone(Resolution& resolution) {
  const auto& zone = resolution.syntax.zone;
  if (!zone) return;
  resolution.policy.zone = zone->text;
  CheckZone(resolution, zone->text, zone->span);
}

}  // namespace

bool CheckZone(Resolution& resolution, const std::string& zone, Span span) {
  if (Zone::Find(zone)) return true;
  resolution.diagnostics.Report(diag::UnknownZone, resolution.source, span, zone)
      .Help("write the name of a place in the IANA database: `Europe/Berlin`, or `UTC`");
  return false;
}

std::optional<ir::Policy> Resolve(const ast::Policy& syntax, const Source& source,
                                  Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  Resolution resolution{.syntax = syntax, .source = source, .diagnostics = diagnostics};
  resolution.policy.name = syntax.name.text;
  resolution.policy.default_allows = syntax.default_allows;
  resolution.policy.default_span = syntax.default_span;
  resolution.policy.sources = {&source};
  for (const Source* included : diagnostics.included()) {
    resolution.policy.sources.push_back(included);
  }
  ResolveZone(resolution);
  DeclareNames(resolution);
  ResolveCounters(resolution);
  for (const ast::Hide& hide : syntax.hides) ResolveHide(resolution, hide);
  for (const ast::ToolBlock& block : syntax.blocks) ResolveBlock(resolution, block);
  CheckCosts(resolution);
  CheckUnused(resolution);
  if (diagnostics.error_count() != errors_before) return std::nullopt;
  return std::move(resolution.policy);
}

}  // namespace policy
