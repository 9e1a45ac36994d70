// Functions over values of a call, by tables: what each takes, and that it takes nothing else.
#include "runtime/value/function.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "runtime/value/civil_time.h"
#include "runtime/value/predicate.h"
#include "tests/unit/value/heap_room.h"
#include "tests/unit/value/value_text.h"

namespace policy {
namespace {

using std::string_literals::operator""s;

constexpr std::int64_t kSecond = 1'000'000'000;

std::string Made(Function function, const std::string& first,
                 const std::string& second = "absent") {
  return TextOf(ApplyFunction(function, ValueOf(first), ValueOf(second), Room()));
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

struct Row {
  std::string first;
  std::string second;
  std::string want;
};

template <std::size_t kSize>
void CheckRows(Function function, const Row (&rows)[kSize]) {
  for (const Row& row : rows) {
    CAPTURE(NameOf(function), row.first, row.second);
    CHECK(Made(function, row.first, row.second) == row.want);
  }
}

TEST_CASE("JSON is read as a value") {
  CHECK(TextOf(ValueOf("null")) == "null");
  CHECK(TextOf(ValueOf("true")) == "true");
  CHECK(TextOf(ValueOf("false")) == "false");
  CHECK(TextOf(ValueOf("-1.50")) == "-1.5");
  CHECK(ValueOf("-1.50").text() == "-1.50");
  CHECK(TextOf(ValueOf("9007199254740993")) == "inexact 9007199254740993");
  CHECK(TextOf(ValueOf("9007199254740993", true)) == "9007199254740993");
  CHECK(TextOf(ValueOf("1e400", true)) == "inexact 1e400");
  CHECK(TextOf(ValueOf("\"a\"")) == "\"a\"");
  CHECK(TextOf(ValueOf("\"a\\u00e9\\n\\\"\"")) == "\"a\u00E9\n\"\"");
  CHECK(TextOf(ValueOf("\"\"")) == "\"\"");
  CHECK(TextOf(ValueOf("[1, \"a\"]")) == "[1, \"a\"]");
  CHECK(ValueOf("[1]").kind == ValueKind::List);
  CHECK_FALSE(ValueOf("[1]").boolean);
  CHECK(ValueOf("[1]", true).boolean);
  CHECK(ValueOf("{}").kind == ValueKind::Record);
  CHECK(ValueOf("{}", true).boolean);
  HeapRoom none(0);
  CHECK(ReadJsonValue("\"\\n\"", false, none).kind == ValueKind::Broken);
  CHECK(ReadJsonValue("\"n\"", false, none).text() == "n");
}

TEST_CASE("every function has a name and takes one or two operands") {
  for (std::size_t i = 0; i < kFunctionCount; ++i) {
    const auto function = static_cast<Function>(i);
    CHECK_FALSE(NameOf(function).empty());
    CHECK((OperandCountOf(function) == 1 || OperandCountOf(function) == 2));
  }
  CHECK(NameOf(Function::SqlVerbs) == "sql_verbs");
  CHECK(OperandCountOf(Function::Split) == 2);
}

TEST_CASE("a function of anything else than it takes is broken") {
  const std::string values[] = {"absent", "broken", "null", "true", "1",  "9007199254740993",
                                "\"x\"",  "[]",     "[1]",  "{}",   "@1", "~1"};
  const auto is_allowed = [](Function function, const Value& first, const Value& second) {
    const auto is = [](const Value& value, auto... kinds) {
      return ((value.kind == kinds) || ...);
    };
    using K = ValueKind;
    switch (function) {
      case Function::Member:
        return is(second, K::String) && is(first, K::Absent, K::Record);
      case Function::OrElse:
        return true;
      case Function::Length:
        return is(first, K::String, K::List, K::Record);
      case Function::Lower:
      case Function::Words:
        return is(first, K::String);
      case Function::Split:
        return is(first, K::String) && is(second, K::String);
      case Function::Join:
        return first.text() == "[]" && is(second, K::String);
      case Function::Add:
        return (is(first, K::Number) && is(second, K::Number)) ||
               (is(first, K::Time, K::Duration) && is(second, K::Duration));
      case Function::Subtract:
        return (is(first, K::Number) && is(second, K::Number)) ||
               (is(first, K::Time, K::Duration) && is(second, K::Duration)) ||
               (is(first, K::Time) && is(second, K::Time));
      case Function::Multiply:
        return (is(first, K::Number, K::Duration) && is(second, K::Number)) ||
               (is(first, K::Number) && is(second, K::Duration));
      default:  // "x" is no address, URL, statement or time, and no list has an element 1
        return false;
    }
  };
  for (std::size_t i = 0; i < kFunctionCount; ++i) {
    const auto function = static_cast<Function>(i);
    for (const std::string& first : values) {
      for (const std::string& second : values) {
        CAPTURE(NameOf(function), first, second);
        const Value a = ValueOf(first);
        const Value b = ValueOf(second);
        const Value made = ApplyFunction(function, a, b, Room());
        if (function == Function::OrElse) {
          CHECK(TextOf(made) == TextOf(first == "absent" ? b : a));
        } else {
          CHECK((made.kind == ValueKind::Broken) == !is_allowed(function, a, b));
        }
      }
    }
  }
}

TEST_CASE("a member is read as a path reads it") {
  const Row rows[] = {
      {R"({"a":1,"b":"x"})", R"("b")", R"("x")"},
      {R"({"a":1})", R"("b")", "absent"},
      {R"({})", R"("")", "absent"},
      {R"({"":1})", R"("")", "1"},
      {R"({ "a" : null , "b" : [ 1 ] })", R"("a")", "null"},
      {R"({ "a" : null , "b" : [ 1 ] })", R"("b")", "[ 1 ]"},
      {R"({"a":{"b":{"c":2}}})", R"("a")", R"({"b":{"c":2}})"},
      {R"({"\u0061":1})", R"("a")", "1"},
      {R"({"a":"\u0062"})", R"("a")", R"("b")"},
      {R"({"a":9007199254740993})", R"("a")", "inexact 9007199254740993"},
      // a name that differs by letter case only
      {R"({"A":1})", R"("a")", "broken"},
      {R"({"\u0041":1})", R"("a")", "broken"},
      {R"({"\u212Aind":1})", R"("kind")", "broken"},
      {R"({"x":1,"A":1,"y":2})", R"("a")", "broken"},
      {R"({"A":1,"a":2})", R"("a")", "2"},
      {R"({"a":2,"A":1})", R"("a")", "2"},
      {R"({"ab":1,"b":2})", R"("a")", "absent"},
      // what is no record
      {"absent", R"("a")", "absent"},
      {"null", R"("a")", "broken"},
      {"[1]", R"("a")", "broken"},
      {R"({"a":1})", "1", "broken"},
  };
  CheckRows(Function::Member, rows);
  const Value exact = ValueOf(R"({"a":9007199254740993,"b":[1]})", true);
  CHECK(TextOf(ApplyFunction(Function::Member, exact, ValueOf("\"a\""), Room())) ==
        "9007199254740993");
  CHECK(ApplyFunction(Function::Member, exact, ValueOf("\"b\""), Room()).boolean);
  // Long names with escapes are compared too.
  std::string key;
  std::string name;
  for (int i = 0; i < 500; ++i) key += "\\u0041", name += "a";
  CHECK(Made(Function::Member, "{\"" + key + "\":1}", "\"" + name + "\"") == "broken");
  CHECK(Made(Function::Member, "{\"" + key + "b\":1}", "\"" + name + "\"") == "absent");
}

TEST_CASE("an element is numbered from 0") {
  const Row rows[] = {
      {"[10,[20],\"x\"]", "0", "10"},
      {"[10,[20],\"x\"]", "1", "[20]"},
      {"[10,[20],\"x\"]", "2", "\"x\""},
      {"[10,[20],\"x\"]", "2.0", "\"x\""},
      {"[10,[20],\"x\"]", "3", "broken"},
      {"[10]", "-1", "broken"},
      {"[10]", "0.5", "broken"},
      {"[10]", "1e18", "broken"},
      {"[10]", "1e30", "broken"},
      {"[]", "0", "broken"},
      {"[null]", "0", "null"},
      {"[10]", "-0", "10"},
      {"{}", "0", "broken"},
      {"\"abc\"", "0", "broken"},
      {"[9007199254740993]", "0", "inexact 9007199254740993"},
  };
  CheckRows(Function::Element, rows);
  CHECK(TextOf(ApplyFunction(Function::Element, ValueOf("[9007199254740993]", true), ValueOf("0"),
                             Room())) == "9007199254740993");
}

TEST_CASE("only what is absent has a stand-in") {
  const Row rows[] = {{"absent", "1", "1"},
                      {"absent", "absent", "absent"},
                      {"2", "1", "2"},
                      {"null", "1", "null"},
                      {"broken", "1", "broken"},
                      {"absent", "broken", "broken"},
                      {"9007199254740993", "1", "inexact 9007199254740993"}};
  CheckRows(Function::OrElse, rows);
}

TEST_CASE("lengths are of code points, elements and members") {
  const Row rows[] = {
      {"\"\"", "absent", "0"},
      {"\"a\u00E9\u20AC\U0001F600\"", "absent", "4"},
      {"\"\\u00e9\\n\"", "absent", "2"},
      {"[]", "absent", "0"},
      {"[1,[2,3],{}]", "absent", "3"},
      {"[ ]", "absent", "0"},
      {"{\"a\":1,\"b\":[1,2]}", "absent", "2"},
      {"{}", "absent", "0"},
  };
  CheckRows(Function::Length, rows);
  std::string list = "[0";
  for (int i = 1; i < 2000; ++i) list += ",0";
  CHECK(Made(Function::Length, list + "]") == "2000");
  CHECK(Made(Function::Length, Quoted(std::string(100'000, 'a'))) == "100000");
}

TEST_CASE("lower case is ASCII's") {
  const Row rows[] = {
      {"\"aBC-1_Z\"", "absent", "\"abc-1_z\""},
      {"\"\"", "absent", "\"\""},
      {"\"[@`{\"", "absent", "\"[@`{\""},
      {"\"A\u65E5\u672C\U0001F600\"", "absent", "\"a\u65E5\u672C\U0001F600\""},
      {"\"\u00E9\"", "absent", "broken"},
      {"\"\u00C9\"", "absent", "broken"},
      {"\"a\u212A\"", "absent", "broken"},
      {"\"\u0130\"", "absent", "broken"},
      {"\"\u0131\"", "absent", "broken"},
      {"\"\u00DF\"", "absent", "broken"},
      {"\"\u017F\"", "absent", "broken"},
      {"\"\uFF21\"", "absent", "broken"},
      {"\"\u03C2\"", "absent", "broken"},
      {"\"\U00010428\"", "absent", "broken"},
      {"\"\U0001E943\"", "absent", "broken"},
      {"\"\U0001E944\"", "absent", "\"\U0001E944\""},
      {"\"\u00AA\u00D7\"", "absent", "\"\u00AA\u00D7\""},
  };
  CheckRows(Function::Lower, rows);
  CHECK(Made(Function::Lower, Quoted(std::string(64 * 1024, 'A'))) ==
        Quoted(std::string(64 * 1024, 'a')));
  CHECK(Made(Function::Lower, Quoted(std::string(64 * 1024 + 1, 'A'))) == "broken");
}

TEST_CASE("texts name domains, hosts, schemes and ports") {
  CHECK(Made(Function::Domain, Quoted("A.b@Example.COM")) == Quoted("example.com"));
  CHECK(Made(Function::Domain, Quoted("a@evil.com,b@example.com")) == "broken");
  const std::string url = Quoted("HTTPS://Example.COM:8443/A?b");
  CHECK(Made(Function::Host, url) == Quoted("example.com"));
  CHECK(Made(Function::Scheme, url) == Quoted("https"));
  CHECK(Made(Function::Port, url) == "8443");
  CHECK(Made(Function::Scheme, Quoted("http://a.b")) == Quoted("http"));
  CHECK(Made(Function::Port, Quoted("http://a.b")) == "80");
  CHECK(Made(Function::Port, Quoted("http://a.b?c:1")) == "80");
  CHECK(Made(Function::Port, Quoted("https://a.b/:1")) == "443");
  CHECK(Made(Function::Port, Quoted("https://a.b:80")) == "80");
  CHECK(Made(Function::Port, Quoted("https://a.b:65535")) == "65535");
  for (const char* text : {"ftp://a.b",
                           "a.b",
                           "//a.b",
                           "http:a.b",
                           "http:/a.b",
                           "http://u@a.b",
                           "http://a.b:",
                           "http://a.b:0",
                           "http://a.b:080",
                           "http://a.b:65536",
                           "http://a.b:+80",
                           "http://a.b:8 0",
                           "http://a.b:80:80",
                           "http://a.b:80@c.d",
                           "http://[::1]:80",
                           "http://a%2eb",
                           "http://a.b#@c.d",
                           "javascript:http://a.b",
                           "view-source:http://a.b",
                           "http://a.b\\@c.d",
                           "http://127.1",
                           "http://0x7f.1",
                           "http://a.b:\u0661",
                           "https://\u00E4.b",
                           "blob:https://a.b",
                           "http://a.b:4294967376",
                           "http://a.b:18446744073709551696"}) {
    CAPTURE(text);
    std::string json = text;
    for (std::size_t at = 0; (at = json.find('\\', at)) != std::string::npos; at += 2) {
      json.insert(at, "\\");
    }
    CHECK(Made(Function::Host, Quoted(json)) == "broken");
    CHECK(Made(Function::Scheme, Quoted(json)) == "broken");
    CHECK(Made(Function::Port, Quoted(json)) == "broken");
  }
  CHECK(Made(Function::Host, Quoted("http://a.b/" + std::string(64 * 1024, 'a'))) == "broken");
}

TEST_CASE("words and verbs are lists of strings") {
  CHECK(Made(Function::Words, Quoted("git  log -n 5")) == R"(["git","log","-n","5"])");
  CHECK(Made(Function::Words, Quoted("")) == "[]");
  CHECK(Made(Function::Words, Quoted("ls; rm x")) == "broken");
  CHECK(Made(Function::SqlVerbs, Quoted("select 1")) == R"(["SELECT"])");
  CHECK(Made(Function::SqlVerbs, Quoted("with x as (delete from t) select 1")) ==
        R"(["DELETE","SELECT"])");
  CHECK(Made(Function::SqlVerbs, Quoted("")) == "broken");
  std::string words = "w";
  for (std::size_t i = 1; i < kListElementsMax; ++i) words += " w";
  CHECK(Made(Function::Length, Made(Function::Words, Quoted(words))) == "1024");
  CHECK(Made(Function::Words, Quoted(words + " w")) == "broken");
  CHECK(Made(Function::Words, Quoted(std::string(64 * 1024 + 1, ' '))) == "broken");
}

TEST_CASE("texts are split and joined") {
  const Row splits[] = {
      {R"("a,b")", R"(",")", R"(["a","b"])"},
      {R"("")", R"(",")", R"([""])"},
      {R"(",")", R"(",")", R"(["",""])"},
      {R"("a,,b,")", R"(",")", R"(["a","","b",""])"},
      {R"("aaa")", R"("aa")", R"(["","a"])"},
      {R"("a, b")", R"(", ")", R"(["a","b"])"},
      {R"("abc")", R"("x")", R"(["abc"])"},
      {R"("abc")", R"("abcd")", R"(["abc"])"},
      {R"("abc")", R"("")", "broken"},
      {R"("a\"b\\c,\u0001\nd")", R"(",")", "[\"a\\\"b\\\\c\",\"\\u0001\\u000Ad\"]"},
      {R"("\u00e9/\u20ac")", R"("/")", "[\"\u00E9\",\"\u20AC\"]"},
  };
  CheckRows(Function::Split, splits);
  const Row joins[] = {
      {R"(["a","b"])", R"(",")", R"("a,b")"},
      {"[]", R"(",")", R"("")"},
      {R"(["a"])", R"(",")", R"("a")"},
      {R"(["a","","b"])", R"("")", R"("ab")"},
      {R"([ "a" , "\u00e9\n" ])", R"("--")", "\"a--\u00E9\n\""},
      {R"(["a",1])", R"(",")", "broken"},
      {R"(["a",null])", R"(",")", "broken"},
      {R"([["a"]])", R"(",")", "broken"},
      {R"("a")", R"(",")", "broken"},
      {R"(["a"])", "1", "broken"},
  };
  CheckRows(Function::Join, joins);
}

TEST_CASE("what is split or joined has bounds") {
  const std::string commas(kListElementsMax - 1, ',');
  CHECK(Made(Function::Length, Made(Function::Split, Quoted(commas), "\",\"")) == "1024");
  CHECK(Made(Function::Split, Quoted(commas + ","), "\",\"") == "broken");
  const std::string half(32 * 1024, 'a');
  CHECK(Made(Function::Join, "[\"" + half + "\",\"" + half + "\"]", "\"\"") == Quoted(half + half));
  CHECK(Made(Function::Join, "[\"" + half + "\",\"" + half + "\"]", "\",\"") == "broken");
  CHECK(Made(Function::Join, "[\"\",\"" + half + "\",\"\"]", Quoted(half)) == "broken");
  CHECK(Made(Function::Join, "[\"\",\"\",\"\"]", Quoted(half)) == Quoted(half + half));
  // Escapes count as what they say.
  std::string escaped;
  for (int i = 0; i < 64 * 1024; ++i) escaped += "\\u0061";
  CHECK(Made(Function::Join, "[\"" + escaped + "\"]", "\"\"") ==
        Quoted(std::string(64 * 1024, 'a')));
  CHECK(Made(Function::Join, "[\"" + escaped + "a\"]", "\"\"") == "broken");
  std::string empties = "[\"\"";
  for (std::size_t i = 1; i < kListElementsMax; ++i) empties += ",\"\"";
  CHECK(Made(Function::Join, empties + "]", "\"\"") == "\"\"");
  CHECK(Made(Function::Join, empties + ",\"\"]", "\"\"") == "broken");
}

TEST_CASE("a function without room is broken") {
  HeapRoom none(0);
  const auto broken = [&none](Function function, const std::string& first,
                              const std::string& second = "absent") {
    return ApplyFunction(function, ValueOf(first), ValueOf(second), none).kind == ValueKind::Broken;
  };
  CHECK(broken(Function::Lower, "\"A\""));
  CHECK(broken(Function::Domain, "\"a@B.c\""));
  CHECK(broken(Function::Host, "\"http://a.b\""));
  CHECK(broken(Function::Split, "\"a\"", "\",\""));
  CHECK(broken(Function::Join, "[\"a\"]", "\",\""));
  CHECK(broken(Function::Words, "\"a\""));
  CHECK(broken(Function::SqlVerbs, "\"SELECT 1\""));
  CHECK(broken(Function::Member, R"({"a":"\n"})", "\"a\""));
  CHECK(broken(Function::Element, R"(["\n"])", "0"));
  // What needs none has enough.
  CHECK_FALSE(broken(Function::Lower, "\"a\""));
  CHECK_FALSE(broken(Function::Length, "\"a\""));
  CHECK_FALSE(broken(Function::Port, "\"http://a.b\""));
  CHECK_FALSE(broken(Function::Member, R"({"a":"n"})", "\"a\""));
}

TEST_CASE("arithmetic is exact or broken") {
  const Row sums[] = {
      {"1", "2", "3"},
      {"0.1", "0.2", "0.3"},
      {"-1", "1", "0"},
      {"0", "-5", "-5"},
      {"99.5", "0.5", "100"},
      {"1e18", "1", "broken"},
      {"1e17", "1", "100000000000000001"},
      {"1e18", "1e18", "2000000000000000000"},
      {"9e18", "1e18", "broken"},  // 10^19: the exponent is out of range
      {"8e18", "1e18", "9000000000000000000"},
      {"1e-18", "1e-18", "2e-18"},
      {"1", "1e-18", "broken"},
      {"1", "1e-17", "1.00000000000000001"},
      {"9007199254740993", "1", "broken"},
      {"~5", "~6", "~11"},
      {"@5", "~6", "@11"},
      {"~5", "@6", "broken"},
      {"@5", "@6", "broken"},
      {"@9223372036854775807", "~1", "broken"},
      {"~-9223372036854775808", "~-1", "broken"},
      {"1", "~1", "broken"},
  };
  CheckRows(Function::Add, sums);
  const Row differences[] = {
      {"1", "2", "-1"},
      {"0.3", "0.1", "0.2"},
      {"5", "5", "0"},
      {"@7", "@5", "~2"},
      {"@5", "@7", "~-2"},
      {"@7", "~5", "@2"},
      {"~7", "~5", "~2"},
      {"~7", "@5", "broken"},
      {"@-9223372036854775808", "@1", "broken"},
      {"~0", "~-9223372036854775808", "broken"},
      {"1e18", "0.1", "broken"},
  };
  CheckRows(Function::Subtract, differences);
  const Row products[] = {
      {"2", "3", "6"},
      {"0.1", "0.1", "0.01"},
      {"-4", "2.5", "-10"},
      {"0", "1e18", "0"},
      {"1e18", "1e18", "broken"},
      {"1e9", "1e9", "1000000000000000000"},
      {"999999999", "999999999", "999999998000000001"},
      {"9999999999", "9999999999", "broken"},
      {"5e17", "2e-17", "10"},
      {"1e-9", "1e-9", "1e-18"},
      {"1e-10", "1e-9", "broken"},
      {"~3", "4", "~12"},
      {"~3", "-4", "~-12"},
      {"~3", "1e2", "~300"},
      {"~3", "0.5", "broken"},
      {"4", "~3", "~12"},
      {"@3", "2", "broken"},
      {"~3", "~2", "broken"},
      {"~4611686018427387904", "2", "broken"},
      {"~-4611686018427387904", "2", "~-9223372036854775808"},
      {"~-9223372036854775808", "-1", "broken"},
      {"~0", "0", "~0"},
  };
  CheckRows(Function::Multiply, products);
}

TEST_CASE("a text is a time, in its own offset or in a zone") {
  const auto at = [](const char* text) { return "@" + std::to_string(*ParseInstant(text)); };
  const Row rows[] = {
      {"\"2026-03-01T10:00:00Z\"", "\"Europe/Berlin\"", at("2026-03-01T10:00:00Z")},
      {"\"2026-03-01T10:00:00.5+02:00\"", "\"UTC\"", at("2026-03-01T08:00:00.5Z")},
      {"\"2026-03-01T10:00:00\"", "\"UTC\"", at("2026-03-01T10:00:00Z")},
      {"\"2026-03-01T10:00:00\"", "\"Europe/Berlin\"", at("2026-03-01T09:00:00Z")},
      {"\"2026-03-01t10:00:00.25\"", "\"Europe/Berlin\"", at("2026-03-01T09:00:00.25Z")},
      {"\"2026-03-01 10:00\"", "\"Europe/Berlin\"", at("2026-03-01T09:00:00Z")},
      {"\"2026-07-01 10:00\"", "\"Europe/Berlin\"", at("2026-07-01T08:00:00Z")},
      {"\"2026-03-01\"", "\"Europe/Berlin\"", at("2026-02-28T23:00:00Z")},
      {"\"2026-03-01\"", "\"America/New_York\"", at("2026-03-01T05:00:00Z")},
      // left out and twice, where clocks are changed
      {"\"2026-03-29 02:30\"", "\"Europe/Berlin\"", "broken"},
      {"\"2026-03-29 02:00\"", "\"Europe/Berlin\"", "broken"},
      {"\"2026-03-29 01:59:59\"", "\"Europe/Berlin\"", at("2026-03-29T00:59:59Z")},
      {"\"2026-03-29 03:00\"", "\"Europe/Berlin\"", at("2026-03-29T01:00:00Z")},
      {"\"2026-10-25 02:30\"", "\"Europe/Berlin\"", "broken"},
      {"\"2026-10-25 03:00\"", "\"Europe/Berlin\"", at("2026-10-25T02:00:00Z")},
      {"\"2026-10-25T02:30:00+02:00\"", "\"Europe/Berlin\"", at("2026-10-25T00:30:00Z")},
      {"\"2018-11-04\"", "\"America/Sao_Paulo\"", "broken"},  // no midnight
      // other forms
      {"\"2026-02-29\"", "\"UTC\"", "broken"},
      {"\"2026-03-01T24:00\"", "\"UTC\"", "broken"},
      {"\"2026-03-01T10:60\"", "\"UTC\"", "broken"},
      {"\"2026-03-01T23:59:60\"", "\"UTC\"", "broken"},
      {"\"2026-03-01 10:00Z\"", "\"UTC\"", "broken"},
      {"\"2026-03-01 10:00:00Z\"", "\"UTC\"", "broken"},
      {"\"2026-03-01T10:00+01:00\"", "\"UTC\"", "broken"},
      {"\"2026-03-01T10\"", "\"UTC\"", "broken"},
      {"\"2026-03-01T\"", "\"UTC\"", "broken"},
      {"\"2026-03-01 \"", "\"UTC\"", "broken"},
      {"\"2026-3-1\"", "\"UTC\"", "broken"},
      {"\"01/03/2026\"", "\"UTC\"", "broken"},
      {"\"20260301\"", "\"UTC\"", "broken"},
      {"\"2026-W09-7\"", "\"UTC\"", "broken"},
      {"\"+2026-03-01\"", "\"UTC\"", "broken"},
      {"\" 2026-03-01\"", "\"UTC\"", "broken"},
      {"\"2026-03-01  10:00\"", "\"UTC\"", "broken"},
      {"\"2026-03-01T10:00:00.\"", "\"UTC\"", "broken"},
      {"\"2026-03-01T10:00:00.1234567890\"", "\"UTC\"", "broken"},
      {"\"tomorrow\"", "\"UTC\"", "broken"},
      {"\"\"", "\"UTC\"", "broken"},
      {"\"2300-01-01\"", "\"UTC\"", "broken"},
      {"\"0001-01-01\"", "\"Europe/Berlin\"", "broken"},
      {"1772359200", "\"UTC\"", "broken"},
      // zones
      {"\"2026-03-01\"", "\"Europe/Nowhere\"", "broken"},
      {"\"2026-03-01T10:00:00Z\"", "\"Europe/Nowhere\"", at("2026-03-01T10:00:00Z")},
      {"\"2026-03-01\"", "\"\"", "broken"},
      {"\"2026-03-01\"", "\"../UTC\"", "broken"},
      {"\"2026-03-01\"", "\"utc\"", "broken"},
      {"\"2026-03-01\"", "1", "broken"},
  };
  CheckRows(Function::Time, rows);
  CHECK(Made(Function::Subtract, Made(Function::Time, "\"2026-03-29\"", "\"Europe/Berlin\""),
             Made(Function::Time, "\"2026-03-30\"", "\"Europe/Berlin\"")) ==
        "~" + std::to_string(-23 * 3600 * kSecond));
}

}  // namespace
}  // namespace policy
