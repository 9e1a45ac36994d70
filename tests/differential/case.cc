#include "tests/differential/case.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "policy/check.h"
#include "tests/differential/policy_text.h"
#include "tests/differential/product.h"
#include "tests/differential/request_text.h"
#include "tests/differential/text_twin.h"

namespace differential {
namespace {

using reference::Decision;
using reference::Json;
using reference::Quota;

std::string NameOf(reference::Outcome outcome) {
  static const char* const names[] = {"allow", "deny", "approval", "limited"};
  return names[static_cast<std::size_t>(outcome)];
}

std::string TextOf(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "none";
}

std::string TextOf(const Quota& quota) {
  return quota.rule + " used " + std::to_string(quota.used) + '/' + std::to_string(quota.max) +
         " left " + std::to_string(quota.remaining) + " end " + TextOf(quota.window_end_ms) +
         " retry " + TextOf(quota.retry_after_ms) + (quota.is_short ? " short" : "") +
         (quota.retryable ? "" : " never");
}

// One line that is equal for equal decisions.
std::string TextOf(const Decision& decision) {
  std::string out = NameOf(decision.outcome);
  for (const std::string& rule : decision.rules) out += ' ' + rule;
  out += "; retry " + TextOf(decision.retry_after_ms);
  if (decision.outcome == reference::Outcome::Approval)
    out += "; from " + decision.approval_group + " within " +
           std::to_string(decision.approval_within_seconds);
  for (const Quota& quota : decision.quotas) out += "; " + TextOf(quota);
  return out;
}

void Normalise(Decision& decision) {
  std::sort(decision.quotas.begin(), decision.quotas.end(),
            [](const Quota& a, const Quota& b) { return a.rule < b.rule; });
}

// Texts of rules are "<17> why"; the message of a denial must be the speaker's and nobody else's.
bool SpeaksFor(const std::string& message, const std::string& speaker_text) {
  if (!speaker_text.empty()) return message.find(speaker_text) != std::string::npos;
  const std::size_t mark = message.find('<');
  return mark == std::string::npos || message.find("> ", mark) == std::string::npos ||
         (message.find("> why", mark) == std::string::npos &&
          message.find("> entry", mark) == std::string::npos);
}

bool IsHidden(const Decision& decision) {
  return std::any_of(decision.rules.begin(), decision.rules.end(), [](const std::string& rule) {
    return rule.starts_with("/hide/") || rule.starts_with("hide/");
  });
}

// What the product decides otherwise than `want`; empty: nothing.
std::string Differences(const Decision& want, Product& product, const std::string& request,
                        const reference::Call& call, bool in_other_words = false) {
  Answer got = product.Decide(request, call.context);
  Normalise(got.decision);
  if (in_other_words) {
    const auto same = [](const Quota& a, const Quota& b) {
      Quota renamed = a;
      renamed.rule = b.rule;
      return renamed == b;
    };
    const bool agree =
        want.outcome == got.decision.outcome && want.rules.empty() == got.decision.rules.empty() &&
        want.retry_after_ms == got.decision.retry_after_ms &&
        std::is_permutation(want.quotas.begin(), want.quotas.end(), got.decision.quotas.begin(),
                            got.decision.quotas.end(), same);
    return agree ? "" : TextOf(got.decision);
  }
  if (TextOf(got.decision) != TextOf(want))
    return TextOf(got.decision) + "\n               " + got.message;
  if (want.outcome == reference::Outcome::Deny && !SpeaksFor(got.message, want.speaker_text))
    return "message `" + got.message + "` is not that of " + want.speaker;
  const bool was_read = !want.rules.empty();
  if (was_read && product.program().Hides(call.tool, call.context.server) != IsHidden(want))
    return "tools/list does not agree that it is hidden";
  return "";
}

// The text form of a policy.json: its product and its reference.
class Twin {
 public:
  // nullptr: it cannot be said, or `problem` says what is wrong with it.
  static std::unique_ptr<Twin> Make(const Json& policy, std::string& problem) {
    auto said = TextTwinOf(policy);
    if (!said) return nullptr;
    const std::string text = SpellingOf(said->tree);
    const Compiled compiled = CompilePolicy(text, /*optimise=*/true);
    auto read = reference::ReadTextPolicy(text, problem);
    if (!compiled.bytes) problem = compiled.first_error;
    if (!problem.empty()) problem += " in the text form:\n" + text;
    if (!compiled.bytes || !read) return nullptr;
    return std::unique_ptr<Twin>(new Twin(std::move(said->ids), *compiled.bytes, std::move(*read)));
  }

