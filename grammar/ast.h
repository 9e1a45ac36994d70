// A policy as it was written, in either form: what the readers make and the resolver takes.
//
// Nothing here has been looked up or typed: names are names, numbers are digits. Everything knows
// its Span. Expressions live in one vector and are named by id; operands come before their users.
#ifndef GRAMMAR_AST_H_
#define GRAMMAR_AST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/source.h"

namespace policy::ast {

enum class ExpressionId : std::uint32_t {};

// Something spelled: a name, a string, the digits of a number.
struct Word {
  std::string text;
  Span span;
};

enum class Operator : std::uint8_t {
#define OPERATOR(name, json, text) name,
#include "grammar/operators.def"
#undef OPERATOR
};

enum class LiteralKind : std::uint8_t { Null, Bool, Number, String, Duration };

struct Literal {
  LiteralKind kind = LiteralKind::Null;
  bool boolean = false;       // Bool
  std::string text;           // String: unescaped; Number, Duration: as written
  std::uint64_t seconds = 0;  // Duration
  bool raw = false;           // String: written as r"…"
};

using Step = std::variant<std::string, std::uint32_t>;  // member name, or list element number

// root.step.step: `args.items[0]`. In the text form the root may also be the variable of a
// quantifier or the name of a `let`; the resolver knows.
struct Path {
  Word root;
  std::vector<Step> steps;
};

struct List {
  std::vector<ExpressionId> items;
};
struct Not {
  ExpressionId operand{};
};
struct Junction {
  enum class Kind : std::uint8_t { And, Or };
  Kind kind = Kind::And;
  std::vector<ExpressionId> operands;
};
struct Comparison {
  Operator op{};
  Span op_span;
  ExpressionId left{};
  ExpressionId right{};
};
struct Has {
  ExpressionId path_id{};
};
struct IsNull {
  ExpressionId path_id{};
};
// left + right
struct Arithmetic {
  enum class Kind : std::uint8_t { Add, Subtract, Multiply };
  Kind kind = Kind::Add;
  ExpressionId left{};
  ExpressionId right{};
};
// path ?? literal
struct OrElse {
  ExpressionId path_id{};
  ExpressionId literal_id{};
};
struct Call {
  Word function;
  std::vector<ExpressionId> arguments;
};
// A step into a value that is made: `words(args.command)[0]`. Steps of paths are in Path.
struct Part {
  ExpressionId of_id{};
  Step step;
};
// any item in list: body
struct Quantifier {
  enum class Kind : std::uint8_t { Any, All, Count };
  Kind kind = Kind::Any;
  Word variable;
  ExpressionId list_id{};
  ExpressionId body_id{};
};

struct Expression {
  // A Path, OrElse or Literal where a condition is wanted is a bool that has to be true.
  std::variant<Literal, Path, List, Not, Junction, Comparison, Has, IsNull, OrElse, Call,
               Quantifier, Arithmetic, Part>
      node;
  Span span;
  bool in_parentheses = false;  // as written; for what reads better with them
};

struct Duration {
  std::uint32_t seconds = 0;
  Word written;  // "10m", or the digits of whole seconds
};

enum class WindowKind : std::uint8_t { Seconds, Day, Week, Month, Lifetime };

struct Window {
  WindowKind kind = WindowKind::Seconds;
  std::uint32_t seconds = 0;  // Seconds
  Word written;               // "minute", or the digits of whole seconds
};

enum class ScopeKind : std::uint8_t { Grant, Session, Tool, Server, Global, Value };

struct Scope {
  ScopeKind kind = ScopeKind::Grant;
  Path path;  // Value: the claim or argument that the key comes from
  Span span;
};

enum class OnError : std::uint8_t { Keep, Refund };
enum class OnStoreError : std::uint8_t { Deny, LocalShare, Allow };
enum class Algorithm : std::uint8_t { Fixed, Sliding, Bucket, Concurrency };

// What a counter counts: `500.00 per day each grant`. The text form says it where the counter is
// declared, JSON at every limit that names it.
struct CounterTerms {
  Word max;
  Window window;  // Concurrency: a lifetime that nobody wrote
  Algorithm algorithm = Algorithm::Fixed;
  std::optional<Word> burst;          // Bucket; nullopt: max
  std::optional<std::uint8_t> scale;  // nullopt: the decimals of max
  Span scale_span;
  std::vector<Scope> scopes;  // empty: grant
  Span scope_span;
  OnError on_error = OnError::Keep;
  OnStoreError on_store_error = OnStoreError::Deny;
  Span on_store_error_span;
};

struct Counter {
  Word name;
  CounterTerms terms;
  Span span;
};

// The statements of a tool block.

struct Allow {
  std::optional<ExpressionId> when;
};
struct Deny {
  std::optional<ExpressionId> when;
};
struct Require {
  ExpressionId condition_id{};
};
struct Approve {
  std::optional<ExpressionId> when;
  std::optional<Word> from;
  std::optional<Duration> within;
};
struct CloseArguments {
  std::vector<Word> names;
};
// `args any`: arguments that the pinned schema does not name are let be. Text form.
struct OpenArguments {};
struct Limit {
  enum class Form : std::uint8_t {
    Limit,       // JSON `limits`; text `limit`, `charge`: the first where there is no cost
    RateRecord,  // JSON `rate_limit: {max, window}`
    RateText,    // JSON `rate_limit: "30/minute"`
  };
  Form form = Form::Limit;
  Word counter;
  std::optional<CounterTerms> terms;  // JSON only; the text form names a declared counter
  std::optional<ExpressionId> cost;   // JSON: a path, or length(path); text: any number; nullopt: 1
  // Text form: this limit's own instead of its counter's: `limit sends up to 10 on error refund`.
  std::optional<Word> max = {};
  std::optional<OnError> on_error = {};
  std::optional<OnStoreError> on_store_error = {};
};

struct Statement {
  std::string id;  // of its rule: "/tools/create_refund/deny_if/0", "create_refund/deny/1"
  std::optional<Word> name = {};  // text form: `deny "no-broadcast" when …`; then it is the id too
  std::variant<Allow, Deny, Require, Approve, CloseArguments, OpenArguments, Limit> node;
  std::optional<Word> because;  // what the agent reads: JSON `on_deny`
  bool implied = false;  // no words of the author's own: the allow of an entry without action
  Span span;
};

// Rules for the tools that any of the patterns matches.
struct ToolBlock {
  std::vector<Word> patterns;
  std::optional<Word> server;       // text form: `on server "fs"`
  std::optional<Word> reason;       // JSON: for every denial of this entry without `because`
  std::optional<Approve> approval;  // JSON: what its approve statements have in common
  std::vector<Statement> statements;
  Span span;
};

struct Hide {
  std::string id;
  Word pattern;
};

// The text form alone, from here on.

struct Let {
  Word name;
  ExpressionId value_id{};  // a Literal or a List of Literals
  Span span;
};

struct UseTools {
  Word path;  // relative to the folder of the file that says so
  Span span;
};

// What it includes stands among the policy's own blocks, hides, counters and lets: the reader of
// the including file reads it too.
struct Include {
  Word path;
  Span span;
};

enum class ExpectedOutcome : std::uint8_t { Allow, Deny, Approval, Limited };

// A call of a test and what is to be decided for it.
struct TestCall {
  Word tool;
  std::string arguments = "{}";  // one JSON record
  std::optional<Word> server;    // `on server "fs"`
  std::optional<Word> grant;     // `as grant "agent-1"`
  std::optional<Word> session;   // `in session "s1"`
  std::string claims;            // `with claims {…}`: JSON record; empty: none
  std::string attributes;        // `with attributes {…}`: of the grant
  std::string annotations;       // `with annotations {…}`: where no lock knows them
  std::string client;            // *.test.json alone: {"name", "version"}
  std::optional<Word> at;        // `at "2026-03-01T10:00:00Z"`
  ExpectedOutcome outcome{};
  std::optional<Word> from;            // `expect approval from "finance"`
  std::optional<Word> rule;            // `by "no-broadcast"`: a rule that must have taken part
  std::optional<Word> message;         // `because "staff only"`: what the message must hold
  std::optional<Word> retry_after_ms;  // `retry after 60000`: digits
  Span span;                           // of the call
  Span expect_span;
};

struct Test {
  Word name;
  std::vector<TestCall> calls;
  Span span;
};

// `// …` to the end of its line.
struct Comment {
  Span span;
  bool begins_line = false;  // nothing but white space before it on its line
};

enum class Form : std::uint8_t { Json, Text };

struct Policy {
  Form form = Form::Json;
  Word name;                        // text form
  std::optional<Word> schema;       // JSON `$schema`
  std::optional<Word> description;  // JSON
  bool default_allows = false;
  Span default_span;
  std::optional<Word> zone;
  std::vector<Hide> hides;
  std::vector<Counter> counters;  // text form
  std::vector<ToolBlock> blocks;  // JSON `all_tools` is the first, with the pattern `*`
  std::vector<Expression> expressions;

  std::vector<Let> lets;
  std::optional<UseTools> use_tools;
  std::vector<Include> includes;
  std::vector<Test> tests;
  std::vector<Comment> comments;  // of the root file, in order
};

inline const Expression& At(const Policy& policy, ExpressionId id) {
  return policy.expressions[static_cast<std::size_t>(id)];
}

// "fixed", "sliding", "bucket", "concurrency": as policy.json spells it.
std::string_view NameOf(Algorithm algorithm);

// "eq", "lt": as policy.json spells it.
std::string_view JsonNameOf(Operator op);

}  // namespace policy::ast

#endif  // GRAMMAR_AST_H_
