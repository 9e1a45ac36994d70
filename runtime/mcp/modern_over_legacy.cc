// The client's side of the bridge, and the handshake; modern_over_legacy_server.cc has the other.
#include "runtime/mcp/modern_over_legacy.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "policy/check.h"
#include "runtime/mcp/id_rewrite.h"
#include "runtime/mcp/log_level.h"
#include "runtime/mcp/message_text.h"
#include "runtime/mcp/protocol_version.h"
#include "runtime/mcp/record_text.h"
#include "runtime/mcp/session.h"
#include "runtime/value/json_text.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {
namespace {

// All that a modern client may have: which of it the client at hand has is checked when it is
// asked.
constexpr std::string_view kAnyClient =
    R"({"roots":{},"sampling":{"context":{},"tools":{}},"elicitation":{"form":{},"url":{}}})";

// Methods of the legacy era that the modern one has done away with.
constexpr std::array<std::string_view, 5> kGoneMethods = {
    "initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"};

bool IsGone(std::string_view method) {
  return method.starts_with("tasks/") ||
         std::ranges::find(kGoneMethods, method) != kGoneMethods.end();
}

bool IsModernMeta(std::string_view key) {
  return key == kVersionMeta || key == kClientInfoMeta || key == kCapabilitiesMeta ||
         key == kLogLevelMeta;
}

// Everything that a retry of a request has to say again: its params but for what belongs to the one
// try. In the order of the keys, which clients may change.
std::string EssenceOf(std::string_view params) {
  std::map<std::string, std::string_view> members;
  if (IsRecord(params)) {
    RecordWalk walk(params);
    for (std::string_view key, value; walk.Next(key, value);) members.emplace(*TextOf(key), value);
  }
  std::string essence;
  for (const auto& [key, value] : members) {
    if (key == "_meta" || key == "inputResponses" || key == "requestState") continue;
    essence += MemberText(key, value);
    essence += ',';
  }
  return essence;
}

Bridged Error(AskerId asker, const Message& message, int code, std::string_view text) {
  return {.to = Bridged::To::Client,
          .bytes = ErrorText(message.id, code, text),
          .asker = asker,
          .is_answer = true};
}

Bridged ToServer(AskerId asker, std::string bytes) {
  return {.to = Bridged::To::Server, .bytes = std::move(bytes), .asker = asker};
}

}  // namespace

ModernOverLegacy::ModernOverLegacy(Options options) : options_(std::move(options)) {
  CHECK(options_.seal.seal && options_.seal.unseal);
}

// -- the handshake -------------------------------------------------------------------------------

BridgedMessages ModernOverLegacy::Start() {
  CHECK(state_ == State::Fresh);
  state_ = State::Initializing;
  initialize_id_ = OwnId();
  std::string params = R"({"protocolVersion":)";
  AppendJsonString(kLastLegacyVersion, params);
  params += ',' + MemberText("capabilities", kAnyClient) + ',' +
            MemberText("clientInfo", options_.client_info) + '}';
  return {ToServer(0, RequestText(initialize_id_, "initialize", params))};
}

void ModernOverLegacy::Initialized(const Message& message, BridgedMessages& out) {
  const auto version = TextOf(MemberOf(message.result, "protocolVersion"));
  if (!version) {
    failure_ = "the server could not be initialized";
  } else if (!IsSupportedVersion(*version) || EraOf(*version) != Era::Legacy) {
    failure_ = "the server has chosen a version that is not spoken here";
  }
  state_ = failure_.empty() ? State::Ready : State::Failed;
  if (state_ == State::Ready) {
    version_ = *version;
    const std::string_view raw = MemberOf(message.result, "capabilities");
    Splice capabilities(IsRecord(raw) ? raw : "{}");
    if (IsRecord(raw)) {
      capabilities.RemoveMembers(raw, [](std::string_view key) { return key == "tasks"; });
    }
    capabilities_ = capabilities.Text();
    server_info_ = MemberOf(message.result, "serverInfo");
    instructions_ = MemberOf(message.result, "instructions");
    out.push_back(ToServer(0, NotificationText("notifications/initialized", "")));
  }
  const auto waiting = std::exchange(waiting_, {});
  for (const auto& [asker, bytes] : waiting) {
    const auto request = reader_.Read(bytes, nullptr);
    CHECK(request.has_value());  // it was read before
    Request(asker, *request, out);
  }
}

