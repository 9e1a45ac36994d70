#include "grammar/policy_json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "grammar/json_fields.h"
#include "grammar/json_writer.h"
#include "grammar/policy_json_conditions.h"
#include "grammar/written_number.h"

namespace policy {

namespace {

// What the blocks say of one pattern, as one entry.
struct Entry {
  std::string pattern;
  Span span;
  bool admits = false;
  bool denies = false;  // without conditions
  std::optional<std::string> reason = {};
  std::optional<json::Value> args = {};
  std::optional<json::Value> rate_limit = {};
  json::Value require = json::MakeList({});
  json::Value deny_if = json::MakeList({});
  json::Value approve_if = json::MakeList({});
  json::Value limits = json::MakeList({});
};

json::Value WindowValue(const ast::Window& window) {
  const std::string& written = window.written.text;
  const bool is_word = written.find_first_of("0123456789") == std::string::npos;
  return is_word ? json::MakeString(written) : json::MakeNumber(fmt::format("{}", window.seconds));
}

json::Value ScopeValue(const ast::Scope& scope) {
  constexpr std::string_view kScopes[] = {"grant", "session", "tool", "server", "global"};
  if (scope.kind != ast::ScopeKind::Value) {
    return json::MakeString(std::string(kScopes[static_cast<std::size_t>(scope.kind)]));
  }
  json::Value record = json::MakeRecord();
  json::Add(record, scope.path.root.text == "claims" ? "claim" : "arg",
            json::MakeString(JsonPathText(scope.path, true)));
  return record;
}

class JsonWriter {
 public:
  JsonWriter(const ast::Policy& policy, const Source& source, Diagnostics& diagnostics)
      : policy_(policy),
        source_(source),
        diagnostics_(diagnostics),
        conditions_(policy, source, diagnostics) {
    for (const ast::Counter& counter : policy.counters) {
      counters_.emplace(counter.name.text, &counter.terms);
    }
  }

  std::optional<std::string> Write() {
    const std::size_t errors_before = diagnostics_.error_count();
    RefuseStatements();
    for (const ast::ToolBlock& block : policy_.blocks) NoteAdmission(block);
    for (const ast::ToolBlock& block : policy_.blocks) AddBlock(block);
    for (Entry& entry : entries_) {
      CheckEntry(entry);
      LeaveToReason(entry);
    }
    if (diagnostics_.error_count() != errors_before) return std::nullopt;
    if (!policy_.comments.empty()) {
      diagnostics_.Report(diag::CommentsLeftOut, source_, policy_.comments.front().span);
    }
    return json::Write(Document());
  }

 private:
  void RefuseStatements() {
    if (const auto& use = policy_.use_tools) {
      conditions_.Refuse(use->span, "`use tools`; give the lock to the programs by --tools:");
    }
    for (const ast::Test& test : policy_.tests) {
      conditions_.Refuse(test.name.span, "a test; a *.test.json beside it can");
    }
  }

  Entry& EntryFor(const ast::Word& pattern) {
    const auto [place, is_new] = entry_of_.try_emplace(pattern.text, entries_.size());
    if (is_new) entries_.push_back({.pattern = pattern.text, .span = pattern.span});
    return entries_[place->second];
  }

  // Whether an entry admits its tool decides how a denial of every call is said.
  void NoteAdmission(const ast::ToolBlock& block) {
    const bool admits = std::ranges::any_of(block.statements, [](const ast::Statement& statement) {
      return std::holds_alternative<ast::Allow>(statement.node);
    });
    for (const ast::Word& pattern : block.patterns) EntryFor(pattern).admits |= admits;
  }

  void AddBlock(const ast::ToolBlock& block) {
    if (block.server) conditions_.Refuse(block.server->span, "`on server`: it governs one server");
    for (const ast::Word& pattern : block.patterns) {
      Entry& entry = EntryFor(pattern);
      // Of several patterns each gets its own copy; a mistake is reported for the first.
      const bool is_first = &pattern == &block.patterns.front();
      for (const ast::Statement& statement : block.statements) {
        if (statement.name && is_first) {
          conditions_.Refuse(statement.name->span, "a rule's name");
        }
        if (is_first || diagnostics_.error_count() == 0) AddStatement(statement, entry);
      }
    }
  }

