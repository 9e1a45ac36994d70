// Decisions as the gateway makes them: one frame a call, bound counters, LANGUAGE.md section 1.
#include "runtime/vm/decide.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "policy/compiler.h"
#include "policy/evaluator.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/mcp/message.h"
#include "runtime/vm/message.h"

namespace policy {
namespace {

constexpr std::int64_t kNowNs = 1'772'359'200'000'000'000;  // 2026-03-01T10:00:00Z

std::shared_ptr<const Program> CompilePolicy(const std::string& text) {
  Diagnostics diagnostics;
  const Source source("policy.json", text);
  const auto bytes = Compile(source, {}, diagnostics);
  REQUIRE(bytes.has_value());
  auto program = Program::Load(*bytes);
  REQUIRE(program.has_value());
  return *std::move(program);
}

// One attachment of a policy, deciding calls one after the other.
class Caller {
 public:
  explicit Caller(const std::string& policy) : Caller(CompilePolicy(policy)) {}
  explicit Caller(std::shared_ptr<const Program> program)
      : bound_(program, counters_, "server/grant"), frame_(std::move(program)) {
    context.now_ns = kNowNs;
  }

  // Leaves the charges of an allow in `reservation`.
  const Decision& Call(const std::string& tool, const std::string& arguments = "{}") {
    const std::string request =
        R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + tool +
        R"(","arguments":)" + arguments + "}}";
    REQUIRE(reader_.Read(request, &frame_).has_value());
    reservation = Reservation();
    REQUIRE(decider_.Decide(bound_, frame_, context, decision_, reservation) ==
            DecideResult::Decided);
    return decision_;
  }

  std::vector<std::string> Rules() const {
    std::vector<std::string> ids;
    for (const std::uint32_t rule : decision_.rules) {
      ids.emplace_back(bound_.program().rule(rule).id);
    }
    return ids;
  }

  CallContext context;

 private:
  MemoryCounters counters_;  // before every reservation

 public:
  Reservation reservation;

 private:
  BoundPolicy bound_;
  mcp::MessageReader reader_{mcp::Direction::FromClient};
  Frame frame_;
  Decider decider_;
  Decision decision_;
};

using Ids = std::vector<std::string>;

TEST_CASE("a deny names every rule that fired, and speaks by the first that is certain") {
  Caller caller(R"({"version":"1","default":"deny","tools":{"send":{"deny_if":[
      {"conditions":[{"path":"args.a","op":"eq","value":1}],"on_deny":"first"},
      {"conditions":[{"path":"args.b","op":"eq","value":1}],"on_deny":"second"},
      {"conditions":[{"path":"args.c","op":"eq","value":1}],"on_deny":"third"}]}}})");
  CHECK(caller.Call("send", R"({"b":1,"c":1})").message == "second");
  CHECK(caller.Rules() ==
        Ids{"/tools/send/deny_if/0", "/tools/send/deny_if/1", "/tools/send/deny_if/2"});
  CHECK(caller.Call("send", R"({"a":"1","b":2,"c":2})").message ==
        "first (`args.a` is text, not a number)");
  CHECK(caller.Rules() == Ids{"/tools/send/deny_if/0"});
  CHECK(caller.Call("send", R"({"a":2,"b":2,"c":2})").outcome == Outcome::Allow);
  CHECK(caller.Rules() == Ids{"/tools/send"});
}

