// What the modern server says: answers, what it needs first, and notifications.
#include <algorithm>

#include "policy/check.h"
#include "runtime/mcp/id_rewrite.h"
#include "runtime/mcp/legacy_over_modern.h"
#include "runtime/mcp/message_text.h"
#include "runtime/mcp/protocol_version.h"
#include "runtime/mcp/record_text.h"
#include "runtime/mcp/session.h"
#include "runtime/value/json_text.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {
namespace {

constexpr std::size_t kQuestionsOfACallMax = 16;

// The params of a question as the legacy era has them: a URL that is to be opened has an id there.
std::string LegacyParams(std::string_view params, std::uint64_t number) {
  const bool lacks_id =
      TextOf(MemberOf(params, "mode")) == "url" && MemberOf(params, "elicitationId").empty();
  if (!lacks_id) return std::string(params);
  Splice splice(params);
  splice.AddMembers(params, R"("elicitationId":"policyd-)" + std::to_string(number) + '"');
  return splice.Text();
}

Bridged ToClient(AskerId asker, std::string bytes) {
  return {.to = Bridged::To::Client, .bytes = std::move(bytes), .asker = asker};
}

}  // namespace

BridgedMessages LegacyOverModern::FromServer(const Message& message, AskerId related) {
  BridgedMessages out;
  switch (message.kind) {
    case MessageKind::Request:
      break;  // the modern era has none from servers
    case MessageKind::Notification:
      Notified(message, related, out);
      break;
    case MessageKind::Response: {
      const auto number = OwnNumber(message.id);
      if (!number) break;
      if (state_ == State::Discovering && *number == discover_) {
        Discovered(message, out);
      } else if (*number == listen_) {
        listen_ = 0;  // the server listens to nobody any more
      } else if (const auto call = calls_.find(*number);
                 call != calls_.end() && call->second.questions.empty()) {
        Answered(call, message, out);
      }
      break;
    }
  }
  return out;
}

void LegacyOverModern::Discovered(const Message& message, BridgedMessages& out) {
  bool is_modern = false;
  const std::string_view versions = MemberOf(message.result, "supportedVersions");
  if (versions.starts_with('[')) {
    ListWalk walk(versions);
    for (std::string_view version; walk.Next(version);) {
      is_modern |= TextOf(version) == kModernVersion;
    }
  }
  Bridged answer = {.to = Bridged::To::Client, .asker = initialize_asker_, .is_answer = true};
  if (!is_modern) {
    state_ = State::Fresh;
    answer.bytes = ErrorText(initialize_id_, kInvalidParamsCode,
                             "the server speaks no version that is spoken here");
    out.push_back(std::move(answer));
    return;
  }
  state_ = State::Ready;
  const std::string_view capabilities = MemberOf(message.result, "capabilities");
  capabilities_ = IsRecord(capabilities) ? capabilities : "{}";
  const std::string_view info = MemberOf(MemberOf(message.result, "_meta"), kServerInfoMeta);
  std::string version;
  AppendJsonString(version_, version);
  std::string result =
      '{' + MemberText("protocolVersion", version) + ',' +
      MemberText("capabilities", capabilities_) + ',' +
      MemberText("serverInfo", IsRecord(info) ? info : R"({"name":"unnamed","version":"0"})");
  const std::string_view instructions = MemberOf(message.result, "instructions");
  if (!instructions.empty()) result += ',' + MemberText("instructions", instructions);
  answer.bytes = ResultText(initialize_id_, result + '}');
  out.push_back(std::move(answer));
}

bool LegacyOverModern::ServerHas(std::string_view feature, std::string_view flag) const {
  return MemberOf(MemberOf(capabilities_, feature), flag) == "true";
}

// -- answers -------------------------------------------------------------------------------------

void LegacyOverModern::Answered(Calls::iterator call, const Message& message,
                                BridgedMessages& out) {
  const auto kind = TextOf(MemberOf(message.result, "resultType"));
  if (kind == "input_required") return InputRequired(call, message, out);
  if (kind && kind != "complete") {
    return Fail(call, "the server's answer is of a kind that this version does not have", out);
  }
  out.push_back({.to = Bridged::To::Client,
                 .bytes = WithNames(message, {.id = call->second.id}),
                 .asker = call->second.asker,
                 .is_answer = true});
  calls_.erase(call);
}

void LegacyOverModern::Fail(Calls::iterator call, std::string_view text, BridgedMessages& out) {
  out.push_back({.to = Bridged::To::Client,
                 .bytes = ErrorText(call->second.id, kInternalErrorCode, text),
                 .asker = call->second.asker,
                 .is_answer = true});
  for (const Question& question : call->second.questions) questions_.erase(question.number);
  calls_.erase(call);
}

