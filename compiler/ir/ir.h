// The policy after names and types are resolved: rules over formulas over tests over paths. What
// passes rewrite and emit/ lowers. Both policy forms end here, and from here on nobody knows which
// it was.
//
// Values live in vectors and are named by ids; ids are distinct types. A Policy is plain data
// without invariants beyond "ids are in range" and "formulas are acyclic, operands before users".
#ifndef COMPILER_IR_IR_H_
#define COMPILER_IR_IR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "policy/source.h"
#include "runtime/program/format.h"
#include "runtime/value/decimal.h"
#include "runtime/value/function.h"
#include "runtime/value/predicate.h"
#include "runtime/value/truth.h"

namespace policy::ir {

// Before the types of the same names: -Wshadow.
enum class FormulaKind : std::uint8_t { Constant, Test, Not, And, Or };
enum class ValueKind : std::uint8_t {
  Path,
  Constant,    // a scalar beside a value that is none: split(x, ","), args.a ?? 5
  Applied,     // `function` of `operands`
  Compared,    // `relation` of two operands: a bool, or broken where that is unknown
  Element,     // what a quantifier's variable stands for
  Quantified,  // over the list `operands[0]`; any, all: a bool, or broken where it is unknown;
               // count: a number, or broken where the body is unknown for an element
};
enum class QuantifierKind : std::uint8_t { Any, All, Count };

enum class PathId : std::uint32_t {};
enum class ValueId : std::uint32_t {};
enum class TestId : std::uint32_t {};
enum class FormulaId : std::uint32_t {};
enum class RuleId : std::uint32_t {};
enum class CounterId : std::uint32_t {};

using Step = std::variant<std::string, std::uint32_t>;  // member name, or list element number

struct Path {
  format::Root root = format::Root::Args;
  std::vector<Step> steps;
  friend bool operator==(const Path&, const Path&) = default;
};

struct TimePoint {
  std::int64_t nanoseconds = 0;
  friend bool operator==(const TimePoint&, const TimePoint&) = default;
};
struct Duration {
  std::int64_t nanoseconds = 0;
  friend bool operator==(const Duration&, const Duration&) = default;
};
struct RegexText {
  std::string text;
  friend bool operator==(const RegexText&, const RegexText&) = default;
};

// A constant operand. Sets are sorted and distinct (the resolver sees to it). monostate: no
// operand.
using Constant =
    std::variant<std::monostate, std::string, Decimal, bool, TimePoint, RegexText,
                 std::vector<std::string>, std::vector<Decimal>, std::vector<bool>, Duration>;

// What a test or a charge looks at: something of the call, or something made of it.
//
// Equal values have one id: the resolver interns them, so that ids compare as values do. Operands
// come before their users. A value depends on an Element when it is one or has such an operand; it
// is used only inside the body of its quantifier.
struct Value {
  ValueKind kind = ValueKind::Path;
  PathId path_id{};                    // Path
  Constant constant = {};              // Constant: String, Decimal, bool, TimePoint or Duration
  Function function{};                 // Applied
  Relation relation{};                 // Compared
  QuantifierKind quantifier{};         // Quantified
  std::vector<ValueId> operands = {};  // Applied, Compared, Quantified
  ValueId element_id{};                // Quantified: its variable, an Element
  FormulaId body_id{};                 // Quantified: what is asked of each element
  Span span = {};                      // the first place that it was written at
};

struct Test {
  ValueId value_id{};
  Predicate predicate{};
  Constant operand;
  // The author's `absent` value, already run through the predicate: what the test says of an absent
  // value.
  std::optional<Truth> when_absent;
  Span span;
};

// And, Or: any number of operands (And of none is true, Or of none is false). Not: one.
struct Formula {
  FormulaKind kind = FormulaKind::Constant;
  Truth constant = Truth::True;
  TestId test_id{};
  std::vector<FormulaId> operands;
  Span span;
};

struct Limit {
  CounterId counter_id{};
  std::int64_t max = 0;    // at the counter's scale
  std::int64_t burst = 0;  // of a bucket, likewise
  format::CostKind cost = format::CostKind::One;
  ValueId cost_value_id{};  // Amount, Length
  format::OnError on_error = format::OnError::Keep;
  format::OnStoreError on_store_error = format::OnStoreError::Deny;
};

// A rule of a block. Order in Policy::rules is the order of the policy.
struct Rule {
  format::RuleKind kind = format::RuleKind::Deny;
  std::string id;  // "/tools/create_refund/deny_if/0"
  Span span;
  FormulaId condition_id{};  // Deny, Allow, Approve: when it fires; Require: what must hold;
                             // others: unused
  std::string message;
  std::string approval_group;
  std::uint32_t approval_within_seconds = 0;
  std::vector<std::string> argument_names;  // CloseArguments, sorted and distinct
  Limit limit;                              // Limit
};

// Rules for the tools that any of `patterns` matches. Hide rules stand in blocks of their own with
// hides = true.
struct Block {
  std::vector<std::string> patterns;
  std::vector<RuleId> rule_ids = {};
  bool hides = false;
  std::optional<std::string> server = {};  // only for calls to this one
  bool opens_arguments = false;            // `args any`: the lock closes none
  Span span = {};
};

struct Scope {
  format::ScopeKind kind = format::ScopeKind::Grant;
  PathId path_id{};  // Slot
};

struct Counter {
  std::string name;
  format::WindowKind window = format::WindowKind::Seconds;
  std::uint32_t window_seconds = 0;
  format::Algorithm algorithm = format::Algorithm::Fixed;
  std::uint8_t scale = 0;
  std::vector<Scope> scopes;
  // Of a bucket, at the scale: what all its limits say.
  std::int64_t max = 0;
  std::int64_t burst = 0;
  Span span;
};

// A tool of the lock: what was reviewed of it.
struct Pin {
  std::string server;
  std::string tool;
  std::string annotations;                  // raw JSON record; empty: none
  std::string category;                     // empty: none
  std::string risk;                         // empty: none
  bool closes_arguments = true;             // its schema names all there are
  std::vector<std::string> argument_names;  // sorted, distinct
};

struct Policy {
  std::string name;  // may be empty
  bool default_allows = false;
  Span default_span;
  std::string zone = "UTC";
  std::vector<Path> paths;
  std::vector<Value> values;
  std::vector<Test> tests;
  std::vector<Formula> formulas;
  std::vector<Rule> rules;
  std::vector<Counter> counters;
  std::vector<Block> blocks;             // policy order
  std::optional<std::vector<Pin>> lock;  // sorted by tool, then server; nullopt: there is none
  std::vector<const Source*> sources;    // by Span::file
};

}  // namespace policy::ir

#endif  // COMPILER_IR_IR_H_