  static void AddRule(const ast::Statement& statement, json::Value conditions, json::Value& rules) {
    json::Value rule = json::MakeRecord();
    json::Add(rule, "conditions", std::move(conditions));
    if (statement.because) {
      json::Add(rule, "on_deny", json::MakeString(statement.because->text));
    }
    rules.items.push_back(std::move(rule));
  }

  void AddStatement(const ast::Statement& statement, Entry& entry) {
    struct Adder {
      JsonWriter& writer;
      const ast::Statement& statement;
      Entry& entry;

      void operator()(const ast::Allow& allow) const {
        if (allow.when) {
          return writer.conditions_.Refuse(statement.span, "`allow` with a condition");
        }
        SetReason();
      }
      void operator()(const ast::Deny& deny) const {
        if (deny.when) return writer.AddRules(statement, *deny.when, entry.deny_if);
        if (entry.admits || entry.denies) {
          return AddRule(statement, json::MakeList({}), entry.deny_if);
        }
        entry.denies = true;
        SetReason();
      }
      void operator()(const ast::Require& require) const {
        auto list = writer.conditions_.AllOf(require.condition_id);
        if (list) AddRule(statement, *std::move(list), entry.require);
      }
      void operator()(const ast::Approve& approve) const {
        const std::size_t first = entry.approve_if.items.size();
        if (approve.when) {
          writer.AddRules(statement, *approve.when, entry.approve_if);
        } else {
          writer.AddRule(statement, json::MakeList({}), entry.approve_if);
        }
        for (std::size_t i = first; i < entry.approve_if.items.size(); ++i) {
          AddApproval(approve, entry.approve_if.items[i]);
        }
      }
      void operator()(const ast::CloseArguments& close) const {
        if (entry.args) {
          return writer.conditions_.Refuse(statement.span, "`args only` twice for one tool");
        }
        std::vector<json::Value> names;
        for (const ast::Word& name : close.names) names.push_back(json::MakeString(name.text));
        entry.args = json::MakeList(std::move(names));
        SetReason();
      }
      void operator()(const ast::OpenArguments&) const {
        writer.conditions_.Refuse(statement.span, "`args any`");
      }
      void operator()(const ast::Limit& limit) const { writer.AddLimit(statement, limit, entry); }
      // The entry's own word: it speaks for every rule without one.
      void SetReason() const {
        if (!statement.because) return;
        if (entry.reason && *entry.reason != statement.because->text) {
          return writer.conditions_.Refuse(statement.because->span,
                                           "two messages of rules without conditions");
        }
        entry.reason = statement.because->text;
      }
    };
    std::visit(Adder{*this, statement, entry}, statement.node);
  }

  static void AddApproval(const ast::Approve& approve, json::Value& record) {
    if (approve.from) json::Add(record, "from", json::MakeString(approve.from->text));
    if (approve.within) json::Add(record, "within", json::MakeString(approve.within->written.text));
  }

  void AddRules(const ast::Statement& statement, ast::ExpressionId when, json::Value& rules) {
    auto lists = conditions_.AnyOf(when);
    if (!lists) return;
    for (json::Value& list : *lists) AddRule(statement, std::move(list), rules);
  }