void LegacyOverModern::InputRequired(Calls::iterator call, const Message& message,
                                     BridgedMessages& out) {
  Call& asking = call->second;
  const std::string_view requests = MemberOf(message.result, "inputRequests");
  const std::string_view state = MemberOf(message.result, "requestState");
  if (asking.bytes.empty()) {
    return Fail(call, "the server asks where it may not", out);
  }
  if (++asking.rounds > static_cast<int>(kBridgedRoundsMax)) {
    return Fail(call, "the server asks without end", out);
  }
  asking.request_state = state;
  BridgedMessages asked;
  if (IsRecord(requests)) {
    RecordWalk walk(requests);
    for (std::string_view key, request; walk.Next(key, request);) {
      const auto method = TextOf(MemberOf(request, "method"));
      const std::string_view params = MemberOf(request, "params");
      if (!method || !MayBeAsked(client_capabilities_, *method, params) ||
          asking.questions.size() == kQuestionsOfACallMax) {
        return Fail(call, "the server asks for what the client cannot be asked for", out);
      }
      const std::uint64_t number = next_question_++;
      asking.questions.push_back({.key = *TextOf(key), .number = number});
      questions_.emplace(number, call->first);
      asked.push_back(ToClient(asking.asker, RequestText(std::to_string(number), *method,
                                                         LegacyParams(params, number))));
    }
  }
  if (asked.empty() && state.empty()) return Fail(call, "the server asks for nothing", out);
  if (asked.empty()) return Retry(call, out);
  std::ranges::move(asked, std::back_inserter(out));
}

// The client's request once more, under another id, with what the server wanted.
void LegacyOverModern::Retry(Calls::iterator call, BridgedMessages& out) {
  Call again = std::move(call->second);
  calls_.erase(call);
  std::string members;
  if (!again.questions.empty()) {
    std::string responses;
    for (const Question& question : again.questions) {
      if (!responses.empty()) responses += ',';
      responses += MemberText(question.key, *question.response);
    }
    members = MemberText("inputResponses", '{' + responses + '}');
  }
  if (!again.request_state.empty()) {
    if (!members.empty()) members += ',';
    members += MemberText("requestState", again.request_state);
  }
  again.questions.clear();
  MessageReader reader(Direction::FromClient);
  const auto request = reader.Read(again.bytes, nullptr);
  CHECK(request && !request->params.empty());  // what may be asked for has params
  const std::uint64_t number = next_number_++;
  Splice splice(again.bytes);
  splice.Replace(request->id, std::to_string(number));
  const std::string_view meta = MemberOf(request->params, "_meta");
  const std::string whole = '{' + MetaMembers() + '}';
  if (IsRecord(meta)) {
    splice.AddMembers(meta, MetaMembers());
  } else if (!meta.empty()) {
    splice.Replace(meta, whole);
  } else {
    members += ',' + MemberText("_meta", whole);
  }
  splice.AddMembers(request->params, members);
  out.push_back(
      {.to = Bridged::To::Server, .bytes = splice.Text(), .asker = again.asker, .is_retry = true});
  calls_.emplace(number, std::move(again));
}

// -- notifications -------------------------------------------------------------------------------

// One subscription for all that the client hears of: a new one takes the place of the old.
void LegacyOverModern::Listen(BridgedMessages& out) {
  StopListening(out);
  std::string filter;
  const auto want = [&](std::string_view key, std::string_view feature) {
    if (ServerHas(feature, "listChanged")) filter += MemberText(key, "true") + ',';
  };
  want("toolsListChanged", "tools");
  want("promptsListChanged", "prompts");
  want("resourcesListChanged", "resources");
  if (!uris_.empty()) {
    std::string uris;
    for (const std::string& uri : uris_) {
      if (!uris.empty()) uris += ',';
      AppendJsonString(uri, uris);
    }
    filter += MemberText("resourceSubscriptions", '[' + uris + ']') + ',';
  }
  if (filter.empty()) return;
  filter.pop_back();
  listen_ = next_number_++;
  out.push_back({.to = Bridged::To::Server,
                 .bytes = RequestText(
                     std::to_string(listen_), "subscriptions/listen",
                     R"({"_meta":{)" + MetaMembers() + R"(},"notifications":{)" + filter + "}}"),
                 .asker = 0});
}

void LegacyOverModern::StopListening(BridgedMessages& out) {
  if (listen_ == 0) return;
  out.push_back({.to = Bridged::To::Server,
                 .bytes = NotificationText("notifications/cancelled",
                                           R"({"requestId":)" + std::to_string(listen_) + '}'),
                 .asker = 0});
  listen_ = 0;
}

void LegacyOverModern::Notified(const Message& message, AskerId related, BridgedMessages& out) {
  const RequestNames names = RequestNamesOf(message);
  if (message.method == "notifications/subscriptions/acknowledged") return;
  if (message.method == "notifications/cancelled") {
    if (listen_ != 0 && OwnNumber(names.request_id) == listen_) listen_ = 0;
    return;
  }
  if (message.method == "notifications/progress") {
    for (const auto& [number, call] : calls_) {
      if (call.token.empty() || IdKey(call.token) != IdKey(names.progress_token)) continue;
      out.push_back(ToClient(call.asker, std::string(message.bytes)));
      return;
    }
    return;
  }
  const bool is_ours =
      names.subscription.empty() || (listen_ != 0 && OwnNumber(names.subscription) == listen_);
  if (is_ours) out.push_back(ToClient(related, std::string(message.bytes)));
}

}  // namespace policy::mcp
