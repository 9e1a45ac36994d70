// What the legacy server says: answers, questions and notifications.
#include <algorithm>

#include "runtime/mcp/header_agreement.h"
#include "runtime/mcp/id_rewrite.h"
#include "runtime/mcp/log_level.h"
#include "runtime/mcp/message_text.h"
#include "runtime/mcp/modern_over_legacy.h"
#include "runtime/mcp/protocol_version.h"
#include "runtime/mcp/record_text.h"
#include "runtime/mcp/session.h"
#include "runtime/value/json_text.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {
namespace {

constexpr std::size_t kQuestionsOfACallMax = 16;

constexpr std::array<std::string_view, 6> kCachedMethods = {
    "server/discover",          "tools/list",    "prompts/list", "resources/list",
    "resources/templates/list", "resources/read"};

// Codes that the modern era has given up.
std::string_view ModernCode(std::string_view code) {
  if (code == "-32002") return "-32602";  // no such resource
  if (code == "-32042") return "-32603";  // a URL has to be opened first
  return code;
}

Bridged ToServer(AskerId asker, std::string bytes) {
  return {.to = Bridged::To::Server, .bytes = std::move(bytes), .asker = asker};
}

}  // namespace

BridgedMessages ModernOverLegacy::FromServer(const Message& message, AskerId related) {
  BridgedMessages out;
  switch (message.kind) {
    case MessageKind::Request:
      Asked(message, related, out);
      break;
    case MessageKind::Notification:
      Notified(message, related, out);
      break;
    case MessageKind::Response:
      if (state_ == State::Initializing && message.id == initialize_id_) {
        Initialized(message, out);
      } else if (const auto number = OwnNumber(message.id)) {
        Answered(*number, message, out);
      }
      break;
  }
  return out;
}

// -- answers -------------------------------------------------------------------------------------

void ModernOverLegacy::Answered(std::uint64_t number, const Message& message,
                                BridgedMessages& out) {
  const auto found = calls_.find(number);
  if (found == calls_.end()) return;  // the bridge's own, or given up
  Call& call = found->second;
  if (call.asker == 0) {  // whoever asked is about to come back
    call.questions.clear();
    call.answer = message.bytes;
    return;
  }
  Bridged answer = {.to = Bridged::To::Client, .bytes = {}, .asker = call.asker, .is_answer = true};
  answer.bytes = message.result.empty() ? ModernError(call, message) : ModernResult(call, message);
  calls_.erase(found);
  out.push_back(std::move(answer));
}

std::string ModernOverLegacy::ModernResult(const Call& call, const Message& message) const {
  if (!message.result_is_final) {
    return ErrorText(call.id, kUnreadableAnswerCode,
                     "the server's answer is of a kind that its version does not have");
  }
  std::string members;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (MemberOf(message.result, key).empty()) members += MemberText(key, value) + ',';
  };
  add("resultType", R"("complete")");
  if (std::ranges::find(kCachedMethods, call.method) != kCachedMethods.end()) {
    add("ttlMs", "0");
    add("cacheScope", R"("private")");
  }
  Splice splice(message.bytes);
  splice.Replace(message.id, call.id);
  const std::string_view meta = MemberOf(message.result, "_meta");
  if (!server_info_.empty() && MemberOf(meta, kServerInfoMeta).empty()) {
    const std::string info = MemberText(kServerInfoMeta, server_info_);
    if (IsRecord(meta)) splice.AddMembers(meta, info);
    add("_meta", '{' + info + '}');
  }
  if (!members.empty()) {
    members.pop_back();
    splice.AddMembers(message.result, members);
  }
  return splice.Text();
}

std::string ModernOverLegacy::ModernError(const Call& call, const Message& message) {
  Splice splice(message.bytes);
  splice.Replace(message.id, call.id);
  const std::string_view code = MemberOf(message.error, "code");
  if (!code.empty()) splice.Replace(code, std::string(ModernCode(code)));
  return splice.Text();
}

// -- questions -----------------------------------------------------------------------------------

