// Proves constants, the sets among them, and the hash tables of string sets.
#include <bit>

#include "runtime/program/table_hash.h"
#include "runtime/program/verify_records.h"

namespace policy {
namespace {

constexpr std::int64_t kCoefficientEnd = 1'000'000'000'000'000'000;

bool IsNormalised(Decimal number) {
  if (number.coefficient == 0) return number.exponent == 0;
  return number.coefficient > -kCoefficientEnd && number.coefficient < kCoefficientEnd &&
         number.coefficient % 10 != 0 && number.exponent >= -18 && number.exponent <= 18;
}

bool VerifyScalar(const Records& records, std::uint32_t id, std::uint32_t& regex_count,
                  Proof& proof) {
  const format::Constant& constant = records.constants[id];
  switch (records.KindOf(id)) {
    case OperandKind::Regex:
      if (++regex_count > format::kRegexesMax) {
        return proof.Fail("it has more than {} regular expressions", format::kRegexesMax);
      }
      [[fallthrough]];
    case OperandKind::String:
      return CheckText(records, {constant.a, constant.b}, "a constant", proof);
    case OperandKind::Number:
      return IsNormalised(records.Number(id)) || proof.Fail("constant {} is not a number", id);
    case OperandKind::Bool:
      return constant.flag <= 1 || proof.Fail("constant {} is not a bool", id);
    case OperandKind::BoolSet:
      return (constant.flag >= 1 && constant.flag <= 3) ||
             proof.Fail("constant {} is not a set of bools", id);
    case OperandKind::None:
    case OperandKind::Time:
    case OperandKind::Duration:
    case OperandKind::StringSet:
    case OperandKind::NumberSet:
      return true;
  }
  return proof.Fail("constant {} is of no known kind", id);
}

bool InItems(const Records& records, std::uint32_t first, std::uint32_t count) {
  return first <= records.set_items.size() && count <= records.set_items.size() - first;
}

// Each member is of kind `member_kind` and greater than the one before.
bool VerifyMembers(const Records& records, std::uint32_t id, OperandKind member_kind,
                   Proof& proof) {
  const format::Constant& constant = records.constants[id];
  if (constant.b == 0 || !InItems(records, constant.a, constant.b)) {
    return proof.Fail("set {} is empty or lies outside the set items", id);
  }
  const auto members = records.set_items.subspan(constant.a, constant.b);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i] >= records.constants.size() || records.KindOf(members[i]) != member_kind) {
      return proof.Fail("set {} has a member of another kind", id);
    }
    const bool is_string = member_kind == OperandKind::String;
    if (!proof.Spend(1 + (is_string ? records.String(members[i]).size() : 0))) return false;
    if (i == 0) continue;
    const bool ascends =
        is_string ? records.String(members[i - 1]) < records.String(members[i])
                  : Compare(records.Number(members[i - 1]), records.Number(members[i])) < 0;
    if (!ascends) return proof.Fail("the members of set {} are not in order", id);
  }
  return true;
}

bool VerifyStringTable(const Records& records, std::uint32_t id, Proof& proof) {
  const format::Constant& constant = records.constants[id];
  if (constant.table_size == 0) return true;
  if (!std::has_single_bit(constant.table_size) || constant.table_size <= constant.b ||
      !InItems(records, constant.table_first, constant.table_size)) {
    return proof.Fail("the table of set {} has a wrong size or place", id);
  }
  const auto table = records.set_items.subspan(constant.table_first, constant.table_size);
  std::uint32_t used = 0;
  for (const std::uint32_t entry : table) {
    if (!proof.Spend(1)) return false;
    if (entry == format::kNone) continue;
    ++used;
    if (entry >= constant.b) return proof.Fail("the table of set {} has a wrong entry", id);
  }
  // As many entries as members, and each member found: so each stands there once, and (the table
  // being larger) every probe ends.
  if (used != constant.b) return proof.Fail("the table of set {} does not have its members", id);
  const auto members = records.set_items.subspan(constant.a, constant.b);
  const std::size_t mask = table.size() - 1;
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    std::size_t place = HashBytes(records.String(members[i])) & mask;
    for (; table[place] != i && table[place] != format::kNone; place = (place + 1) & mask) {
      if (!proof.Spend(1)) return false;
    }
    if (table[place] != i) return proof.Fail("the table of set {} misses a member", id);
  }
  return true;
}

}  // namespace

bool VerifyConstants(const Records& records, Proof& proof) {
  std::uint32_t regex_count = 0;
  const auto count = static_cast<std::uint32_t>(records.constants.size());
  for (std::uint32_t id = 0; id < count; ++id) {
    if (!VerifyScalar(records, id, regex_count, proof)) return false;
  }
  for (std::uint32_t id = 0; id < count; ++id) {
    const OperandKind kind = records.KindOf(id);
    if (kind == OperandKind::StringSet &&
        !(VerifyMembers(records, id, OperandKind::String, proof) &&
          VerifyStringTable(records, id, proof))) {
      return false;
    }
    if (kind == OperandKind::NumberSet && !VerifyMembers(records, id, OperandKind::Number, proof)) {
      return false;
    }
  }
  return true;
}

}  // namespace policy
