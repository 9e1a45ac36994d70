#include "tests/differential/policy_generator.h"

#include <string>
#include <utility>
#include <vector>

namespace differential {
namespace {

using reference::Json;

const std::vector<std::string> kTools = {"send",   "send_text", "send_mail", "read", "write.file",
                                         "refund", "größe",     "a/b~c",     "Send", "x"};
const std::vector<std::string> kPatterns = {"send*",  "*",    "*_text", "s*d*",   "*re*",
                                            "write*", "gr*e", "*a*",    "send_*", "r*"};
const std::vector<std::string> kZones = {"UTC",
                                         "Europe/Berlin",
                                         "America/New_York",
                                         "Asia/Kolkata",
                                         "Africa/Cairo",
                                         "Asia/Beirut",
                                         "America/Havana",
                                         "America/Santiago",
                                         "Pacific/Apia",
                                         "Asia/Tehran",
                                         "America/Asuncion",
                                         "Pacific/Chatham",
                                         "Australia/Lord_Howe"};
const std::vector<std::string> kStrings = {
    "",     "a",          "ab",    "abc",   "b",
    "main", "agent/x",    "Mon",   "größe", "\xF0\x9F\x98\x80",
    "a\"b", "back\\",     "1",     "true",  "x@example.com",
    "null", "line\nfeed", "tab\t", "\x7F",  "e\xCC\x81"};
const std::vector<std::string> kNumbers = {
    "0",           "1",     "2",      "-1",   "100", "99.5", "0.1", "1e2",
    "1e18",        "1e-18", "500.00", "-0.0", "3",   "4",    "5",   "9007199254740992",
    "12345678.875"};
const std::vector<std::string> kRegexes = {
    "a", "^a",     "b$", "a.c",           "^$",      "(?i)A",  "\\d+", "^[a-z]+$", "main|x",
    "ö", "a{2,3}", ".",  "\\.(env|pem)$", "^agent/", "(a|b)*c"};
const std::vector<std::string> kBases = {"/srv",  "/srv/app", "/",
                                         "/a/b/", "/größe",   "/srv/app/deep"};
const std::vector<std::string> kHosts = {"example.com", "*.example.com", "localhost",
                                         "127.0.0.1",   "api.x.org",     "*.org"};
const std::vector<std::string> kTimes = {"2026-03-29T01:00:00Z", "2026-10-25T00:59:59Z",
                                         "2026-06-01T00:00:00Z", "2026-04-01T12:00:00Z"};

// What kind of values a path is meant for.
enum class Kind { Number, String, Bool, List, PathText, Url, Any };

struct Place {
  std::string path;
  Kind kind;
};

const std::vector<Place> kArguments = {
    {"args.n", Kind::Number},
    {"args.amount", Kind::Number},
    {"args.s", Kind::String},
    {"args.to", Kind::String},
    {"args.flag", Kind::Bool},
    {"args.list", Kind::List},
    {"args.path", Kind::PathText},
    {"args.url", Kind::Url},
    {"args.any", Kind::Any},
    {"args.deep.a.b", Kind::Any},
    {"args.deep.a", Kind::Any},
    {"args.deep.n", Kind::Number},
    {"args.items[0]", Kind::Any},
    {"args.items[1].id", Kind::String},
    {"args.items[2][0]", Kind::Number},
    {"args[\"odd key\"]", Kind::String},
    {"args[\"q\\\"uote\"]", Kind::Any},
    {"args[\"back\\\\slash\"].x", Kind::Number},
    {"args[\"größe\"]", Kind::Number},
    {"args[\"\"]", Kind::Any},
    {"args[\"with.dot\"][\"a[0]\"]", Kind::Bool},
    {"args.l1.l2.l3.l4.l5.l6.l7.l8", Kind::Any},
};

const std::vector<Place> kContext = {
    {"tool.name", Kind::String},
    {"tool.server", Kind::String},
    {"tool.annotations.readOnlyHint", Kind::Bool},
    {"tool.category", Kind::String},
    {"grant.id", Kind::String},
    {"grant.label", Kind::String},
    {"grant.tags", Kind::List},
    {"grant.attributes.team", Kind::String},
    {"grant.attributes.level", Kind::Number},
    {"claims.sub", Kind::String},
    {"claims.org.id", Kind::Number},
    {"claims.admin", Kind::Bool},
    {"client.name", Kind::String},
    {"client.version", Kind::String},
    {"now.hour", Kind::Number},
    {"now.minute", Kind::Number},
};

Json Text(std::string text) { return Json::String(std::move(text)); }

class Generator {
 public:
  explicit Generator(Random& random) : random_(random) {
    const std::size_t count = 2 + random_.Below(5);
    for (std::size_t i = 0; i < count; ++i) places_.push_back(random_.Pick(kArguments));
    const std::size_t counters = random_.Below(4);
    for (std::size_t i = 0; i < counters; ++i) counters_.push_back(MakeCounter(i));
  }

