#include "runtime/gateway/answer.h"

#include <algorithm>

#include "policy/check.h"
#include "runtime/gateway/json_text.h"
#include "runtime/program/layout.h"
#include "runtime/vm/message.h"

namespace policy::gateway {
namespace {

// A deny can have many rules; the text for the agent names so many.
constexpr std::size_t kRulesInTextMax = 3;

std::string_view PrefixOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::Limited:
      return "[POLICY LIMITED] ";
    case Outcome::Approval:
      return "[POLICY APPROVAL] ";
    case Outcome::Deny:
    case Outcome::Allow:
      break;
  }
  return "[POLICY DENIED] ";
}

std::string RulesText(const Program& program, const Decision& decision) {
  std::string text;
  const std::size_t shown = std::min(decision.rules.size(), kRulesInTextMax);
  for (std::size_t i = 0; i < shown; ++i) {
    const RuleReference rule = program.rule(decision.rules[i]);
    text += i == 0 ? " (rule " : ", ";
    text += rule.id;
    text += " at ";
    text += rule.file;
    text += ":" + std::to_string(rule.line);
  }
  if (shown == 0) return text;
  if (decision.rules.size() > shown) {
    text += " and " + std::to_string(decision.rules.size() - shown) + " more";
  }
  return text + ")";
}

// A limited decision says itself when there is room again.
std::string ReleaseText(const Decision& decision) {
  if (decision.outcome != Outcome::Approval) return "";
  const std::string who = decision.approval_group.empty()
                              ? std::string("a person")
                              : "a person of `" + decision.approval_group + "`";
  return "; " + who +
         " would have to release it, and this gateway cannot release calls yet: nothing was "
         "counted, and repeating the call does not help";
}

std::string_view NameOf(format::ScopeKind kind) {
  switch (kind) {
    case format::ScopeKind::Grant:
      return "grant";
    case format::ScopeKind::Session:
      return "session";
    case format::ScopeKind::Tool:
      return "tool";
    case format::ScopeKind::Server:
      return "server";
    case format::ScopeKind::Global:
      return "global";
    case format::ScopeKind::Slot:
      return "argument";
  }
  return "";
}

void AppendQuota(std::string& out, const Layout& layout, const Quota& quota) {
  const format::Limit& limit = layout.limits()[quota.limit];
  const format::Counter& counter = layout.counters()[limit.counter];
  out += R"({"counter":)";
  AppendJsonString(out, layout.text(counter.name));
  out += R"(,"scope":[)";
  for (std::uint32_t i = 0; i < counter.scope_count; ++i) {
    if (i != 0) out.push_back(',');
    AppendJsonString(out, NameOf(layout.scopes()[counter.first_scope + i].kind));
  }
  out += R"(],"limit":)";
  out += ScaledText(quota.max, counter.scale);
  out += R"(,"used":)";
  out += ScaledText(quota.used, counter.scale);
  out += R"(,"remaining":)";
  out += ScaledText(quota.remaining, counter.scale);
  out += R"(,"window_end_ms":)";
  AppendJsonNumber(out, quota.window_end_ms);
  out += R"(,"retry_after_ms":)";
  AppendJsonNumber(out, quota.retry_after_ms);
  out += quota.retryable ? R"(,"retryable":true})" : R"(,"retryable":false})";
}

void AppendResult(std::string& out, std::string_view text, const AnswerOptions& options) {
  out += R"({"jsonrpc":"2.0","id":)";
  out += options.id;
  out += R"(,"result":{"content":[{"type":"text","text":)";
  AppendJsonString(out, text);
  out += R"(}],"isError":true)";
  if (options.is_modern) out += R"(,"resultType":"complete")";
  out += R"(,"_meta":{)";
  AppendJsonString(out, kDecisionMetaKey);
  out.push_back(':');
}

}  // namespace

std::string DenialText(const Program& program, const Decision& decision) {
  return std::string(PrefixOf(decision.outcome)) + decision.message + ReleaseText(decision) +
         RulesText(program, decision);
}

void AppendDenial(std::string& out, const Program& program, const Decision& decision,
                  const AnswerOptions& options) {
  CHECK(decision.outcome != Outcome::Allow);
  AppendResult(out, DenialText(program, decision), options);
  out += R"({"decision":")";
  out += policy::NameOf(decision.outcome);
  out += R"(","rules":[)";
  for (std::size_t i = 0; i < decision.rules.size(); ++i) {
    if (i != 0) out.push_back(',');
    AppendJsonString(out, program.rule(decision.rules[i]).id);
  }
  out += R"(],"retry_after_ms":)";
  AppendJsonNumber(out, decision.retry_after_ms);
  out += R"(,"limits":[)";
  for (std::size_t i = 0; i < decision.quotas.size(); ++i) {
    if (i != 0) out.push_back(',');
    AppendQuota(out, program.layout(), decision.quotas[i]);
  }
  out += "]}}}}";
}

void AppendDenial(std::string& out, std::string_view text, const AnswerOptions& options) {
  AppendResult(out, "[POLICY DENIED] " + std::string(text), options);
  out += R"({"decision":"deny","rules":[],"retry_after_ms":null,"limits":[]}}}})";
}

void AppendError(std::string& out, std::string_view id, int code, std::string_view text) {
  out += R"({"jsonrpc":"2.0","id":)";
  out += id.empty() ? std::string_view("null") : id;
  out += R"(,"error":{"code":)";
  AppendJsonNumber(out, std::int64_t{code});
  out += R"(,"message":)";
  AppendJsonString(out, text);
  out += "}}";
}

}  // namespace policy::gateway
