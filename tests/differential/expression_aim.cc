#include "tests/differential/expression_aim.h"

#include <date/date.h>

#include <chrono>
#include <cstdlib>

#include "tests/differential/value_generator.h"
#include "tests/reference/number.h"

namespace differential {
namespace {

using reference::Json;
using Texts = std::vector<std::string>;

// DOMAIN, and what systems read otherwise.
const Texts kAddresses = {
    "a@DOMAIN",       "a.b+c@DOMAIN",     "o'neil@DOMAIN", "a@sub.DOMAIN",
    "A <a@DOMAIN>",   "a@DOMAIN,b@x.org", "\"a\"@DOMAIN",  " a@DOMAIN",
    "a@DOMAIN.",      "a@evil@DOMAIN",    "a..b@DOMAIN",   "-a@DOMAIN",
    "a%b@DOMAIN",     "DOMAIN",           "@DOMAIN",       "a@",
    "a@[127.0.0.1]",  "a@127.0.0.1",      "a@localhost",   "größe@DOMAIN",
    "a@größe.DOMAIN", "a@DOMAIN\n",       "a(x)@DOMAIN",   "a@x_y.DOMAIN",
    "a@-DOMAIN",      "a!b@DOMAIN",       "a;b@DOMAIN",    "a@DOMAIN>",
    "a&b@DOMAIN",     "a@x.1DOMAIN",      "a@b.123",       "a#EXT#@DOMAIN",
    "=?x?q?a@DOMAIN", "a*@DOMAIN",        "a@DOMAIN:25",   "a@xn--bcher-kva.DOMAIN"};

const Texts kCommandParts = {"'x y'",    "\"x\"", "$HOME",  "`id`",    "; rm",     "&& x",  "| sh",
                             "> /etc/x", "*",     "~",      "x\ny",    "\\",       "{a,b}", "!x",
                             "#x",       "=x",    "x=1",    "größe",   "a\u00A0b", "[a]",   "(x)",
                             "%x",       "^x",    "日本",   "\u200Bx", "a\tb",     "",      "--all",
                             "-rf",      "./x",   "a,b:c@d"};

const Texts kStatements = {"SELECT a FROM t",
                           "select a from t;",
                           "(select 1)",
                           "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
                           "INSERT INTO t VALUES (1)",
                           "insert into t select * from u",
                           "UPDATE t SET a = 1 WHERE b = 'drop'",
                           "UPDATE t SET a = 1 SET b = 2",
                           "SELECT 1; DROP TABLE t",
                           "SELECT 1 -- drop\n",
                           "SELECT 1 --drop\n",
                           "SELECT 1 --",
                           "SELECT 1 /* drop */",
                           "SELECT 1 /*!50000 drop*/",
                           "SELECT 1 /* ; */",
                           "SELECT 1 /* /* */ */",
                           "SELECT 'a''b'",
                           "SELECT 'a",
                           "SELECT \"a\"\"b\", `c`, [d e]",
                           "SELECT [drop]",
                           "SELECT `drop`",
                           "SELECT `a b`",
                           "SELECT N'x'",
                           "SELECT $1, 1.5e3, 0xff, .5",
                           "SELECT $$x$$",
                           "SELECT 1a",
                           "SELECT 1.",
                           "SELECT 1e",
                           "SELECT 0x",
                           "SELECT 0XFF",
                           "SELECT a#b",
                           "SELECT replace(a, 'x', 'y'), truncate (1)",
                           "REPLACE INTO t VALUES (1)",
                           "REPLACE(a)",
                           "TRUNCATE TABLE t",
                           "SELECT * INTO t FROM u",
                           "MERGE INTO t USING u",
                           "SELECT a FROM t FOR UPDATE",
                           "VALUES (1)",
                           "DROP TABLE größe",
                           "SELECT 'größe'",
                           "GO",
                           "SELECT 1\nGO\nDROP TABLE t",
                           "SELECT '''a'",
                           "SELECT \\",
                           "SELECT {fn now()}",
                           "SELECT a::text, :name, @x, a%2, a||b, a<>b, a?b",
                           "SELECT 1 // 2",
                           "SELECT 1 */ 2",
                           "EXEC x",
                           "x",
                           "",
                           "  \t\n",
                           "explain select 1",
                           "SELECT a$b",
                           "SELECT a $1b",
                           "SELECT -- x\r y\n 1",
                           "SELECT 1 -- x\r\n",
                           "!ls",
                           "SELECT 1\n:r x",
                           "SELECT copy FROM t",
                           "((SELECT 1) UNION (SELECT 2))",
                           "( INSERT INTO t VALUES (1))",
                           "SELECT (INSERT INTO t)",
                           "SELECT a INSERT INTO t",
                           "SELECT 'a' 'b', 'a'\"b\"",
                           "SELECT @'x'",
                           "SELECT a.b.update",
                           "/* x */ SELECT 1",
                           "SELECT [a], [b.c], [1:2]",
                           "SELECT [a-b]",
                           "SELECT [a"};

const Texts kTimeTexts = {"2026-03-29T01:00:00Z",
                          "2026-03-29T02:30:00",
                          "2026-10-25T02:30:00",
                          "2026-03-01T10:00:00+01:00",
                          "2026-03-01",
                          "2026-03-01T10:00",
                          "2026-03-01 10:00:00.25",
                          "2026-03-01 10:00:00Z",
                          "2026-03-01T10:00:00",
                          "2026-02-30T00:00:00Z",
                          "2026-03-01T24:00:00Z",
                          "2026-03-01T23:59:60Z",
                          "2026-03-01T10:00:00-00:00",
                          "2026-03-01T10:00:00+24:00",
                          "2026-03-01T10:00:00.1234567891Z",
                          "2026-03-01t10:00:00z",
                          "0001-01-01T00:00:00Z",
                          "9999-12-31T23:59:59Z",
                          "1677-09-21T00:12:43.145224192Z",
                          "2262-04-11T23:47:16.854775807Z",
                          "2262-04-11T23:47:16.854775808Z",
                          "1970-01-01T00:00:00Z",
                          "10:00",
                          "yesterday",
                          "2026-3-1",
                          "",
                          "2026-06-01T00:00:00.5Z"};

const Texts kSeparators = {",", ";", ", ", "-", " "};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  if (const std::size_t at = text.find(from); at != std::string::npos)
    text.replace(at, from.size(), to);
  return text;
}

std::string Joined(const Json& list, const std::string& separator) {
  std::string out;
  for (std::size_t i = 0; i < list.items.size(); ++i)
    out += (i == 0 ? "" : separator) + list.items[i].text;
  return out;
}

// What is written, or null.
const Json* Written(const Json& e) {
  if (const Json* value = e.Find("value")) return Written(*value);  // a let
  if (e.Find("else") != nullptr) return nullptr;
  if (const Json* list = e.Find("list")) return list;
  return e.Find("literal");
}

// Every record that asks or counts.
void Collect(const Json& tree, std::vector<const Json*>& rules) {
  for (const char* key : {"when", "cost", "each"}) {
    if (tree.Find(key) == nullptr) continue;
    rules.push_back(&tree);
    return;
  }
  for (const auto& [key, value] : tree.members) Collect(value, rules);
  for (const Json& item : tree.items) Collect(item, rules);
}

}  // namespace

