// Proves the values made of others, their scopes, the bodies of quantifiers, and the pins.
#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/program/verify_records.h"
#include "runtime/value/function.h"

namespace policy {
namespace {

using format::Derived;
using format::DerivedKind;
using format::kNone;

bool IsLiteralKind(OperandKind kind) {
  return kind == OperandKind::String || kind == OperandKind::Number || kind == OperandKind::Bool ||
         kind == OperandKind::Time || kind == OperandKind::Duration;
}

class DerivedProof {
 public:
  DerivedProof(const Records& records, Scopes& scopes, Proof& proof)
      : records_(records),
        scopes_(scopes),
        proof_(proof),
        first_number_(static_cast<std::uint32_t>(records.slots.size())),
        count_(static_cast<std::uint32_t>(records.derived.size())) {}

  bool Verify();

 private:
  bool Fail(std::uint32_t position, std::string_view what) {
    return proof_.Fail("derived value {} {}", first_number_ + position, what);
  }
  const Derived* Find(std::uint32_t number) const {
    const bool is_derived = number >= first_number_ && number - first_number_ < count_;
    return is_derived ? &records_.derived[number - first_number_] : nullptr;
  }

  bool VerifyRecord(std::uint32_t position);
  bool VerifyApplied(std::uint32_t position);
  bool VerifyQuantified(std::uint32_t position);
  bool VerifyBody(std::uint32_t position);
  bool VerifyBodyInstruction(std::uint32_t position, std::uint32_t at);
  bool VerifyScopes();
  bool EnterScope(std::uint32_t element, std::vector<std::uint32_t>& open);
  bool VerifyUses();
  bool VerifyDepths();

