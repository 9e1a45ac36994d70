// Tools that no call gets through to, and approvals that no admitted call reaches.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/analyse/analysis.h"
#include "runtime/value/glob.h"

namespace policy {

namespace {

using format::RuleKind;

constexpr std::size_t kLabelledRulesMax = 6;

// All that is known to decide about the calls of one tool.
struct Verdicts {
  Scene scene;
  std::vector<const ir::Rule*> allows;   // every rule that may admit one
  std::vector<const ir::Rule*> denials;  // rules that look at each
  bool is_open = false;                  // no rule admits, but the default
  bool is_settled = false;               // hidden, denied outright, or found out before
};

bool AdmitsByOtherThanStar(const ir::Block& block, std::string_view tool) {
  return std::ranges::any_of(block.patterns, [&](std::string_view pattern) {
    return pattern.find_first_not_of('*') != std::string_view::npos && GlobMatches(pattern, tool);
  });
}

void AddRule(const Analysis& analysis, ir::RuleId id, bool is_certain, bool admits,
             Verdicts& verdicts) {
  const ir::Rule& rule = analysis.rule(id);
  if (rule.kind == RuleKind::Allow && admits) {
    verdicts.allows.push_back(&rule);
    verdicts.is_settled = verdicts.is_settled || analysis.is_reported[ir::IndexOf(id)];
  }
  if (!Denies(rule) || !is_certain) return;
  verdicts.denials.push_back(&rule);
  const bool is_outright = rule.kind == RuleKind::Deny && IsUnconditional(analysis.policy, rule);
  const bool is_known = analysis.is_reported[ir::IndexOf(id)] &&
                        analysis.solver.IsImpossible(verdicts.scene, std::array{PassageOf(rule)});
  verdicts.is_settled = verdicts.is_settled || is_outright || is_known;
}

// nullopt: too many blocks speak of the tool.
std::optional<Verdicts> VerdictsOn(const Analysis& analysis, const ir::Block& block,
                                   std::string_view tool) {
  const auto naming = analysis.cover.Naming(tool);
  if (!naming) return std::nullopt;
  Verdicts verdicts;
  verdicts.scene = SceneOf(analysis.policy, block, true);
  verdicts.scene.patterns = {tool};
  for (const std::size_t index : *naming) {
    const ir::Block& other = analysis.policy.blocks[index];
    const bool is_certain = !other.server || other.server == block.server;
    if (!is_certain && block.server) continue;  // of another server's tool
    if (other.hides && is_certain) verdicts.is_settled = true;
    const bool admits = AdmitsByOtherThanStar(other, tool);
    for (const ir::RuleId id : other.rule_ids) AddRule(analysis, id, is_certain, admits, verdicts);
  }
  verdicts.is_open = verdicts.allows.empty() && analysis.policy.default_allows;
  return verdicts;
}

// The wishes, first `wanted`, that have to do with another of them: one alone contradicts nothing.
std::vector<Wish> Connected(const Analysis& analysis, std::vector<Wish> wishes) {
  std::vector<std::vector<std::uint32_t>> topics;
  for (const Wish& wish : wishes) topics.push_back(TopicsOf(analysis.policy, wish.formula_id));
  std::vector<Wish> connected;
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    for (std::size_t j = 0; j < wishes.size(); ++j) {
      if (i == j || !ShareTopic(topics[i], topics[j])) continue;
      connected.push_back(wishes[i]);
      break;
    }
  }
  return connected;
}

// Whether no call gets through by this allow (null: by the default), with `more` beside it.
bool IsShut(Analysis& analysis, const Verdicts& verdicts, const ir::Rule* allow,
            std::span<const Wish> more) {
  std::vector<Wish> wishes(more.begin(), more.end());
  if (allow != nullptr) wishes.push_back({allow->condition_id, TruthSet::True});
  for (const ir::Rule* denial : verdicts.denials) wishes.push_back(PassageOf(*denial));
  wishes = Connected(analysis, std::move(wishes));
  return !wishes.empty() && analysis.solver.IsImpossible(verdicts.scene, wishes);
}

bool IsShut(Analysis& analysis, const Verdicts& verdicts, std::span<const Wish> more) {
  if (verdicts.is_open) return IsShut(analysis, verdicts, nullptr, more);
  return std::ranges::all_of(verdicts.allows, [&](const ir::Rule* allow) {
    return IsShut(analysis, verdicts, allow, more);
  });
}

// Leaves out what the proof can spare.
std::vector<const ir::Rule*> FewestDenials(Analysis& analysis, Verdicts verdicts,
                                           std::span<const Wish> more) {
  for (std::size_t i = verdicts.denials.size(); i-- > 0;) {
    Verdicts without = verdicts;
    without.denials.erase(without.denials.begin() + static_cast<std::ptrdiff_t>(i));
    if (IsShut(analysis, without, more)) verdicts = std::move(without);
  }
  return verdicts.denials;
}

void LabelDenials(Analysis& analysis, const Verdicts& verdicts, std::span<const Wish> more,
                  Diagnostics::Builder& report) {
  std::size_t labels = 0;
  for (const ir::Rule* denial : FewestDenials(analysis, verdicts, more)) {
    if (++labels > kLabelledRulesMax) return;
    report.Note(denial->span, "no call gets past this and the others at once");
  }
}

void FindNeverAllowed(Analysis& analysis, const ir::Block& block, std::string_view tool) {
  const auto verdicts = VerdictsOn(analysis, block, tool);
  if (!verdicts || verdicts->is_settled || verdicts->denials.empty()) return;
  if (verdicts->allows.empty() && !verdicts->is_open) return;  // not meant to be allowed
  if (!IsShut(analysis, *verdicts, {})) return;
  auto report = analysis.diagnostics.Report(diag::NeverAllowed, analysis.source, block.span, tool);
  report.Help("every rule has to let a call pass: mend those that contradict each other");
  LabelDenials(analysis, *verdicts, {}, report);
}

void FindUnreached(Analysis& analysis, const ir::Block& block, std::string_view tool) {
  for (const ir::RuleId id : block.rule_ids) {
    const ir::Rule& rule = analysis.rule(id);
    if (rule.kind != RuleKind::Approve || analysis.is_reported[ir::IndexOf(id)]) continue;
    const auto verdicts = VerdictsOn(analysis, block, tool);
    if (!verdicts || verdicts->is_settled) continue;
    const bool is_named = !verdicts->allows.empty() || verdicts->is_open;
    const std::array fires = {Wish{rule.condition_id, TruthSet::NotFalse}};
    if (is_named && (IsShut(analysis, *verdicts, {}) || !IsShut(analysis, *verdicts, fires))) {
      continue;
    }
    auto report = analysis.diagnostics.Report(diag::ApproveUnreached, analysis.source, rule.span);
    report.Help(is_named ? "what it waits for is denied, or admitted by no `allow`"
                         : "add an `allow`: a release alone admits nothing");
    if (is_named) LabelDenials(analysis, *verdicts, fires, report);
    analysis.is_reported[ir::IndexOf(id)] = true;
  }
}

}  // namespace

// Of patterns with a star too little is known: other blocks may admit, or deny, some of their
// tools.
void FindUnreachable(Analysis& analysis, std::size_t block_index) {
  const ir::Block& block = analysis.policy.blocks[block_index];
  const bool is_exact = std::ranges::none_of(
      block.patterns, [](std::string_view pattern) { return pattern.contains('*'); });
  if (!is_exact) return;
  FindNeverAllowed(analysis, block, block.patterns[0]);
  if (block.patterns.size() == 1) FindUnreached(analysis, block, block.patterns[0]);
}

}  // namespace policy