  Json Policy() {
    std::vector<Json::Member> members;
    members.emplace_back("version", Text("1"));
    members.emplace_back("default", Text(random_.Chance(40) ? "allow" : "deny"));
    if (random_.Chance(50)) members.emplace_back("zone", Text(random_.Pick(kZones)));
    if (random_.Chance(15)) members.emplace_back("description", Text("generated"));
    if (random_.Chance(15)) members.emplace_back("hide", Hide());
    if (random_.Chance(20) && !counters_.empty())
      members.emplace_back("all_tools", Json::Record({{"limits", Limits(1)}}));
    Json tools = Json::Record();
    const std::size_t count = 1 + random_.Below(4);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = random_.Chance(65) ? random_.Pick(kTools) : random_.Pick(kPatterns);
      if (tools.Find(name) == nullptr) tools.members.emplace_back(name, Entry());
    }
    members.emplace_back("tools", std::move(tools));
    if (random_.Chance(30)) random_.Shuffle(members);
    return Json::Record(std::move(members));
  }

 private:
  struct Counter {
    std::string name;
    Json window;
    Json scope = Json::Null();  // null: not written
    Json cost = Json::Null();
    std::string scale;      // empty: not written
    std::string algorithm;  // likewise
    std::string max;        // of a bucket, all of whose limits have one
    std::string burst;
    bool refund = false;
  };

  std::string Unique() { return "<" + std::to_string(++texts_) + ">"; }

  Json Window() {
    static const std::vector<std::string> names = {"second", "minute", "hour",    "day",
                                                   "week",   "month",  "lifetime"};
    if (random_.Chance(70)) return Text(random_.Pick(names));
    static const std::vector<std::string> seconds = {"1", "60", "90", "3600", "86400", "7"};
    return Json::Number(random_.Pick(seconds));
  }

  Json OneScope() {
    static const std::vector<std::string> names = {"grant", "session", "tool", "server", "global"};
    switch (random_.Below(4)) {
      case 0:
        return Json::Record({{"claim", Text(random_.Chance(70) ? "sub" : "org.id")}});
      case 1: {
        const std::string& path = random_.Pick(places_).path;
        if (path.starts_with("args.")) return Json::Record({{"arg", Text(path.substr(5))}});
        [[fallthrough]];
      }
      default:
        return Text(random_.Pick(names));
    }
  }

  Counter MakeCounter(std::size_t index) {
    Counter counter;
    counter.name = "c" + std::to_string(index);
    counter.window = Window();
    if (random_.Chance(60)) counter.scope = OneScope();
    if (random_.Chance(15)) {
      counter.scope = Json::List({OneScope()});
      Json second = OneScope();
      if (ToText(second) != ToText(counter.scope.items[0]))
        counter.scope.items.push_back(std::move(second));
    }
    if (random_.Chance(50)) {
      counter.cost = Text(random_.Pick(places_).path);
      if (random_.Chance(30)) counter.cost = Json::Record({{"length", Json(counter.cost)}});
    }
    if (random_.Chance(50)) counter.scale = std::to_string(random_.Below(5));
    counter.refund = random_.Chance(30);
    if (random_.Chance(40)) ChooseAlgorithm(counter);
    return counter;
  }

  // A sliding counter is exact only of calls; sums of amounts it may round up.
  void ChooseAlgorithm(Counter& counter) {
    const bool counts_calls = counter.cost.Is(Json::Kind::Null);
    static const std::vector<std::string> algorithms = {"bucket", "concurrency", "sliding"};
    counter.algorithm = algorithms[random_.Below(counts_calls ? 3 : 2)];
    const bool has_span = counter.algorithm != "concurrency" &&
                          (counter.window.text == "month" || counter.window.text == "lifetime");
    if (has_span) counter.window = Text("day");
    if (counter.algorithm != "bucket") return;
    static const std::vector<std::string> maxima = {"0", "1", "3", "7", "100", "1e3"};
    counter.max = random_.Pick(maxima);
    if (random_.Chance(70)) counter.burst = std::to_string(random_.Below(12));
  }

