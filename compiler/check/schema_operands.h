// What operators and functions need of a value, and which literals a schema rules out.
#ifndef COMPILER_CHECK_SCHEMA_OPERANDS_H_
#define COMPILER_CHECK_SCHEMA_OPERANDS_H_

#include <optional>
#include <string>
#include <vector>

#include "compiler/catalog/tool_schema.h"
#include "compiler/ir/ir.h"

namespace policy {

// The kinds of values that something understands; any other is unknown to it.
struct Wanted {
  catalog::KindSet kinds = 0;
  std::string by;    // "`<`", "`length`", "a charge"
  std::string text;  // "a number"
};
std::optional<Wanted> WantedBy(Predicate predicate);  // nullopt: any value
std::optional<Wanted> WantedBy(Function function, std::size_t operand);
std::optional<Wanted> WantedBy(Relation relation, std::size_t operand);

// A literal of a test that no value of the schema can equal, or be near.
struct ExcludedLiteral {
  std::string literal;
  std::string allowed;  // "`a` and `b`"; "at least 1"
  bool is_out_of_range = false;
  std::string meant = {};  // the allowed value that was most likely meant
  std::string fix_old = {};
  std::string fix_new = {};
};
std::vector<ExcludedLiteral> ExcludedBy(const catalog::PathFacts& facts, Predicate predicate,
                                        const ir::Constant& operand);

// A scalar as the text form writes it, and as a constant; nullopt: it is none.
std::optional<std::string> LiteralText(const json::Value& value);
std::optional<std::string> LiteralText(const ir::Constant& constant);
std::optional<ir::Constant> ScalarOf(const json::Value& value);

}  // namespace policy

#endif  // COMPILER_CHECK_SCHEMA_OPERANDS_H_
