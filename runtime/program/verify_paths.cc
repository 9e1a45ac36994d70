// Proves the tree of paths, its hash table, and the slots.
#include <bit>
#include <vector>

#include "runtime/program/table_hash.h"
#include "runtime/program/verify_records.h"

namespace policy {
namespace {

using format::kNone;
using format::PathNode;

bool VerifyRoot(const PathNode& node, Proof& proof) {
  if (node.parent != kNone || node.index != kNone || node.key.size != 0 ||
      node.next_sibling != kNone) {
    return proof.Fail("a root of the paths is malformed");
  }
  return true;
}

// One node that is no root: its parent stands before it, and it is a member or an element.
bool VerifyNode(const Records& records, std::uint32_t id, std::vector<std::uint8_t>& depths,
                Proof& proof) {
  const PathNode& node = records.path_nodes[id];
  if (node.parent >= id) return proof.Fail("path node {} stands before its parent", id);
  const std::uint32_t depth = depths[node.parent] + 1u;
  if (depth > format::kPathDepthMax) {
    return proof.Fail("path node {} is deeper than {}", id, format::kPathDepthMax);
  }
  depths[id] = static_cast<std::uint8_t>(depth);
  if (node.index != kNone && node.key.size != 0) {
    return proof.Fail("path node {} is both a member and an element", id);
  }
  return CheckText(records, node.key, "a path", proof);
}

// The lists of children are those that the order of the nodes gives, so walking them ends.
bool VerifyChildren(const Records& records, Proof& proof) {
  const auto nodes = records.path_nodes;
  std::vector<std::uint32_t> first(nodes.size(), kNone);
  std::vector<std::uint32_t> last(nodes.size(), kNone);
  std::vector<std::uint32_t> next(nodes.size(), kNone);
  std::vector<bool> has_elements(nodes.size(), false);
  for (std::uint32_t id = format::kRootCount; id < nodes.size(); ++id) {
    const std::uint32_t parent = nodes[id].parent;
    (last[parent] == kNone ? first[parent] : next[last[parent]]) = id;
    last[parent] = id;
    if (nodes[id].index != kNone) has_elements[parent] = true;
  }
  for (std::uint32_t id = 0; id < nodes.size(); ++id) {
    if (nodes[id].first_child != first[id] || nodes[id].next_sibling != next[id] ||
        nodes[id].has_index_children != (has_elements[id] ? 1u : 0u)) {
      return proof.Fail("the children of path node {} are not those that name it", id);
    }
  }
  return true;
}

bool SameChild(const Records& records, const PathNode& a, const PathNode& b) {
  return a.parent == b.parent && a.index == b.index && records.Text(a.key) == records.Text(b.key);
}

bool VerifyPathTable(const Records& records, Proof& proof) {
  const auto table = records.path_table;
  const auto nodes = records.path_nodes;
  const std::size_t count = nodes.size() - format::kRootCount;
  if (!std::has_single_bit(table.size()) || table.size() <= count) {
    return proof.Fail("the path table has a wrong size");
  }
  std::size_t used = 0;
  for (const std::uint32_t entry : table) {
    if (entry == kNone) continue;
    ++used;
    if (entry < format::kRootCount || entry >= nodes.size()) {
      return proof.Fail("the path table has a wrong entry");
    }
  }
  if (used != count) return proof.Fail("the path table does not have every path");
  const std::size_t mask = table.size() - 1;
  for (std::uint32_t id = format::kRootCount; id < nodes.size(); ++id) {
    const PathNode& node = nodes[id];
    const std::string_view key = records.Text(node.key);
    std::size_t place = (node.index == kNone ? MemberHash(node.parent, key)
                                             : ElementHash(node.parent, node.index)) &
                        mask;
    for (; table[place] != id; place = (place + 1) & mask) {
      if (table[place] == kNone || SameChild(records, nodes[table[place]], node)) {
        return proof.Fail("path node {} is not in the path table or is there twice", id);
      }
      if (!proof.Spend(1 + key.size())) return false;
    }
  }
  return true;
}

bool VerifySlots(const Records& records, Proof& proof) {
  if (records.slots.size() > format::kSlotsMax) {
    return proof.Fail("it has more than {} slots", format::kSlotsMax);
  }
  std::size_t named = 0;
  for (std::uint32_t id = 0; id < records.path_nodes.size(); ++id) {
    const std::uint32_t slot = records.path_nodes[id].slot;
    if (slot == kNone) continue;
    ++named;
    if (slot >= records.slots.size() || records.slots[slot].node != id) {
      return proof.Fail("path node {} and its slot do not agree", id);
    }
  }
  // Nodes that name a slot name different ones: as many as there are, so all.
  return named == records.slots.size() || proof.Fail("a slot has no path");
}

}  // namespace

bool VerifyPaths(const Records& records, Proof& proof) {
  const auto nodes = records.path_nodes;
  if (nodes.size() < format::kRootCount) return proof.Fail("it lacks the roots of the paths");
  std::vector<std::uint8_t> depths(nodes.size(), 0);
  for (std::uint32_t id = 0; id < nodes.size(); ++id) {
    if (!(id < format::kRootCount ? VerifyRoot(nodes[id], proof)
                                  : VerifyNode(records, id, depths, proof))) {
      return false;
    }
  }
  return VerifyChildren(records, proof) && VerifyPathTable(records, proof) &&
         VerifySlots(records, proof);
}

}  // namespace policy