  Json Limit(const Counter& counter) {
    Json limit = Json::Record({{"counter", Text(counter.name)}});
    if (counter.algorithm != "concurrency") limit.members.emplace_back("window", counter.window);
    static const std::vector<std::string> whole = {"0", "1", "2", "3", "5", "10", "100", "1e3"};
    static const std::vector<std::string> amounts = {"100", "500", "99", "1000", "12", "9e9"};
    const bool has_cost = !counter.cost.Is(Json::Kind::Null);
    const std::string max = random_.Pick(has_cost ? amounts : whole);
    limit.members.emplace_back("max", Json::Number(counter.max.empty() ? max : counter.max));
    if (!counter.burst.empty()) limit.members.emplace_back("burst", Json::Number(counter.burst));
    if (!counter.scope.Is(Json::Kind::Null)) limit.members.emplace_back("scope", counter.scope);
    if (has_cost) limit.members.emplace_back("cost", counter.cost);
    if (!counter.scale.empty()) limit.members.emplace_back("scale", Json::Number(counter.scale));
    if (counter.refund && random_.Chance(80))
      limit.members.emplace_back("on_error", Text("refund"));
    if (!counter.algorithm.empty() || random_.Chance(10)) {
      limit.members.emplace_back("algorithm",
                                 Text(counter.algorithm.empty() ? "fixed" : counter.algorithm));
    }
    return limit;
  }

  Json Limits(std::size_t at_least) {
    Json list = Json::List({});
    const std::size_t count = at_least + random_.Below(counters_.size());
    for (std::size_t i = 0; i < count; ++i) list.items.push_back(Limit(random_.Pick(counters_)));
    return list;
  }

  Json RateLimit() {
    static const std::vector<std::string> texts = {"1/minute", "2/hour",  "3/day",   "0/second",
                                                   "5/week",   "2/month", "4/minute"};
    if (random_.Chance(60)) return Text(random_.Pick(texts));
    return Json::Record(
        {{"max", Json::Number(std::to_string(random_.Below(4)))}, {"window", Window()}});
  }

  Json Hide() {
    Json list = Json::List({});
    const std::size_t count = 1 + random_.Below(2);
    for (std::size_t i = 0; i < count; ++i) {
      Json name = Text(random_.Chance(60) ? random_.Pick(kTools) : random_.Pick(kPatterns));
      if (name.text == "*") name.text = "hidden*";
      list.items.push_back(std::move(name));
    }
    if (count == 2 && list.items[0].text == list.items[1].text) list.items.pop_back();
    return list;
  }

  Json Scalar(Kind kind) {
    switch (kind) {
      case Kind::Number:
        return Json::Number(random_.Pick(kNumbers));
      case Kind::Bool:
        return Json::Bool(random_.Chance(50));
      case Kind::PathText:
        return Text(random_.Pick(kBases));
      case Kind::Url:
        return Text("https://" + random_.Pick(kHosts) + "/x");
      case Kind::String:
        return Text(random_.Pick(kStrings));
      default: {
        static const std::vector<Kind> kinds = {Kind::Number, Kind::Bool, Kind::String};
        return Scalar(random_.Pick(kinds));
      }
    }
  }

  static Kind KindOf(const Json& scalar) {
    if (scalar.Is(Json::Kind::Number)) return Kind::Number;
    return scalar.Is(Json::Kind::Bool) ? Kind::Bool : Kind::String;
  }

  Json Set(Kind kind) {
    static const std::vector<std::size_t> sizes = {1, 2, 3, 5, 8, 9, 16, 40};
    std::size_t size = random_.Pick(sizes);
    if (random_.Chance(3)) size = 200;
    Json set = Json::List({Scalar(kind)});
    const Kind of_all = KindOf(set.items[0]);
    while (set.items.size() < size && of_all != Kind::Bool) {
      Json next = Scalar(of_all);
      if (set.items.size() >= 5)
        next = of_all == Kind::Number ? Json::Number(std::to_string(random_.Below(5000)))
                                      : Text("member " + std::to_string(random_.Below(5000)));
      bool is_new = true;
      for (const Json& item : set.items) is_new = is_new && ToText(item) != ToText(next);
      if (is_new || random_.Chance(20)) set.items.push_back(std::move(next));
    }
    return set;
  }

