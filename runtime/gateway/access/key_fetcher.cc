#include "runtime/gateway/access/key_fetcher.h"

#include <array>
#include <utility>

namespace policy::gateway {
namespace {

using std::chrono::milliseconds;

constexpr int kDone = 200;
constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr milliseconds kLook{1'000};       // between looks whether a fetch is due
constexpr milliseconds kFetchWait{5'000};  // for the answer

std::int64_t Nanoseconds(std::chrono::seconds time) { return time.count() * kNanosecondsPerSecond; }

}  // namespace

std::expected<std::unique_ptr<KeyFetcher>, std::string> KeyFetcher::Start(
    transport::EventLoop& loop, Clock& clock, Options options) {
  transport::HttpClientOptions http;
  http.url = options.oauth.jwks_url;
  http.ca_path = options.oauth.jwks_ca_path;
  http.connections_max = 1;
  http.first_byte_timeout = kFetchWait;
  std::unique_ptr<KeyFetcher> fetcher(new KeyFetcher(loop, clock, std::move(options)));
  auto client = transport::HttpClient::Make(loop, std::move(http));
  if (!client) return std::unexpected("oauth: " + client.error());
  fetcher->client_ = *std::move(client);
  fetcher->Look();
  return fetcher;
}

KeyFetcher::KeyFetcher(transport::EventLoop& loop, Clock& clock, Options options)
    : loop_(loop), clock_(clock), options_(std::move(options)) {}

KeyFetcher::~KeyFetcher() {
  if (timer_ != 0) loop_.Cancel(timer_);
}

void KeyFetcher::Look() {
  timer_ = loop_.After(kLook, [this] { Look(); });
  if (call_ != nullptr) return;
  const std::int64_t now_ns = clock_.MonotonicNanoseconds();
  const bool may_be_asked = asked_ns_ == 0 || now_ns - asked_ns_ >= Nanoseconds(kKeysAskedMin);
  const bool is_asked = may_be_asked && options_.wants_keys->exchange(false);
  if (is_asked || now_ns >= next_ns_) Fetch();
}

void KeyFetcher::Fetch() {
  asked_ns_ = clock_.MonotonicNanoseconds();
  status_ = 0;
  body_.clear();
  const std::array<transport::HttpHeader, 1> headers = {{{"Accept", "application/json"}}};
  call_ = client_->Send({.method = "GET",
                         .target = {},
                         .headers = headers,
                         .body = {},
                         .is_repeatable = true,
                         .first_byte_timeout = kFetchWait,
                         .silence_timeout = kFetchWait},
                        *this);
}

void KeyFetcher::OnHead(const transport::HttpResponseHead& head) { status_ = head.status; }

void KeyFetcher::OnBody(std::string_view bytes) {
  if (body_.size() + bytes.size() > kKeySetBytesMax) {
    call_.reset();
    return Failed("the key set is too large");
  }
  body_ += bytes;
}

void KeyFetcher::OnEnd() {
  call_.reset();
  if (status_ != kDone) return Failed("status " + std::to_string(status_));
  auto keys = KeySet::Parse(body_);
  if (!keys) return Failed(keys.error());
  if (keys->size() == 0) return Failed("the key set has no key that is used here");
  if (std::exchange(has_failed_, false)) options_.say("keys of the issuer are fetched again");
  next_ns_ =
      clock_.MonotonicNanoseconds() + options_.oauth.jwks_refresh_ms * kNanosecondsPerMillisecond;
  const std::int64_t until_ns =
      clock_.WallNanoseconds() + options_.oauth.jwks_stale_ms * kNanosecondsPerMillisecond;
  options_.take(std::make_shared<const KeySet>(*std::move(keys)), until_ns / kNanosecondsPerSecond);
}

void KeyFetcher::OnFailure(const transport::HttpFailure& failure) {
  call_.reset();
  Failed(failure.text);
}

void KeyFetcher::Failed(const std::string& why) {
  next_ns_ = clock_.MonotonicNanoseconds() + Nanoseconds(kKeysRetry);
  if (std::exchange(has_failed_, true)) return;
  options_.say("keys of the issuer cannot be fetched from `" + options_.oauth.jwks_url +
               "`: " + why);
}

}  // namespace policy::gateway
