// Conditions that let through more than they say: each shown by a call that gets through.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "compiler/analyse/analysis.h"
#include "compiler/analyse/regex_anchor.h"
#include "compiler/analyse/regex_sample.h"

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

// -- all of an empty list ------------------------------------------------------------------------

// What makes the list that `value_id` is an empty one. nullopt: nothing known.
std::optional<Assigned> EmptyList(const ir::Policy& policy, ir::ValueId value_id) {
  const ir::Value& value = ir::ValueOf(policy, value_id);
  if (value.kind == ir::ValueKind::Path) {
    return Assigned{value_id, {.form = Form::List, .json = "[]"}};
  }
  if (value.kind != ir::ValueKind::Applied) return std::nullopt;
  const bool is_of_text = value.function == Function::Words || value.function == Function::Split;
  if (!is_of_text || ir::PathOf(policy, value.operands[0]) == nullptr) return std::nullopt;
  return Assigned{value.operands[0], {.form = Form::Text, .json = "\"\""}};
}

void CheckVacuous(Analysis& analysis, std::size_t block_index, const Use& use) {
  const ir::Value& value = ir::ValueOf(analysis.policy, use.test->value_id);
  if (value.kind != ir::ValueKind::Quantified || value.quantifier != ir::QuantifierKind::All) {
    return;
  }
  const auto* is_true = std::get_if<bool>(&use.test->operand);
  if (is_true == nullptr || use.must_hold != *is_true) return;
  const auto empty = EmptyList(analysis.policy, value.operands[0]);
  if (!empty) return;
  // Whoever lets the call through without the list does not rely on what is in it.
  const std::array absent = {Assigned{empty->value_id, {.form = Form::Absent, .json = ""}}};
  if (FindPassage(analysis, block_index, absent)) return;
  const std::array forced = {*empty};
  auto witness = FindPassage(analysis, block_index, forced);
  if (!witness) return;
  analysis.diagnostics.Report(diag::VacuousAll, analysis.source, use.test->span)
      .Help("`all` of an empty list is true: ask for `length(…) > 0` as well")
      .Show(*std::move(witness));
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

// -- expressions that match anywhere -------------------------------------------------------------

// A text that has a match, but is not one.
std::optional<Witness> AroundMatch(Analysis& analysis, std::size_t block_index,
                                   const ir::Test& test, const std::string& regex) {
  if (ir::PathOf(analysis.policy, test.value_id) == nullptr) return std::nullopt;
  for (const std::string& sample : RegexSamples(regex)) {
    for (const std::string& text : {"x" + sample + "x", sample + "x", "x" + sample}) {
      const std::array forced = {
          Assigned{test.value_id, {.form = Form::Text, .json = JsonText(text)}}};
      if (auto witness = FindPassage(analysis, block_index, forced)) return witness;
    }
  }
  return std::nullopt;
}

// Where a match makes a call more permitted: what must not match may well be looked for anywhere.
void CheckAnchor(Analysis& analysis, std::size_t block_index, const Use& use) {
  if (use.test->predicate != Predicate::Matches || !use.must_hold) return;
  const std::string& regex = std::get<ir::RegexText>(use.test->operand).text;
  if (IsAnchored(regex)) return;
  auto report =
      analysis.diagnostics.Report(diag::Unanchored, analysis.source, use.test->span, regex);
  report.Help("`^` and `$` around it make it speak of the whole text");
  if (auto witness = AroundMatch(analysis, block_index, *use.test, regex)) {
    report.Show(*std::move(witness));
  }
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
      CheckVacuous(analysis, block_index, use);
      CheckBranch(analysis, block_index, use);
      CheckAnchor(analysis, block_index, use);
    }
    all.insert(all.end(), uses.begin(), uses.end());
  }
  CheckClusterScope(analysis, block_index, all);
}

}  // namespace policy
