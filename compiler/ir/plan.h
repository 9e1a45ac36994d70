// Which rules run for which tool, and how: what the passes decide beside the rules themselves, and
// what emit/ follows.
#ifndef COMPILER_IR_PLAN_H_
#define COMPILER_IR_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/ir.h"

namespace policy::ir {

// A switch on one path's value: under a literal only the rules of its branch can fire; under any
// other value of the literals' kind none of them can; under everything else all must be looked at.
struct IndexBranch {
  Constant literal;
  std::vector<RuleId> rule_ids = {};
};
struct Index {
  PathId path_id{};
  std::vector<IndexBranch> branches = {};
  std::vector<RuleId> rule_ids = {};  // all of them, policy order
};

// Rules of blocks that hold for one server: stepped over for calls to another, with their indexes.
struct GuardedRules {
  std::string server;
  std::vector<Index> indexes = {};
  std::vector<RuleId> rule_ids = {};  // as in Code
};

struct Code {
  std::vector<Index> indexes = {};
  std::vector<RuleId> rule_ids = {};       // policy order; those of the indexes are not among them
  std::vector<GuardedRules> guarded = {};  // each server once
};

// A tool that the policy names exactly, with the rules of every block that covers it, fused.
struct ToolPlan {
  std::string name = {};
  Code code = {};
  bool hidden = false;
};

// A block for tools that no ToolPlan names; every one that covers such a tool runs, in this order.
struct PatternPlan {
  std::vector<std::string> patterns = {};
  Code code = {};
  bool hidden = false;
};

struct Plan {
  std::vector<ToolPlan> tools = {};
  std::vector<PatternPlan> patterns = {};
  // By test: the memo cell that it shares with equal tests, 0 for none.
  std::vector<std::uint16_t> memo_cells = {};
  std::uint16_t memo_cell_count = 0;
};

}  // namespace policy::ir

#endif  // COMPILER_IR_PLAN_H_
