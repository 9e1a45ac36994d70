// The text form, read by recursive descent. Like all of the reference it judges no policy.
#include <exception>
#include <map>
#include <set>

#include "tests/reference/expression_reader.h"
#include "tests/reference/policy.h"
#include "tests/reference/token.h"

namespace reference {
namespace {

struct Counter {
  std::string algorithm = "fixed";
  std::string window;
  std::int64_t max_units = 0;
  int scale = 0;
  std::optional<std::int64_t> burst_units;
  std::vector<Scope> scopes = {{"grant", {}}};
  bool refund = false;
};

std::string Join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

std::int64_t UnitsOf(const std::string& number, int scale) {
  const auto units = ScaledInteger(ReadDigits(number), scale);
  if (!units) throw TokenProblem{"amount " + number};
  return *units;
}

class PolicyReader {
 public:
  explicit PolicyReader(std::string_view text) : tokens_(text), expressions_(tokens_, lets_) {}

  Policy Read() {
    // What is declared may be named before.
    const Tokens start = tokens_;
    while (!tokens_.NextIs(Token::Kind::End)) {
      if (!Declaration()) tokens_.Need(tokens_.Next().kind);
    }
    tokens_ = start;
    while (!tokens_.NextIs(Token::Kind::End)) Statement();
    policy_.entries.insert(policy_.entries.begin(), hidden_.begin(), hidden_.end());
    return std::move(policy_);
  }

 private:
  bool Declaration() {
    if (tokens_.NextIs("let") && tokens_.NextIs("=", 2)) {
      tokens_.Need("let");
      const std::string name = tokens_.Need(Token::Kind::Word);
      tokens_.Need("=");
      lets_[name] = expressions_.LiteralOrList();
      return true;
    }
    if (tokens_.NextIs("counter") && tokens_.NextIs("=", 2)) {
      tokens_.Need("counter");
      ReadCounter();
      return true;
    }
    return false;
  }

  void Statement() {
    if (Declaration()) return;
    const std::string word = tokens_.Need(Token::Kind::Word);
    if (word == "policy") {
      tokens_.Need(Token::Kind::String);
    } else if (word == "default") {
      policy_.default_allows = tokens_.Need(Token::Kind::Word) == "allow";
    } else if (word == "zone") {
      policy_.zone = tokens_.Need(Token::Kind::String);
    } else if (word == "hide") {
      for (const std::string& pattern : Names()) Hide(pattern);
    } else if (word == "tool") {
      Block();
    } else if (word == "test") {
      tokens_.Need(Token::Kind::String);
      SkipBraces();
    } else {
      throw TokenProblem{"statement " + word};
    }
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names = {tokens_.NeedName()};
    while (tokens_.Take(",")) names.push_back(tokens_.NeedName());
    return names;
  }

  void Hide(const std::string& pattern) {
    Rule rule;
    rule.kind = RuleKind::Hide;
    rule.id = "hide/" + pattern;
    hidden_.push_back({{pattern}, std::nullopt, {rule}});
  }

  void SkipBraces() {
    tokens_.Need("{");
    for (int depth = 1; depth > 0;) {
      if (tokens_.NextIs("{")) ++depth;
      if (tokens_.NextIs("}")) --depth;
      if (tokens_.NextIs(Token::Kind::End)) throw TokenProblem{"a brace without an end"};
      tokens_.Need(tokens_.Next().kind);
    }
  }

  std::string Window() {
    if (tokens_.NextIs(Token::Kind::Duration))
      return std::to_string(SecondsOf(tokens_.Need(Token::Kind::Duration)));
    return tokens_.Need(Token::Kind::Word);
  }

  Scope OneScope() {
    const Path path = expressions_.NeedPath();
    if (path.steps.empty()) return {path.root, {}};
    return {path.root == "claims" ? "claim" : "arg", path};
  }

  // `on error keep|refund`; `on store error …` says nothing where the store never fails.
  bool TakeOnError(bool& refund) {
    if (!tokens_.Take("on")) return false;
    const bool is_store = tokens_.Take("store");
    tokens_.Need("error");
    const std::string word = tokens_.Need(Token::Kind::Word);
    if (!is_store) refund = word == "refund";
    return true;
  }

  void ReadCounter() {
    const std::string name = tokens_.NeedName();
    Counter counter;
    tokens_.Need("=");
    const std::string amount = tokens_.Need(Token::Kind::Number);
    counter.scale = DecimalsWritten(amount);
    if (tokens_.Take("at")) {
      tokens_.Need("once");
      counter.algorithm = "concurrency";
      counter.window = "lifetime";
    } else {
      tokens_.Need("per");
      counter.window = Window();
    }
    std::string burst;
    for (;;) {
      if (tokens_.Take("sliding")) {
        counter.algorithm = "sliding";
      } else if (tokens_.Take("bucket")) {
        counter.algorithm = "bucket";
        if (tokens_.Take("burst")) burst = tokens_.Need(Token::Kind::Number);
      } else if (tokens_.Take("scale")) {
        counter.scale = std::stoi(tokens_.Need(Token::Kind::Number));
      } else if (tokens_.Take("each")) {
        counter.scopes = {OneScope()};
        while (tokens_.Take(",")) counter.scopes.push_back(OneScope());
      } else if (!TakeOnError(counter.refund)) {
        break;
      }
    }
    counter.max_units = UnitsOf(amount, counter.scale);
    if (!burst.empty()) counter.burst_units = UnitsOf(burst, counter.scale);
    for (const Scope& scope : counter.scopes) policy_.declared_scopes.push_back(scope);
    counters_[name] = counter;
  }

