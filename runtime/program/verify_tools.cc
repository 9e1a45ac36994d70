// Proves the tools, their hash table, and the patterns.
#include <bit>

#include "runtime/program/table_hash.h"
#include "runtime/program/verify_records.h"

namespace policy {
namespace {

using format::kNone;

bool VerifyToolTable(const Records& records, Proof& proof) {
  const auto table = records.tool_table;
  const auto tools = records.tools;
  if (!std::has_single_bit(table.size()) || table.size() <= tools.size()) {
    return proof.Fail("the tool table has a wrong size");
  }
  std::size_t used = 0;
  for (const std::uint32_t entry : table) {
    if (entry == kNone) continue;
    ++used;
    if (entry >= tools.size()) return proof.Fail("the tool table has a wrong entry");
  }
  if (used != tools.size()) return proof.Fail("the tool table does not have every tool");
  const std::size_t mask = table.size() - 1;
  for (std::uint32_t id = 0; id < tools.size(); ++id) {
    const std::string_view name = records.Text(tools[id].name);
    std::size_t place = HashBytes(name) & mask;
    for (; table[place] != id; place = (place + 1) & mask) {
      if (table[place] == kNone || records.Text(tools[table[place]].name) == name) {
        return proof.Fail("tool {} is not in the tool table or is there twice", id);
      }
      if (!proof.Spend(1 + name.size())) return false;
    }
  }
  return true;
}

}  // namespace

bool VerifyTools(const Records& records, const Scopes& scopes, Proof& proof) {
  const auto is_block = [&](std::uint32_t code) {
    return code < records.code.size() && scopes.body_of[code] == kNone;
  };
  for (const format::Tool& tool : records.tools) {
    if (!CheckText(records, tool.name, "a tool's name", proof)) return false;
    if (!is_block(tool.code) || tool.hidden > 1) {
      return proof.Fail("a tool has a field out of range");
    }
  }
  for (const format::Pattern& pattern : records.patterns) {
    if (!CheckText(records, pattern.pattern, "a tool pattern", proof)) return false;
    if (!is_block(pattern.code) || pattern.hidden > 1) {
      return proof.Fail("a tool pattern has a field out of range");
    }
  }
  return VerifyToolTable(records, proof);
}

}  // namespace policy
