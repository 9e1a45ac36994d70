#include "runtime/vm/blame.h"

#include <fmt/core.h>

#include <initializer_list>
#include <vector>

#include "runtime/program/layout.h"
#include "runtime/program/value_text.h"
#include "runtime/value/function.h"
#include "runtime/value/predicate.h"
#include "runtime/vm/cause.h"
#include "runtime/vm/condition.h"
#include "runtime/vm/derive.h"

namespace policy {
namespace {

using format::Derived;
using format::DerivedKind;
using format::kNone;

// Kinds of values, a bit each.
constexpr std::uint32_t Kinds(std::initializer_list<ValueKind> kinds) {
  std::uint32_t bits = 0;
  for (const ValueKind kind : kinds) bits |= 1u << static_cast<unsigned>(kind);
  return bits;
}
constexpr std::uint32_t kText = Kinds({ValueKind::String});
constexpr std::uint32_t kNumber = Kinds({ValueKind::Number});
constexpr std::uint32_t kList = Kinds({ValueKind::List});
constexpr std::uint32_t kRecord = Kinds({ValueKind::Record});
constexpr std::uint32_t kOrdered = Kinds({ValueKind::Number, ValueKind::Time, ValueKind::Duration});
constexpr std::uint32_t kScalar = kText | kOrdered | Kinds({ValueKind::Bool});

struct Wanted {
  std::uint32_t kinds = 0;
  std::string_view words;
};

constexpr Wanted kWantText = {kText, "text"};
constexpr Wanted kWantOrdered = {kOrdered, "a number, a time or a length of time"};
constexpr Wanted kWantScalar = {kScalar, "text, a number, a time, true or false"};
constexpr Wanted kWantList = {kList, "a list"};

// What a function or relation takes, and why it may still make nothing of it: "`first` <reason>",
// or of the whole where no operand alone is to blame.
struct Needs {
  Wanted first;
  Wanted second;
  std::string_view reason;
  bool blames_whole = false;
};

Needs NeedsOf(Function function) {
  switch (function) {
    case Function::Member:
      return {{kRecord, "a record"}, kWantText, "has a key that differs by letter case only"};
    case Function::OrElse:
      return {{~0u, "a value"}, {~0u, "a value"}, "cannot be made", true};
    case Function::Length:
      return {{kText | kList | kRecord, "text, a list or a record"}, {}, "is too long"};
    case Function::Lower:
      return {kWantText, {}, "has letters beyond a to z"};
    case Function::Domain:
      return {kWantText, {}, "is no bare mail address"};
    case Function::Host:
    case Function::Scheme:
    case Function::Port:
      return {kWantText, {}, "is not an http or https URL with only one reading"};
    case Function::Split:
      return {kWantText, kWantText, "cannot be split"};
    case Function::Join:
      return {kWantList, kWantText, "is not a list of texts"};
    case Function::Words:
      return {kWantText, {}, "is not one plain command line"};
    case Function::SqlVerbs:
      return {kWantText, {}, "is not one SQL statement with only one reading"};
    case Function::Add:
    case Function::Subtract:
    case Function::Multiply:
      return {kWantOrdered, kWantOrdered,
              "is out of range, or made of values that do not go together", true};
    case Function::Time:
      return {kWantText, kWantText, "is no time"};
    case Function::Element:
      return {kWantList, {kNumber, "a number"}, "is too short a list"};
  }
  return {};
}

Needs NeedsOf(Relation relation) {
  switch (relation) {
    case Relation::Equal:
      return {kWantScalar, kWantScalar, "compares values of two kinds", true};
    case Relation::Less:
    case Relation::LessOrEqual:
    case Relation::Greater:
    case Relation::GreaterOrEqual:
      return {kWantOrdered, kWantOrdered, "compares values of two kinds", true};
    case Relation::In:
      return {kWantScalar, kWantList,
              "cannot be told: the list is too long or holds values of another kind", true};
    case Relation::Contains:
      return {{kText | kList, "text or a list"},
              kWantScalar,
              "cannot be told: it is too long or holds values of another kind",
              true};
    case Relation::StartsWith:
    case Relation::EndsWith:
      return {kWantText, kWantText, "cannot be told: a text is too long", true};
    case Relation::Under:
      return {kWantText, kWantText,
              "cannot be told: not both are absolute paths with only one reading", true};
  }
  return {};
}

class BlameWriter {
 public:
  explicit BlameWriter(Frame& frame) : frame_(frame), layout_(frame.program().layout()) {}

  std::string OfTest(const Instruction& test);
  std::string OfValue(std::uint32_t number, std::string_view wanted);

 private:
  std::string Text(std::uint32_t number) const { return ValueText(layout_, number, bound_); }
  std::string OfBroken(std::uint32_t number, const Derived& derived);
  std::string OfOperands(std::uint32_t number, const Derived& derived, const Needs& needs);
  std::string OfQuantified(std::uint32_t number, const Derived& quantifier);
  std::string OfElement(const Derived& quantifier);

