// The reference evaluator against sentences of LANGUAGE, as tables.
#include <catch2/catch.hpp>

#include "tests/reference/calendar.h"
#include "tests/reference/evaluator.h"
#include "tests/reference/number.h"
#include "tests/reference/shell_words.h"
#include "tests/reference/sql.h"
#include "tests/reference/text.h"

namespace reference {
namespace {

constexpr auto T = Truth::True;
constexpr auto F = Truth::False;
constexpr auto U = Truth::Unknown;

Evaluator Make(const std::string& policy) {
  std::string problem;
  auto read = ReadPolicy(policy, problem);
  INFO(problem);
  REQUIRE(read);
  return Evaluator(*read);
}

bool Denies(const std::string& policy, const std::string& arguments) {
  return Make(policy).Decide({"t", arguments, {}}).outcome == Outcome::Deny;
}

// A deny fires on true and on unknown, a require on false and on unknown.
Truth TruthBy(const std::string& deny, const std::string& require, const std::string& arguments) {
  const bool not_false = Denies(deny, arguments);
  const bool not_true = Denies(require, arguments);
  CHECK((not_false || not_true));
  if (not_false && not_true) return U;
  return not_false ? T : F;
}

Truth Evaluate(const std::string& condition, const std::string& arguments) {
  const std::string begin = R"({"version":"1","default":"allow","tools":{"t":{")";
  const std::string end = R"(":[{"conditions":[)" + condition + "]}]}}}";
  return TruthBy(begin + "deny_if" + end, begin + "require" + end, arguments);
}

// The same for a condition of the text form.
Truth EvaluateText(const std::string& condition, const std::string& arguments) {
  const std::string begin = R"(policy "p" default allow let staff = ["x.org", "y.org"] tool t {)";
  return TruthBy(begin + " deny when " + condition + " }", begin + " require " + condition + " }",
                 arguments);
}

