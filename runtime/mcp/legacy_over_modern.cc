// The client's side of the bridge; legacy_over_modern_server.cc has the other.
#include "runtime/mcp/legacy_over_modern.h"

#include <algorithm>
#include <array>

#include "policy/check.h"
#include "runtime/mcp/exchange_table.h"
#include "runtime/mcp/id_rewrite.h"
#include "runtime/mcp/message_text.h"
#include "runtime/mcp/protocol_version.h"
#include "runtime/mcp/record_text.h"
#include "runtime/mcp/session.h"
#include "runtime/value/json_text.h"

namespace policy::mcp {
namespace {

constexpr std::array<std::string_view, 4> kModernMeta = {kVersionMeta, kClientInfoMeta,
                                                         kCapabilitiesMeta, kLogLevelMeta};
// Methods that only the modern era has: a legacy client does not use them.
constexpr std::array<std::string_view, 2> kNewMethods = {"server/discover", "subscriptions/listen"};

Bridged Answer(AskerId asker, std::string bytes) {
  return {.to = Bridged::To::Client, .bytes = std::move(bytes), .asker = asker, .is_answer = true};
}

Bridged Error(AskerId asker, const Message& message, int code, std::string_view text) {
  return Answer(asker, ErrorText(message.id, code, text));
}

// Why a request cannot be carried over; empty: it can.
std::string_view ProblemOf(const Message& message) {
  const std::string_view meta = MemberOf(message.params, "_meta");
  for (const std::string_view key : kModernMeta) {
    if (!MemberOf(meta, key).empty()) return "_meta has members of another version";
  }
  if (!MemberOf(message.params, "task").empty()) return "this server has no tasks of this version";
  if (!MemberOf(message.params, "inputResponses").empty() ||
      !MemberOf(message.params, "requestState").empty()) {
    return "params has members of another version";
  }
  return {};
}

}  // namespace

BridgedMessages LegacyOverModern::FromClient(AskerId asker, const Message& message) {
  BridgedMessages out;
  switch (message.kind) {
    case MessageKind::Request:
      Request(asker, message, out);
      break;
    case MessageKind::Response:
      QuestionAnswered(message, out);
      break;
    case MessageKind::Notification:
      if (message.method == "notifications/cancelled") CancelledByClient(message, out);
      if (message.method == "notifications/initialized" && state_ == State::Ready &&
          !is_initialized_) {
        is_initialized_ = true;
        Listen(out);
      }
      break;
  }
  return out;
}

void LegacyOverModern::Request(AskerId asker, const Message& message, BridgedMessages& out) {
  if (message.method == "initialize") return Initialize(asker, message, out);
  if (message.method == "ping") {
    out.push_back(Answer(asker, ResultText(message.id, "{}")));
    return;
  }
  if (state_ != State::Ready) {
    out.push_back(Error(asker, message, kInvalidRequestCode, "the session is not initialized"));
    return;
  }
  if (message.method.starts_with("tasks/") ||
      std::ranges::find(kNewMethods, message.method) != kNewMethods.end()) {
    out.push_back(Error(asker, message, kMethodNotFoundCode,
                        "this server is of a newer version, and has no such method in this one"));
    return;
  }
  if (!AnswerHere(asker, message, out)) Send(asker, message, out);
}

void LegacyOverModern::Initialize(AskerId asker, const Message& message, BridgedMessages& out) {
  if (state_ != State::Fresh) {
    out.push_back(Error(asker, message, kInvalidRequestCode, "the session is initialized already"));
    return;
  }
  state_ = State::Discovering;
  initialize_asker_ = asker;
  initialize_id_ = message.id;
  const std::string_view asked = message.protocol_version;
  const bool is_spoken = IsSupportedVersion(asked) && EraOf(asked) == Era::Legacy;
  version_ = is_spoken ? asked : kLastLegacyVersion;
  if (const auto info = MemberOf(message.params, "clientInfo"); IsRecord(info)) client_info_ = info;
  const std::string_view capabilities = MemberOf(message.params, "capabilities");
  client_capabilities_ = IsRecord(capabilities) ? capabilities : "{}";
  discover_ = next_number_++;
  out.push_back({.to = Bridged::To::Server,
                 .bytes = RequestText(std::to_string(discover_), "server/discover",
                                      R"({"_meta":{)" + MetaMembers() + "}}"),
                 .asker = asker});
}

// What every request says of the client.
std::string LegacyOverModern::MetaMembers() const {
  std::string version;
  AppendJsonString(kModernVersion, version);
  std::string members = MemberText(kVersionMeta, version);
  if (!client_info_.empty()) members += ',' + MemberText(kClientInfoMeta, client_info_);
  members += ',' + MemberText(kCapabilitiesMeta, client_capabilities_);
  if (log_level_ != kNoLogLevel) {
    std::string level;
    AppendJsonString(kLogLevels[static_cast<std::size_t>(log_level_)], level);
    members += ',' + MemberText(kLogLevelMeta, level);
  }
  return members;
}

// What a session keeps, and a server without sessions cannot: the bridge does.
bool LegacyOverModern::AnswerHere(AskerId asker, const Message& message, BridgedMessages& out) {
  const auto done = [&] {
    out.push_back(Answer(asker, ResultText(message.id, "{}")));
    return true;
  };
  const auto wrong = [&](std::string_view text) {
    out.push_back(Error(asker, message, kInvalidParamsCode, text));
    return true;
  };
  if (message.method == "logging/setLevel") {
    const auto level = LogLevelOf(TextOf(MemberOf(message.params, "level")).value_or(""));
    if (!level) return wrong("no such log level");
    log_level_ = *level;
    return done();
  }
  const bool subscribes = message.method == "resources/subscribe";
  if (!subscribes && message.method != "resources/unsubscribe") return false;
  const auto uri = TextOf(MemberOf(message.params, "uri"));
  if (!uri) return wrong("the URI is not a string");
  if (subscribes && !ServerHas("resources", "subscribe")) {
    out.push_back(Error(asker, message, kMethodNotFoundCode, "the server has no subscriptions"));
    return true;
  }
  if (subscribes && uris_.size() == kBridgedSubscriptionsMax)
    return wrong("too many subscriptions");
  const bool changes = subscribes ? uris_.insert(*uri).second : uris_.erase(*uri) != 0;
  if (changes) Listen(out);
  return done();
}

void LegacyOverModern::Send(AskerId asker, const Message& message, BridgedMessages& out) {
  if (const std::string_view problem = ProblemOf(message); !problem.empty()) {
    out.push_back(Error(asker, message, kInvalidParamsCode, problem));
    return;
  }
  if (calls_.size() == kExchangesMax) {
    out.push_back(Error(asker, message, kTooManyRequestsCode, "too many requests in flight"));
    return;
  }
  const std::uint64_t number = next_number_++;
  const bool may_ask = MayAsk(message.method) && !message.params.empty();
  calls_.emplace(number, Call{.asker = asker,
                              .id = std::string(message.id),
                              .token = std::string(RequestNamesOf(message).progress_token),
                              .method = std::string(message.method),
                              .bytes = may_ask ? std::string(message.bytes) : std::string()});
  const std::string with_meta = WithMeta(message, MetaMembers());
  MessageReader reader(Direction::FromClient);
  const auto read = reader.Read(with_meta, nullptr);
  CHECK(read.has_value());  // it was read before, and has what it had not
  out.push_back({.to = Bridged::To::Server,
                 .bytes = WithNames(*read, {.id = std::to_string(number)}),
                 .asker = asker});
}

void LegacyOverModern::CancelledByClient(const Message& message, BridgedMessages& out) {
  const std::string key = IdKey(message.request_id);
  for (const auto& [number, call] : calls_) {
    if (IdKey(call.id) != key) continue;
    const AskerId asker = call.asker;
    std::ranges::move(Leave(asker), std::back_inserter(out));
    return;
  }
}

BridgedMessages LegacyOverModern::Leave(AskerId asker) {
  BridgedMessages out;
  const auto call = std::ranges::find_if(
      calls_, [asker](const auto& entry) { return entry.second.asker == asker; });
  if (call == calls_.end()) return out;
  // While the client is asked, the server knows of nothing.
  if (call->second.questions.empty()) {
    out.push_back(
        {.to = Bridged::To::Server,
         .bytes = NotificationText("notifications/cancelled",
                                   R"({"requestId":)" + std::to_string(call->first) + '}'),
         .asker = asker});
  }
  for (const Question& question : call->second.questions) questions_.erase(question.number);
  calls_.erase(call);
  return out;
}

void LegacyOverModern::QuestionAnswered(const Message& message, BridgedMessages& out) {
  const auto number = OwnNumber(message.id);
  const auto asked = number ? questions_.find(*number) : questions_.end();
  if (asked == questions_.end()) return;
  const auto call = calls_.find(asked->second);
  CHECK(call != calls_.end());
  questions_.erase(asked);
  if (message.result.empty()) {
    return Fail(call, "the client has not answered what the server asked", out);
  }
  std::vector<Question>& questions = call->second.questions;
  const auto question = std::ranges::find(questions, *number, &Question::number);
  CHECK(question != questions.end());
  question->response = message.result;
  const bool is_complete = std::ranges::all_of(
      questions, [](const Question& each) { return each.response.has_value(); });
  if (is_complete) Retry(call, out);
}

}  // namespace policy::mcp