TEST_CASE("only an allow admits: a pattern, a limit on every tool, the default") {
  Caller denies(R"({"version":"1","default":"deny","hide":["secret"],
      "all_tools":{"limits":[{"counter":"c","window":"minute","max":9}]},
      "tools":{"*":{"deny_if":[{"conditions":[{"path":"args.x","op":"exists","value":true}]}]},
               "read_*":{},"read_no":{"action":"deny"}}})");
  CHECK(denies.Call("other").outcome == Outcome::Deny);
  CHECK(denies.Rules() == Ids{"/default"});
  CHECK(denies.Call("read_all").outcome == Outcome::Allow);
  CHECK(denies.Call("read_all", R"({"x":1})").outcome == Outcome::Deny);
  CHECK(denies.Call("read_no").outcome == Outcome::Deny);
  CHECK(denies.Call("Read_all").outcome == Outcome::Deny);
  CHECK(denies.Call("secret").message == "the tool `secret` is not available");
  Caller allows(R"({"version":"1","default":"allow","tools":{"a":{"action":"deny"}}})");
  CHECK(allows.Call("b").outcome == Outcome::Allow);
  CHECK(allows.Rules() == Ids{"/default"});
  CHECK(allows.Call("a").outcome == Outcome::Deny);
}

TEST_CASE("closed arguments refuse what they do not name, escaped or not") {
  Caller caller(
      R"({"version":"1","default":"deny","tools":{"a":{"args":["to"]},"b":{"args":[]}}})");
  CHECK(caller.Call("a", R"({"t\u006f":1})").outcome == Outcome::Allow);
  CHECK(caller.Call("a", R"({"to":1,"c\u0063":1})").message ==
        "the policy does not permit the argument `cc` of `a`");
  CHECK(caller.Call("b").outcome == Outcome::Allow);
  CHECK(caller.Call("b", R"({"x":1})").outcome == Outcome::Deny);
}

TEST_CASE("limits that share a counter are charged once, each with a maximum of its own") {
  Caller caller(R"({"version":"1","default":"deny","tools":{
      "a*":{"limits":[{"counter":"c","window":"minute","max":3}]},
      "ab":{"limits":[{"counter":"c","window":"minute","max":2}]}}})");
  const Decision& decision = caller.Call("ab");
  REQUIRE(decision.quotas.size() == 2);
  CHECK(decision.quotas[0].used == 1);
  CHECK(decision.quotas[1].used == 1);
  caller.reservation.Settle(Settlement::Commit);
  CHECK(caller.Call("ab").outcome == Outcome::Allow);
  caller.reservation.Settle(Settlement::Commit);
  CHECK(caller.Call("ab").outcome == Outcome::Limited);
  CHECK(caller.Rules() == Ids{"/tools/ab/limits/0"});  // the other has room
  CHECK(decision.retry_after_ms == 60'000);
  CHECK(decision.message == "2 per minute used up; try again in 60 s");
  CHECK(caller.Call("ax").outcome == Outcome::Allow);
}

TEST_CASE("a call that waits for a person, is denied or limited takes nothing") {
  Caller caller(R"({"version":"1","default":"deny","tools":{"pay":{
      "deny_if":[{"conditions":[{"path":"args.bad","op":"exists","value":true}]}],
      "approve_if":[{"conditions":[{"path":"args.n","op":"gt","value":5}],"from":"finance",
                     "within":"10m"}],
      "limits":[{"counter":"money","window":"day","max":10,"cost":"args.n","scale":2}]}}})");
  const Decision& decision = caller.Call("pay", R"({"n":6})");
  CHECK(decision.outcome == Outcome::Approval);
  CHECK(decision.approval_group == "finance");
  CHECK(decision.approval_within_seconds == 600);
  CHECK_FALSE(caller.reservation.holds_charges());
  CHECK(caller.Call("pay", R"({"n":5,"bad":1})").outcome == Outcome::Deny);
  CHECK(caller.Call("pay", R"({"n":11})").outcome == Outcome::Limited);  // before anybody is asked
  CHECK_FALSE(decision.retry_after_ms.has_value());
  CHECK(caller.Call("pay", R"({"n":5})").outcome == Outcome::Allow);
  CHECK(decision.quotas[0].used == 500);
}