  std::string Operator(Kind kind) {
    static const std::vector<std::string> any = {"eq", "neq", "in", "not_in", "exists", "contains"};
    static const std::vector<std::string> number = {"lt", "lte", "gt", "gte"};
    static const std::vector<std::string> text = {"regex", "contains", "starts_with", "ends_with"};
    if (random_.Chance(6)) kind = random_.Pick(kArguments).kind;
    switch (kind) {
      case Kind::Number:
        return random_.Pick(random_.Chance(60) ? number : any);
      case Kind::String:
        return random_.Pick(random_.Chance(60) ? text : any);
      case Kind::List:
        return random_.Chance(75) ? "contains" : random_.Pick(any);
      case Kind::PathText:
        return random_.Chance(70) ? "under" : random_.Pick(text);
      case Kind::Url:
        return random_.Chance(70) ? "host_in" : random_.Pick(text);
      default:
        return random_.Pick(any);
    }
  }

  Json Condition() {
    if (random_.Chance(25) && !conditions_.empty()) return random_.Pick(conditions_);
    Json condition = random_.Chance(6) ? TimeCondition() : PlaceCondition();
    if (random_.Chance(20)) random_.Shuffle(condition.members);
    conditions_.push_back(condition);
    return condition;
  }

  Json TimeCondition() {
    static const std::vector<std::string> orders = {"lt", "lte", "gt", "gte"};
    static const std::vector<std::string> days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    switch (random_.Below(3)) {
      case 0:
        return Json::Record({{"path", Text("now")},
                             {"op", Text(random_.Pick(orders))},
                             {"value", Text(random_.Pick(kTimes))}});
      case 1:
        return Json::Record(
            {{"path", Text("now.weekday")},
             {"op", Text(random_.Chance(50) ? "in" : "not_in")},
             {"value", Json::List({Text(random_.Pick(days)), Text(random_.Pick(days)),
                                   Text(random_.Pick(days))})}});
      default:
        return Json::Record({{"path", Text("now.date")},
                             {"op", Text("starts_with")},
                             {"value", Text(random_.Chance(50) ? "2026-03" : "2026-10-2")}});
    }
  }

  Json PlaceCondition() {
    const Place& place = random_.Chance(80) ? random_.Pick(places_) : random_.Pick(kContext);
    const std::string op = Operator(place.kind);
    Json condition = Json::Record({{"path", Text(place.path)}, {"op", Text(op)}});
    if (op == "exists") {
      condition.members.emplace_back("value", Json::Bool(random_.Chance(50)));
      if (random_.Chance(5)) condition.members.emplace_back("absent", Scalar(Kind::Any));
      return condition;
    }
    Json absent = Scalar(place.kind);
    Json value;
    if (op == "in" || op == "not_in") {
      value = Set(place.kind);
      absent = Scalar(KindOf(value.items[0]));
    } else if (op == "lt" || op == "lte" || op == "gt" || op == "gte") {
      value = Scalar(Kind::Number);
      absent = Scalar(Kind::Number);
    } else if (op == "regex") {
      value = Text(random_.Pick(kRegexes));
      absent = Scalar(Kind::String);
    } else if (op == "starts_with" || op == "ends_with") {
      value = Scalar(Kind::String);
      if (value.text.empty()) value.text = "a";
      absent = Scalar(Kind::String);
    } else if (op == "under") {
      value = Text(random_.Pick(kBases));
      absent = Text("/srv/app/x");
    } else if (op == "host_in") {
      value = Json::List({Text(random_.Pick(kHosts)), Text(random_.Pick(kHosts))});
      if (value.items[0].text == value.items[1].text) value.items.pop_back();
      absent = Text("https://example.com");
    } else {
      value = Scalar(place.kind);
      if (op == "contains" && value.text.empty()) value = Text("a");
      absent = Scalar(KindOf(value));
    }
    condition.members.emplace_back("value", std::move(value));
    if (random_.Chance(25) && place.path.starts_with("args"))
      condition.members.emplace_back("absent", std::move(absent));
    return condition;
  }

  Json Conditions(std::size_t at_least) {
    Json list = Json::List({});
    const std::size_t count = at_least + random_.Below(3);
    for (std::size_t i = 0; i < count; ++i) list.items.push_back(Condition());
    return list;
  }

