// The reference evaluator against sentences of LANGUAGE, as tables.
#include <catch2/catch.hpp>

#include "tests/reference/calendar.h"
#include "tests/reference/evaluator.h"
#include "tests/reference/number.h"
#include "tests/reference/text.h"

namespace reference {
namespace {

Evaluator Make(const std::string& policy) {
  std::string problem;
  auto read = ReadPolicy(policy, problem);
  INFO(problem);
  REQUIRE(read);
  return Evaluator(*read);
}

// A policy that admits `t` and denies it where the condition is true or unknown.
Truth Evaluate(const std::string& condition, const std::string& arguments) {
  Reached reached;
  Evaluator evaluator = Make(R"({"version":"1","default":"deny","tools":{"t":{"deny_if":[
      {"conditions":[)" + condition +
                             "]}]}}}");
  evaluator.reached = &reached;
  const Decision decision = evaluator.Decide({"t", arguments, {}});
  REQUIRE(reached.size() == 1);
  const Truth truth = reached.begin()->first.second;
  CHECK((decision.outcome == Outcome::Allow) == (truth == Truth::False));
  return truth;
}

TEST_CASE("a condition is true, false or unknown") {
  struct Case {
    const char* condition;
    const char* arguments;
    Truth truth;
  };
  const auto T = Truth::True;
  const auto F = Truth::False;
  const auto U = Truth::Unknown;
  const Case cases[] = {
      {R"({"path":"args.a","op":"eq","value":1})", R"({"a":1.0})", T},
      {R"({"path":"args.a","op":"eq","value":1})", R"({"a":10e-1})", T},
      {R"({"path":"args.a","op":"eq","value":1})", R"({"a":2})", F},
      {R"({"path":"args.a","op":"eq","value":1})", R"({"a":"1"})", U},
      {R"({"path":"args.a","op":"eq","value":1})", R"({"a":null})", U},
      {R"({"path":"args.a","op":"eq","value":1})", R"({"a":[1]})", U},
      {R"({"path":"args.a","op":"eq","value":1})", R"({})", U},
      {R"({"path":"args.a","op":"neq","value":"x"})", R"({"a":"y"})", T},
      {R"({"path":"args.a","op":"neq","value":"x"})", R"({"a":true})", U},
      {R"({"path":"args.a","op":"eq","value":1,"absent":1})", R"({})", T},
      {R"({"path":"args.a","op":"eq","value":1,"absent":1})", R"({"a":null})", U},
      {R"({"path":"args.a.b","op":"eq","value":1,"absent":1})", R"({"a":null})", U},
      {R"({"path":"args.a.b","op":"eq","value":1,"absent":1})", R"({"a":{}})", T},
      {R"({"path":"args.a.b","op":"eq","value":1,"absent":1})", R"({})", T},
      {R"({"path":"args.a[0].b","op":"eq","value":1,"absent":1})", R"({"a":[{}]})", T},
      {R"({"path":"args.a[0].b","op":"eq","value":1,"absent":1})", R"({"a":{}})", U},
      {R"({"path":"args[\"odd key\"]","op":"eq","value":1})", R"({"odd key":1})", T},
      {R"({"path":"args.a","op":"exists","value":true})", R"({"a":0})", T},
      {R"({"path":"args.a","op":"exists","value":true,"absent":1})", R"({})", T},
      {R"({"path":"args.a","op":"exists","value":false})", R"({"a":0})", F},
      {R"({"path":"args.a","op":"exists","value":false})", R"({"a":null})", U},
      {R"({"path":"args.a","op":"exists","value":true})", R"({"a":null})", U},
      {R"({"path":"args.a","op":"exists","value":true})", R"({})", F},
      {R"({"path":"args.a.b","op":"exists","value":true})", R"({"a":1})", U},
      {R"({"path":"args.a.b","op":"exists","value":true})", R"({"a":null})", U},
      {R"({"path":"args.a","op":"in","value":["x","y"]})", R"({"a":"y"})", T},
      {R"({"path":"args.a","op":"in","value":["x","y"]})", R"({"a":"z"})", F},
      {R"({"path":"args.a","op":"in","value":["x","y"]})", R"({"a":1})", U},
      {R"({"path":"args.a","op":"not_in","value":[1,2]})", R"({"a":3})", T},
      {R"({"path":"args.a","op":"lt","value":100})", R"({"a":99.9999999999999999})", U},
      {R"({"path":"args.a","op":"gt","value":0})", R"({"a":9007199254740993})", U},
      {R"({"path":"args.a","op":"gt","value":0})", R"({"a":9007199254740992})", T},
      {R"({"path":"args.a","op":"gt","value":0})", R"({"a":1e400})", U},
      {R"({"path":"args.a","op":"gt","value":0})", R"({"a":1e19})", U},
      {R"({"path":"args.a","op":"gt","value":0})", R"({"a":1e18})", T},
      {R"({"path":"args.a","op":"lte","value":-0.5})", R"({"a":-0.50})", T},
      {R"({"path":"args.a","op":"gte","value":0})", R"({"a":-0.0})", T},
      {R"({"path":"args.a","op":"regex","value":"a.c"})", "{\"a\":\"xa\\ncx\"}", T},
      {R"({"path":"args.a","op":"regex","value":"^A"})", R"({"a":"a"})", F},
      {R"({"path":"args.a","op":"contains","value":"b"})", R"({"a":"abc"})", T},
      {R"({"path":"args.a","op":"contains","value":"b"})", R"({"a":["b",1]})", T},
      {R"({"path":"args.a","op":"contains","value":"b"})", R"({"a":["c",1]})", U},
      {R"({"path":"args.a","op":"contains","value":"b"})", R"({"a":["a,b"]})", U},
      {R"({"path":"args.a","op":"contains","value":"b"})", R"({"a":["c"]})", F},
      {R"({"path":"args.a","op":"contains","value":"b"})", R"({"a":[]})", F},
      {R"({"path":"args.a","op":"contains","value":2})", R"({"a":[1,2.0]})", T},
      {R"({"path":"args.a","op":"starts_with","value":"ab"})", R"({"a":"abc"})", T},
      {R"({"path":"args.a","op":"ends_with","value":"bc"})", R"({"a":"abc"})", T},
      {R"({"path":"args.a","op":"ends_with","value":"bc"})", R"({"a":["bc"]})", U},
      {R"({"path":"args.a","op":"under","value":"/srv"})", R"({"a":"/srv/x"})", T},
      {R"({"path":"args.a","op":"under","value":"/srv"})", R"({"a":"/srv/../etc"})", U},
      {R"({"path":"args.a","op":"under","value":"/srv"})", R"({"a":"/srvx"})", F},
      {R"({"path":"args.a","op":"under","value":"/srv"})", R"({"a":"srv/x"})", U},
      {R"({"path":"args.a","op":"under","value":"/srv"})", R"({"a":"/srv/$HOME"})", U},
      {R"({"path":"args.a","op":"under","value":"/srv"})", R"({"a":"/srv/%2e%2e"})", U},
      {R"({"path":"args.a","op":"host_in","value":["*.x.org"]})", R"({"a":"https://a.X.org/"})", T},
      {R"({"path":"args.a","op":"host_in","value":["*.x.org"]})", R"({"a":"https://x.org"})", F},
      {R"({"path":"args.a","op":"host_in","value":["x.org"]})", R"({"a":"https://x.org@y.org"})",
       U},
      {R"({"path":"args.a","op":"host_in","value":["x.org"]})", R"({"a":"ftp://x.org"})", U},
      {R"({"path":"now.hour","op":"gte","value":0})", R"({})", T},
      {R"({"path":"now.weekday","op":"eq","value":"Thu"})", R"({})", T},
      {R"({"path":"now","op":"lt","value":"1970-01-01T00:00:01Z"})", R"({})", T},
      {R"({"path":"grant.label","op":"eq","value":"x"})", R"({})", U},
  };
  for (const Case& each : cases) {
    INFO(each.condition << " on " << each.arguments);
    CHECK(Evaluate(each.condition, each.arguments) == each.truth);
  }
}

TEST_CASE("numbers are exact and unchanged by a binary64 reader, or unusable") {
  for (const char* text :
       {"0", "-0", "0.1", "100.00", "1e2", "999999999999999", "1e-18", "0e99999"})
    CHECK(UsableNumber(text));
  for (const char* text :
       {"9007199254740993", "99.9999999999999999", "1e400", "1e19", "1e-19", "92233724091740992"})
    CHECK_FALSE(UsableNumber(text));
  CHECK(ScaledInteger(*UsableNumber("1.25"), 2) == 125);
  CHECK_FALSE(ScaledInteger(*UsableNumber("1.255"), 2));
  CHECK_FALSE(ScaledInteger(*UsableNumber("1e18"), 1));
  CHECK(CompareNumbers(*UsableNumber("-2"), *UsableNumber("0.1")) < 0);
}

TEST_CASE("times are read with their offset") {
  CHECK(ReadTime("1970-01-01T00:00:00Z") == 0);
  CHECK(ReadTime("1970-01-01T01:30:00.25+01:30") == 250'000'000);
  CHECK(ReadTime("1969-12-31T23:00:00-01:00") == 0);
  CHECK_FALSE(ReadTime("2026-02-30T00:00:00Z"));
}

TEST_CASE("`*` matches any bytes") {
  CHECK(MatchesPattern("a*c", "abbc"));
  CHECK(MatchesPattern("*", ""));
  CHECK_FALSE(MatchesPattern("a*c", "abbcd"));
  CHECK_FALSE(MatchesPattern("A", "a"));
}

TEST_CASE("who admits") {
  struct Case {
    const char* policy;
    Outcome outcome;
    const char* rule;
  };
  const Case cases[] = {
      {R"({"default":"deny"})", Outcome::Deny, "/default"},
      {R"({"default":"allow"})", Outcome::Allow, "/default"},
      {R"({"default":"deny","tools":{"t":{}}})", Outcome::Allow, "/tools/t"},
      {R"({"default":"deny","tools":{"t*":{}}})", Outcome::Allow, "/tools/t*"},
      {R"({"default":"deny","tools":{"*":{}}})", Outcome::Deny, "/default"},
      {R"({"default":"deny","tools":{"T":{}}})", Outcome::Deny, "/default"},
      {R"({"default":"deny","hide":["t"],"tools":{"t":{}}})", Outcome::Deny, "/hide/0"},
      {R"({"default":"allow","tools":{"t":{"args":["a"]}}})", Outcome::Deny, "/tools/t/args"},
      {R"({"default":"deny","tools":{"t":{"rate_limit":"0/hour"}}})", Outcome::Limited,
       "/tools/t/rate_limit"},
      {R"({"default":"deny","tools":{"t":{"deny_if":[{"conditions":[]}]}}})", Outcome::Deny,
       "/tools/t/deny_if/0"},
  };
  for (const Case& each : cases) {
    INFO(each.policy);
    const Decision decision = Make(each.policy).Decide({"t", R"({"b":1})", {}});
    CHECK(decision.outcome == each.outcome);
    CHECK(decision.rules == std::vector<std::string>{each.rule});
  }
}

TEST_CASE("a message comes from the first deny fired by true, else the first fired by unknown") {
  Evaluator evaluator = Make(R"({"default":"deny","tools":{"t":{"deny_if":[
      {"conditions":[{"path":"args.a","op":"eq","value":1}],"on_deny":"first"},
      {"conditions":[{"path":"args.b","op":"eq","value":1}],"on_deny":"second"}]}}})");
  CHECK(evaluator.Decide({"t", "{}", {}}).speaker_text == "first");
  CHECK(evaluator.Decide({"t", R"({"b":1})", {}}).speaker_text == "second");
}

TEST_CASE("keys that a lenient reader could confuse are refused") {
  Evaluator evaluator = Make(R"({"default":"allow","tools":{"t":{"deny_if":[
      {"conditions":[{"path":"args.amount","op":"gt","value":1,"absent":0}]}]}}})");
  for (const char* arguments : {R"({"Amount":5})", R"({"a":1,"a":1})", R"({"x":{"b":1,"B":1}})",
                                R"({"__proto__":1})", R"([])", R"({"a":})"}) {
    INFO(arguments);
    const Decision decision = evaluator.Decide({"t", arguments, {}});
    CHECK(decision.outcome == Outcome::Deny);
    CHECK(decision.rules.empty());
  }
}

