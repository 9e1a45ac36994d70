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

// What is known of a value before any call. Any is a value of the call, as JSON has them: never a
// time or a length of time.
enum class ValueType : std::uint8_t { Any, Bool, String, Number, List, Record, Time, Duration };

// The name that a quantifier gives to each element.
struct Variable {
  std::string_view name;
  Span span;
  ir::ValueId element_id{};
  ValueType type = ValueType::Any;
};

struct DeclaredLet {
  const ast::Let* syntax = nullptr;
  bool is_used = false;
};

// A counter of the text form, resolved where it is declared; made part of the policy by its first
// limit.
struct DeclaredCounter {
  const ast::Counter* syntax = nullptr;
  std::optional<ir::Counter> counter = {};  // nullopt: errors were reported
  std::optional<std::int64_t> max = {};     // at the counter's scale
  std::optional<std::int64_t> burst = {};   // of a bucket, where it is given
  bool is_used = false;
};

struct Resolution {
  const ast::Policy& syntax;
  const Source& source;
  Diagnostics& diagnostics;
  ir::Policy policy = {};

  std::unordered_map<std::string, ir::PathId> path_ids = {};        // by PathText
  std::vector<std::string> path_texts = {};                         // by PathId
  std::vector<ir::ValueId> path_values = {};                        // by PathId
  std::unordered_map<std::string, ir::ValueId> value_ids = {};      // by structure, but paths
  std::vector<const std::string*> value_keys = {};                  // in value_ids; by ValueId
  std::unordered_map<std::string, ir::CounterId> counter_ids = {};  // by name
  std::unordered_map<std::string_view, DeclaredLet> lets = {};
  std::unordered_map<std::string_view, DeclaredCounter> declared_counters = {};
  std::vector<Variable> variables = {};  // of the quantifiers around, outermost first
};

// One side of a comparison, an argument of a function: something of the call, or a constant of the
// policy.
struct Term {
  enum class Kind : std::uint8_t { Value, Constant, Set, Null };
  Kind kind = Kind::Value;
  ValueType type = ValueType::Any;  // Value, Constant
  ir::ValueId value_id{};           // Value
  ir::Constant constant = {};       // Constant
  std::vector<Term> items = {};     // Set: Constants as a rule
  // Value: `?? constant`, which the value does not have in it yet (see Materialise).
  std::optional<ir::Constant> absent = {};
  std::string text;  // as messages name it: `args.items[0]`; a constant as it was written
  Span span;
};

std::string_view NameOf(ValueType type);  // "a number"

// What the author wrote there, cut to what a message can hold.
std::string WordsAt(const Resolution& resolution, Span span);

// An expression as one side of a comparison: term.cc. nullopt: reported.
std::optional<Term> ResolveTerm(Resolution& resolution, ast::ExpressionId id);
// The value that the term is: with `??` made part of it, a constant as a value that never changes.
// REQUIRES: Value or Constant.
ir::ValueId Materialise(Resolution& resolution, const Term& term);
// The id of the value, equal values sharing one; `key` tells values apart.
ir::ValueId AddValue(Resolution& resolution, ir::Value value);
ir::ValueId AddValue(Resolution& resolution, ir::Value value, std::string key);
// What the step leads to from the value.
ir::ValueId AddStep(Resolution& resolution, ir::ValueId id, const ast::Step& step, Span span);
// A value that is like no other. `key`: where it stands in value_ids, or null.
ir::ValueId PushValue(Resolution& resolution, ir::Value value, const std::string* key);

// A call of a function, and arithmetic: function.cc. nullopt: reported.
std::optional<Term> ResolveCall(Resolution& resolution, const ast::Call& call, Span span);
std::optional<Term> ResolveArithmetic(Resolution& resolution, const ast::Arithmetic& arithmetic,
                                      Span span);
// Reports a term that is not of the type that a function or quantifier takes there.
void ReportFunctionOperand(Resolution& resolution, std::string_view function,
                           std::string_view expected, const Term& term);

// A quantifier as a value: quantifier.cc. nullopt: reported.
std::optional<Term> ResolveQuantifier(Resolution& resolution, const ast::Quantifier& quantifier,
                                      Span span);

