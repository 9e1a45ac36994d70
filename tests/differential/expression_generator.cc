#include "tests/differential/expression_generator.h"

#include <utility>

namespace differential {
namespace {

using reference::Json;
using Texts = std::vector<std::string>;

const Texts kOrders = {"lt", "lte", "gt", "gte", "eq", "neq"};
const Texts kNumbers = {
    "0",    "1",     "2",   "3",  "5",    "10",   "100",  "-1",  "0.5",  "99.99",
    "1e18", "1e-18", "443", "80", "-0.0", "12.5", "2.50", "1e2", "8080", "99999999999999999"};
const Texts kWords = {"a",      "b",      "ab",    "main",  "git", "status", "card",
                      "SELECT", "x.org",  "größe", "https", "",    "UPDATE", "\xF0\x9F\x98\x80",
                      "a\"b",   "back\\", "a,b",   "a-b",   "a;b", "/srv"};
const Texts kDomains = {"x.org", "example.com", "sub.x.org", "y-z.net"};
const Texts kHosts = {"example.com", "api.x.org", "localhost", "127.0.0.1"};
const Texts kSeparators = {",", ";", ", ", "-", " "};
const Texts kDurations = {"0s", "10m", "1h", "90s", "1d", "3600s", "36500d"};
const Texts kTimes = {"2026-03-29T01:00:00Z", "2026-03-01T10:00:00+01:00", "2026-10-25T00:59:59Z",
                      "1970-01-01T00:00:00Z", "2026-06-01T00:00:00.5Z"};
const Texts kZones = {"Europe/Berlin", "America/New_York", "UTC", "Africa/Cairo", "Asia/Kolkata"};
const Texts kRegexes = {"a",    "^a",       "b$",     "a.c",          "(?i)A",
                        "\\d+", "^[a-z]+$", "main|x", "\\.(env|pem)$"};
const Texts kGlobs = {"a*", "*", "agent/*", "*b", "m*n", "main", "*.pem"};
const Texts kBases = {"/srv", "/srv/app", "/", "/a/b/", "/größe"};

Json Text(std::string text) { return Json::String(std::move(text)); }
Json Literal(Json scalar) { return Json::Record({{"literal", std::move(scalar)}}); }
Json NumberLiteral(const std::string& text) { return Literal(Json::Number(text)); }
Json TextLiteral(const std::string& text) { return Literal(Text(text)); }
Json Path(const std::string& text) { return Json::Record({{"path", Text(text)}}); }

Json Compare(const std::string& op, Json left, Json right) {
  return Json::Record({{"op", Text(op)}, {"left", std::move(left)}, {"right", std::move(right)}});
}

Json Call(const std::string& function, std::vector<Json> operands) {
  return Json::Record({{"call", Text(function)}, {"operands", Json::List(std::move(operands))}});
}

Json Negated(Json e) { return Json::Record({{"not", std::move(e)}}); }

Json ListOf(const Texts& texts, bool are_numbers, Random& random) {
  Json list = Json::List({});
  const std::size_t size = 1 + random.Below(4);
  for (std::size_t i = 0; i < size; ++i) {
    Json next = are_numbers ? Json::Number(random.Pick(texts)) : Text(random.Pick(texts));
    bool is_new = true;
    for (const Json& item : list.items) is_new = is_new && ToText(item) != ToText(next);
    if (is_new) list.items.push_back(std::move(next));
  }
  return Json::Record({{"list", std::move(list)}});
}

Json SwapSides(const Json& e) {
  const std::string& op = e.Find("op")->text;
  const std::string other = op == "lt"    ? "gt"
                            : op == "gt"  ? "lt"
                            : op == "lte" ? "gte"
                            : op == "gte" ? "lte"
                                          : op;
  return Compare(other, *e.Find("right"), *e.Find("left"));
}

}  // namespace

ExpressionGenerator::ExpressionGenerator(Random& random) : random_(random) {
  static const std::vector<Place> all = {
      {"args.n", Sort::Number},        {"args.amount", Sort::Number},
      {"args.s", Sort::Text},          {"args.branch", Sort::Text},
      {"args.kind", Sort::Text},       {"args.flag", Sort::Bool},
      {"args.deep.n", Sort::Number},   {"args[\"odd key\"]", Sort::Text},
      {"args.from", Sort::Mail},       {"args.to", Sort::Mails},
      {"args.cc", Sort::Mails},        {"args.url", Sort::Url},
      {"args.path", Sort::File},       {"args.command", Sort::Command},
      {"args.sql", Sort::Sql},         {"args.when", Sort::TimeText},
      {"args.tags", Sort::Texts},      {"args.list[0]", Sort::Text},
      {"args.numbers", Sort::Numbers}, {"args.items", Sort::Records},
      {"args.rows", Sort::Lists},      {"args.deep.items", Sort::Records},
  };
  std::vector<Place> drawn = all;
  random_.Shuffle(drawn);
  drawn.resize(8 + random_.Below(8));
  places_ = std::move(drawn);
  const auto add_let = [this](const char* name, Json value) {
    if (random_.Chance(50)) return;
    lets_.push_back(Json::Record({{"let", Text(name)}, {"value", std::move(value)}}));
  };
  add_let("cap", NumberLiteral(random_.Pick(kNumbers)));
  add_let("staff", ListOf(kDomains, false, random_));
  add_let("some_word", TextLiteral(random_.Pick(kWords)));
  add_let("term", Json::Record({{"duration", Text(random_.Pick(kDurations))}}));
}

std::string ExpressionGenerator::ArgumentPath() { return random_.Pick(places_).path; }

// Of a variable where one fits, of the places drawn, or of one that fits in any case.
std::string ExpressionGenerator::PathText(Sort sort) {
  Texts fitting;
  for (const Place& variable : variables_) {
    if (variable.sort == sort) fitting.push_back(variable.path);
    if (variable.sort != Sort::Records) continue;
    if (sort == Sort::Text) fitting.push_back(variable.path + ".kind");
    if (sort == Sort::Number) fitting.push_back(variable.path + ".n");
    if (sort == Sort::Bool) fitting.push_back(variable.path + ".flag");
    if (sort == Sort::Texts) fitting.push_back(variable.path + ".tags");
    if (sort == Sort::Mail) fitting.push_back(variable.path + ".mail");
    if (sort == Sort::TimeText) fitting.push_back(variable.path + ".when");
  }
  if (!fitting.empty() && random_.Chance(85)) return random_.Pick(fitting);
  for (const Place& place : places_) {
    if (place.sort == sort) fitting.push_back(place.path);
  }
  if (sort == Sort::Number) {
    fitting.insert(fitting.end(), {"now.hour", "grant.attributes.level"});
  } else if (sort == Sort::Text) {
    fitting.insert(fitting.end(), {"grant.attributes.team", "claims.sub", "tool.name",
                                   "now.weekday", "grant.id", "client.name"});
  } else if (sort == Sort::Texts) {
    fitting.emplace_back("grant.tags");
  } else if (sort == Sort::File) {
    fitting.emplace_back("grant.attributes.home");
  } else if (sort == Sort::Bool) {
    fitting.emplace_back("claims.admin");
  } else if (fitting.empty() || random_.Chance(10)) {
    // Every sort has a place, so that every function has an operand.
    static const std::vector<Place> spare = {
        {"args.from", Sort::Mail},       {"args.url", Sort::Url},
        {"args.command", Sort::Command}, {"args.sql", Sort::Sql},
        {"args.when", Sort::TimeText},   {"args.to", Sort::Mails},
        {"args.numbers", Sort::Numbers}, {"args.items", Sort::Records},
        {"args.rows", Sort::Lists}};
    for (const Place& place : spare) {
      if (place.sort == sort) return place.path;
    }
  }
  return random_.Pick(fitting);
}

Json ExpressionGenerator::PathOf(Sort sort) { return Path(PathText(sort)); }

Json ExpressionGenerator::Condition(int depth) {
  if (depth > 0 && random_.Chance(30)) return Junction(depth);
  if (depth > 0 && random_.Chance(12)) return Negated(Condition(depth - 1));
  return Comparison(depth);
}

Json ExpressionGenerator::Junction(int depth) {
  Json operands = Json::List({});
  const std::size_t count = 2 + random_.Below(2);
  for (std::size_t i = 0; i < count; ++i) operands.items.push_back(Condition(depth - 1));
  return Json::Record({{random_.Chance(50) ? "and" : "or", std::move(operands)}});
}

Json ExpressionGenerator::Comparison(int depth) {
  switch (random_.Below(12)) {
    case 0:
    case 1:
      return CompareNumbers();
    case 2:
    case 3:
    case 4:
      return CompareTexts();
    case 5:
      return CompareTimes();
    case 6:
      return CompareDurations();
    case 7:
      return CompareLists();
    case 8:
      return CompareTwo();
    case 9:
      return random_.Chance(50) ? Presence() : BoolCondition();
    default:
      if (variables_.size() >= 2) return CompareTexts();
      return Quantifier(random_.Chance(50) ? "any" : "all", depth);
  }
}

Json ExpressionGenerator::CompareNumbers() {
  if (random_.Chance(20))
    return Compare(random_.Chance(50) ? "in" : "not_in", Number(), ListOf(kNumbers, true, random_));
  for (const Json& let : lets_) {
    if (let.Find("let")->text == "cap" && random_.Chance(30))
      return Compare(random_.Pick(kOrders), Number(), let);
  }
  const Json compared =
      Compare(random_.Pick(kOrders), Number(), NumberLiteral(random_.Pick(kNumbers)));
  return random_.Chance(10) ? SwapSides(compared) : compared;
}

Json ExpressionGenerator::CompareTexts() {
  switch (random_.Below(12)) {
    case 0:
      return Compare("regex", TextValue(), TextLiteral(random_.Pick(kRegexes)));
    case 1:
      return Compare("like", TextValue(), TextLiteral(random_.Pick(kGlobs)));
    case 2:
      return Compare("starts_with", TextValue(), TextLiteral("a"));
    case 3:
      return Compare("ends_with", TextValue(), TextLiteral("b"));
    case 4:
      return Compare("under", PathOf(Sort::File), TextLiteral(random_.Pick(kBases)));
    case 5:
      return Compare("host_in", PathOf(Sort::Url),
                     ListOf({"example.com", "*.x.org"}, false, random_));
    case 6:
      for (const Json& let : lets_) {
        if (let.Find("let")->text == "staff")
          return Compare("in", Call("domain", {PathOf(Sort::Mail)}), let);
      }
      return Compare("in", Call("domain", {PathOf(Sort::Mail)}), ListOf(kDomains, false, random_));
    case 7:
      return Compare("eq", Call("host", {PathOf(Sort::Url)}), TextLiteral(random_.Pick(kHosts)));
    case 8:
      return Compare(random_.Chance(50) ? "in" : "not_in", TextValue(),
                     ListOf(kWords, false, random_));
    case 10: {
      const std::string& separator = random_.Pick(kSeparators);
      return Compare(random_.Chance(70) ? "eq" : "neq",
                     Call("join", {PathOf(Sort::Texts), TextLiteral(separator)}),
                     TextLiteral("a" + separator + "b"));
    }
    case 9:
      return Compare("contains", TextValue(), TextLiteral("a"));
    default:
      return Compare(random_.Chance(50) ? "eq" : "neq", TextValue(),
                     TextLiteral(random_.Pick(kWords)));
  }
}

Json ExpressionGenerator::CompareTimes() {
  if (random_.Chance(30)) return Compare(random_.Pick(kOrders), TimeValue(), TimeValue());
  return Compare(random_.Pick(kOrders), TimeValue(),
                 Call("time", {TextLiteral(random_.Pick(kTimes))}));
}

Json ExpressionGenerator::CompareDurations() {
  Json right = Json::Record({{"duration", Text(random_.Pick(kDurations))}});
  for (const Json& let : lets_) {
    if (let.Find("let")->text == "term" && random_.Chance(30)) right = let;
  }
  if (random_.Chance(15)) right = DurationValue();
  return Compare(random_.Pick(kOrders), DurationValue(), std::move(right));
}

Json ExpressionGenerator::CompareLists() {
  switch (random_.Below(4)) {
    case 0:
      return Compare(random_.Chance(50) ? "in" : "not_in", TextLiteral(random_.Pick(kWords)),
                     TextList());
    case 1:
      return Compare("contains", PathOf(Sort::Numbers), NumberLiteral(random_.Pick(kNumbers)));
    case 2:
      return Compare("contains", TextList(), TextLiteral(random_.Pick(kWords)));
    default:
      return Compare(random_.Pick(kOrders), Call("length", {TextList()}), NumberLiteral("2"));
  }
}

Json ExpressionGenerator::CompareTwo() {
  static const Texts text_operators = {"starts_with", "ends_with", "contains", "eq", "neq"};
  switch (random_.Below(6)) {
    case 0:
      return Compare(random_.Pick(kOrders), Number(), Number());
    case 1:
      return Compare(random_.Pick(text_operators), PathOf(Sort::Text), TextValue());
    case 2:
      return Compare(random_.Chance(60) ? "in" : "not_in", TextValue(), TextList());
    case 3:
      return Compare("under", Path("args.path"), Path("grant.attributes.home"));
    case 4:
      return Compare(random_.Chance(50) ? "in" : "contains",
                     random_.Chance(50) ? Number() : PathOf(Sort::Numbers), PathOf(Sort::Numbers));
    default:
      return Compare("contains", TextList(), TextValue());
  }
}

Json ExpressionGenerator::Presence() {
  static const std::vector<Sort> sorts = {Sort::Text, Sort::Number, Sort::Bool, Sort::Mails};
  const std::string path = PathText(random_.Pick(sorts));
  if (random_.Chance(50)) return Json::Record({{"has", Text(path)}});
  return Json::Record({{"is null", Text(path)}});
}

Json ExpressionGenerator::BoolCondition() {
  if (random_.Chance(40))
    return Json::Record(
        {{"else", Text(PathText(Sort::Bool))}, {"literal", Json::Bool(random_.Chance(50))}});
  if (random_.Chance(40))
    return Compare("eq", PathOf(Sort::Bool), Literal(Json::Bool(random_.Chance(50))));
  return PathOf(Sort::Bool);
}

// any, all: a condition; count: a number.
Json ExpressionGenerator::Quantifier(const std::string& word, int depth) {
  struct Domain {
    Sort list;
    Sort element;
  };
  static const std::vector<Domain> domains = {{Sort::Texts, Sort::Text},
                                              {Sort::Mails, Sort::Mail},
                                              {Sort::Numbers, Sort::Number},
                                              {Sort::Records, Sort::Records},
                                              {Sort::Lists, Sort::Numbers}};
  const Domain& domain = random_.Pick(domains);
  const std::string variable = InBody() ? "q" : "r";
  Json list = domain.list == Sort::Texts ? TextList() : PathOf(domain.list);
  variables_.push_back({variable, domain.element});
  Json body = Body(depth);
  variables_.pop_back();
  return Json::Record({{word, Text(variable)}, {"in", std::move(list)}, {"body", std::move(body)}});
}

// Something about the innermost variable, most of the time.
Json ExpressionGenerator::Body(int depth) {
  if (depth > 0 && random_.Chance(20)) {
    Json operands = Json::List({});
    operands.items.push_back(Body(0));
    operands.items.push_back(random_.Chance(70) ? Body(0) : Condition(0));
    return Json::Record({{random_.Chance(50) ? "and" : "or", std::move(operands)}});
  }
  if (random_.Chance(10)) return Negated(Body(0));
  switch (variables_.back().sort) {
    case Sort::Number:
      return CompareNumbers();
    case Sort::Mail:
      return Compare(random_.Chance(70) ? "in" : "not_in",
                     Call("domain", {Path(variables_.back().path)}),
                     ListOf(kDomains, false, random_));
    case Sort::Records:
      if (random_.Chance(25)) return random_.Chance(60) ? Presence() : BoolCondition();
      return random_.Chance(50) ? CompareNumbers() : CompareTexts();
    case Sort::Numbers:
      if (variables_.size() == 1 && random_.Chance(50)) {
        Json inner = Quantifier(random_.Chance(50) ? "any" : "all", 0);
        return inner;
      }
      return Compare("contains", Path(variables_.back().path),
                     NumberLiteral(random_.Pick(kNumbers)));
    default:
      return CompareTexts();
  }
}

Json ExpressionGenerator::Number(int depth) {
  const std::uint64_t choice = random_.Below(100);
  if (depth > 0 && choice < 15) {
    static const Texts functions = {"+", "-", "*"};
    Json right = random_.Chance(60) ? NumberLiteral(random_.Pick(kNumbers)) : Number(0);
    Json operands = Json::List({});
    operands.items.push_back(Number(depth - 1));
    operands.items.push_back(std::move(right));
    if (random_.Chance(20)) std::swap(operands.items[0], operands.items[1]);
    return Call(random_.Pick(functions), operands.items);
  }
  if (choice < 28) {
    static const std::vector<Sort> sorts = {Sort::Text, Sort::Texts, Sort::Records, Sort::Mails};
    return Call("length", {PathOf(random_.Pick(sorts))});
  }
  if (choice < 36) return Call("port", {PathOf(Sort::Url)});
  if (choice < 46 && variables_.size() < 2) return Quantifier("count", 1);
  const std::string path = PathText(Sort::Number);
  if (choice < 62 && path.starts_with("args"))
    return Json::Record({{"else", Text(path)}, {"literal", Json::Number(random_.Pick(kNumbers))}});
  return Path(path);
}

Json ExpressionGenerator::Amount() {
  const std::uint64_t choice = random_.Below(100);
  if (choice < 40) return PathOf(Sort::Number);
  if (choice < 60) return Call("length", {PathOf(random_.Chance(50) ? Sort::Mails : Sort::Text)});
  if (choice < 70)
    return Call("*", {PathOf(Sort::Number), NumberLiteral(random_.Chance(50) ? "2" : "0.5")});
  if (choice < 80) return NumberLiteral(random_.Chance(50) ? "2" : "0.5");
  return Number();
}

Json ExpressionGenerator::TextValue() {
  const std::uint64_t choice = random_.Below(100);
  if (choice < 12) return Call("lower", {PathOf(Sort::Text)});
  if (choice < 20) return Call("domain", {PathOf(Sort::Mail)});
  if (choice < 28) return Call("host", {PathOf(Sort::Url)});
  if (choice < 36) return Call("scheme", {PathOf(Sort::Url)});
  if (choice < 44) return Call("join", {TextList(), TextLiteral(random_.Pick(kSeparators))});
  if (choice < 54)
    return Json::Record({{"part", Call(random_.Chance(70) ? "words" : "sql_verbs",
                                       {PathOf(random_.Chance(70) ? Sort::Command : Sort::Sql)})},
                         {"step", Json::Number(std::to_string(random_.Below(2)))}});
  const std::string path = PathText(Sort::Text);
  if (choice < 66 && path.starts_with("args"))
    return Json::Record({{"else", Text(path)}, {"literal", Text(random_.Pick(kWords))}});
  return Path(path);
}

Json ExpressionGenerator::TimeValue() {
  const std::uint64_t choice = random_.Below(100);
  if (choice < 25) return Path("now");
  Json time = random_.Chance(50)
                  ? Call("time", {PathOf(Sort::TimeText)})
                  : Call("time", {PathOf(Sort::TimeText), TextLiteral(random_.Pick(kZones))});
  if (choice < 75) return time;
  return Call(choice < 88 ? "+" : "-",
              {std::move(time), random_.Chance(70)
                                    ? Json::Record({{"duration", Text(random_.Pick(kDurations))}})
                                    : DurationValue()});
}

Json ExpressionGenerator::DurationValue() {
  const std::uint64_t choice = random_.Below(100);
  Json difference =
      Call("-", {random_.Chance(50) ? Path("now") : Call("time", {PathOf(Sort::TimeText)}),
                 Call("time", {PathOf(Sort::TimeText)})});
  if (choice < 60) return difference;
  if (choice < 75) {
    Json duration = Json::Record({{"duration", Text(random_.Pick(kDurations))}});
    Json times = PathOf(Sort::Number);
    if (random_.Chance(30)) std::swap(duration, times);
    return Call("*", {std::move(duration), std::move(times)});
  }
  return Call(
      choice < 88 ? "+" : "-",
      {std::move(difference), Json::Record({{"duration", Text(random_.Pick(kDurations))}})});
}

Json ExpressionGenerator::TextList() {
  switch (random_.Below(6)) {
    case 0:
      return Call("split", {PathOf(Sort::Text), TextLiteral(random_.Pick(kSeparators))});
    case 1:
      return Call("words", {PathOf(Sort::Command)});
    case 2:
      return Call("sql_verbs", {PathOf(Sort::Sql)});
    default:
      return PathOf(Sort::Texts);
  }
}

}  // namespace differential