  void AddLimit(const ast::Statement& statement, const ast::Limit& limit, Entry& entry) {
    if (statement.because) {
      return conditions_.Refuse(statement.because->span, "a message of a limit");
    }
    const auto declared = counters_.find(limit.counter.text);
    if (declared == counters_.end()) {
      return conditions_.Refuse(limit.counter.span, "a counter that is not declared");
    }
    const ast::CounterTerms& terms = *declared->second;
    if (IsRateLimit(limit, terms, entry)) {
      json::Value rate = json::MakeRecord();
      json::Add(rate, "max", json::MakeNumber(terms.max.text));
      json::Add(rate, "window", WindowValue(terms.window));
      entry.rate_limit = std::move(rate);
      return;
    }
    json::Value record = json::MakeRecord();
    json::Add(record, "counter", json::MakeString(limit.counter.text));
    const bool is_at_once = terms.algorithm == ast::Algorithm::Concurrency;
    if (!is_at_once) json::Add(record, "window", WindowValue(terms.window));
    json::Add(record, "max", json::MakeNumber((limit.max ? *limit.max : terms.max).text));
    AddTerms(limit, terms, record);
    if (limit.cost) {
      auto cost = conditions_.Cost(*limit.cost);
      if (!cost) return;
      json::Add(record, "cost", *std::move(cost));
    }
    entry.limits.items.push_back(std::move(record));
  }

  static void AddTerms(const ast::Limit& limit, const ast::CounterTerms& terms,
                       json::Value& record) {
    if (terms.algorithm != ast::Algorithm::Fixed) {
      json::Add(record, "algorithm", json::MakeString(std::string(NameOf(terms.algorithm))));
    }
    if (terms.burst) json::Add(record, "burst", json::MakeNumber(terms.burst->text));
    const std::int64_t scale = terms.scale ? *terms.scale : DecimalsOf(terms.max.text);
    if (scale != DecimalsOf((limit.max ? *limit.max : terms.max).text)) {
      json::Add(record, "scale", json::MakeNumber(fmt::format("{}", scale)));
    }
    if (terms.scopes.size() == 1) json::Add(record, "scope", ScopeValue(terms.scopes[0]));
    if (terms.scopes.size() > 1) {
      std::vector<json::Value> scopes;
      for (const ast::Scope& scope : terms.scopes) scopes.push_back(ScopeValue(scope));
      json::Add(record, "scope", json::MakeList(std::move(scopes)));
    }
    if (limit.on_error.value_or(terms.on_error) == ast::OnError::Refund) {
      json::Add(record, "on_error", json::MakeString("refund"));
    }
    const auto on_store_error = limit.on_store_error.value_or(terms.on_store_error);
    if (on_store_error != ast::OnStoreError::Deny) {
      const bool allows = on_store_error == ast::OnStoreError::Allow;
      json::Add(record, "on_store_error", json::MakeString(allows ? "allow" : "local_share"));
    }
  }

  // What a `rate_limit` of the entry would be read as.
  static bool IsRateLimit(const ast::Limit& limit, const ast::CounterTerms& terms,
                          const Entry& entry) {
    const bool is_own =
        limit.counter.text == PointerTo(PointerTo("/tools", entry.pattern), "rate_limit");
    const bool is_plain =
        !limit.cost && !limit.max && !limit.on_error && !limit.on_store_error && !terms.scale &&
        terms.scopes.empty() && terms.algorithm == ast::Algorithm::Fixed &&
        terms.on_error == ast::OnError::Keep && terms.on_store_error == ast::OnStoreError::Deny;
    const bool is_whole = terms.max.text.find_first_not_of("0123456789") == std::string::npos;
    return is_own && is_plain && is_whole && !entry.rate_limit;
  }

  static bool IsAllTools(const Entry& entry) {
    return entry.pattern == "*" && !entry.limits.items.empty() && entry.require.items.empty() &&
           entry.deny_if.items.empty() && entry.approve_if.items.empty() && !entry.args &&
           !entry.denies && !entry.rate_limit && !entry.reason;
  }

  static bool HasMessage(const json::Value& rule) {
    return std::ranges::any_of(rule.members,
                               [](const json::Member& member) { return member.key == "on_deny"; });
  }

  // A rule with the entry's own word need not repeat it.
  static void LeaveToReason(Entry& entry) {
    if (!entry.reason) return;
    for (json::Value* rules : {&entry.require, &entry.deny_if, &entry.approve_if}) {
      for (json::Value& rule : rules->items) {
        std::erase_if(rule.members, [&](const json::Member& member) {
          return member.key == "on_deny" && member.value.text == *entry.reason;
        });
      }
    }
  }

