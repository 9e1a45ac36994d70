#include "tests/differential/text_policy_generator.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/differential/expression_generator.h"

namespace differential {
namespace {

using reference::Json;
using Texts = std::vector<std::string>;

const Texts kTools = {"send", "send_mail", "read", "write.file", "größe", "a/b", "test", "x"};
const Texts kPatterns = {"send*", "*_mail", "*e*", "r*", "*"};

Json Text(std::string text) { return Json::String(std::move(text)); }

class Generator {
 public:
  explicit Generator(Random& random) : random_(random), expressions_(random) {}

  Json Policy() {
    Json tree = Json::Record(
        {{"form", Text("text")}, {"default", Text(random_.Chance(40) ? "allow" : "deny")}});
    static const Texts zones = {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"};
    if (random_.Chance(40)) tree.members.emplace_back("zone", Text(random_.Pick(zones)));
    if (random_.Chance(12)) {
      Json hide = Json::List({Text(random_.Pick(kTools))});
      if (random_.Chance(30)) hide.items.push_back(Text("hid*"));
      tree.members.emplace_back("hide", std::move(hide));
    }
    tree.members.emplace_back("counters", Counters());
    Json blocks = Json::List({});
    const std::size_t count = 1 + random_.Below(3);
    for (std::size_t i = 0; i < count; ++i) blocks.items.push_back(Block());
    tree.members.emplace_back("blocks", std::move(blocks));
    // Declared where they are used.
    Json lets = Json::List({});
    const std::string blocks_text = ToText(*tree.Find("blocks"));
    for (const Json& let : expressions_.lets()) {
      const std::string mention = "\"let\":" + ToText(*let.Find("let"));
      if (blocks_text.find(mention) != std::string::npos) lets.items.push_back(let);
    }
    tree.members.emplace_back("lets", std::move(lets));
    return tree;
  }

 private:
  std::string Unique() { return "<" + std::to_string(++texts_) + "> why"; }

  Json Counters() {
    static const Texts windows = {"second",   "minute", "hour", "day", "week", "month",
                                  "lifetime", "10m",    "1h",   "90s", "60s"};
    static const Texts whole = {"1", "2", "3", "5", "10"};
    static const Texts amounts = {"100", "99.5", "500.00", "12", "1000", "3"};
    Json counters = Json::List({});
    const std::size_t count = random_.Below(3);
    for (std::size_t i = 0; i < count; ++i) {
      Json counter = Json::Record({{"counter", Text("c" + std::to_string(i))}});
      is_amount_.push_back(random_.Chance(50));
      counter.members.emplace_back("max",
                                   Json::Number(random_.Pick(is_amount_.back() ? amounts : whole)));
      AddMeasure(random_.Pick(windows), counter);
      if (random_.Chance(30))
        counter.members.emplace_back("scale", Json::Number(std::to_string(2 + random_.Below(3))));
      if (random_.Chance(60)) counter.members.emplace_back("each", Scopes());
      if (random_.Chance(30)) counter.members.emplace_back("on_error", Text("refund"));
      counters.items.push_back(std::move(counter));
    }
    return counters;
  }

  // Its window and kind. A sliding counter is exact only of calls.
  void AddMeasure(std::string window, Json& counter) {
    is_bucket_.push_back(false);
    if (!random_.Chance(40)) {
      counter.members.emplace_back("window", Text(window));
      return;
    }
    static const Texts algorithms = {"bucket", "concurrency", "sliding"};
    const std::string algorithm = algorithms[random_.Below(is_amount_.back() ? 2 : 3)];
    if (window == "month" || window == "lifetime") window = "week";
    if (algorithm != "concurrency") counter.members.emplace_back("window", Text(window));
    counter.members.emplace_back("algorithm", Text(algorithm));
    is_bucket_.back() = algorithm == "bucket";
    if (is_bucket_.back() && random_.Chance(70))
      counter.members.emplace_back("burst", Json::Number(std::to_string(random_.Below(12))));
  }

  Json Scopes() {
    static const Texts names = {"grant", "session", "tool", "server", "global", "claims.sub"};
    Json scopes = Json::List({Text(random_.Pick(names))});
    if (random_.Chance(30)) scopes.items.push_back(Text(expressions_.ArgumentPath()));
    return scopes;
  }

  Json Block() {
    Json patterns = Json::List({});
    const std::size_t count = random_.Chance(25) ? 2 : 1;
    while (patterns.items.size() < count) {
      Json next = Text(random_.Chance(70) ? random_.Pick(kTools) : random_.Pick(kPatterns));
      bool is_new = true;
      for (const Json& item : patterns.items) is_new = is_new && item.text != next.text;
      if (is_new) patterns.items.push_back(std::move(next));
    }
    const bool is_for_all = count == 1 && patterns.items[0].text == "*";
    Json block = Json::Record({{"patterns", std::move(patterns)}});
    if (random_.Chance(15))
      block.members.emplace_back("server", Text(random_.Chance(70) ? "default" : "other"));
    block.members.emplace_back("rules", Rules(!is_for_all));
    return block;
  }

  Json Rules(bool may_admit) {
    Json rules = Json::List({});
    const auto add = [&](Json rule) { rules.items.push_back(std::move(rule)); };
    if (may_admit && random_.Chance(75)) add(Conditional("allow", 50));
    if (may_admit && random_.Chance(20)) add(Conditional("allow", 90));
    if (random_.Chance(50)) add(Conditional("deny", 95));
    if (random_.Chance(35)) add(Conditional("deny", 95));
    if (random_.Chance(40)) add(Conditional("require", 100));
    if (random_.Chance(25)) add(Approval());
    if (random_.Chance(12)) add(CloseArguments());
    if (!is_amount_.empty() && random_.Chance(50)) add(Limit());
    if (!is_amount_.empty() && random_.Chance(20)) add(Limit());
    if (rules.items.empty()) add(Conditional("deny", 100));
    if (random_.Chance(40)) random_.Shuffle(rules.items);
    return rules;
  }

  Json Conditional(const std::string& kind, std::uint64_t when_percent) {
    Json rule = Json::Record({{"rule", Text(kind)}});
    if (random_.Chance(25))
      rule.members.emplace_back("name", Text("rule " + std::to_string(++names_)));
    if (random_.Chance(when_percent)) rule.members.emplace_back("when", expressions_.Condition());
    if (random_.Chance(60)) rule.members.emplace_back("because", Text(Unique()));
    return rule;
  }

  Json Approval() {
    Json rule = Conditional("approve", 90);
    if (random_.Chance(60))
      rule.members.emplace_back("from", Text(random_.Chance(50) ? "finance" : "ops"));
    if (random_.Chance(50)) rule.members.emplace_back("within", Text("10m"));
    return rule;
  }

  Json CloseArguments() {
    static const Texts all = {"n",       "amount", "s",    "branch", "kind", "flag",    "deep",
                              "odd key", "to",     "from", "cc",     "url",  "path",    "when",
                              "tags",    "items",  "list", "sql",    "rows", "numbers", "command"};
    Json names = Json::List({});
    for (const std::string& name : all) {
      if (random_.Chance(90)) names.items.push_back(Text(name));
    }
    return Json::Record({{"rule", Text("args")}, {"names", std::move(names)}});
  }

  Json Limit() {
    const std::size_t counter = random_.Below(is_amount_.size());
    Json rule =
        Json::Record({{"rule", Text("limit")}, {"counter", Text("c" + std::to_string(counter))}});
    if (is_amount_[counter]) rule.members.emplace_back("cost", Cost(counter));
    if (random_.Chance(25) && !is_bucket_[counter])
      rule.members.emplace_back("up to", Json::Number(random_.Chance(50) ? "2" : "50"));
    if (random_.Chance(15))
      rule.members.emplace_back("on_error", Text(random_.Chance(50) ? "keep" : "refund"));
    if (random_.Chance(20)) rule.members.emplace_back("because", Text(Unique()));
    return rule;
  }

  // One counter has one cost, as a tool may have it once only.
  const Json& Cost(std::size_t counter) {
    while (costs_.size() <= counter) costs_.push_back(expressions_.Amount());
    return costs_[counter];
  }

  Random& random_;
  ExpressionGenerator expressions_;
  std::vector<bool> is_amount_;  // of each counter; else it counts calls
  std::vector<bool> is_bucket_;  // likewise: all limits of it have one maximum
  std::vector<Json> costs_;
  int texts_ = 0;
  int names_ = 0;
};

}  // namespace

Json GenerateTextPolicy(Random& random) { return Generator(random).Policy(); }

}  // namespace differential
