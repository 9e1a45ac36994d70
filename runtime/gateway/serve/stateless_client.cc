#include "runtime/gateway/serve/stateless_client.h"

#include <algorithm>
#include <utility>

#include "runtime/gateway/serve/http_answer.h"
#include "runtime/gateway/serve/message_parts.h"
#include "runtime/mcp/header_agreement.h"
#include "runtime/mcp/record_text.h"
#include "runtime/mcp/session.h"

namespace policy::gateway {
namespace {

constexpr int kOk = 200;

int StatusOf(std::string_view error) {
  return mcp::HttpStatusOf(ErrorCodeOf(error).value_or(0), mcp::Era::Modern);
}

// A list that was made for one caller is nothing that a cache may give to another.
std::string PrivateAnswer(std::string_view answer) {
  constexpr std::string_view kPrivate = R"("private")";
  const std::string_view result =
      mcp::MemberOf(answer.substr(std::min(answer.find('{'), answer.size())), "result");
  const std::string_view scope = mcp::MemberOf(result, "cacheScope");
  if (scope.empty() || scope == kPrivate) return std::string(answer);
  mcp::Splice splice(answer);
  splice.Replace(scope, std::string(kPrivate));
  return splice.Text();
}

}  // namespace

void StatelessClient::Post(std::shared_ptr<transport::HttpExchange> exchange) {
  const std::shared_ptr<transport::HttpExchange> kept = exchange;
  current_ = std::move(exchange);
  relay_.ClientLine(kept->body());
  if (const auto current = std::exchange(current_, nullptr)) current->Respond(202, {}, {});
}

void StatelessClient::Began(std::uint64_t sequence, const mcp::Message& request) {
  sequence_ = sequence;
  is_call_ = request.is_tools_call;
  stream_.emplace(StreamOptions{});
  if (current_ == nullptr) return;
  current_->set_on_closed([this, sequence, is_alive = std::weak_ptr(is_alive_)] {
    if (!is_alive.expired() && sequence_ == sequence) ClientLeft();
  });
  stream_->Listen(std::move(current_), no_session_);
  current_ = nullptr;
}

void StatelessClient::ClientLeft() {
  const std::uint64_t sequence = sequence_;
  // A server may go on with a call all the same, which holds its place until it is given up.
  const bool is_call = is_call_;
  is_spoiled_ |= is_call;
  relay_.ClientLeft(sequence, {});
  forget_(sequence);
  if (is_call) return;
  relay_.RequestFailed(sequence, {.text = "the client has left", .was_sent = true});
}

void StatelessClient::Send(std::string_view bytes, Regarding regarding) {
  if (regarding.said == Said::Response && regarding.sequence == 0) {
    const auto current = std::exchange(current_, nullptr);
    if (current != nullptr) RespondJson(*current, StatusOf(bytes), bytes);
    return;
  }
  is_spoiled_ |= regarding.said == Said::Request;
  if (!stream_ || regarding.sequence != sequence_ || regarding.said == Said::Request) return;
  if (regarding.said == Said::Notification) return stream_->Send(bytes);
  std::string own;
  if (std::exchange(lists_tools_, false)) {
    own = PrivateAnswer(bytes);
    bytes = own;
  }
  // What policyd itself answers goes by its code; what the server answers by its own status.
  stream_->Finish(bytes, answer_status_ != kOk ? answer_status_ : StatusOf(bytes));
}

void StatelessClient::Ended(std::uint64_t sequence) {
  if (sequence != sequence_ || !stream_) return;
  sequence_ = 0;
  stream_->End();
  stream_.reset();
}

void StatelessClient::Dropped(std::string_view reason) {
  if (current_ == nullptr) return;
  RespondError(*std::exchange(current_, nullptr), 400, mcp::kInvalidRequestCode, reason);
}

void StatelessClient::Fail(std::uint64_t sequence, int status, std::string_view text) {
  if (sequence == sequence_ && stream_) stream_->Fail(status, text);
}

void StatelessClient::KeepAlive() {
  if (stream_) stream_->KeepAlive();
}

void StatelessClient::End(int status, std::string_view text) {
  if (stream_) stream_->Fail(status, text);
}

}  // namespace policy::gateway
