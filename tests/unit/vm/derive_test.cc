// Values made of a call's values: what they come to, when they are made, and what is said where
// they cannot be.
#include "runtime/vm/derive.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/limits/memory_counters.h"
#include "runtime/mcp/message.h"
#include "runtime/vm/bound_policy.h"
#include "runtime/vm/decide.h"
#include "runtime/vm/interpreter.h"
#include "tests/unit/vm/written_program.h"

namespace policy {
namespace {

using format::Quantifier;

// "true", "3", "\"a\"", "unknown" for Broken, "absent", "null".
std::string Shown(const Value& value) {
  switch (value.kind) {
    case ValueKind::Absent:
      return "absent";
    case ValueKind::Broken:
      return "unknown";
    case ValueKind::Null:
      return "null";
    case ValueKind::Bool:
      return value.boolean ? "true" : "false";
    case ValueKind::Number:
      return ToText(value.number());
    case ValueKind::String:
      return '"' + std::string(value.text()) + '"';
    default:
      return std::string(value.text());
  }
}

std::string Repeated(std::string_view element, std::size_t times) {
  std::string list = "[";
  for (std::size_t i = 0; i < times; ++i) list.append(i == 0 ? "" : ",").append(element);
  return list + "]";
}

// `values` of the program as a call with `arguments` makes them.
std::vector<std::string> Made(const std::shared_ptr<const Program>& program,
                              const std::string& arguments,
                              const std::vector<std::uint32_t>& numbers) {
  Frame frame(program);
  REQUIRE(mcp::FillArguments(arguments, frame).has_value());
  std::vector<std::string> texts;
  for (const std::uint32_t number : numbers) texts.push_back(Shown(ValueAt(frame, number)));
  return texts;
}

using Texts = std::vector<std::string>;

TEST_CASE("any, all and count over elements that hold, fail and are unknown") {
  ProgramText text;
  const std::uint32_t to = text.Argument("to");
  std::vector<std::uint32_t> numbers;
  for (const Quantifier kind : {Quantifier::Any, Quantifier::All, Quantifier::Count}) {
    const std::uint32_t variable = text.encoder.AddVariable();
    numbers.push_back(text.Quantify(kind, to, variable, {text.Equals(variable, "a")}));
  }
  for (std::uint32_t& number : numbers) number = text.encoder.NumberOf(number);
  const auto program = text.Load();
  struct Row {
    std::string to;
    Texts any_all_count;
  };
  const Row rows[] = {
      {"[]", {"false", "true", "0"}},
      {R"(["a"])", {"true", "true", "1"}},
      {R"(["b"])", {"false", "false", "0"}},
      {R"(["a","b","a"])", {"true", "false", "2"}},
      {R"([ "a" , "\u0061" ])", {"true", "true", "2"}},
      {"[1]", {"unknown", "unknown", "unknown"}},
      {"[null]", {"unknown", "unknown", "unknown"}},
      {R"([["a"]])", {"unknown", "unknown", "unknown"}},
      {R"(["a",1])", {"true", "unknown", "unknown"}},
      {R"([1,"a"])", {"true", "unknown", "unknown"}},
      {R"(["b",1])", {"unknown", "false", "unknown"}},
      {R"([1,"b"])", {"unknown", "false", "unknown"}},
      {R"(["a","b",1])", {"true", "false", "unknown"}},
      {R"([1,"a","b"])", {"true", "false", "unknown"}},
      {Repeated(R"("a")", 10), {"true", "true", "10"}},
      {Repeated(R"("a")", kListElementsMax), {"true", "true", "1024"}},
      {Repeated(R"("a")", kListElementsMax + 1), {"unknown", "unknown", "unknown"}},
      {Repeated(R"("b")", kListElementsMax + 1), {"unknown", "unknown", "unknown"}},
      {"null", {"unknown", "unknown", "unknown"}},
      {R"("a")", {"unknown", "unknown", "unknown"}},
      {R"({"0":"a"})", {"unknown", "unknown", "unknown"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.to.substr(0, 80));
    CHECK(Made(program, R"({"to":)" + row.to + "}", numbers) == row.any_all_count);
  }
  CHECK(Made(program, "{}", numbers) == Texts{"unknown", "unknown", "unknown"});
}

TEST_CASE("a body of several tests, short cuts and all") {
  // r.kind == "card" and (r.n > 5 or not has r.n)
  ProgramText text;
  const std::uint32_t items = text.Argument("items");
  const std::uint32_t kind_name = text.Text("kind");
  const std::uint32_t n_name = text.Text("n");
  const std::uint32_t variable = text.encoder.AddVariable();
  const std::uint32_t kind = text.encoder.AddApplied(Function::Member, variable, kind_name);
  const std::uint32_t n = text.encoder.AddApplied(Function::Member, variable, n_name);
  const std::uint32_t first = 0;
  std::vector<Instruction> body = {
      text.Test(Predicate::EqualString, kind, text.encoder.AddString("card"), kFlagJumpIfFalse),
      text.Test(Predicate::GreaterNumber, n, text.encoder.AddNumber({5, 0}), kFlagJumpIfTrue),
      text.Test(Predicate::Exists, n, text.encoder.AddNone(), kFlagNegate | 2),
      {.opcode = Opcode::Combine, .flags = 1, .dst = 0, .predicate = 1}};
  body[0].target = first + 4;
  body[1].target = first + 3;
  body[1].dst = body[2].dst = 1;
  const std::uint32_t count =
      text.encoder.NumberOf(text.Quantify(Quantifier::Count, items, variable, body));
  const auto program = text.Load();
  const std::pair<const char*, const char*> rows[] = {
      {R"([{"kind":"card","n":6},{"kind":"card","n":5},{"kind":"card"},{"kind":"x","n":"?"}])",
       "2"},
      {R"([{"kind":"card","n":"6"}])", "unknown"},
      {R"([{"kind":"card","n":null}])", "unknown"},
      {R"([{"n":6}])", "unknown"},
      {R"([7])", "unknown"},
      {R"([{"kind":"x"}])", "0"}};
  for (const auto& [items_text, shown] : rows) {
    CAPTURE(items_text);
    CHECK(Made(program, std::string(R"({"items":)") + items_text + "}", {count}) == Texts{shown});
  }
}

TEST_CASE("a quantifier within another sees both variables, made anew for each element") {
  // any row in args.rows: all tag in row.tags: tag == row.owner
  ProgramText text;
  const std::uint32_t rows_slot = text.Argument("rows");
  const std::uint32_t tags_name = text.Text("tags");
  const std::uint32_t owner_name = text.Text("owner");
  const std::uint32_t row = text.encoder.AddVariable();
  const std::uint32_t tags = text.encoder.AddApplied(Function::Member, row, tags_name);
  const std::uint32_t owner = text.encoder.AddApplied(Function::Member, row, owner_name);
  const std::uint32_t tag = text.encoder.AddVariable();
  const std::uint32_t equal = text.encoder.AddCompared(Relation::Equal, tag, owner);
  const std::uint32_t all = text.Quantify(Quantifier::All, tags, tag, {text.IsTrue(equal)});
  const std::uint32_t any = text.Quantify(Quantifier::Any, rows_slot, row, {text.IsTrue(all)});
  const std::uint32_t number = text.encoder.NumberOf(any);
  const auto program = text.Load();
  CHECK(program->layout().SlotPath(number) ==
        "any r in args.rows: (all s in r.tags: s == r.owner)");
  const std::pair<const char*, const char*> rows[] = {
      {R"([{"owner":"a","tags":["b"]},{"owner":"b","tags":["b","b"]}])", "true"},
      {R"([{"owner":"a","tags":["a","b"]},{"owner":"b","tags":["a"]}])", "false"},
      {R"([{"owner":"a","tags":["b"]},{"owner":1,"tags":["b"]}])", "unknown"},
      {R"([{"owner":"a","tags":["b"]},{"tags":[]}])", "true"},
      {R"([{"owner":"a","tags":"a"}])", "unknown"},
      {R"([{"owner":"a","Tags":["a"]}])", "unknown"},
      {"[]", "false"}};
  for (const auto& [rows_text, shown] : rows) {
    CAPTURE(rows_text);
    CHECK(Made(program, std::string(R"({"rows":)") + rows_text + "}", {number}) == Texts{shown});
  }
}

TEST_CASE("values are made when they are asked for, kept for the call, and forgotten with it") {
  ProgramText text;
  const std::uint32_t to = text.Argument("to");
  const std::uint32_t lower = text.encoder.AddApplied(Function::Lower, to);
  const std::uint32_t length = text.encoder.AddApplied(Function::Length, lower);
  const std::uint32_t list = text.Argument("list");
  const std::uint32_t variable = text.encoder.AddVariable();
  const std::uint32_t same = text.encoder.AddCompared(Relation::Equal, variable, lower);
  const std::uint32_t any = text.Quantify(Quantifier::Any, list, variable, {text.IsTrue(same)});
  const auto number = [&](std::uint32_t value) { return text.encoder.NumberOf(value); };
  const std::uint32_t lower_number = number(lower);
  const std::uint32_t length_number = number(length);
  const std::uint32_t variable_number = number(variable);
  const std::uint32_t same_number = number(same);
  const std::uint32_t any_number = number(any);
  Frame frame(text.Load());
  REQUIRE(mcp::FillArguments(R"({"to":"ABC","list":["x","abc"]})", frame).has_value());
  CHECK_FALSE(frame.IsMade(lower_number));
  CHECK(Shown(ValueAt(frame, length_number)) == "3");
  REQUIRE(frame.IsMade(lower_number));
  const char* const made_at = frame.made(lower_number).data;
  CHECK(Shown(ValueAt(frame, any_number)) == "true");
  CHECK(ValueAt(frame, lower_number).data == made_at);
  CHECK_FALSE(frame.IsMade(variable_number));
  CHECK_FALSE(frame.IsMade(same_number));
  frame.ForgetMade();
  CHECK_FALSE(frame.IsMade(lower_number));
  CHECK(Shown(ValueAt(frame, lower_number)) == "\"abc\"");
  REQUIRE(mcp::FillArguments(R"({"to":"De"})", frame).has_value());
  CHECK_FALSE(frame.IsMade(lower_number));
  CHECK(Shown(ValueAt(frame, lower_number)) == "\"de\"");
  CHECK(Shown(ValueAt(frame, any_number)) == "unknown");
}

TEST_CASE("two values of a call compared") {
  ProgramText text;
  const std::uint32_t a = text.Argument("a");
  const std::uint32_t b = text.Argument("b");
  const auto relation = [&](Relation r) { return text.encoder.AddCompared(r, a, b); };
  std::vector<std::uint32_t> numbers = {relation(Relation::Equal), relation(Relation::Less),
                                        relation(Relation::In), relation(Relation::Under)};
  for (std::uint32_t& number : numbers) number = text.encoder.NumberOf(number);
  const auto program = text.Load();
  const std::pair<const char*, Texts> rows[] = {
      {R"({"a":1,"b":1.0})", {"true", "false", "unknown", "unknown"}},
      {R"({"a":1,"b":2})", {"false", "true", "unknown", "unknown"}},
      {R"({"a":"x","b":["y","x"]})", {"unknown", "unknown", "true", "unknown"}},
      {R"({"a":"/srv/app/x","b":"/srv/app"})", {"false", "unknown", "unknown", "true"}},
      {R"({"a":"/srv/apple","b":"/srv/app"})", {"false", "unknown", "unknown", "false"}},
      {R"({"a":1,"b":"1"})", {"unknown", "unknown", "unknown", "unknown"}},
      {R"({"a":null,"b":null})", {"unknown", "unknown", "unknown", "unknown"}},
      {"{}", {"unknown", "unknown", "unknown", "unknown"}}};
  for (const auto& [arguments, shown] : rows) {
    CAPTURE(arguments);
    CHECK(Made(program, arguments, numbers) == shown);
  }
}

// Decides calls of "send" by a written program.
class Caller {
 public:
  explicit Caller(std::shared_ptr<const Program> program)
      : bound_(program, counters_, "test"), frame_(std::move(program)) {}

  const Decision& Call(const std::string& arguments) {
    REQUIRE(mcp::FillArguments(arguments, frame_).has_value());
    frame_.set_tool("send");
    return Again();
  }
  // The same call, in another context.
  const Decision& Again() {
    Reservation reservation;
    REQUIRE(decider_.Decide(bound_, frame_, context, decision_, reservation) ==
            DecideResult::Decided);
    reservation.Settle(Settlement::Commit);
    return decision_;
  }
  Frame& frame() { return frame_; }

  CallContext context;

 private:
  MemoryCounters counters_;
  BoundPolicy bound_;
  Frame frame_;
  Decider decider_;
  Decision decision_;
};

TEST_CASE("a cost is made of the call's values; where it cannot be, the call is denied") {
  // charge (count r in args.to: r != "") * args.price, up to 10
  ProgramText text;
  const std::uint32_t to = text.Argument("to");
  const std::uint32_t price = text.Argument("price");
  const std::uint32_t variable = text.encoder.AddVariable();
  const std::uint32_t count = text.Quantify(
      Quantifier::Count, to, variable,
      {text.Test(Predicate::EqualString, variable, text.encoder.AddString(""), kFlagNegate)});
  const std::uint32_t cost = text.encoder.AddApplied(Function::Multiply, count, price);
  const std::uint32_t allow = text.AddRule(format::RuleKind::Allow, "send/allow/1");
  format::Limit limit;
  limit.rule = text.AddRule(format::RuleKind::Limit, "send/limit/1");
  limit.max = 10;
  limit.cost = format::CostKind::Amount;
  limit.cost_slot = cost;
  text.encoder.limits.push_back(limit);
  text.encoder.scopes.push_back({.kind = format::ScopeKind::Grant});
  text.encoder.counters.push_back({.window = format::WindowKind::Day, .scope_count = 1});
  text.Block("send", {{.opcode = Opcode::Constant, .predicate = 2},
                      {.opcode = Opcode::Allow, .constant = allow},
                      {.opcode = Opcode::Limit}});
  Caller caller(text.Load());
  CHECK(caller.Call(R"({"to":["a","","b"],"price":3})").outcome == Outcome::Allow);
  const Decision& limited = caller.Call(R"({"to":["a","b"],"price":3})");
  CHECK(limited.outcome == Outcome::Limited);
  CHECK(limited.message == "6 needed, 4 left of 10 per day; try again in 24 h");
  CHECK(caller.Call(R"({"to":["a"],"price":4})").outcome == Outcome::Allow);
  const std::pair<const char*, const char*> refused[] = {
      {R"({"to":["a",1],"price":1})",
       "the call cannot be counted: `args.to[1]` is a number, not text"},
      {R"({"to":["a"]})", "the call cannot be counted: `args.price` is missing"},
      {R"({"to":["a"],"price":0.5})",
       "the call cannot be counted: `(count r in args.to: r != \"\") * args.price` has more than 0 "
       "decimals or is too large to be counted"},
      {R"({"to":["a"],"price":-1})",
       "the call cannot be counted: `(count r in args.to: r != \"\") * args.price` is below 0"},
      {R"({"to":["a","b"],"price":999999999999999999})",
       "the call cannot be counted: `args.price` is a number that servers may read as another"}};
  for (const auto& [arguments, message] : refused) {
    CAPTURE(arguments);
    const Decision& decision = caller.Call(arguments);
    CHECK(decision.outcome == Outcome::Deny);
    CHECK(decision.message == message);
  }
}

// A policy of one rule: require `condition` of "send", else allowed.
struct Requirement {
  static std::shared_ptr<const Program> Load(ProgramText& text, const Instruction& condition) {
    const std::uint32_t require = text.AddRule(format::RuleKind::Require, "send/require/1");
    const std::uint32_t allow = text.AddRule(format::RuleKind::Allow, "send/allow/1");
    text.Block("send", {condition,
                        {.opcode = Opcode::Require, .constant = require},
                        {.opcode = Opcode::Constant, .predicate = 2},
                        {.opcode = Opcode::Allow, .constant = allow}});
    return text.Load();
  }
};

TEST_CASE("what looks at more text than a call may is unknown, and denies") {
  // any r in args.to: any s in args.to: lower(s) == "x"
  ProgramText text;
  const std::uint32_t to = text.Argument("to");
  const std::uint32_t outer = text.encoder.AddVariable();
  const std::uint32_t inner = text.encoder.AddVariable();
  const std::uint32_t lower = text.encoder.AddApplied(Function::Lower, inner);
  const std::uint32_t within = text.Quantify(Quantifier::Any, to, inner, {text.Equals(lower, "x")});
  const std::uint32_t any = text.Quantify(Quantifier::Any, to, outer, {text.IsTrue(within)});
  Instruction fails = text.IsTrue(any);
  fails.flags = kFlagNegate;
  Caller caller(Requirement::Load(text, fails));
  const auto list = [](std::size_t elements) {
    return R"({"to":)" + Repeated('"' + std::string(20'000, 'A') + '"', elements) + "}";
  };
  CHECK(caller.Call(list(20)).outcome == Outcome::Allow);  // 8 MB
  const Decision& decision = caller.Call(list(30));        // 18 MB
  CHECK(decision.outcome == Outcome::Deny);
  CHECK(decision.message ==
        "`send` does not meet a requirement of the policy (the call makes the policy look at more "
        "text than it may)");
  CHECK(caller.Call(list(20)).outcome == Outcome::Allow);
}

TEST_CASE("what is made of the context is made anew when the call is decided again") {
  ProgramText text;
  const std::uint32_t grant =
      text.encoder.AddSlot(text.encoder.AddMember(Encoder::RootNode(format::Root::Grant), "id"));
  const std::uint32_t lower = text.encoder.AddApplied(Function::Lower, grant);
  Caller caller(Requirement::Load(text, text.Equals(lower, "ops")));
  caller.context.grant = "OPS";
  CHECK(caller.Call("{}").outcome == Outcome::Allow);
  caller.context.grant = "DEV";
  CHECK(caller.Again().outcome == Outcome::Deny);
  caller.context.grant = "Ops";
  CHECK(caller.Again().outcome == Outcome::Allow);
}

// The message of a denied call without what every one of them begins with.
std::string CauseIn(const Decision& decision) {
  const std::string_view start = "`send` does not meet a requirement of the policy";
  REQUIRE(decision.outcome == Outcome::Deny);
  REQUIRE(decision.message.starts_with(start));
  const std::string rest = decision.message.substr(start.size());
  return rest.empty() ? "false" : rest.substr(2, rest.size() - 3);
}

TEST_CASE("the innermost value is to blame") {
  // all r in args.to: (domain(r) == "x.org" and (any s in args.more: s.at == lower(r)))
  ProgramText text;
  const std::uint32_t to = text.Argument("to");
  const std::uint32_t more = text.Argument("more");
  const std::uint32_t at = text.Text("at");
  const std::uint32_t outer = text.encoder.AddVariable();
  const std::uint32_t domain = text.encoder.AddApplied(Function::Domain, outer);
  const std::uint32_t lower = text.encoder.AddApplied(Function::Lower, outer);
  const std::uint32_t inner = text.encoder.AddVariable();
  const std::uint32_t member = text.encoder.AddApplied(Function::Member, inner, at);
  const std::uint32_t same = text.encoder.AddCompared(Relation::Equal, member, lower);
  const std::uint32_t any = text.Quantify(Quantifier::Any, more, inner, {text.IsTrue(same)});
  Instruction both = text.IsTrue(any);
  both.flags = static_cast<std::uint8_t>(WriteMode::And);
  const std::uint32_t all =
      text.Quantify(Quantifier::All, to, outer, {text.Equals(domain, "x.org"), both});
  Caller caller(Requirement::Load(text, text.IsTrue(all)));
  const std::pair<const char*, const char*> rows[] = {
      {R"({"to":["a@x.org","b@y.org"],"more":[{"at":"a@x.org"}]})", "false"},
      {R"({"to":"a@x.org"})", "`args.to` is text, not a list"},
      {"{}", "`args.to` is missing"},
      {R"({"to":["a@x.org",7],"more":[{"at":"a@x.org"}]})", "`args.to[1]` is a number, not text"},
      {R"({"to":["a@x.org","a@b@c"],"more":[{"at":"a@x.org"},{"at":"a@b@c"}]})",
       "`args.to[1]` is no bare mail address"},
      {R"({"to":["a@x.org"]})", "`args.more` is missing"},
      {R"({"to":["a@x.org"],"more":[{"at":"b"},{}]})", "`args.more[1].at` is missing"},
      {R"({"to":["a@x.org"],"more":[{"at":"b"},{"At":"a@x.org"}]})",
       "`args.more[1]` has a key that differs by letter case only"},
      {R"({"to":["a@x.org"],"more":[3]})", "`args.more[0]` is a number, not a record"},
      {R"({"to":["a@x.org"],"more":[{"at":3}]})",
       "`args.more[0].at == lower(args.to[0])` compares values of two kinds"}};
  for (const auto& [arguments, cause] : rows) {
    CAPTURE(arguments);
    CHECK(CauseIn(caller.Call(arguments)) == cause);
  }
  CHECK(CauseIn(caller.Call(R"({"to":)" + Repeated("1", kListElementsMax + 1) + "}")) ==
        "`args.to` has more than 1024 elements");
}

TEST_CASE("each function says what it takes") {
  struct Row {
    Function function;
    const char* arguments;
    const char* cause;
  };
  const Row rows[] = {
      {Function::Lower, R"({"a":"\u0130"})", "`args.a` has letters beyond a to z"},
      {Function::Host, R"({"a":"http://u@x/"})",
       "`args.a` is not an http or https URL with only one reading"},
      {Function::Words, R"({"a":"a; b"})", "`args.a` is not one plain command line"},
      {Function::SqlVerbs, R"({"a":"select 1; drop"})",
       "`args.a` is not one SQL statement with only one reading"},
      {Function::Length, R"({"a":1})", "`args.a` is a number, not text, a list or a record"},
      {Function::Split, R"({"a":"x"})", "`args.b` is missing"},
      {Function::Join, R"({"a":[1],"b":","})", "`args.a` is not a list of texts"},
      {Function::Add, R"({"a":1,"b":"2"})",
       "`args.b` is text, not a number, a time or a length of time"},
      {Function::Multiply, R"({"a":1e17,"b":1e17})",
       "`args.a * args.b` is out of range, or made of values that do not go together"},
      {Function::Time, R"({"a":"soon","b":"UTC"})", "`args.a` is no time"},
      {Function::Element, R"({"a":[1],"b":1})", "`args.a` is too short a list"},
      {Function::OrElse, R"({"a":{"b":1},"b":1})", "`args.a ?? args.b` is a record, not text"},
  };
  for (const Row& row : rows) {
    ProgramText text;
    const std::uint32_t a = text.Argument("a");
    const std::uint32_t second =
        OperandCountOf(row.function) == 2 ? text.Argument("b") : format::kNone;
    const std::uint32_t value = text.encoder.AddApplied(row.function, a, second);
    Caller caller(Requirement::Load(text, text.Equals(value, "?")));
    CAPTURE(NameOf(row.function), row.arguments);
    CHECK(CauseIn(caller.Call(row.arguments)) == row.cause);
  }
}

TEST_CASE("rules of a block for another server are not asked, in a trace neither") {
  ProgramText text;
  const std::uint32_t server =
      text.encoder.AddSlot(text.encoder.AddMember(Encoder::RootNode(format::Root::Tool), "server"));
  const std::uint32_t n = text.Argument("n");
  const std::uint32_t deny = text.AddRule(format::RuleKind::Deny, "send@fs/deny/1");
  const std::uint32_t require = text.AddRule(format::RuleKind::Require, "send/require/1");
  const std::uint32_t allow = text.AddRule(format::RuleKind::Allow, "send/allow/1");
  text.Block("send", {text.Equals(server, "fs"),
                      {.opcode = Opcode::Guard, .target = 4},
                      {.opcode = Opcode::Constant, .predicate = 2},
                      {.opcode = Opcode::Deny, .constant = deny},
                      text.Test(Predicate::GreaterNumber, n, text.encoder.AddNumber({1, 0})),
                      {.opcode = Opcode::Require, .constant = require},
                      {.opcode = Opcode::Constant, .predicate = 2},
                      {.opcode = Opcode::Allow, .constant = allow}});
  Caller caller(text.Load());
  caller.context.server = "fs";
  CHECK(caller.Call(R"({"n":2})").outcome == Outcome::Deny);
  caller.context.server = "other";
  CHECK(caller.Call(R"({"n":2})").outcome == Outcome::Allow);
  // The test of the server is not the requirement's.
  CHECK(CauseIn(caller.Call("{}")) == "`args.n` is missing");
  for (const char* name : {"fs", "other", ""}) {
    caller.context.server = name;
    caller.Call("{}");
    Findings plain;
    Findings traced;
    std::vector<TraceStep> trace;
    Interpret(caller.frame(), plain);
    InterpretTraced(caller.frame(), traced, trace);
    CHECK(plain.denials.size() == traced.denials.size());
    CHECK(plain.denials.size() == (std::string_view(name) == "fs" ? 2 : 1));
  }
}

}  // namespace
}  // namespace policy