TEST_CASE("an amount or scope key that is not certain denies, and names every such limit") {
  Caller caller(R"({"version":"1","default":"deny","tools":{"pay":{"limits":[
      {"counter":"money","window":"day","max":10.00,"cost":"args.n"},
      {"counter":"to","window":"day","max":10,"scope":{"arg":"to"}}]}}})");
  const std::string refused[] = {R"({"to":"a"})",
                                 R"({"n":"1","to":"a"})",
                                 R"({"n":-1,"to":"a"})",
                                 R"({"n":0.001,"to":"a"})",
                                 R"({"n":1e400,"to":"a"})",
                                 R"({"n":9007199254740993,"to":"a"})",
                                 R"({"n":1})",
                                 R"({"n":1,"to":null})",
                                 R"({"n":1,"to":["a"]})"};
  for (const std::string& arguments : refused) {
    CAPTURE(arguments);
    CHECK(caller.Call("pay", arguments).outcome == Outcome::Deny);
    CHECK(caller.Rules().size() == 1);
  }
  CHECK(caller.Call("pay", "{}").message == "the call cannot be counted: `args.n` is missing");
  CHECK(caller.Rules() == Ids{"/tools/pay/limits/0", "/tools/pay/limits/1"});
  CHECK(caller.Call("pay", R"({"n":1,"to":1})").outcome == Outcome::Allow);
}

TEST_CASE("a call is decided again under another clock and caller without reading it twice") {
  const auto program = CompilePolicy(R"({"version":"1","default":"deny","tools":{"a":{"require":[
      {"conditions":[{"path":"now.hour","op":"lt","value":12},
                     {"path":"grant.id","op":"eq","value":"ops"}]}]}}})");
  MemoryCounters counters;
  const BoundPolicy bound(program, counters, "");
  mcp::MessageReader reader(mcp::Direction::FromClient);
  Frame frame(program);
  Decider decider;
  Decision decision;
  Reservation reservation;
  const std::string request =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}})";
  REQUIRE(reader.Read(request, &frame).has_value());
  CallContext context;
  context.grant = "ops";
  context.now_ns = kNowNs;
  decider.Decide(bound, frame, context, decision, reservation);
  CHECK(decision.outcome == Outcome::Allow);
  context.now_ns += 3 * 3'600'000'000'000;
  decider.Decide(bound, frame, context, decision, reservation);
  CHECK(decision.outcome == Outcome::Deny);
  context.now_ns = kNowNs;
  context.grant = "dev";
  decider.Decide(bound, frame, context, decision, reservation);
  CHECK(decision.outcome == Outcome::Deny);
}

TEST_CASE("the evaluator reads requests itself, and refuses without a rule") {
  MemoryCounters counters;
  Evaluator evaluator(CompilePolicy(R"({"version":"1","default":"allow","tools":{}})"), counters,
                      "");
  Decision decision;
  Reservation reservation;
  const auto decide = [&](std::string_view request) {
    REQUIRE(evaluator.Decide(request, {}, decision, reservation) == Evaluator::Result::Decided);
    return decision.outcome;
  };
  CHECK(decide(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}})") ==
        Outcome::Allow);
  const std::string_view refused[] = {
      "", "[]", R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})",
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}})",
      R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}})"};
  for (const std::string_view request : refused) {
    CAPTURE(request);
    CHECK(decide(request) == Outcome::Deny);
    CHECK(decision.rules.empty());
    CHECK_FALSE(decision.message.empty());
  }
  REQUIRE(evaluator.DecideArguments("a\"b", R"({"x":1})", {}, decision, reservation) ==
          Evaluator::Result::Decided);
  CHECK(decision.outcome == Outcome::Allow);
}

TEST_CASE("durations and amounts in words") {
  const std::pair<std::int64_t, const char*> durations[] = {
      {1, "1 s"},         {12'000, "12 s"},   {12'001, "13 s"},
      {120'001, "3 min"}, {7'200'001, "3 h"}, {200'000'000, "3 days"}};
  for (const auto& [duration_ms, text] : durations) CHECK(DurationText(duration_ms) == text);
  CHECK(ScaledText(5, 2) == "0.05");
  CHECK(ScaledText(50'000, 2) == "500.00");
  CHECK(ScaledText(30, 0) == "30");
}

}  // namespace
}  // namespace policy
