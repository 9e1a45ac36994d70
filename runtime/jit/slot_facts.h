// What is known of a call's slots at one place of the machine code, on every way that leads there.
#ifndef RUNTIME_JIT_SLOT_FACTS_H_
#define RUNTIME_JIT_SLOT_FACTS_H_

#include <llvm/IR/Value.h>

#include <cstdint>
#include <map>
#include <optional>

#include "runtime/value/predicate.h"
#include "runtime/value/value.h"

namespace policy::jit {

struct SlotFact {
  std::optional<ValueKind> kind;
  bool is_pattern_subject = false;  // at most kPatternSubjectBytesMax long
  const Operand* equal = nullptr;   // the literal that it equals
  llvm::Value* scaled = nullptr;    // i64: the number as a count of SlotScale units

  friend bool operator==(const SlotFact&, const SlotFact&) = default;
};

class SlotFacts {
 public:
  // Of a slot of which nothing is known, an empty fact.
  const SlotFact& of(std::uint32_t slot) const {
    static constexpr SlotFact kNothing;
    const auto found = facts_.find(slot);
    return found == facts_.end() ? kNothing : found->second;
  }
  SlotFact& at(std::uint32_t slot) { return facts_[slot]; }

  // Keeps what `other` says too.
  void KeepCommon(const SlotFacts& other) {
    for (auto& [slot, fact] : facts_) {
      const SlotFact& also = other.of(slot);
      if (fact.kind != also.kind) fact.kind.reset();
      fact.is_pattern_subject = fact.is_pattern_subject && also.is_pattern_subject;
      if (fact.equal != also.equal) fact.equal = nullptr;
      if (fact.scaled != also.scaled) fact.scaled = nullptr;
    }
  }

 private:
  std::map<std::uint32_t, SlotFact> facts_;
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_SLOT_FACTS_H_