void Put(Json& root, const std::vector<reference::Step>& steps, Json value) {
  Json* at = &root;
  for (const reference::Step& step : steps) {
    if (step.index) {
      if (!at->Is(Json::Kind::List)) *at = Json::List({});
      while (at->items.size() <= *step.index) at->items.push_back(Json::Record());
      at = &at->items[*step.index];
    } else {
      if (!at->Is(Json::Kind::Record)) *at = Json::Record();
      if (at->Find(step.name) == nullptr) at->members.emplace_back(step.name, Json::Null());
      at = at->Find(step.name);
    }
  }
  *at = std::move(value);
}

void ExpressionAim::AtPolicy(const Json& tree) {
  // What comes later stands over what came before.
  std::vector<const Json*> rules;
  Collect(tree, rules);
  random_.Shuffle(rules);
  for (const Json* rule : rules) {
    if (random_.Chance(12)) continue;
    if (const Json* when = rule->Find("when")) AtCondition(*when);
    if (const Json* cost = rule->Find("cost"))
      AtValue(*cost, Json::Number(random_.Chance(70) ? "3" : "12.5"));
    if (const Json* each = rule->Find("each")) {
      for (const Json& scope : each->items)
        if (scope.text.starts_with("args")) AtPath(scope.text, Json::String("key"));
    }
  }
}

void ExpressionAim::AtCondition(const Json& e) {
  for (const char* junction : {"and", "or"}) {
    if (const Json* operands = e.Find(junction)) {
      for (const Json& operand : operands->items) AtCondition(operand);
    }
  }
  if (const Json* negated = e.Find("not")) AtCondition(*negated);
  if (e.Find("op") != nullptr) AtComparison(e);
  if (const Json* path = e.Find("has"); path != nullptr && random_.Chance(60))
    AtPath(path->text, AnyValue(random_));
  if (const Json* path = e.Find("is null"); path != nullptr && random_.Chance(80))
    AtPath(path->text, random_.Chance(50) ? Json::Null() : AnyValue(random_));
  if (e.Find("path") != nullptr || e.Find("else") != nullptr)
    AtValue(e, Json::Bool(random_.Chance(50)));
  for (const char* word : {"any", "all"}) {
    if (e.Find(word) != nullptr) AtQuantifier(word, e, random_.Below(4));
  }
}

