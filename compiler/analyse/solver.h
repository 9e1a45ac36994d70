// Whether conditions can hold together: the decision procedure behind every finding about what a
// policy means.
//
// Sound in one direction: what it calls impossible is so for every call, whatever its arguments and
// context. What it does not, may be or not; FindCall then proposes a call that shows it, to be put
// to the interpreter. Unknown is a truth of its own throughout. docs/checker.md says what it knows.
#ifndef COMPILER_ANALYSE_SOLVER_H_
#define COMPILER_ANALYSE_SOLVER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/analyse/condition_table.h"
#include "compiler/analyse/cube.h"
#include "compiler/analyse/domain.h"
#include "compiler/analyse/scene.h"

namespace policy {

// A formula that is to be one of some truths (an end of their order: see CubesOf).
struct Wish {
  ir::FormulaId formula_id{};
  TruthSet wanted = TruthSet::True;
};

// Literals that one analysis looks at: over it nothing is found impossible any more, so that the
// largest policy is checked in seconds.
inline constexpr std::uint64_t kSolverLiteralsMax = 6'000'000;

// What a value is in a proposed call.
struct Assigned {
  ir::ValueId value_id{};
  Sample sample;
};

// Not thread-safe. The policy outlives it.
class Solver {
 public:
  explicit Solver(const ir::Policy& policy);

  const ir::Policy& policy() const { return conditions_.policy(); }
  const ConditionTable& conditions() const { return conditions_; }

  // True: no call of the scene has every literal.
  bool IsImpossible(const Scene& scene, const Cube& cube);

  // True: no call of the scene has all wishes.
  bool IsImpossible(const Scene& scene, std::span<const Wish> wishes);

  // The alternatives that are not known to be impossible; a wish over a limit is left out, so that
  // there may be more alternatives than there are calls. Empty: impossible.
  std::vector<Cube> Alternatives(const Scene& scene, std::span<const Wish> wishes);

  // Of an impossible cube literals that are impossible together and none of which can be spared.
  Cube CoreOf(const Scene& scene, Cube cube);

  // Values under which all literals hold, as far as can be said. nullopt: none was found.
  std::optional<std::vector<Assigned>> FindValues(const Scene& scene, const Cube& cube);

  bool is_exhausted() const { return literals_seen_ > kSolverLiteralsMax; }

 private:
  // A value of a cube, what is asked of it, and the forms left to it.
  struct Subject {
    ir::ValueId value_id{};
    std::vector<Asked> asked = {};
    Forms forms = kAllForms;
    std::vector<Sample> samples = {};  // of forms known to be possible
  };
  using Subjects = std::vector<Subject>;  // by value id

  std::optional<Subjects> SubjectsOf(const Cube& cube) const;
  void SolveForms(const Scene& scene, bool wants_samples, Subject& subject);
  // Leaves each subject the forms that go with those of the others. False: one has none.
  bool Reconcile(Subjects& subjects) const;
  bool ReconcileOperands(Subject& subject, Subjects& subjects, bool& has_changed) const;
  bool ReconcileParent(Subject& child, Subjects& subjects, bool& has_changed) const;
  static Subject* Find(Subjects& subjects, ir::ValueId value_id);

  ConditionTable conditions_;
  // By path: the nearest path above it that is a value too, and the step from there.
  struct Parent {
    ir::ValueId value_id{};
    bool by_element = false;
  };
  std::vector<std::optional<Parent>> parents_;  // by value
  std::uint64_t literals_seen_ = 0;
};

}  // namespace policy

#endif  // COMPILER_ANALYSE_SOLVER_H_
