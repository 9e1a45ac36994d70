// Keeps the keys of an authorization server at hand: fetched at once, then again and again, and
// sooner where a token names a key that is not known.
#ifndef RUNTIME_GATEWAY_ACCESS_KEY_FETCHER_H_
#define RUNTIME_GATEWAY_ACCESS_KEY_FETCHER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/gateway/access/key_set.h"
#include "runtime/gateway/config/serve_config.h"
#include "runtime/limits/clock.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/http_client.h"

namespace policy::gateway {

// Lives in its loop, which waits for nothing else of it; not thread-safe.
class KeyFetcher final : private transport::HttpResponseHandler {
 public:
  // New keys, and until when they count (Unix time) should no others come.
  using Take = std::function<void(std::shared_ptr<const KeySet> keys, std::int64_t keys_until_s)>;
  using Say = std::function<void(const std::string& line)>;

  struct Options {
    OauthConfig oauth;  // with a jwks_url
    std::shared_ptr<std::atomic<bool>> wants_keys;
    Take take;
    Say say;  // what went wrong, once until it goes well again
  };

  // `loop` and `clock` outlive the fetcher. Begins to fetch. The error is a sentence.
  static std::expected<std::unique_ptr<KeyFetcher>, std::string> Start(transport::EventLoop& loop,
                                                                       Clock& clock,
                                                                       Options options);
  KeyFetcher(const KeyFetcher&) = delete;  // the loop refers to it
  KeyFetcher& operator=(const KeyFetcher&) = delete;
  ~KeyFetcher();

  const OauthConfig& oauth() const { return options_.oauth; }

 private:
  KeyFetcher(transport::EventLoop& loop, Clock& clock, Options options);
  void OnHead(const transport::HttpResponseHead& head) override;
  void OnBody(std::string_view bytes) override;
  void OnEnd() override;
  void OnFailure(const transport::HttpFailure& failure) override;
  void Fetch();
  void Look();
  void Failed(const std::string& why);

  transport::EventLoop& loop_;
  Clock& clock_;
  Options options_;
  std::unique_ptr<transport::HttpClient> client_;
  std::unique_ptr<transport::HttpCall> call_;  // on its way; null: none is
  transport::EventLoop::TimerId timer_ = 0;
  std::int64_t next_ns_ = 0;   // monotonic: when to fetch again
  std::int64_t asked_ns_ = 0;  // when last fetched
  int status_ = 0;
  std::string body_;
  bool has_failed_ = false;
};

// A token with an unknown key leads to a fetch, at most this often: anyone can make such tokens.
inline constexpr std::chrono::seconds kKeysAskedMin{30};
// After a failure.
inline constexpr std::chrono::seconds kKeysRetry{10};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_KEY_FETCHER_H_
