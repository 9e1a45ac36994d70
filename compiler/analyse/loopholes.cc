// Conditions that let through more than they say: each shown by a call that gets through.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "compiler/analyse/analysis.h"

namespace policy {

namespace {

using format::RuleKind;

// A test as a rule asks it. `wanted` is what makes the call more permitted.
struct Use {
  const ir::Test* test = nullptr;
  bool must_hold = false;  // through negations, and the kind of rule
};

void Collect(const ir::Policy& policy, ir::FormulaId formula_id, bool must_hold,
             std::vector<Use>& uses) {
  const ir::Formula& formula = ir::FormulaOf(policy, formula_id);
  if (formula.kind == ir::FormulaKind::Test) {
    const ir::Test& test = ir::TestOf(policy, formula.test_id);
    uses.push_back({&test, must_hold});
    const ir::Value& value = ir::ValueOf(policy, test.value_id);
    const auto* is_true = std::get_if<bool>(&test.operand);
    // What is asked of each element has to hold where the quantifier has to. Of a count nothing is
    // known.
    if (value.kind == ir::ValueKind::Quantified && test.predicate == Predicate::EqualBool &&
        is_true != nullptr) {
      Collect(policy, value.body_id, must_hold == *is_true, uses);
    }
  }
  const bool inner = must_hold != (formula.kind == ir::FormulaKind::Not);
  for (const ir::FormulaId operand_id : formula.operands) {
    Collect(policy, operand_id, inner, uses);
  }
}

// The tests of a rule that says which calls get through.
std::vector<Use> UsesOf(const ir::Policy& policy, const ir::Rule& rule) {
  std::vector<Use> uses;
  if (rule.kind == RuleKind::Approve || !ir::HasCondition(rule.kind)) return uses;
  Collect(policy, rule.condition_id, rule.kind != RuleKind::Deny, uses);
  return uses;
}

bool GetsThrough(const Confirmed& confirmed) { return confirmed.outcome != Outcome::Deny; }

// A call that gets through with the forced values, among those that the block's rules let pass.
std::optional<Witness> FindPassage(Analysis& analysis, std::size_t block_index,
                                   std::span<const Assigned> forced) {
  const ir::Block& block = analysis.policy.blocks[block_index];
  std::vector<Wish> wishes;
  for (const ir::RuleId id : block.rule_ids) {
    const ir::Rule& rule = analysis.rule(id);
    if (rule.kind == RuleKind::Allow) {
      wishes.push_back({rule.condition_id, TruthSet::True});
      break;
    }
  }
  const std::vector<Wish> passages = PassagesOf(analysis, block_index);
  wishes.insert(wishes.end(), passages.begin(), passages.end());
  const Scene scene = SceneOf(analysis.policy, block, true);
  return FindWitness(analysis, scene, wishes, forced, GetsThrough);
}

// -- names of branches ---------------------------------------------------------------------------

bool IsBranchName(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
  });
  return lower == "ref" || lower == "refs" || lower == "head" || lower == "base" ||
         lower.ends_with("branch") || lower.ends_with("_ref") || lower.ends_with("refname");
}

// The branch that a test says a call must not be about.
std::optional<std::string_view> DeniedBranch(const ir::Test& test) {
  std::string_view name;
  if (const auto* text = std::get_if<std::string>(&test.operand)) name = *text;
  if (const auto* set = std::get_if<std::vector<std::string>>(&test.operand)) name = set->front();
  const bool is_equality =
      test.predicate == Predicate::EqualString || test.predicate == Predicate::InStrings;
  if (!is_equality || name.empty() || name.contains('/')) return std::nullopt;
  return name;
}

void CheckBranch(Analysis& analysis, std::size_t block_index, const Use& use) {
  const ir::Path* path = ir::PathOf(analysis.policy, use.test->value_id);
  if (path == nullptr || path->root != format::Root::Args || path->steps.empty()) return;
  const auto* member = std::get_if<std::string>(&path->steps.back());
  const auto branch = DeniedBranch(*use.test);
  if (use.must_hold || !branch || member == nullptr || !IsBranchName(*member)) return;
  const std::string full = fmt::format("refs/heads/{}", *branch);
  const std::array forced = {
      Assigned{use.test->value_id, {.form = Form::Text, .json = JsonText(full)}}};
  auto witness = FindPassage(analysis, block_index, forced);
  if (!witness) return;
  analysis.diagnostics.Report(diag::BranchDenyList, analysis.source, use.test->span, *branch, full)
      .Help("list what may be written to instead: `like \"agent/*\"`")
      .Show(*std::move(witness));
}

// -- kinds that lie in no namespace --------------------------------------------------------------

constexpr std::array<std::string_view, 3> kClusterScopedKinds = {"ClusterRole", "Namespace",
                                                                 "PersistentVolume"};
constexpr std::array<std::string_view, 3> kClusterScopedResources = {"clusterroles", "namespaces",
                                                                     "persistentvolumes"};

// The argument that says what kind of object a Kubernetes call is about, among those that the
// policy or the lock knows. nullopt: nothing shows that there is one.
std::optional<ir::ValueId> KindArgument(const ir::Policy& policy, std::span<const Use> uses) {
  for (const Use& use : uses) {
    const ir::Path* path = ir::PathOf(policy, use.test->value_id);
    if (path == nullptr || path->root != format::Root::Args || path->steps.size() != 1) continue;
    const auto* name = std::get_if<std::string>(&path->steps[0]);
    if (name == nullptr) continue;
    if (*name == "kind" || *name == "resource" || *name == "resourceType" ||
        *name == "resource_type") {
      return use.test->value_id;
    }
  }
  return std::nullopt;
}

bool IsNamespace(const ir::Policy& policy, const Use& use) {
  const ir::Path* path = ir::PathOf(policy, use.test->value_id);
  if (path == nullptr || path->root != format::Root::Args || path->steps.size() != 1) return false;
  const auto* name = std::get_if<std::string>(&path->steps[0]);
  return name != nullptr && *name == "namespace" && use.test->predicate != Predicate::Exists;
}

void CheckClusterScope(Analysis& analysis, std::size_t block_index, std::span<const Use> uses) {
  const auto restricts =
      std::ranges::find_if(uses, [&](const Use& use) { return IsNamespace(analysis.policy, use); });
  const auto kind = KindArgument(analysis.policy, uses);
  if (restricts == uses.end() || !kind) return;
  for (const auto& names : {kClusterScopedKinds, kClusterScopedResources}) {
    for (const std::string_view name : names) {
      const std::array forced = {Assigned{*kind, {.form = Form::Text, .json = JsonText(name)}}};
      auto witness = FindPassage(analysis, block_index, forced);
      if (!witness) continue;
      analysis.diagnostics.Report(diag::ClusterScoped, analysis.source, restricts->test->span, name)
          .Help("list the kinds that may be touched: a server ignores the namespace of others")
          .Show(*std::move(witness));
      return;
    }
  }
}

}  // namespace

void FindLoopholes(Analysis& analysis, std::size_t block_index) {
  std::vector<Use> all;
  for (const ir::RuleId id : analysis.policy.blocks[block_index].rule_ids) {
    const ir::Rule& rule = analysis.rule(id);
    const std::vector<Use> uses = UsesOf(analysis.policy, rule);
    for (const Use& use : uses) {
      CheckBranch(analysis, block_index, use);
    }
    all.insert(all.end(), uses.begin(), uses.end());
  }
  CheckClusterScope(analysis, block_index, all);
}

}  // namespace policy
