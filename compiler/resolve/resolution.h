// What the parts of the resolver share while one policy is resolved: for its own files only; others
// want resolve.h.
#ifndef COMPILER_RESOLVE_RESOLUTION_H_
#define COMPILER_RESOLVE_RESOLUTION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/ir/ir.h"
#include "grammar/ast.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

struct Resolution {
  const ast::Policy& syntax;
  const Source& source;
  Diagnostics& diagnostics;
  ir::Policy policy = {};

  std::unordered_map<std::string, ir::PathId> path_ids = {};        // by PathText
  std::vector<ir::ValueId> path_values = {};                        // by PathId
  std::unordered_map<std::string, ir::CounterId> counter_ids = {};  // by name
};

// What is known of the values that can stand at a path, before any call.
enum class PathType : std::uint8_t { Any, String, Number, List, Time };

struct ResolvedPath {
  ir::PathId path_id{};
  PathType type = PathType::Any;
  std::string text;  // as messages name it: `args.items[0]`
};

// Looks the path up among what conditions can see: path.cc. nullopt: reported.
std::optional<ResolvedPath> ResolvePath(Resolution& resolution, const ast::Path& path, Span span);
std::string PathText(const ast::Path& path);
// What stands at the path, as a value.
ir::ValueId ValueAt(const Resolution& resolution, ir::PathId id);

// A number of the policy as an exact decimal: constant.cc. nullopt: reported.
std::optional<Decimal> ResolveNumber(Resolution& resolution, const std::string& digits, Span span);

// A predicate and the constant it compares with.
struct Comparand {
  Predicate predicate{};
  ir::Constant operand;
  bool negated = false;  // neq, not_in
};

// What `op` with `right` asks of the values at `path`: constant.cc. nullopt: reported.
std::optional<Comparand> ResolveComparand(Resolution& resolution, const ast::Comparison& comparison,
                                          const ResolvedPath& path);

// What the predicate says of a literal, the stand-in for an absent value: absent.cc. nullopt:
// reported.
std::optional<Truth> ResolveAbsent(Resolution& resolution, Predicate predicate,
                                   const ir::Constant& operand, const ast::Literal& literal,
                                   Span span);

// An expression as a formula over tests: condition.cc. nullopt: reported.
std::optional<ir::FormulaId> ResolveCondition(Resolution& resolution, ast::ExpressionId id);
ir::FormulaId AddFormula(Resolution& resolution, ir::Formula formula);

// A limit and the counter it charges: counter.cc. nullopt: reported.
std::optional<ir::Limit> ResolveLimit(Resolution& resolution, const ast::Limit& limit, Span span);
// Reports counters that one tool charges with two costs. Call once, when all blocks are there.
void CheckCosts(Resolution& resolution);

}  // namespace policy

#endif  // COMPILER_RESOLVE_RESOLUTION_H_