void ModernOverLegacy::Asked(const Message& message, AskerId related, BridgedMessages& out) {
  if (message.method == "ping") {
    out.push_back(ToServer(0, ResultText(message.id, "{}")));
    return;
  }
  const auto refuse = [&](int code, std::string_view text) {
    out.push_back(ToServer(0, ErrorText(message.id, code, text)));
  };
  const bool is_question = message.method == "roots/list" ||
                           message.method == "sampling/createMessage" ||
                           message.method == "elicitation/create";
  if (!is_question) return refuse(kMethodNotFoundCode, "no such method");
  const auto found = OnlyCall(related, {.can_ask = true});
  if (found == calls_.end()) {
    return refuse(kInternalErrorCode, "it cannot be told which request this belongs to");
  }
  Call& call = found->second;
  if (!MayBeAsked(call.capabilities, message.method, message.params)) {
    refuse(kMethodNotFoundCode, "the client has not declared that it can be asked this");
    if (call.asker != 0) LackCapability(found, message, out);
    return;
  }
  if (call.questions.size() == kQuestionsOfACallMax) {
    return refuse(kInternalErrorCode, "too many questions at once");
  }
  call.questions.push_back({.key = "q" + std::to_string(next_question_++),
                            .id = std::string(message.id),
                            .method = std::string(message.method),
                            .params = std::string(message.params)});
  if (call.asker != 0) Ask(found->first, call, out);
}

// A call that needs what its client has not declared is over; the client is told what that is.
void ModernOverLegacy::LackCapability(std::map<std::uint64_t, Call>::iterator call,
                                      const Message& question, BridgedMessages& out) {
  out.push_back(
      {.to = Bridged::To::Client,
       .bytes = ErrorText(call->second.id,
                          {.code = kMissingCapabilityCode,
                           .text = "the server asks for what the request has not declared",
                           .data = R"({"requiredCapabilities":)" +
                                   RequiredCapability(question.method, question.params) + '}'}),
       .asker = call->second.asker,
       .is_answer = true});
  GiveUp(call, out);
}

// Whoever waits is answered with the questions, and comes back with the answers. May end the call.
void ModernOverLegacy::Ask(std::uint64_t number, Call& call, BridgedMessages& out) {
  Bridged answer = {.to = Bridged::To::Client, .bytes = {}, .asker = call.asker, .is_answer = true};
  if (call.round == kBridgedRoundsMax) {
    answer.bytes = ErrorText(call.id, kInternalErrorCode, "the server asks without end");
    out.push_back(std::move(answer));
    return GiveUp(calls_.find(number), out);
  }
  std::string requests;
  for (Question& question : call.questions) {
    question.was_asked = true;
    std::string request = R"({"method":)";
    AppendJsonString(question.method, request);
    if (!question.params.empty()) request += ',' + MemberText("params", question.params);
    if (!requests.empty()) requests += ',';
    requests += MemberText(question.key, request + '}');
  }
  ++call.round;
  std::string state;
  AppendJsonString(options_.seal.seal(std::to_string(number) + '.' + std::to_string(call.round)),
                   state);
  answer.bytes =
      ResultText(call.id, R"({"resultType":"input_required","inputRequests":{)" + requests +
                              R"(},)" + MemberText("requestState", state) + '}');
  out.push_back(std::move(answer));
  call.asker = 0;
  call.asked_ms = now_ms_;
  LimitQuestions(out);
}

// The call that has waited for its client the longest makes room.
void ModernOverLegacy::LimitQuestions(BridgedMessages& out) {
  auto oldest = calls_.end();
  std::size_t count = 0;
  for (auto call = calls_.begin(); call != calls_.end(); ++call) {
    if (call->second.asker != 0) continue;
    ++count;
    if (oldest == calls_.end() || call->second.asked_ms < oldest->second.asked_ms) oldest = call;
  }
  if (count > kBridgedQuestionsMax) GiveUp(oldest, out);
}

// Nobody waits for the call, and nobody will answer what it asked.
void ModernOverLegacy::GiveUp(std::map<std::uint64_t, Call>::iterator call, BridgedMessages& out) {
  for (const Question& question : call->second.questions) {
    out.push_back(
        ToServer(call->second.origin,
                 question.method == "elicitation/create"
                     ? ResultText(question.id, R"({"action":"cancel"})")
                     : ErrorText(question.id, kInternalErrorCode, "the client has not answered")));
  }
  out.push_back(ToServer(call->second.origin,
                         NotificationText("notifications/cancelled",
                                          R"({"requestId":)" + std::to_string(call->first) + '}')));
  calls_.erase(call);
}