  // How it decides otherwise than `want` of policy.json; empty: not at all.
  std::string Differences(const Decision& want, const std::string& request,
                          const reference::Call& call) {
    Decision decision = evaluator_.Decide(call);
    Normalise(decision);
    const std::string product = differential::Differences(decision, product_, request, call);
    for (std::string& rule : decision.rules) rule = JsonId(rule);
    for (Quota& quota : decision.quotas) quota.rule = JsonId(quota.rule);
    Normalise(decision);
    if (TextOf(decision) != TextOf(want)) return "reference " + TextOf(decision);
    return product.empty() ? "" : "product " + product;
  }

  void Settle(reference::Settlement settlement) {
    evaluator_.Settle(settlement);
    product_.Settle(settlement);
  }

 private:
  Twin(std::map<std::string, std::string> ids, const std::vector<std::byte>& bytes,
       reference::Policy policy)
      : ids_(std::move(ids)), product_(bytes), evaluator_(std::move(policy)) {}

  std::string JsonId(const std::string& id) const {
    const auto found = ids_.find(id);
    return found == ids_.end() ? id : found->second;
  }

  std::map<std::string, std::string> ids_;
  Product product_;
  reference::Evaluator evaluator_;
};

// Calls `visit` with a copy of `json` for each member and item that is left out, deepest last. Ends
// when `visit` says so.
bool EachSmaller(Json& whole, Json& part, const std::function<bool(const Json&)>& visit) {
  for (std::size_t i = 0; i < part.members.size(); ++i) {
    const auto member = part.members[i];
    part.members.erase(part.members.begin() + static_cast<std::ptrdiff_t>(i));
    if (visit(whole)) return true;
    part.members.insert(part.members.begin() + static_cast<std::ptrdiff_t>(i), member);
  }
  for (std::size_t i = 0; i < part.items.size(); ++i) {
    const Json item = part.items[i];
    part.items.erase(part.items.begin() + static_cast<std::ptrdiff_t>(i));
    if (visit(whole)) return true;
    part.items.insert(part.items.begin() + static_cast<std::ptrdiff_t>(i), item);
  }
  for (auto& [key, value] : part.members) {
    if (EachSmaller(whole, value, visit)) return true;
  }
  return std::any_of(part.items.begin(), part.items.end(),
                     [&](Json& item) { return EachSmaller(whole, item, visit); });
}

bool Differs(const Case& each) { return RunCase(each, nullptr).kind == CaseResult::Kind::Differs; }

bool ShrinkJson(Json json, const std::function<void(const Json&)>& put, const Case& each) {
  return EachSmaller(json, json, [&](const Json& smaller) {
    put(smaller);
    return Differs(each);
  });
}

}  // namespace

CaseResult RunCase(const Case& each, Coverage* coverage) {
  const std::string text = SpellingOf(each.policy);
  const std::string product_text =
      each.product_policy.Is(Json::Kind::Null) ? text : SpellingOf(each.product_policy);
  const Compiled compiled = CompilePolicy(product_text, /*optimise=*/true);
  if (!compiled.bytes) return {CaseResult::Kind::Rejected, compiled.first_error, 0};
  const Compiled plain = CompilePolicy(product_text, /*optimise=*/false);
  CHECK(plain.bytes.has_value());
  std::string problem;
  auto policy = reference::ReadPolicy(text, problem);
  if (!policy)
    return {CaseResult::Kind::Differs, "the reference does not understand: " + problem, 0};

  reference::Evaluator evaluator(std::move(*policy));
  if (coverage != nullptr) {
    coverage->NotePolicy(each.policy);
    evaluator.reached = &coverage->operators;
  }
  Product optimised(*compiled.bytes);
  Product unoptimised(*plain.bytes);
  std::optional<Product> machine;
  if (each.with_machine_code) machine.emplace(*compiled.bytes, Engine::MachineCode);
  // The unoptimised has shapes that no optimised one has.
  std::optional<Product> plain_machine;
  if (each.with_machine_code) plain_machine.emplace(*plain.bytes, Engine::MachineCode);
  std::unique_ptr<Twin> twin;
  if (each.with_text_twin) {
    twin = Twin::Make(each.policy, problem);
    if (!problem.empty()) return {CaseResult::Kind::Differs, problem, 0};
    if (twin && coverage != nullptr) ++coverage->features["text form of policy.json"];
  }
  Random random(each.request_seed);
  CaseResult result;
  for (const Step& step : each.steps) {
    Decision want = evaluator.Decide(step.call);
    Normalise(want);
    const std::string request = RequestText(step.call, random);
    const std::string first = Differences(want, optimised, request, step.call, each.in_other_words);
    const std::string second =
        Differences(want, unoptimised, request, step.call, each.in_other_words);
    const std::string third = twin ? twin->Differences(want, request, step.call) : "";
    std::string fourth;
    if (machine) fourth = Differences(want, *machine, request, step.call, each.in_other_words);
    if (plain_machine && fourth.empty()) {
      fourth = Differences(want, *plain_machine, request, step.call, each.in_other_words);
    }
    if (!first.empty() || !second.empty() || !third.empty() || !fourth.empty()) {
      result.kind = CaseResult::Kind::Differs;
      result.report = "call " + std::to_string(result.decided) + ": " + request +
                      "\n  reference:   " + TextOf(want) +
                      (want.speaker.empty() ? "" : "\n  speaker:     " + want.speaker) +
                      "\n  optimised:   " + (first.empty() ? "the same" : first) +
                      "\n  unoptimised: " + (second.empty() ? "the same" : second) +
                      "\n  text form:   " + (third.empty() ? "the same" : third) +
                      "\n  machine code: " + (fourth.empty() ? "the same" : fourth) + '\n';
      return result;
    }
    if (coverage != nullptr) coverage->NoteDecision(step, want);
    evaluator.Settle(step.settlement);
    optimised.Settle(step.settlement);
    unoptimised.Settle(step.settlement);
    if (machine) machine->Settle(step.settlement);
    if (plain_machine) plain_machine->Settle(step.settlement);
    if (twin) twin->Settle(step.settlement);
    ++result.decided;
  }
  return result;
}

Case Shrink(Case each) {
  // The calls behind the one that differs say nothing.
  each.steps.resize(std::min(each.steps.size(), RunCase(each, nullptr).decided + 1));
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t i = each.steps.size(); i-- > 0;) {
      Case without = each;
      without.steps.erase(without.steps.begin() + static_cast<std::ptrdiff_t>(i));
      if (!Differs(without)) continue;
      each = std::move(without);
      smaller = true;
    }
    Case next = each;
    if (ShrinkJson(each.policy, [&](const Json& json) { next.policy = json; }, next)) {
      each = next;
      smaller = true;
    }
    for (std::size_t i = 0; i < each.steps.size(); ++i) {
      next = each;
      const auto arguments = reference::ParseJson(each.steps[i].call.arguments);
      CHECK(arguments.has_value());
      const auto put = [&](const Json& json) { next.steps[i].call.arguments = ToText(json); };
      if (!ShrinkJson(*arguments, put, next)) continue;
      each = next;
      smaller = true;
    }
  }
  return each;
}

std::string Describe(const Case& each) {
  std::string out = "policy: " + SpellingOf(each.policy) + '\n';
  for (const Step& step : each.steps) {
    const reference::Context& context = step.call.context;
    out += "call: " + step.call.tool + ' ' + step.call.arguments + "\n  grant " + context.grant +
           " session " + context.session + " server " + context.server + " now_ns " +
           std::to_string(context.now_ns) + " claims " + context.claims + " label " +
           context.grant_label + " tags " + context.grant_tags + " attributes " +
           context.grant_attributes + " client " + context.client_name + ' ' +
           context.client_version + " annotations " + context.annotations + " settled " +
           std::to_string(static_cast<int>(step.settlement)) + '\n';
  }
  return out;
}

}  // namespace differential