TEST_CASE("all charges or none, a cell once, and refunds into the charged window only") {
  Evaluator evaluator = Make(R"({"default":"deny","tools":{"t":{"limits":[
      {"counter":"n","window":"minute","max":2},
      {"counter":"sum","window":"minute","max":10.0,"scale":1,"cost":"args.a",
       "on_error":"refund"}]}}})");
  Call call{"t", R"({"a":6})", {}};
  CHECK(evaluator.Decide(call).outcome == Outcome::Allow);
  const Decision limited = evaluator.Decide(call);
  CHECK(limited.outcome == Outcome::Limited);
  CHECK(limited.rules == std::vector<std::string>{"/tools/t/limits/1"});
  CHECK(limited.retry_after_ms == 60'000);
  call.arguments = R"({"a":4})";
  CHECK(evaluator.Decide(call).outcome == Outcome::Allow);
  evaluator.Settle(Settlement::CommitError);
  CHECK(evaluator.Decide(call).rules == std::vector<std::string>{"/tools/t/limits/0"});
  call.context.now_ns = 60'000'000'000;
  call.arguments = R"({"a":-1})";
  CHECK(evaluator.Decide(call).outcome == Outcome::Deny);
  call.arguments = R"({"a":0.25})";
  CHECK(evaluator.Decide(call).outcome == Outcome::Deny);
  call.arguments = R"({"a":11})";
  CHECK_FALSE(evaluator.Decide(call).retry_after_ms);
  call.arguments = R"({"a":10})";
  CHECK(evaluator.Decide(call).outcome == Outcome::Allow);
}

TEST_CASE("calendar windows follow the zone over a change of the clock") {
  constexpr std::int64_t kHourNs = 3'600'000'000'000;
  constexpr std::int64_t kSpring = 1'774'746'000'000'000'000;  // 2026-03-29T01:00:00Z
  const Window day = WindowAt("day", kSpring, "Europe/Berlin");
  CHECK(*day.end_ns - day.begin_ns == 23 * kHourNs);
  const Window week = WindowAt("week", kSpring, "UTC");
  CHECK(WallClockAt(week.begin_ns, "UTC").weekday == "Mon");
  CHECK(WallClockAt(kSpring, "Europe/Berlin").hour == 3);
  CHECK(WindowAt("60", -1, "UTC").begin_ns == WindowAt("minute", -1, "UTC").begin_ns);
}

}  // namespace
}  // namespace reference