  Frame& frame_;
  const Layout& layout_;
  std::vector<BoundElement> bound_;  // the elements that are being looked at
};

std::string BlameWriter::OfTest(const Instruction& test) {
  const Value value = ValueAt(frame_, test.slot);
  const Derived* const derived = layout_.FindDerived(test.slot);
  if (derived != nullptr && value.kind == ValueKind::Broken) return OfBroken(test.slot, *derived);
  std::string cause = "`" + Text(test.slot) + "`";
  AppendUnknown(static_cast<Predicate>(test.predicate), value, cause);
  return cause;
}

std::string BlameWriter::OfValue(std::uint32_t number, std::string_view wanted) {
  const Value value = ValueAt(frame_, number);
  const Derived* const derived = layout_.FindDerived(number);
  if (derived != nullptr && value.kind == ValueKind::Broken) return OfBroken(number, *derived);
  return CauseOfMistype(Text(number), value, wanted);
}

// Recursion goes to smaller numbers, and no deeper than kDerivedDepthMax.
std::string BlameWriter::OfBroken(std::uint32_t number, const Derived& derived) {
  if (frame_.ran_out_of_room()) return "the call makes the policy look at more text than it may";
  switch (derived.kind) {
    case DerivedKind::Applied:
      return OfOperands(number, derived, NeedsOf(static_cast<Function>(derived.operation)));
    case DerivedKind::Compared:
      return OfOperands(number, derived, NeedsOf(static_cast<Relation>(derived.operation)));
    case DerivedKind::Quantified:
      return OfQuantified(number, derived);
    case DerivedKind::Literal:
    case DerivedKind::Element:
      break;
  }
  return fmt::format("`{}` cannot be looked at", Text(number));
}

std::string BlameWriter::OfOperands(std::uint32_t number, const Derived& derived,
                                    const Needs& needs) {
  const auto takes = [this](std::uint32_t operand, const Wanted& wanted) {
    const auto kind = static_cast<unsigned>(ValueAt(frame_, operand).kind);
    return ((wanted.kinds >> kind) & 1u) != 0;
  };
  const bool is_or_else = derived.kind == DerivedKind::Applied &&
                          static_cast<Function>(derived.operation) == Function::OrElse;
  if (is_or_else || !takes(derived.first, needs.first)) {
    return OfValue(derived.first, needs.first.words);
  }
  if (derived.second != kNone && !takes(derived.second, needs.second)) {
    return OfValue(derived.second, needs.second.words);
  }
  return fmt::format("`{}` {}", Text(needs.blames_whole ? number : derived.first), needs.reason);
}

std::string BlameWriter::OfQuantified(std::uint32_t number, const Derived& quantifier) {
  ElementWalk walk(frame_, quantifier);
  if (!walk.is_list()) {
    const bool is_long = ValueAt(frame_, quantifier.first).kind == ValueKind::List;
    if (!is_long) return OfValue(quantifier.first, "a list");
    return fmt::format("`{}` has more than {} elements", Text(quantifier.first), kListElementsMax);
  }
  for (Truth truth; walk.Next(truth);) {
    if (truth != Truth::Unknown) continue;
    bound_.push_back({quantifier.second, quantifier.first, walk.index()});
    std::string cause = OfElement(quantifier);
    bound_.pop_back();
    return cause;
  }
  return fmt::format("`{}` cannot be told", Text(number));
}

// Of the tests of the body, the first that is unknown of the element at hand.
std::string BlameWriter::OfElement(const Derived& quantifier) {
  const Operand* const operands = layout_.operands().data();
  for (std::uint32_t at = quantifier.code; at < quantifier.code_end; ++at) {
    const Instruction& test = layout_.code()[at];
    if (test.opcode != Opcode::Test) continue;
    if (RunTest(test, operands, frame_) == Truth::Unknown) return OfTest(test);
  }
  return fmt::format("`{}` cannot be told", Text(quantifier.second));
}

}  // namespace

std::string CauseOfTest(const Instruction& test, Frame& frame) {
  return BlameWriter(frame).OfTest(test);
}

// Most tests look at what the call says itself: of that nothing is allocated.
void AppendCauseOfTest(const Instruction& test, Frame& frame, std::string& text) {
  const Layout& layout = frame.program().layout();
  if (layout.FindDerived(test.slot) != nullptr) {
    text += CauseOfTest(test, frame);
    return;
  }
  text += '`';
  AppendSlotPath(layout, test.slot, text);
  text += '`';
  AppendUnknown(static_cast<Predicate>(test.predicate), frame.slot(test.slot), text);
}

std::string CauseOfValue(std::uint32_t number, std::string_view wanted, Frame& frame) {
  return BlameWriter(frame).OfValue(number, wanted);
}

}  // namespace policy