// A path whose root is a variable or the name of a `let`: names.cc. nullopt: it is none of those.
struct NamedTerm {
  std::optional<Term> term;  // nullopt: reported
};
std::optional<NamedTerm> ResolveNamed(Resolution& resolution, const ast::Path& path, Span span);
// Notes the names that the policy declares. Call once, before anything is resolved.
void DeclareNames(Resolution& resolution);
// Reports a name that hides another. False: reported.
bool CheckShadows(Resolution& resolution, const ast::Word& name, std::string_view what);
// Reports declared names that nothing uses. Call once, when all is resolved.
void CheckUnused(Resolution& resolution);

struct ResolvedPath {
  ir::PathId path_id{};
  ValueType type = ValueType::Any;
  std::string text;  // as messages name it: `args.items[0]`
};

// Looks the path up among what conditions can see: path.cc. nullopt: reported.
std::optional<ResolvedPath> ResolvePath(Resolution& resolution, const ast::Path& path, Span span);
std::string PathText(const ast::Path& path);
bool IsRootName(std::string_view name);
// Reports steps below something that has none.
void ReportNothingBelow(Resolution& resolution, Span span, std::string_view text);
// What stands at the path, as a value.
ir::ValueId ValueAt(const Resolution& resolution, ir::PathId id);

// A number of the policy as an exact decimal: constant.cc. nullopt: reported.
std::optional<Decimal> ResolveNumber(Resolution& resolution, const std::string& digits, Span span);
void ReportBadInstant(Resolution& resolution, Span span, std::string_view text);
// Reports a zone that there is none of. False: reported.
bool CheckZone(Resolution& resolution, const std::string& zone, Span span);

// An operator with where it stands.
struct WrittenOperator {
  ast::Operator op{};
  Span span;
};
// As the policy's form spells it.
std::string_view SpellingOf(const Resolution& resolution, ast::Operator op);

// A predicate and the constant it compares with.
struct Comparand {
  Predicate predicate{};
  ir::Constant operand;
};

// What `op` with `right` asks of `left`: constant.cc. nullopt: reported. REQUIRES: left is a Value,
// right is none.
std::optional<Comparand> ResolveComparand(Resolution& resolution, WrittenOperator op,
                                          const Term& left, const Term& right);
// Reports a term whose values can never be of a type that the operator takes.
void ReportTermType(Resolution& resolution, WrittenOperator op, const Term& term,
                    std::string_view needed);

// What the predicate says of a constant: constant_value.cc.
Truth ApplyToConstant(Predicate predicate, const ir::Constant& operand, const ir::Constant& value);
// What the function makes of constants; monostate: nothing that is a constant. `second` is
// monostate where it takes one operand.
ir::Constant ApplyToConstants(Function function, const ir::Constant& first,
                              const ir::Constant& second);
std::string KeyOf(const ir::Constant& constant);  // distinct for distinct constants

// An expression as a formula over tests: condition.cc. nullopt: reported.
std::optional<ir::FormulaId> ResolveCondition(Resolution& resolution, ast::ExpressionId id);
// A comparison: comparison.cc. nullopt: reported.
std::optional<ir::FormulaId> ResolveComparison(Resolution& resolution,
                                               const ast::Comparison& comparison, Span span);
ir::FormulaId AddFormula(Resolution& resolution, ir::Formula formula);
ir::FormulaId AddNot(Resolution& resolution, ir::FormulaId operand, Span span);
// A test of the term, which says for its `??` what the predicate says of that constant. REQUIRES:
// a Value.
ir::FormulaId AddTest(Resolution& resolution, const Term& term, Comparand comparand, Span span);

// A limit and the counter it charges: counter.cc. nullopt: reported.
std::optional<ir::Limit> ResolveLimit(Resolution& resolution, const ast::Limit& limit, Span span);
// Resolves the counters that the policy declares. Call once, before its limits.
void ResolveCounters(Resolution& resolution);
// Reports counters that one tool charges with two costs. Call once, when all blocks are there.
void CheckCosts(Resolution& resolution);

}  // namespace policy

#endif  // COMPILER_RESOLVE_RESOLUTION_H_