Json ExpressionAim::WishFor(const std::string& op, const Json& e) {
  const Json* written = Written(e);
  if (written != nullptr && (!written->Is(Json::Kind::List) || !written->items.empty()))
    return AimAt(op, *written, random_);
  switch (random_.Below(3)) {
    case 0:
      return Json::Number(std::to_string(random_.Below(5)));
    case 1:
      return Json::String(random_.Chance(50) ? "a" : "/srv");
    default:
      return AnyValue(random_);
  }
}

void ExpressionAim::AtComparison(const Json& e) {
  const Json* op = e.Find("op");
  const Json* left = e.Find("left");
  const Json* right = e.Find("right");
  if (op == nullptr || left == nullptr || right == nullptr) return;
  if (Written(*right) != nullptr) return AtValue(*left, WishFor(op->text, *right));
  if (const Json* written = Written(*left)) {
    Json wish = AimAt("eq", *written, random_);
    if (op->text == "in" || op->text == "not_in") wish = Json::List({wish, AnyValue(random_)});
    return AtValue(*right, std::move(wish));
  }
  // Two values: the same, or one that holds the other.
  Json wish = WishFor("eq", *right);
  const bool is_list = op->text == "in" || op->text == "not_in";
  Json whole = random_.Chance(70) ? AimAt(is_list ? "contains" : op->text, wish, random_) : wish;
  if (op->text == "under" && random_.Chance(70)) {
    wish = Json::String(random_.Chance(50) ? "/srv" : "/a/b");
    whole = Json::String(random_.Chance(50) ? "/srv/x" : "/etc");
  }
  AtValue(is_list ? *left : *right, wish);
  AtValue(is_list ? *right : *left, std::move(whole));
}

void ExpressionAim::AtPath(const std::string& text, Json value) {
  auto path = reference::ReadPath(text);
  if (!path) return;
  for (auto& [name, element] : variables_) {
    if (name == path->root) return Put(element, path->steps, std::move(value));
  }
  if (path->root == "now") return;
  path->steps.insert(path->steps.begin(), {path->root, std::nullopt});
  if (random_.Chance(4)) path->steps.pop_back();  // a parent that is something else
  if (!path->steps.empty()) Put(roots_, path->steps, std::move(value));
}

void ExpressionAim::AtValue(const Json& e, Json wish) {
  if (random_.Chance(4)) wish = AnyValue(random_);
  if (const Json* path = e.Find("path")) return AtPath(path->text, std::move(wish));
  if (const Json* path = e.Find("else")) {
    if (random_.Chance(60)) AtPath(path->text, std::move(wish));
    return;
  }
  if (const Json* part = e.Find("part")) {
    const Json* step = e.Find("step");
    const std::size_t index =
        step == nullptr ? 0 : static_cast<std::size_t>(std::atoi(step->text.c_str()));
    Json list = Json::List({});
    while (list.items.size() < index) list.items.push_back(Json::String("git"));
    if (!random_.Chance(15)) list.items.push_back(std::move(wish));
    return AtValue(*part, std::move(list));
  }
  if (e.Find("count") != nullptr) {
    const int count = std::atoi(wish.text.c_str());
    return AtQuantifier("count", e, count < 0 || count > 6 ? 2 : static_cast<std::size_t>(count));
  }
  const Json* function = e.Find("call");
  const Json* operands = e.Find("operands");
  if (function != nullptr && operands != nullptr && !operands->items.empty())
    AtCall(function->text, operands->items, wish);
}

void ExpressionAim::AtCall(const std::string& function, const std::vector<Json>& operands,
                           const Json& wish) {
  const Json& first = operands[0];
  const auto put = [&](Json value) { AtValue(first, std::move(value)); };
  const std::string separator = operands.size() > 1 && Written(operands[1]) != nullptr
                                    ? Written(operands[1])->text
                                    : random_.Pick(kSeparators);
  if (function == "+" || function == "-" || function == "*")
    return AtArithmetic(function, operands, wish);
  if (function == "length") return put(OfLength(wish));
  if (function == "domain") return put(AddressAt(wish.text));
  if (function == "host") return put(UrlWith("https", wish.text, ""));
  if (function == "scheme") return put(UrlWith(wish.text, "example.com", ""));
  if (function == "port") return put(UrlWith("http", "example.com", wish.text));
  if (function == "time") return put(TimeText());
  if (function == "sql_verbs") return put(Json::String(random_.Pick(kStatements)));
  if (function == "words") {
    std::string command = wish.Is(Json::Kind::List) ? Joined(wish, " ") : wish.text;
    if (random_.Chance(35)) command += " " + random_.Pick(kCommandParts);
    return put(Json::String(command));
  }
  if (function == "split") return put(Json::String(Joined(wish, separator)));
  if (function == "lower") {
    Json text = wish;
    for (char& c : text.text) {
      if (c >= 'a' && c <= 'z' && random_.Chance(50)) c = static_cast<char>(c - 'a' + 'A');
    }
    return put(std::move(text));
  }
  if (function == "join") {  // the parts, as far as the separator is in it
    Json list = Json::List({});
    std::string rest = wish.text;
    for (std::size_t at = rest.find(separator); at != std::string::npos && !separator.empty();
         at = rest.find(separator)) {
      list.items.push_back(Json::String(rest.substr(0, at)));
      rest.erase(0, at + separator.size());
    }
    list.items.push_back(Json::String(rest));
    if (random_.Chance(10)) list.items.push_back(AnyValue(random_));
    put(std::move(list));
  }
}