// -- what clients send ---------------------------------------------------------------------------

BridgedMessages ModernOverLegacy::FromClient(AskerId asker, const Message& message) {
  BridgedMessages out;
  switch (message.kind) {
    case MessageKind::Response:
      break;  // the modern era has none from clients
    case MessageKind::Notification:
      if (message.method == "notifications/cancelled") CancelledByClient(asker, message, out);
      break;
    case MessageKind::Request:
      if (state_ == State::Ready || state_ == State::Failed) {
        Request(asker, message, out);
      } else if (waiting_.size() == kBridgedWaitingMax) {
        out.push_back(Error(asker, message, kTooManyRequestsCode, "too many requests are waiting"));
      } else {
        waiting_.emplace_back(asker, message.bytes);
      }
      break;
  }
  return out;
}

void ModernOverLegacy::Request(AskerId asker, const Message& message, BridgedMessages& out) {
  if (state_ == State::Failed) {
    out.push_back(Error(asker, message, kServerGoneCode, failure_));
  } else if (message.method == "server/discover") {
    Discover(asker, message, out);
  } else if (message.method == "subscriptions/listen") {
    Listen(asker, message, out);
  } else if (IsGone(message.method)) {
    out.push_back(Error(asker, message, kMethodNotFoundCode,
                        "this server is of an older version, and has no such method in this one"));
  } else if (!MemberOf(message.params, "requestState").empty()) {
    Resume(asker, message, out);
  } else if (!MemberOf(message.params, "inputResponses").empty()) {
    out.push_back(Error(asker, message, kInvalidParamsCode, "inputResponses without requestState"));
  } else {
    Send(asker, message, out);
  }
}

void ModernOverLegacy::Discover(AskerId asker, const Message& message, BridgedMessages& out) const {
  std::string result = R"({"resultType":"complete",)";
  result += MemberText("supportedVersions", ModernVersionList()) + ',';
  result += MemberText("capabilities", capabilities_) + ',';
  if (!instructions_.empty()) result += MemberText("instructions", instructions_) + ',';
  if (!server_info_.empty()) {
    result += MemberText("_meta", '{' + MemberText(kServerInfoMeta, server_info_) + '}') + ',';
  }
  result += R"("ttlMs":0,"cacheScope":"private"})";
  out.push_back({.to = Bridged::To::Client,
                 .bytes = ResultText(message.id, result),
                 .asker = asker,
                 .is_answer = true});
}

void ModernOverLegacy::Send(AskerId asker, const Message& message, BridgedMessages& out) {
  const std::string_view meta = MemberOf(message.params, "_meta");
  const RequestNames names = RequestNamesOf(message);
  Call call = {.asker = asker,
               .origin = asker,
               .id = std::string(message.id),
               .token = std::string(names.progress_token),
               .method = std::string(message.method),
               .essence = EssenceOf(message.params),
               .capabilities = std::string(MemberOf(meta, kCapabilitiesMeta))};
  if (const std::string_view raw = MemberOf(meta, kLogLevelMeta); !raw.empty()) {
    const auto level = LogLevelOf(TextOf(raw).value_or(""));
    if (!level) {
      out.push_back(Error(asker, message, kInvalidParamsCode, "no such log level"));
      return;
    }
    call.log_level = *level;
  }
  if (calls_.size() == kExchangesMax) {
    out.push_back(Error(asker, message, kTooManyRequestsCode, "too many requests in flight"));
    return;
  }
  SetLogLevel(call, out);
  const std::uint64_t number = next_number_++;
  Splice splice(message.bytes);
  splice.Replace(message.id, std::to_string(number));
  if (!names.progress_token.empty()) splice.Replace(names.progress_token, std::to_string(number));
  splice.RemoveMembers(meta, IsModernMeta);
  calls_.emplace(number, std::move(call));
  out.push_back(ToServer(asker, splice.Text()));
}

