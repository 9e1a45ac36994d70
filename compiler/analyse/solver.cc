#include "compiler/analyse/solver.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "compiler/ir/access.h"
#include "compiler/ir/print.h"

namespace policy {

namespace {

// Which form a proposed call takes where it can choose, after those that its conditions are about.
constexpr std::array kPreferredForms = {Form::Absent, Form::Text, Form::Number,   Form::True,
                                        Form::False,  Form::List, Form::Record,   Form::Null,
                                        Form::Broken, Form::Time, Form::Duration, Form::Inexact};

// The form that a condition is about; Record for one that is about any.
Form FormOf(Predicate predicate) {
  switch (OperandOf(predicate)) {
    case OperandKind::Number:
    case OperandKind::NumberSet:
      return predicate == Predicate::ContainsNumber ? Form::List : Form::Number;
    case OperandKind::Bool:
    case OperandKind::BoolSet:
      return predicate == Predicate::ContainsBool ? Form::List : Form::True;
    case OperandKind::Time:
      return Form::Time;
    case OperandKind::Duration:
      return Form::Duration;
    case OperandKind::None:
      return Form::Record;
    default:
      return Form::Text;
  }
}

constexpr Forms kMissing = FormsOf(Form::Absent, Form::Broken);

Forms Only(Form form) { return FormsOf(form); }

}  // namespace

Solver::Solver(const ir::Policy& policy) : conditions_(policy), parents_(policy.values.size()) {
  std::map<std::string, ir::ValueId> by_text;
  for (std::size_t i = 0; i < policy.values.size(); ++i) {
    const ir::Path* path = ir::PathOf(policy, static_cast<ir::ValueId>(i));
    if (path != nullptr && !path->steps.empty()) {
      by_text.emplace(ir::PathText(*path), static_cast<ir::ValueId>(i));
    }
  }
  for (const auto& [text, value_id] : by_text) {
    ir::Path above = *ir::PathOf(policy, value_id);
    while (above.steps.size() > 1) {
      const bool by_element = std::holds_alternative<std::uint32_t>(above.steps.back());
      above.steps.pop_back();
      const auto found = by_text.find(ir::PathText(above));
      if (found == by_text.end()) continue;
      parents_[ir::IndexOf(value_id)] = Parent{found->second, by_element};
      break;
    }
  }
}

Solver::Subject* Solver::Find(Subjects& subjects, ir::ValueId value_id) {
  const auto found = std::ranges::lower_bound(subjects, value_id, {}, &Subject::value_id);
  return found != subjects.end() && found->value_id == value_id ? &*found : nullptr;
}

// The literals by value, each condition once. nullopt: one condition is to be two things.
std::optional<Solver::Subjects> Solver::SubjectsOf(const Cube& cube) const {
  std::vector<std::pair<ir::ValueId, Asked>> all;
  all.reserve(cube.size());
  for (const Literal& literal : cube) {
    all.push_back(
        {conditions_.at(literal.condition_id).value_id, {literal.condition_id, literal.allowed}});
  }
  std::ranges::sort(
      all, {}, [](const auto& entry) { return std::pair(entry.first, entry.second.condition_id); });
  Subjects subjects;
  for (const auto& [value_id, asked] : all) {
    if (subjects.empty() || subjects.back().value_id != value_id) {
      subjects.push_back({.value_id = value_id});
    }
    std::vector<Asked>& list = subjects.back().asked;
    if (list.empty() || list.back().condition_id != asked.condition_id) {
      list.push_back(asked);
    } else {
      list.back().allowed = list.back().allowed & asked.allowed;
    }
    if (list.back().allowed == TruthSet::None) return std::nullopt;
  }
  return subjects;
}

void Solver::SolveForms(const Scene& scene, bool wants_samples, Subject& subject) {
  const Shape shape = ShapeOf(policy(), subject.value_id, scene);
  subject.forms = shape.forms;
  for (int i = 0; i < kFormCount; ++i) {
    const Form form = static_cast<Form>(i);
    if (!subject.forms.has(form)) continue;
    FormAnswer answer = SolveForm(conditions_, shape, form, subject.asked, wants_samples);
    if (answer.possible == Possible::No) subject.forms.remove(form);
    if (answer.possible == Possible::Yes) subject.samples.push_back(std::move(answer.sample));
  }
}

bool Solver::ReconcileOperands(Subject& subject, Subjects& subjects, bool& has_changed) const {
  const ir::Value& value = ir::ValueOf(policy(), subject.value_id);
  for (std::size_t i = 0; i < value.operands.size(); ++i) {
    Subject* operand = Find(subjects, value.operands[i]);
    if (operand == nullptr) continue;
    const Forms needed = OperandForms(value, i);
    const bool is_made = (subject.forms & kMissing).empty();
    Forms left = is_made ? operand->forms & needed : operand->forms;
    if (left != operand->forms) {
      operand->forms = left;
      has_changed = true;
    }
    if ((operand->forms & needed).empty()) {
      left = subject.forms & kMissing;
      has_changed = has_changed || left != subject.forms;
      subject.forms = left;
    }
    if (operand->forms.empty() || subject.forms.empty()) return false;
  }
  return true;
}

// Something below a path: what stands at the path is a record or list. Nothing: it is one, or
// absent itself. Out of reach: it is there, and may be anything.
bool Solver::ReconcileParent(Subject& child, Subjects& subjects, bool& has_changed) const {
  Subject* parent = nullptr;
  std::optional<Parent> link = parents_[ir::IndexOf(child.value_id)];
  for (; link && parent == nullptr; link = parents_[ir::IndexOf(link->value_id)]) {
    parent = Find(subjects, link->value_id);
    if (parent != nullptr) break;
  }
  if (parent == nullptr) return true;
  const Forms container = Only(link->by_element ? Form::List : Form::Record);
  Forms of_parent{};
  if (!(child.forms & kJsonForms).empty()) {
    Forms present = child.forms;
    present.remove(Form::Absent);
    present.remove(Form::Broken);
    if (!present.empty()) of_parent = of_parent | container;
  }
  if (child.forms.has(Form::Absent)) of_parent = of_parent | container | Only(Form::Absent);
  if (child.forms.has(Form::Broken)) {
    Forms there = kAllForms;
    there.remove(Form::Absent);
    of_parent = of_parent | there;
  }
  Forms of_child{};
  if (!(parent->forms & container).empty()) of_child = kAllForms;
  if (parent->forms.has(Form::Absent)) of_child = of_child | Only(Form::Absent);
  Forms there = parent->forms;
  there.remove(Form::Absent);
  if (!there.empty()) of_child = of_child | Only(Form::Broken);
  const Forms parent_left = parent->forms & of_parent;
  const Forms child_left = child.forms & of_child;
  has_changed = has_changed || parent_left != parent->forms || child_left != child.forms;
  parent->forms = parent_left;
  child.forms = child_left;
  return !parent_left.empty() && !child_left.empty();
}

bool Solver::Reconcile(Subjects& subjects) const {
  for (const Subject& subject : subjects) {
    if (subject.forms.empty()) return false;
  }
  for (bool has_changed = subjects.size() > 1; has_changed;) {
    has_changed = false;
    for (Subject& subject : subjects) {
      if (!ReconcileOperands(subject, subjects, has_changed)) return false;
      if (!ReconcileParent(subject, subjects, has_changed)) return false;
    }
  }
  return true;
}

bool Solver::IsImpossible(const Scene& scene, const Cube& cube) {
  literals_seen_ += cube.size() + 1;
  if (is_exhausted()) return false;
  auto subjects = SubjectsOf(cube);
  if (!subjects) return true;
  for (Subject& subject : *subjects) {
    SolveForms(scene, false, subject);
    if (subject.forms.empty()) return true;
  }
  return !Reconcile(*subjects);
}

std::vector<Cube> Solver::Alternatives(const Scene& scene, std::span<const Wish> wishes) {
  std::vector<Cube> left = {{}};
  for (const Wish& wish : wishes) {
    const auto cubes = CubesOf(conditions_, wish.formula_id, wish.wanted);
    if (!cubes || left.size() * cubes->size() > kCubesMax) continue;
    std::vector<Cube> next;
    for (const Cube& before : left) {
      for (const Cube& cube : *cubes) {
        Cube both = before;
        both.insert(both.end(), cube.begin(), cube.end());
        if (both.size() > kCubeLiteralsMax || !IsImpossible(scene, both)) {
          next.push_back(std::move(both));
        }
      }
    }
    left = std::move(next);
    if (left.empty()) break;
  }
  return left;
}

bool Solver::IsImpossible(const Scene& scene, std::span<const Wish> wishes) {
  return Alternatives(scene, wishes).empty();
}

Cube Solver::CoreOf(const Scene& scene, Cube cube) {
  for (std::size_t i = cube.size(); i-- > 0 && cube.size() > 1;) {
    Cube without = cube;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    if (IsImpossible(scene, without)) cube = std::move(without);
  }
  return cube;
}

std::optional<std::vector<Assigned>> Solver::FindValues(const Scene& scene, const Cube& cube) {
  auto subjects = SubjectsOf(cube);
  if (!subjects) return std::nullopt;
  for (Subject& subject : *subjects) {
    SolveForms(scene, true, subject);
    Forms known{};
    for (const Sample& sample : subject.samples) known = known | Only(sample.form);
    subject.forms = subject.forms & known;
  }
  if (!Reconcile(*subjects)) return std::nullopt;
  std::vector<Assigned> values;
  for (std::size_t i = 0; i < subjects->size(); ++i) {
    std::vector<Form> preferred;
    for (const Asked& each : (*subjects)[i].asked) {
      preferred.push_back(FormOf(conditions_.at(each.condition_id).predicate));
    }
    preferred.insert(preferred.end(), kPreferredForms.begin(), kPreferredForms.end());
    for (const Form form : preferred) {
      if (!(*subjects)[i].forms.has(form)) continue;
      Subjects tried = *subjects;
      tried[i].forms = Only(form);
      if (!Reconcile(tried)) continue;
      *subjects = std::move(tried);
      break;
    }
    const Subject& subject = (*subjects)[i];
    const auto sample = std::ranges::find_if(
        subject.samples, [&](const Sample& s) { return subject.forms.has(s.form); });
    values.push_back({subject.value_id, *sample});
  }
  return values;
}

}  // namespace policy