  Json Rule(bool may_be_empty, bool is_approval) {
    Json rule =
        Json::Record({{"conditions", Conditions(may_be_empty && random_.Chance(5) ? 0 : 1)}});
    if (random_.Chance(60)) rule.members.emplace_back("on_deny", Text(Unique() + " why"));
    if (is_approval && random_.Chance(50)) {
      rule.members.emplace_back("from", Text(random_.Chance(50) ? "finance" : "ops"));
      if (random_.Chance(50)) rule.members.emplace_back("within", Text("10m"));
    }
    if (random_.Chance(10)) random_.Shuffle(rule.members);
    return rule;
  }

  Json Rules(bool may_be_empty, bool is_approval) {
    Json list = Json::List({});
    const std::size_t count = 1 + random_.Below(3);
    for (std::size_t i = 0; i < count; ++i) list.items.push_back(Rule(may_be_empty, is_approval));
    return list;
  }

  // Many rules that compare one path with a literal each: what a rule index is made for.
  Json IndexedRules() {
    Json list = Json::List({});
    const Place& place = random_.Pick(places_);
    const Kind kind = random_.Chance(50) ? Kind::Number : Kind::String;
    const std::size_t count = 4 + random_.Below(12);
    for (std::size_t i = 0; i < count; ++i) {
      Json rule = Rule(false, false);
      Json literal = random_.Chance(70) ? Scalar(kind) : Scalar(Kind::Any);
      Json equal =
          Json::Record({{"path", Text(place.path)}, {"op", Text("eq")}, {"value", literal}});
      if (random_.Chance(20)) {
        *equal.Find("op") = Text("in");
        *equal.Find("value") = Set(kind);
      }
      if (random_.Chance(10)) equal.members.emplace_back("absent", Scalar(KindOf(literal)));
      Json& conditions = *rule.Find("conditions");
      if (random_.Chance(50)) conditions.items.clear();
      conditions.items.insert(conditions.items.begin(), std::move(equal));
      if (random_.Chance(20)) random_.Shuffle(conditions.items);
      list.items.push_back(std::move(rule));
    }
    return list;
  }

  // The names at the top of the argument paths that this policy speaks of.
  Json ArgumentNames() {
    static const std::vector<std::string> names = {
        "n",   "amount", "s",     "to", "flag",  "list",    "path",    "url",
        "any", "deep",   "items", "l1", "größe", "odd key", "with.dot"};
    Json list = Json::List({});
    for (const std::string& name : names) {
      if (random_.Chance(85)) list.items.push_back(Text(name));
    }
    return list;
  }

  Json Entry() {
    std::vector<Json::Member> members;
    const std::uint64_t action = random_.Below(100);
    if (action < 8) {
      members.emplace_back("action", Text("deny"));
      if (random_.Chance(80)) {
        if (random_.Chance(50)) members.emplace_back("reason", Text(Unique() + " entry"));
        return Json::Record(std::move(members));
      }
    } else if (action < 16) {
      members.emplace_back("action", Text("require_approval"));
    } else if (action < 30) {
      members.emplace_back("action", Text("allow"));
    }
    if (random_.Chance(15)) members.emplace_back("args", ArgumentNames());
    if (random_.Chance(30)) members.emplace_back("require", Rules(false, false));
    if (random_.Chance(60)) {
      members.emplace_back("deny_if", random_.Chance(15) ? IndexedRules() : Rules(true, false));
    }
    const bool approves = random_.Chance(20);
    if (approves) members.emplace_back("approve_if", Rules(true, true));
    if (approves && random_.Chance(40))
      members.emplace_back("approval",
                           Json::Record({{"from", Text("team")}, {"within", Text("1h")}}));
    if (!counters_.empty() && random_.Chance(45)) members.emplace_back("limits", Limits(1));
    if (random_.Chance(12)) members.emplace_back("rate_limit", RateLimit());
    if (random_.Chance(25)) members.emplace_back("reason", Text(Unique() + " entry"));
    if (random_.Chance(30)) random_.Shuffle(members);
    return Json::Record(std::move(members));
  }

  Random& random_;
  std::vector<Place> places_;
  std::vector<Counter> counters_;
  std::vector<Json> conditions_;
  int texts_ = 0;
};

}  // namespace

Json GeneratePolicy(Random& random) { return Generator(random).Policy(); }

}  // namespace differential