// A session has one level for all: the most talkative that anybody asked for. What a call has not
// asked for is not passed on to it.
void ModernOverLegacy::SetLogLevel(const Call& call, BridgedMessages& out) {
  if (call.log_level == kNoLogLevel || MemberOf(capabilities_, "logging").empty()) return;
  if (log_level_ != kNoLogLevel && log_level_ <= call.log_level) return;
  log_level_ = call.log_level;
  std::string params = R"({"level":)";
  AppendJsonString(kLogLevels[static_cast<std::size_t>(log_level_)], params);
  out.push_back(ToServer(0, RequestText(OwnId(), "logging/setLevel", params + '}')));
}

void ModernOverLegacy::CancelledByClient(AskerId asker, const Message& message,
                                         BridgedMessages& out) {
  const std::string key = IdKey(message.request_id);
  const auto call = std::ranges::find_if(calls_, [&](const auto& entry) {
    return entry.second.asker == asker && IdKey(entry.second.id) == key;
  });
  if (call != calls_.end()) return GiveUp(call, out);
  const auto listener = listeners_.find(asker);
  if (listener != listeners_.end() && IdKey(listener->second.id) == key) EndListener(listener, out);
}

BridgedMessages ModernOverLegacy::Leave(AskerId asker) {
  BridgedMessages out;
  std::erase_if(waiting_, [asker](const auto& waiting) { return waiting.first == asker; });
  for (auto call = calls_.begin(); call != calls_.end();) {
    const auto next = std::next(call);
    if (call->second.asker == asker) GiveUp(call, out);
    call = next;
  }
  if (const auto listener = listeners_.find(asker); listener != listeners_.end()) {
    EndListener(listener, out);
  }
  return out;
}

// -- coming back with answers --------------------------------------------------------------------

void ModernOverLegacy::Resume(AskerId asker, const Message& message, BridgedMessages& out) {
  const auto sealed = TextOf(MemberOf(message.params, "requestState"));
  const auto state = sealed ? options_.seal.unseal(*sealed) : std::nullopt;
  // "7.1": the request, and which of its rounds. One that was answered is over: state is of use
  // once.
  const std::size_t dot = state ? state->find('.') : std::string::npos;
  auto call = calls_.end();
  if (dot != std::string::npos) {
    const auto number = OwnNumber(std::string_view(*state).substr(0, dot));
    if (number) call = calls_.find(*number);
  }
  if (call == calls_.end() || call->second.asker != 0 ||
      std::string_view(*state).substr(dot + 1) != std::to_string(call->second.round)) {
    out.push_back(Error(asker, message, kInvalidParamsCode, "requestState is not known any more"));
    return;
  }
  Call& resumed = call->second;
  if (resumed.method != message.method || resumed.essence != EssenceOf(message.params)) {
    out.push_back(Error(asker, message, kInvalidParamsCode,
                        "requestState belongs to a request that asked for something else"));
    return;
  }
  resumed.asker = asker;
  resumed.id = message.id;
  // The server knows the token of the first try, if there was one.
  const std::string_view token = RequestNamesOf(message).progress_token;
  if (!resumed.token.empty()) resumed.token = token;
  resumed.capabilities = MemberOf(MemberOf(message.params, "_meta"), kCapabilitiesMeta);
  if (resumed.answer) {
    const std::string answer = std::move(*resumed.answer);
    MessageReader reader(Direction::FromServer);
    const auto read = reader.Read(answer, nullptr);
    CHECK(read.has_value());  // it was read before
    return Answered(call->first, *read, out);
  }
  TakeResponses(resumed, MemberOf(message.params, "inputResponses"), out);
  if (!resumed.questions.empty()) Ask(call->first, resumed, out);
}

