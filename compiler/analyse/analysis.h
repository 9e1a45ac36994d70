// What the groups of findings share, each a file: for compiler/analyse only; others want analyse.h.
#ifndef COMPILER_ANALYSE_ANALYSIS_H_
#define COMPILER_ANALYSE_ANALYSIS_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/analyse/analyse.h"
#include "compiler/analyse/block_cover.h"
#include "compiler/analyse/scene.h"
#include "compiler/analyse/solver.h"
#include "compiler/ir/access.h"

namespace policy {

struct Analysis {
  const ir::Policy& policy;
  const Source& source;
  const Confirm& confirm;
  Diagnostics& diagnostics;
  Solver& solver;
  const BlockCover& cover;
  const std::vector<std::vector<std::uint32_t>>& topics;  // by rule: TopicsOf its condition
  std::vector<bool> is_reported;  // by rule: a finding says already that it is idle or fires always

  const ir::Rule& rule(ir::RuleId id) const { return ir::RuleOf(policy, id); }
};

// Rules that never fire, or always: reach.cc.
void FindReach(Analysis& analysis, std::size_t block);
// Rules that another makes idle: overlap.cc.
void FindOverlaps(Analysis& analysis, std::size_t block);
// Conditions that those beside them imply: redundancy.cc.
void FindRedundancy(Analysis& analysis, std::size_t block);
// Tools that no call gets through to, and approvals that no call reaches: admission.cc.
void FindUnreachable(Analysis& analysis, std::size_t block);
// Conditions that let through more than they say: loopholes.cc.
void FindLoopholes(Analysis& analysis, std::size_t block);

// Limits whose cost may be below 0: negative_cost.cc.
void FindNegativeCosts(Analysis& analysis, std::size_t block);

// The calls that the block is about. `admitted_only`: of those only what can be let through.
Scene SceneOf(const ir::Policy& policy, const ir::Block& block, bool admitted_only);

// Whether the rule's condition is written as always true.
bool IsUnconditional(const ir::Policy& policy, const ir::Rule& rule);
// Rules that deny: deny and require.
bool Denies(const ir::Rule& rule);
// The rule denies (REQUIRES: Denies), and it lets pass.
Wish DenialOf(const ir::Rule& rule);
Wish PassageOf(const ir::Rule& rule);

// What a condition is about, as far as other conditions on it matter: its paths' first steps.
// Sorted; conditions without a common topic never contradict each other.
std::vector<std::uint32_t> TopicsOf(const ir::Policy& policy, ir::FormulaId formula_id);
bool ShareTopic(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

// The wishes that make a call of the block get through, as far as its rules and those of blocks
// that cover it tell: every denial passes. An allow rule is not among them.
std::vector<Wish> PassagesOf(const Analysis& analysis, std::size_t block);

// A call of the scene that has the wishes, and the `forced` values whatever else is found, and of
// which the interpreter says what `is_wanted` asks for.
std::optional<Witness> FindWitness(Analysis& analysis, const Scene& scene,
                                   std::span<const Wish> wishes, std::span<const Assigned> forced,
                                   const std::function<bool(const Confirmed&)>& is_wanted);

// Labels the conditions of an impossible cube that contradict each other.
void LabelCore(Analysis& analysis, const Scene& scene, const Cube& cube,
               Diagnostics::Builder& report);

}  // namespace policy

#endif  // COMPILER_ANALYSE_ANALYSIS_H_