  void Block() {
    Entry entry;
    entry.patterns = Names();
    prefix_ = Join(entry.patterns);
    if (tokens_.NextIs("on") && tokens_.NextIs("server", 1)) {
      tokens_.Need("on");
      tokens_.Need("server");
      entry.server = tokens_.Need(Token::Kind::String);
      prefix_ += "@" + *entry.server;
    }
    tokens_.Need("{");
    while (!tokens_.Take("}")) RuleStatement(entry);
    policy_.entries.push_back(std::move(entry));
  }

  void RuleStatement(Entry& entry) {
    static const std::map<std::string, RuleKind> kinds = {
        {"allow", RuleKind::Allow},        {"deny", RuleKind::Deny},
        {"require", RuleKind::Require},    {"approve", RuleKind::Approve},
        {"limit", RuleKind::Limit},        {"charge", RuleKind::Limit},
        {"args", RuleKind::CloseArguments}};
    const std::string word = tokens_.Need(Token::Kind::Word);
    Rule rule;
    rule.kind = kinds.at(word);
    const std::string kind = word == "charge" ? "limit" : word;
    rule.id = prefix_ + "/" + kind + "/" + std::to_string(++numbers_[prefix_ + "/" + kind]);
    if (word == "args") {
      if (tokens_.Take("any")) return;
      tokens_.Need("only");
      rule.arguments = Names();
    } else if (rule.kind == RuleKind::Limit) {
      rule.limit = ReadLimit(word == "charge");
    } else {
      if (tokens_.NextIs(Token::Kind::String) && !OperatorFollows())
        rule.id = tokens_.Need(Token::Kind::String);
      if (word == "require" || tokens_.Take("when")) rule.condition = expressions_.Condition();
      if (word == "approve") ReadApproval(rule);
    }
    if (tokens_.Take("because")) rule.text = tokens_.Need(Token::Kind::String);
    entry.rules.push_back(std::move(rule));
  }

  // A text before a comparison begins a condition; else it is the rule's name.
  bool OperatorFollows() const {
    static const std::set<std::string> operators = {
        "==",   "!=",       "<",           "<=",        ">",     ">=",      "in", "matches",
        "like", "contains", "starts_with", "ends_with", "under", "host_in", "is"};
    if (tokens_.NextIs("not", 1)) return tokens_.NextIs("in", 2);
    const Token& next = tokens_.Next(1);
    return next.kind != Token::Kind::String && operators.contains(next.text);
  }

  void ReadApproval(Rule& rule) {
    for (;;) {
      if (tokens_.Take("from")) {
        rule.from = tokens_.Need(Token::Kind::String);
      } else if (tokens_.Take("within")) {
        rule.within_seconds = SecondsOf(tokens_.Need(Token::Kind::Duration));
      } else {
        return;
      }
    }
  }

  Limit ReadLimit(bool has_cost) {
    Limit limit;
    limit.counter = tokens_.NeedName();
    const Counter& counter = counters_.at(limit.counter);
    limit.algorithm = counter.algorithm;
    limit.burst_units = counter.burst_units;
    limit.window = counter.window;
    limit.max_units = counter.max_units;
    limit.scale = counter.scale;
    limit.scopes = counter.scopes;
    limit.refund = counter.refund;
    if (has_cost) limit.cost = expressions_.Sum();
    for (;;) {
      if (tokens_.Take("up")) {
        tokens_.Need("to");
        limit.max_units = UnitsOf(tokens_.Need(Token::Kind::Number), limit.scale);
      } else if (!TakeOnError(limit.refund)) {
        return limit;
      }
    }
  }

  Tokens tokens_;
  Lets lets_;
  ExpressionReader expressions_;
  std::map<std::string, Counter> counters_;
  std::map<std::string, int> numbers_;
  std::string prefix_;
  std::vector<Entry> hidden_;
  Policy policy_;
};

}  // namespace

std::optional<Policy> ReadTextPolicy(std::string_view text, std::string& problem) {
  try {
    return PolicyReader(text).Read();
  } catch (const TokenProblem& found) {
    problem = found.what;
  } catch (const std::exception& error) {  // names and numbers that are none
    problem = error.what();
  }
  return std::nullopt;
}

}  // namespace reference