// From both sides something that comes near the wish.
void ExpressionAim::AtArithmetic(const std::string& function, const std::vector<Json>& operands,
                                 const Json& wish) {
  if (operands.size() != 2) return;
  const Json* right = Written(operands[1]);
  const bool are_numbers = right != nullptr && right->Is(Json::Kind::Number) &&
                           wish.Is(Json::Kind::Number) && function != "*";
  if (are_numbers) {
    const auto a = reference::ExactNumber(wish.text);
    const auto b = reference::ExactNumber(right->text);
    const auto left = a && b ? AddNumbers(*a, function == "+" ? Negative(*b) : *b) : std::nullopt;
    if (left)
      return AtValue(operands[0], Json::Number((left->negative ? "-" : "") +
                                               (left->digits.empty() ? "0" : left->digits) + "e" +
                                               std::to_string(left->exponent)));
  }
  for (const Json& operand : operands)
    AtValue(operand, random_.Chance(80) ? Json::Number(std::to_string(random_.Between(-3, 12)))
                                        : AnyValue(random_));
}

// A list in which about so many elements fit the body.
void ExpressionAim::AtQuantifier(const std::string& word, const Json& e, std::size_t matching) {
  const Json* list = e.Find("in");
  const Json* body = e.Find("body");
  if (list == nullptr || body == nullptr) return;
  Json elements = Json::List({});
  for (std::size_t i = 0; i < matching; ++i) {
    variables_.emplace_back(e.Find(word)->text, Json::Null());
    AtCondition(*body);
    elements.items.push_back(std::move(variables_.back().second));
    variables_.pop_back();
  }
  if (random_.Chance(15)) elements.items.push_back(AnyValue(random_));
  if (random_.Chance(1) && !elements.items.empty())
    elements.items.resize(1024 + random_.Below(2), elements.items[0]);
  AtValue(*list, std::move(elements));
}

Json ExpressionAim::AddressAt(const std::string& domain) {
  const std::string& form =
      random_.Chance(60) ? kAddresses[random_.Below(4)] : random_.Pick(kAddresses);
  return Json::String(Replaced(form, "DOMAIN", domain));
}

Json ExpressionAim::UrlWith(const std::string& scheme, const std::string& host,
                            const std::string& port) {
  if (random_.Chance(30)) return AimAt("host_in", Json::List({Json::String(host)}), random_);
  const std::string colon = port.empty() ? "" : ":";
  return Json::String(scheme + "://" + host + colon + port + "/x");
}

Json ExpressionAim::OfLength(const Json& length) {
  const int wanted = std::atoi(length.text.c_str());
  const std::size_t size = wanted < 0 || wanted > 8 ? 2 : static_cast<std::size_t>(wanted);
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += random_.Chance(50) ? "a" : "ö";
  if (random_.Chance(50)) return Json::String(text);
  if (random_.Chance(70)) return Json::List(std::vector<Json>(size, Json::String("a@x.org")));
  Json record = Json::Record();
  for (std::size_t i = 0; i < size; ++i)
    record.members.emplace_back("k" + std::to_string(i), Json::Null());
  return record;
}

// Near the time of the call, most of the time.
Json ExpressionAim::TimeText() {
  if (random_.Chance(45)) return Json::String(random_.Pick(kTimeTexts));
  static const std::vector<std::int64_t> distances_s = {0,     1,      600,    601, -600, 3'600,
                                                        3'599, 86'400, 86'401, 90,  -1,   7'200};
  const std::int64_t seconds = now_ns_ / 1'000'000'000 - random_.Pick(distances_s);
  return Json::String(date::format("%FT%TZ", date::sys_seconds(std::chrono::seconds(seconds))));
}

}  // namespace differential