// What was not answered is asked once more.
void ModernOverLegacy::TakeResponses(Call& call, std::string_view responses,
                                     BridgedMessages& out) const {
  std::erase_if(call.questions, [&](const Question& question) {
    const std::string_view response = MemberOf(responses, question.key);
    if (!question.was_asked || !IsRecord(response)) return false;
    out.push_back(ToServer(call.origin, ResultText(question.id, response)));
    return true;
  });
}

// -- subscriptions -------------------------------------------------------------------------------

void ModernOverLegacy::Listen(AskerId asker, const Message& message, BridgedMessages& out) {
  const std::string_view filter = MemberOf(message.params, "notifications");
  if (!IsRecord(filter)) {
    out.push_back(Error(asker, message, kInvalidParamsCode, "notifications is not an object"));
    return;
  }
  const auto has = [this](std::string_view feature, std::string_view flag) {
    return MemberOf(MemberOf(capabilities_, feature), flag) == "true";
  };
  Listener listener = {.asker = asker, .id = std::string(message.id)};
  std::string honoured;
  const auto honour = [&](std::string_view key, std::string_view feature, bool& wants) {
    wants = MemberOf(filter, key) == "true" && has(feature, "listChanged");
    if (wants) honoured += MemberText(key, "true") + ',';
  };
  honour("toolsListChanged", "tools", listener.tools);
  honour("promptsListChanged", "prompts", listener.prompts);
  honour("resourcesListChanged", "resources", listener.resources);
  const std::string_view uris = MemberOf(filter, "resourceSubscriptions");
  if (uris.starts_with('[') && has("resources", "subscribe")) {
    if (subscribed_.size() + CountElements(uris, kBridgedSubscriptionsMax + 1) >
        kBridgedSubscriptionsMax) {
      out.push_back(Error(asker, message, kTooManyRequestsCode, "too many subscriptions"));
      return;
    }
    ListWalk walk(uris);
    for (std::string_view uri; walk.Next(uri);) {
      if (auto text = TextOf(uri)) listener.uris.push_back(std::move(*text));
    }
    honoured += MemberText("resourceSubscriptions", uris) + ',';
  }
  if (!honoured.empty()) honoured.pop_back();
  out.push_back(
      {.to = Bridged::To::Client,
       .bytes = NotificationText("notifications/subscriptions/acknowledged",
                                 R"({"_meta":{)" + MemberText(kSubscriptionMeta, message.id) +
                                     R"(},"notifications":{)" + honoured + "}}"),
       .asker = asker});
  for (const std::string& uri : listener.uris) Subscribe(uri, {.wants = true}, out);
  listeners_.emplace(asker, std::move(listener));
}

void ModernOverLegacy::EndListener(std::map<AskerId, Listener>::iterator listener,
                                   BridgedMessages& out) {
  for (const std::string& uri : listener->second.uris) Subscribe(uri, {.wants = false}, out);
  listeners_.erase(listener);
}

// The server is told of the first listener of a URI, and of its last.
void ModernOverLegacy::Subscribe(const std::string& uri, Wish wish, BridgedMessages& out) {
  std::size_t& count = subscribed_[uri];
  const bool is_news = wish.wants ? count++ == 0 : --count == 0;
  if (count == 0) subscribed_.erase(uri);
  if (!is_news) return;
  std::string params = R"({"uri":)";
  AppendJsonString(uri, params);
  out.push_back(
      ToServer(0, RequestText(OwnId(), wish.wants ? "resources/subscribe" : "resources/unsubscribe",
                              params + '}')));
}

BridgedMessages ModernOverLegacy::Tick(std::int64_t now_ms) {
  BridgedMessages out;
  now_ms_ = now_ms;
  for (auto call = calls_.begin(); call != calls_.end();) {
    const auto next = std::next(call);
    const bool waits = call->second.asker == 0;
    if (waits && now_ms - call->second.asked_ms > kBridgedQuestionMsMax) GiveUp(call, out);
    call = next;
  }
  return out;
}

}  // namespace policy::mcp
