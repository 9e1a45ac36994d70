// Values made of a call's values, when they are first asked for.
#ifndef RUNTIME_VM_DERIVE_H_
#define RUNTIME_VM_DERIVE_H_

#include <cstddef>
#include <cstdint>

#include "runtime/program/frame.h"
#include "runtime/program/layout.h"
#include "runtime/value/json_walk.h"
#include "runtime/value/truth.h"
#include "runtime/value/value.h"

namespace policy {

// The derived value `number`: as it was made before in this call, or made now. Never fails: what
// cannot be made is Broken. Recursion is bounded by kDerivedDepthMax.
const Value& DerivedAt(Frame& frame, std::uint32_t number);

// The slot or derived value `number`; valid until what the frame made is forgotten. REQUIRES: a
// value that depends on a quantifier's variable is asked for only while its elements are walked.
inline const Value& ValueAt(Frame& frame, std::uint32_t number) {
  if (number < frame.slot_count()) [[likely]] {
    return frame.slot(number);
  }
  return DerivedAt(frame, number);
}

// The elements of a quantifier's list one after the other, and what its body says of each.
//
//   ElementWalk walk(frame, quantifier);
//   for (Truth truth; walk.Next(truth);) …     // the values of its scope are those of this element
class ElementWalk {
 public:
  // `quantifier`: a Quantified of the frame's program. Makes its list.
  ElementWalk(Frame& frame, const format::Derived& quantifier);
  ~ElementWalk();
  ElementWalk(const ElementWalk&) = delete;  // ends the scope once
  ElementWalk& operator=(const ElementWalk&) = delete;

  // Whether there is a list of at most kListElementsMax elements. Else Next has none.
  bool is_list() const { return is_list_; }
  bool Next(Truth& truth);
  // Of the element that Next came to, from 0.
  std::size_t index() const { return next_index_ - 1; }

 private:
  Frame& frame_;
  const format::Derived& quantifier_;
  Value list_;
  ListWalk walk_;
  bool is_list_ = false;
  std::size_t next_index_ = 0;
};

}  // namespace policy

#endif  // RUNTIME_VM_DERIVE_H_