// The call that a message without a name belongs to: the one that the transport says; else the one
// that somebody waits for, if it is one. A call whose client was asked something waits itself, and
// comes into question only where there is no other: its client may never come back.
std::map<std::uint64_t, ModernOverLegacy::Call>::iterator ModernOverLegacy::OnlyCall(
    AskerId related, Among among) {
  auto waited_for = calls_.end();
  auto waiting = calls_.end();
  std::size_t waited_for_count = 0;
  std::size_t waiting_count = 0;
  for (auto call = calls_.begin(); call != calls_.end(); ++call) {
    if (among.can_ask && !MayAsk(call->second.method)) continue;
    if (related != 0 && call->second.origin != related) continue;
    const bool is_waited_for = call->second.asker != 0;
    (is_waited_for ? waited_for : waiting) = call;
    ++(is_waited_for ? waited_for_count : waiting_count);
  }
  if (waited_for_count == 1) return waited_for;
  return waited_for_count == 0 && waiting_count == 1 ? waiting : calls_.end();
}

// -- notifications -------------------------------------------------------------------------------

void ModernOverLegacy::Notified(const Message& message, AskerId related, BridgedMessages& out) {
  if (message.method == "notifications/progress") {
    Progressed(message, out);
  } else if (message.method == "notifications/cancelled") {
    Withdrawn(message);
  } else if (message.method == "notifications/message") {
    Logged(message, related, out);
  } else {
    Changed(message, out);
  }
}

void ModernOverLegacy::Progressed(const Message& message, BridgedMessages& out) const {
  const std::string_view token = MemberOf(message.params, "progressToken");
  const auto number = OwnNumber(token);
  const auto call = number ? calls_.find(*number) : calls_.end();
  if (call == calls_.end() || call->second.asker == 0 || call->second.token.empty()) return;
  Splice splice(message.bytes);
  splice.Replace(token, call->second.token);
  out.push_back({.to = Bridged::To::Client, .bytes = splice.Text(), .asker = call->second.asker});
}

void ModernOverLegacy::Logged(const Message& message, AskerId related, BridgedMessages& out) {
  const auto call = OnlyCall(related, {.can_ask = false});
  if (call == calls_.end() || call->second.asker == 0) return;
  const auto level = LogLevelOf(TextOf(MemberOf(message.params, "level")).value_or(""));
  if (call->second.log_level == kNoLogLevel || !level || *level < call->second.log_level) return;
  out.push_back({.to = Bridged::To::Client,
                 .bytes = std::string(message.bytes),
                 .asker = call->second.asker});
}

void ModernOverLegacy::Changed(const Message& message, BridgedMessages& out) const {
  if (!MemberOf(MemberOf(message.params, "_meta"), kSubscriptionMeta).empty()) return;
  const bool is_update = message.method == "notifications/resources/updated";
  const auto uri = is_update ? TextOf(MemberOf(message.params, "uri")) : std::nullopt;
  for (const auto& [asker, listener] : listeners_) {
    const bool wants =
        (message.method == "notifications/tools/list_changed" && listener.tools) ||
        (message.method == "notifications/prompts/list_changed" && listener.prompts) ||
        (message.method == "notifications/resources/list_changed" && listener.resources) ||
        (uri && std::ranges::find(listener.uris, *uri) != listener.uris.end());
    if (!wants) continue;
    out.push_back({.to = Bridged::To::Client,
                   .bytes = WithMeta(message, MemberText(kSubscriptionMeta, listener.id)),
                   .asker = asker});
  }
}

// The server does not want to know any more. A client that was asked already may answer in vain.
void ModernOverLegacy::Withdrawn(const Message& message) {
  const std::string key = IdKey(message.request_id);
  for (auto& [number, call] : calls_) {
    std::erase_if(call.questions,
                  [&key](const Question& question) { return IdKey(question.id) == key; });
  }
}

}  // namespace policy::mcp
