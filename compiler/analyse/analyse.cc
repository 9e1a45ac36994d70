#include "compiler/analyse/analyse.h"

#include <algorithm>
#include <array>
#include <utility>

#include "compiler/analyse/analysis.h"
#include "compiler/analyse/proposed_call.h"

namespace policy {

namespace {

// Alternatives that are tried for a witness.
constexpr std::size_t kWitnessTriesMax = 8;
constexpr std::size_t kLabelsMax = 6;

void AddTopics(const ir::Policy& policy, ir::ValueId value_id, std::vector<std::uint32_t>& topics) {
  const ir::Value& value = ir::ValueOf(policy, value_id);
  if (value.kind == ir::ValueKind::Path) {
    const ir::Path& path = ir::PathOf(policy, value.path_id);
    std::size_t hash = std::hash<int>{}(static_cast<int>(path.root));
    if (!path.steps.empty()) {
      const auto* name = std::get_if<std::string>(&path.steps[0]);
      if (name != nullptr) hash ^= std::hash<std::string>{}(*name);
    }
    topics.push_back(static_cast<std::uint32_t>(hash ^ (hash >> 32)));
    return;
  }
  // Of the same value; and of what it is made of. Values nest no deeper than kDerivedDepthMax.
  topics.push_back(static_cast<std::uint32_t>(value_id));
  for (const ir::ValueId operand_id : value.operands) AddTopics(policy, operand_id, topics);
}

void AddTopics(const ir::Policy& policy, ir::FormulaId formula_id,
               std::vector<std::uint32_t>& topics) {
  const ir::Formula& formula = ir::FormulaOf(policy, formula_id);
  if (formula.kind == ir::FormulaKind::Test) {
    AddTopics(policy, ir::TestOf(policy, formula.test_id).value_id, topics);
  }
  for (const ir::FormulaId operand_id : formula.operands) AddTopics(policy, operand_id, topics);
}

std::string_view WordsFor(TruthSet allowed) {
  switch (allowed) {
    case TruthSet::True:
      return "this would have to hold";
    case TruthSet::False:
      return "this would have to fail";
    case TruthSet::NotTrue:
      return "this would have to fail or be unknown";
    default:
      return "this would have to hold or be unknown";
  }
}

}  // namespace

Scene SceneOf(const ir::Policy& policy, const ir::Block& block, bool admitted_only) {
  Scene scene;
  scene.patterns.assign(block.patterns.begin(), block.patterns.end());
  if (block.server) scene.server = *block.server;
  if (admitted_only && policy.lock) scene.pins = &*policy.lock;
  return scene;
}

bool IsUnconditional(const ir::Policy& policy, const ir::Rule& rule) {
  const ir::Formula& formula = ir::FormulaOf(policy, rule.condition_id);
  return (formula.kind == ir::FormulaKind::Constant && formula.constant == Truth::True) ||
         (formula.kind == ir::FormulaKind::And && formula.operands.empty());
}

bool Denies(const ir::Rule& rule) {
  return rule.kind == format::RuleKind::Deny || rule.kind == format::RuleKind::Require;
}

Wish DenialOf(const ir::Rule& rule) {
  const bool is_require = rule.kind == format::RuleKind::Require;
  return {rule.condition_id, is_require ? TruthSet::NotTrue : TruthSet::NotFalse};
}

Wish PassageOf(const ir::Rule& rule) {
  const bool is_require = rule.kind == format::RuleKind::Require;
  return {rule.condition_id, is_require ? TruthSet::True : TruthSet::False};
}

std::vector<std::uint32_t> TopicsOf(const ir::Policy& policy, ir::FormulaId formula_id) {
  std::vector<std::uint32_t> topics;
  AddTopics(policy, formula_id, topics);
  std::ranges::sort(topics);
  const auto repeated = std::ranges::unique(topics);
  topics.erase(repeated.begin(), repeated.end());
  return topics;
}

bool ShareTopic(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) return true;
    ++(a[i] < b[j] ? i : j);
  }
  return false;
}

std::vector<Wish> PassagesOf(const Analysis& analysis, std::size_t block) {
  std::vector<Wish> wishes;
  for (const std::size_t other : analysis.cover.Covering(block)) {
    for (const ir::RuleId id : analysis.policy.blocks[other].rule_ids) {
      if (Denies(analysis.rule(id))) wishes.push_back(PassageOf(analysis.rule(id)));
    }
  }
  return wishes;
}

std::optional<Witness> FindWitness(Analysis& analysis, const Scene& scene,
                                   std::span<const Wish> wishes, std::span<const Assigned> forced,
                                   const std::function<bool(const Confirmed&)>& is_wanted) {
  if (!analysis.confirm) return std::nullopt;
  std::vector<Cube> cubes = analysis.solver.Alternatives(scene, wishes);
  if (cubes.size() > kWitnessTriesMax) cubes.resize(kWitnessTriesMax);
  for (const Cube& cube : cubes) {
    const auto found = analysis.solver.FindValues(scene, cube);
    if (!found) continue;
    std::vector<Assigned> values(forced.begin(), forced.end());
    values.insert(values.end(), found->begin(), found->end());
    const auto call = ProposeCall(analysis.policy, scene, values);
    if (!call) continue;
    const auto confirmed = analysis.confirm(*call);
    if (confirmed && is_wanted(*confirmed)) return Witness{*call, confirmed->outcome_name};
  }
  return std::nullopt;
}

void LabelCore(Analysis& analysis, const Scene& scene, const Cube& cube,
               Diagnostics::Builder& report) {
  std::size_t labels = 0;
  for (const Literal& literal : analysis.solver.CoreOf(scene, cube)) {
    if (++labels > kLabelsMax) return;
    report.Note(ir::TestOf(analysis.policy, literal.test_id).span,
                std::string(WordsFor(literal.allowed)));
  }
}

void Analyse(const ir::Policy& policy, const Source& source, const Confirm& confirm,
             Diagnostics& diagnostics) {
  Solver solver(policy);
  const BlockCover cover(policy);
  std::vector<std::vector<std::uint32_t>> topics;
  for (const ir::Rule& rule : policy.rules) {
    topics.push_back(ir::HasCondition(rule.kind) ? TopicsOf(policy, rule.condition_id)
                                                 : std::vector<std::uint32_t>{});
  }
  Analysis analysis{.policy = policy,
                    .source = source,
                    .confirm = confirm,
                    .diagnostics = diagnostics,
                    .solver = solver,
                    .cover = cover,
                    .topics = topics,
                    .is_reported = std::vector<bool>(policy.rules.size())};
  // All of one kind before the next: what fires never or always needs no finding of its own where
  // it is compared with others.
  constexpr std::array kGroups = {FindReach,       FindOverlaps,  FindRedundancy,
                                  FindUnreachable, FindLoopholes, FindNegativeCosts};
  for (const auto group : kGroups) {
    for (std::size_t block = 0; block < policy.blocks.size(); ++block) {
      if (!policy.blocks[block].hides) group(analysis, block);
    }
  }
}

}  // namespace policy