  void CheckEntry(const Entry& entry) {
    // An entry of policy.json admits its tool.
    if (!entry.admits && !entry.denies && !policy_.default_allows && entry.pattern != "*") {
      conditions_.Refuse(entry.span, "rules for a tool that no `allow` beside them admits");
    }
    // The reason speaks for rules that had no word of their own.
    if (!entry.reason) return;
    for (const json::Value* rules : {&entry.require, &entry.deny_if, &entry.approve_if}) {
      for (const json::Value& rule : rules->items) {
        if (HasMessage(rule)) continue;
        return conditions_.Refuse(
            entry.span, "a message of a rule without conditions beside rules without one");
      }
    }
  }

  // The only approve of the entry, where it has neither conditions nor a message of its own: an
  // action says it.
  static const json::Value* ReleaseOfAll(const Entry& entry) {
    if (entry.approve_if.items.size() != 1) return nullptr;
    const json::Value& rule = entry.approve_if.items.front();
    return rule.members.front().value.items.empty() && !HasMessage(rule) ? &rule : nullptr;
  }

  json::Value EntryValue(const Entry& entry) const {
    json::Value record = json::MakeRecord();
    if (entry.denies) json::Add(record, "action", json::MakeString("deny"));
    const json::Value* const release = entry.denies ? nullptr : ReleaseOfAll(entry);
    if (release != nullptr) json::Add(record, "action", json::MakeString("require_approval"));
    if (entry.reason) json::Add(record, "reason", json::MakeString(*entry.reason));
    if (release != nullptr && release->members.size() > 1) {
      json::Value approval = json::MakeRecord();
      approval.members.assign(release->members.begin() + 1, release->members.end());
      json::Add(record, "approval", std::move(approval));
    }
    if (entry.args) json::Add(record, "args", *entry.args);
    const auto add_list = [&](std::string_view key, const json::Value& list) {
      if (!list.items.empty()) json::Add(record, std::string(key), list);
    };
    add_list("require", entry.require);
    add_list("deny_if", entry.deny_if);
    if (release == nullptr) add_list("approve_if", entry.approve_if);
    add_list("limits", entry.limits);
    if (entry.rate_limit) json::Add(record, "rate_limit", *entry.rate_limit);
    return record;
  }

  json::Value Document() const {
    json::Value document = json::MakeRecord();
    json::Add(document, "version", json::MakeString("1"));
    if (!policy_.name.text.empty()) {
      json::Add(document, "description", json::MakeString(policy_.name.text));
    }
    json::Add(document, "default", json::MakeString(policy_.default_allows ? "allow" : "deny"));
    if (policy_.zone) json::Add(document, "zone", json::MakeString(policy_.zone->text));
    std::vector<json::Value> hides;
    for (const ast::Hide& hide : policy_.hides) {
      hides.push_back(json::MakeString(hide.pattern.text));
    }
    if (!hides.empty()) json::Add(document, "hide", json::MakeList(std::move(hides)));
    json::Value tools = json::MakeRecord();
    for (const Entry& entry : entries_) {
      if (IsAllTools(entry)) {
        json::Value all_tools = json::MakeRecord();
        json::Add(all_tools, "limits", entry.limits);
        json::Add(document, "all_tools", std::move(all_tools));
      } else {
        json::Add(tools, entry.pattern, EntryValue(entry));
      }
    }
    if (!tools.members.empty()) json::Add(document, "tools", std::move(tools));
    return document;
  }

  const ast::Policy& policy_;
  const Source& source_;
  Diagnostics& diagnostics_;
  JsonConditions conditions_;
  std::unordered_map<std::string_view, const ast::CounterTerms*> counters_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> entry_of_;
};

}  // namespace

std::optional<std::string> WritePolicyJson(const ast::Policy& policy, const Source& source,
                                           Diagnostics& diagnostics) {
  return JsonWriter(policy, source, diagnostics).Write();
}

}  // namespace policy