  const Records& records_;
  Scopes& scopes_;
  Proof& proof_;
  const std::uint32_t first_number_;  // of a derived value
  const std::uint32_t count_;
  std::vector<std::uint32_t> quantifiers_;  // by Element: the position of its quantifier
  std::vector<std::uint32_t> outer_;        // by quantifier: the scope that its own scope opens in
};

bool DerivedProof::VerifyApplied(std::uint32_t position) {
  const Derived& derived = records_.derived[position];
  if (derived.operation >= kFunctionCount) return Fail(position, "applies no known function");
  const auto function = static_cast<Function>(derived.operation);
  const bool takes_two = function == Function::Member || OperandCountOf(function) == 2;
  const std::uint32_t number = first_number_ + position;
  if (derived.first >= number || (takes_two ? derived.second >= number : derived.second != kNone)) {
    return Fail(position, "has wrong operands");
  }
  if (function != Function::Member) return true;
  const Derived* const name = Find(derived.second);
  return (name != nullptr && name->kind == DerivedKind::Literal &&
          records_.KindOf(name->constant) == OperandKind::String) ||
         Fail(position, "is a member without a name");
}

bool DerivedProof::VerifyQuantified(std::uint32_t position) {
  const Derived& derived = records_.derived[position];
  const std::uint32_t number = first_number_ + position;
  if (derived.operation > static_cast<std::uint8_t>(format::Quantifier::Count)) {
    return Fail(position, "is of no known quantifier");
  }
  const Derived* const element = derived.second < number ? Find(derived.second) : nullptr;
  if (derived.first >= number || element == nullptr || element->kind != DerivedKind::Element ||
      derived.scope_end <= derived.second || derived.scope_end > number) {
    return Fail(position, "has a wrong list, element or scope");
  }
  std::uint32_t& owner = quantifiers_[derived.second - first_number_];
  if (owner != kNone) return Fail(position, "shares its element with another quantifier");
  owner = position;
  return VerifyBody(position);
}

bool DerivedProof::VerifyBody(std::uint32_t position) {
  const Derived& derived = records_.derived[position];
  if (derived.code >= derived.code_end || derived.code_end > records_.code.size()) {
    return Fail(position, "has a body outside the code");
  }
  // What stands before a body must not run into it.
  if (derived.code != 0 && records_.code[derived.code - 1].opcode != Opcode::End) {
    return Fail(position, "has a body that other code leads into");
  }
  for (std::uint32_t at = derived.code; at < derived.code_end; ++at) {
    if (scopes_.body_of[at] != kNone) return Fail(position, "shares its body with another");
    scopes_.body_of[at] = position;
    if (!VerifyBodyInstruction(position, at)) return false;
  }
  return true;
}

bool DerivedProof::VerifyBodyInstruction(std::uint32_t position, std::uint32_t at) {
  const Instruction& instruction = records_.code[at];
  const bool is_last = at + 1 == records_.derived[position].code_end;
  switch (instruction.opcode) {
    case Opcode::Test:
      if (instruction.slot >= first_number_ + position) {
        return Fail(position, "has a body that tests a later value");
      }
      [[fallthrough]];
    case Opcode::Constant:
    case Opcode::Combine:
    case Opcode::Jump:
      return !is_last || Fail(position, "has a body that does not end");
    case Opcode::End:
      return is_last || Fail(position, "has a body that ends twice");
    default:
      return Fail(position, "has a body that does more than test");
  }
}

bool DerivedProof::VerifyRecord(std::uint32_t position) {
  const Derived& derived = records_.derived[position];
  if (derived.kind > DerivedKind::Quantified) return Fail(position, "is of no known kind");
  const bool is_literal = derived.kind == DerivedKind::Literal;
  const bool is_quantified = derived.kind == DerivedKind::Quantified;
  const bool has_operands = !is_literal && derived.kind != DerivedKind::Element;
  const bool is_plain = derived.code == 0 && derived.code_end == 0 && derived.scope_end == 0;
  if ((!is_literal && derived.constant != kNone) || (!is_quantified && !is_plain) ||
      (!has_operands &&
       (derived.operation != 0 || derived.first != kNone || derived.second != kNone))) {
    return Fail(position, "has fields that its kind does not know");
  }
  switch (derived.kind) {
    case DerivedKind::Literal:
      return (derived.constant < records_.constants.size() &&
              IsLiteralKind(records_.KindOf(derived.constant))) ||
             Fail(position, "is no literal");
    case DerivedKind::Applied:
      return VerifyApplied(position);
    case DerivedKind::Compared:
      return (derived.operation < kRelationCount && derived.first < first_number_ + position &&
              derived.second < first_number_ + position) ||
             Fail(position, "has a wrong relation or operands");
    case DerivedKind::Element:
      return true;
    case DerivedKind::Quantified:
      return VerifyQuantified(position);
  }
  return false;
}

// Opens the scope of the quantifier whose variable stands at `element`.
bool DerivedProof::EnterScope(std::uint32_t element, std::vector<std::uint32_t>& open) {
  const std::uint32_t quantifier = quantifiers_[element];
  if (quantifier == kNone) return Fail(element, "is an element of no quantifier");
  outer_[quantifier] = open.empty() ? kNone : open.back();
  if (!open.empty() &&
      records_.derived[quantifier].scope_end > records_.derived[open.back()].scope_end) {
    return Fail(quantifier, "has a scope that reaches out of the one around it");
  }
  open.push_back(quantifier);
  return open.size() <= format::kQuantifierDepthMax ||
         Fail(quantifier, "lies in too many quantifiers");
}

// Scopes lie within each other or apart, and a quantifier lies in the scope that its own opens in.
bool DerivedProof::VerifyScopes() {
  std::vector<std::uint32_t> open;  // quantifiers, the innermost last
  for (std::uint32_t position = 0; position < count_; ++position) {
    while (!open.empty() && records_.derived[open.back()].scope_end == first_number_ + position) {
      open.pop_back();
    }
    const Derived& derived = records_.derived[position];
    if (derived.kind == DerivedKind::Element && !EnterScope(position, open)) return false;
    scopes_.innermost[position] = open.empty() ? kNone : open.back();
    if (derived.kind == DerivedKind::Quantified &&
        scopes_.innermost[position] != outer_[position]) {
      return Fail(position, "does not lie where its scope opens");
    }
  }
  return true;
}

// A value is made of what can be seen from its own scope.
bool DerivedProof::VerifyUses() {
  for (std::uint32_t position = 0; position < count_; ++position) {
    const Derived& derived = records_.derived[position];
    const std::uint32_t scope = scopes_.innermost[position];
    const bool owns_second = derived.kind == DerivedKind::Quantified;
    if ((derived.first != kNone && !scopes_.Sees(scope, derived.first)) ||
        (derived.second != kNone && !owns_second && !scopes_.Sees(scope, derived.second))) {
      return Fail(position, "uses a value of another scope");
    }
  }
  return true;
}

bool DerivedProof::VerifyDepths() {
  std::vector<std::uint32_t> depths(count_, 1);
  const auto depth_of = [&](std::uint32_t number) {
    return number == kNone || number < first_number_ ? 0 : depths[number - first_number_];
  };
  for (std::uint32_t position = 0; position < count_; ++position) {
    const Derived& derived = records_.derived[position];
    std::uint32_t deepest = std::max(depth_of(derived.first), depth_of(derived.second));
    for (std::uint32_t at = derived.code; at < derived.code_end; ++at) {
      const Instruction& instruction = records_.code[at];
      if (instruction.opcode == Opcode::Test) {
        deepest = std::max(deepest, depth_of(instruction.slot));
      }
    }
    depths[position] = deepest + 1;
    if (depths[position] > format::kDerivedDepthMax) {
      return Fail(position, "is made of values of values too deeply");
    }
  }
  return true;
}

bool DerivedProof::Verify() {
  if (count_ > format::kDerivedMax || first_number_ + count_ > format::kSlotsMax) {
    return proof_.Fail("it has more than {} derived values, or with its slots more than {}",
                       format::kDerivedMax, format::kSlotsMax);
  }
  scopes_.first_derived = first_number_;
  scopes_.innermost.assign(count_, kNone);
  scopes_.body_of.assign(records_.code.size(), kNone);
  quantifiers_.assign(count_, kNone);
  outer_.assign(count_, kNone);
  for (std::uint32_t position = 0; position < count_; ++position) {
    if (!VerifyRecord(position)) return false;
  }
  return VerifyScopes() && VerifyUses() && VerifyDepths();
}

}  // namespace

bool Scopes::Sees(std::uint32_t scope, std::uint32_t value) const {
  if (value < first_derived) return true;
  const std::uint32_t wanted = innermost[value - first_derived];
  while (scope != wanted && scope != kNone) scope = innermost[scope];
  return scope == wanted;
}

bool VerifyDerived(const Records& records, Scopes& scopes, Proof& proof) {
  return DerivedProof(records, scopes, proof).Verify();
}

bool VerifyPins(const Records& records, Proof& proof) {
  if (records.pins.size() > format::kPinsMax) {
    return proof.Fail("it has more than {} pins", format::kPinsMax);
  }
  const auto key = [&records](const format::Pin& pin) {
    return std::pair(records.Text(pin.tool), records.Text(pin.server));
  };
  for (std::size_t i = 0; i < records.pins.size(); ++i) {
    const format::Pin& pin = records.pins[i];
    if (!CheckText(records, pin.tool, "a pinned tool's name", proof) ||
        !CheckText(records, pin.server, "a pinned tool's server", proof) ||
        !CheckText(records, pin.annotations, "a pinned tool's annotations", proof) ||
        !CheckText(records, pin.category, "a pinned tool's category", proof) ||
        !CheckText(records, pin.risk, "a pinned tool's risk", proof) ||
        !proof.Spend(1 + std::uint64_t{pin.tool.size} + pin.server.size)) {
      return false;
    }
    if (i != 0 && key(records.pins[i - 1]) >= key(pin)) {
      return proof.Fail("pin {} is out of order or there twice", i);
    }
  }
  return true;
}

}  // namespace policy