TEST_CASE("a condition is true, false or unknown") {
  struct Case {
    const char* condition;
    const char* arguments;
    Truth truth;
  };
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

struct TextCase {
  const char* condition;
  const char* arguments;
  Truth truth;
};

void CheckAll(std::initializer_list<TextCase> cases) {
  for (const TextCase& each : cases) {
    INFO(each.condition << " on " << each.arguments);
    CHECK(EvaluateText(each.condition, each.arguments) == each.truth);
  }
}

TEST_CASE("text form: operators bind as they say") {
  CheckAll({
      {"args.a == 1", R"({"a":1})", T},
      {"not args.a == 1", R"({"a":1})", F},
      {"not args.a == 1 and args.b == 2", R"({"a":2,"b":2})", T},
      {"(args.a == 1 or args.b == 2) and args.c == 3", R"({"a":1,"c":3})", T},
      {"args.a == 1 or args.a != 1", "{}", U},
      {"args.a + 2 * 3 == 7", R"({"a":1})", T},
      {"args.a - 1 - 1 == 1", R"({"a":3})", T},
      {"args.a ?? 5 == 5", "{}", T},
      {"args.a ?? 5 == 5", R"({"a":null})", U},
      {"2 * args.a ?? 5 == 10", "{}", T},
      {"args.flag", R"({"flag":true})", T},
      {"args.flag", R"({"flag":1})", U},
      {"args.flag ?? false", "{}", F},
      {"100 < args.a", R"({"a":101})", T},
      {"has args.a", "{}", F},
      {"has args.a", R"({"a":null})", U},
      {"args.a is null", R"({"a":null})", T},
      {"args.a is not null", R"({"a":0})", T},
      {"args.a is null", "{}", U},
      {R"(args["odd key"] in ["x", "y",])", R"({"odd key":"y"})", T},
      {"args.a not in staff", R"({"a":"z.org"})", T},
      {"args.allow == 1 // a keyword behind a dot\n", R"({"allow":1})", T},
      {R"re(args.a matches r"\.pem$")re", R"({"a":"x.pem"})", T},
      {R"(args.a like "agent/*")", R"({"a":"agent/x/y"})", T},
      {R"(args.a like "agent/*")", R"({"a":"an agent/"})", F},
      {R"(args.a like "agent/*")", R"({"a":1})", U},
  });
}

TEST_CASE("text form: two values") {
  CheckAll({
      {"args.a == args.b", R"({"a":1,"b":1.0})", T},
      {"args.a == args.b", R"({"a":1,"b":"1"})", U},
      {"args.a < args.b", R"({"a":1,"b":2})", T},
      {"args.a < args.b", R"({"a":"1","b":"2"})", U},
      {"args.a in args.b", R"({"a":1,"b":[2,1]})", T},
      {"args.a in args.b", R"({"a":1,"b":[2,"1"]})", U},
      {"args.a in args.b", R"({"a":1,"b":[]})", F},
      {"args.a in args.b", R"({"a":[],"b":[]})", U},
      {"args.b contains args.a", R"({"a":"b","b":["a,b"]})", U},
      {"args.a under args.b", R"({"a":"/srv/x","b":"/srv"})", T},
      {"args.a under args.b", R"({"a":"/srv/x","b":"/srv//."})", U},
  });
}

TEST_CASE("text form: any, all and count") {
  CheckAll({
      {"any r in args.l: r == 1", R"({"l":[2,1,"x"]})", T},
      {"any r in args.l: r == 1", R"({"l":[2,"x"]})", U},
      {"any r in args.l: r == 1", R"({"l":[]})", F},
      {"all r in args.l: r == 1", R"({"l":[]})", T},
      {"all r in args.l: r == 1", R"({"l":[1,"x",2]})", F},
      {"all r in args.l: r == 1", R"({"l":{}})", U},
      {"all r in args.to: domain(r) in staff", R"({"to":["a@x.org","b@Y.ORG"]})", T},
      {"all r in args.to: domain(r) in staff", R"({"to":["a@x.org","b@evil.org"]})", F},
      {"not has args.cc or all r in args.cc: domain(r) in staff", "{}", T},
      {R"((count i in args.items: i.kind == "card") <= 1)",
       R"({"items":[{"kind":"card"},{"kind":"book"}]})", T},
      {R"((count i in args.items: i.kind == "card") <= 1)", R"({"items":[{}]})", U},
      {"any i in args.items: (i.a == 1 and i.b == 2)", R"({"items":[{"a":1,"b":3},{"a":1,"b":2}]})",
       T},
      {"any i in args.items: has i.a", R"({"items":[{"A":1}]})", U},
      {"all i in args.items: (any j in i: j == 1)", R"({"items":[[1],[2,1]]})", T},
  });
}

TEST_CASE("text form: functions") {
  const char* const times =
      R"({"a":"2026-03-01T10:00:00+01:00","b":"2026-03-01T10:00:00Z","c":"1970-01-01T00:00:00Z"})";
  CheckAll({
      {"length(args.a) == 4", R"({"a":"größ"})", T},
      {"length(args.a) == 2", R"({"a":{"x":1,"y":2}})", T},
      {"length(args.a) == 2", R"({"a":12})", U},
      {R"(lower(args.a) == "main")", R"({"a":"MAIN"})", T},
      {R"(lower(args.a) == "größe")", R"({"a":"größe"})", U},
      {R"(lower(args.a) == "日")", R"({"a":"日"})", T},
      {R"(host(args.a) in ["x.org"])", R"({"a":"https://X.org:444/"})", T},
      {R"(scheme(args.a) == "https")", R"({"a":"HTTPS://x.org"})", T},
      {"port(args.a) == 443", R"({"a":"https://x.org"})", T},
      {"port(args.a) == 8080", R"({"a":"http://x.org:8080"})", T},
      {"port(args.a) == 80", R"({"a":"http://u@x.org"})", U},
      {R"(length(split(args.a, ",")) == 3)", R"({"a":"a,,b"})", T},
      {R"(join(args.a, "-") == "a-b")", R"({"a":["a","b"]})", T},
      {R"(join(args.a, "-") == "a-b")", R"({"a":["a",1]})", U},
      {R"(all w in words(args.a): w in ["git", "status"])", R"({"a":" git \t status"})", T},
      {R"(all w in words(args.a): w in ["git", "status"])", R"({"a":"git $x"})", U},
      {R"(all v in sql_verbs(args.a): v == "SELECT")", R"({"a":"select 1 from t;"})", T},
      {R"(all v in sql_verbs(args.a): v == "SELECT")", R"({"a":"select 1; drop table t"})", U},
      {"args.a + 0.2 == 0.3", R"({"a":0.1})", T},
      {"args.a * args.a == 1", R"({"a":1e18})", U},
      {"args.a * -2.5 == -2.5e3", R"({"a":1e3})", T},
      {"args.a - 0.3 == -0.2", R"({"a":0.1})", T},
      {"time(args.a) < time(args.b)", times, T},
      {"time(args.b) - time(args.a) == 1h", times, T},
      {R"(time(args.c) + 90s * 2 == time("1970-01-01T00:03:00Z"))", times, T},
      {"now - time(args.c) <= 10m", times, T},
      {R"(time(args.a, "Europe/Berlin") == time("2026-07-01T10:00:00Z"))",
       R"({"a":"2026-07-01 12:00"})", T},
      {R"(time(args.a, "Europe/Berlin") > time("2026-01-01T10:00:00Z"))",
       R"({"a":"2026-03-29T02:30:00"})", U},
  });
}

TEST_CASE("the domain of one bare address") {
  for (const char* address : {"a@x.org", "a.b+c@X.org", "o'neil@sub.x-y.org"})
    CHECK(DomainOf(address));
  for (const char* address :
       {"a@x", "@x.org", "a@", "a@@x.org", "a@x.org,b@y.org", "A <a@x.org>", "\"a\"@x.org",
        "a@x.org.", "a@-x.org", "a..b@x.org", "-a@x.org", "a@[1.2.3.4]", "a@1.2.3.4", "a%b@x.org",
        "a@größe.org", " a@x.org", "a@x.org\n", "a@x_y.org"})
    CHECK_FALSE(DomainOf(address));
  CHECK(DomainOf("a@X.Org") == "x.org");
}

TEST_CASE("shell words, where every shell splits alike") {
  using Words = std::vector<std::string>;
  CHECK(ShellWordsOf(" git  log\t--all x=1 ") == Words{"git", "log", "--all", "x=1"});
  CHECK(ShellWordsOf("") == Words{});
  CHECK(ShellWordsOf("cat größe") == Words{"cat", "größe"});
  for (const char* command :
       {"ls 'a'", "ls \"a\"", "ls $HOME", "ls `x`", "a;b", "a&b", "a|b", "a>b", "a\nb", "ls *",
        "ls ~", "x=1 ls", "ls =x", "ls {a,b}", "a\u00A0b", "ls\\", "ls #x", "ls !x", "a\x01"})
    CHECK_FALSE(ShellWordsOf(command));
}

TEST_CASE("verbs of one SQL statement") {
  struct Case {
    const char* sql;
    const char* verbs;  // null: unknown
  };
  const Case cases[] = {
      {"SELECT 1", "SELECT"},
      {"select a from t where b = 'drop ''x'''", nullptr},
      {"select a from t where b = 'drop ''x'' y'", "SELECT"},
      {"(select 1);  ", "SELECT"},
      {"with x as (delete from t returning *) select * from x", "DELETE SELECT"},
      {"with x as (values (1)) table x", nullptr},
      {"insert into t select * from u", "INSERT SELECT"},
      {"select * into t from u", "SELECT INTO"},
      {"update t set a = 1", "UPDATE"},
      {"update t set a = 1 set b", "UPDATE SET"},
      {"select replace(a, 'x', 'y') from t", "SELECT"},
      {"replace into t values (1)", "REPLACE"},
      {"truncate t", "TRUNCATE"},
      {"select 1 -- drop\n", "SELECT"},
      {"select 1 --drop\n", nullptr},
      {"select 1 /* drop */", "SELECT"},
      {"select 1 /*!drop */", nullptr},
      {"select 1 /* ; */", nullptr},
      {"select 1 /* a /* b */ */", nullptr},
      {"select 1; drop table t", nullptr},
      {"select 'a", nullptr},
      {"select N'a'", nullptr},
      {"select `a`, [b c] from t", "SELECT"},
      {"select [drop]", nullptr},
      {"select $1, 1.5e3, 0xff", "SELECT"},
      {"select $$a$$", nullptr},
      {"select 1a", nullptr},
      {"select #x", nullptr},
      {"select \\", nullptr},
      {"values (1)", nullptr},
      {"go", nullptr},
      {"", nullptr},
      {"select größe", nullptr},
      {"select 'größe'", "SELECT"},
  };
  for (const Case& each : cases) {
    INFO(each.sql);
    const auto verbs = SqlVerbsOf(each.sql);
    CHECK(verbs.has_value() == (each.verbs != nullptr));
    if (!verbs || each.verbs == nullptr) continue;
    std::string joined;
    for (const std::string& verb : *verbs) joined += (joined.empty() ? "" : " ") + verb;
    CHECK(joined == each.verbs);
  }
}

TEST_CASE("text form: statements") {
  const std::string policy = R"(policy "p" default deny
    zone "Europe/Berlin"
    hide secret
    let cap = 100
    counter sum = 500.00 per day each grant, args.who on error refund
    counter sends = 2 per 10m
    tool t, "u*" {
      allow "small" when args.n <= cap   because "<1> why"
      allow when args.n == 1000
      approve when args.n > 50 from "finance" within 10m
      charge sum args.n
      limit sends up to 1
      args only n, who
      deny when args.who == "evil"
    }
    tool t on server "other" { deny because "<2> why" }
    tool "*" { allow })";
  const auto decide = [&](const char* tool, const char* arguments, const char* server = "default") {
    Call call{tool, arguments, {}};
    call.context.server = server;
    return Make(policy).Decide(call);
  };
  using Ids = std::vector<std::string>;
  CHECK(decide("t", R"({"n":5,"who":"a"})").rules == Ids{"small"});
  CHECK(decide("ux", R"({"n":1000,"who":"a"})").rules == Ids{"t,u*/limit/1"});
  CHECK(decide("t", R"({"n":101,"who":"a"})").rules == Ids{"small", "t,u*/allow/2"});
  CHECK(decide("t", R"({"n":101,"who":"a"})").speaker_text == "<1> why");
  CHECK(decide("t", R"({"n":60,"who":"a"})").approval_within_seconds == 600);
  CHECK(decide("t", R"({"n":5,"who":"evil","x":1})").rules == Ids{"t,u*/args/1", "t,u*/deny/1"});
  CHECK(decide("t", R"({"n":5,"who":"a"})", "other").rules == Ids{"t@other/deny/1"});
  CHECK(decide("secret", "{}").rules == Ids{"hide/secret"});
  CHECK(decide("else", "{}").rules == Ids{"/default"});
  Evaluator evaluator = Make(policy);
  const Call call{"t", R"({"n":5,"who":"a"})", {}};
  CHECK(evaluator.Decide(call).outcome == Outcome::Allow);
  CHECK(evaluator.Decide(call).rules == Ids{"t,u*/limit/2"});
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
