// Leasing from a pool in a Redis, which replicas on any machine share.
//
// The Redis decides, in scripts that are atomic there, by its own clock: what is granted of a
// window, to all replicas together, is never more than max. A lease ends with the server's window
// at the latest, whatever this machine's clocks do. See docs/limits.md for what holds when the
// Redis fails, forgets or changes.
#ifndef RUNTIME_TRANSPORT_REDIS_LEASES_H_
#define RUNTIME_TRANSPORT_REDIS_LEASES_H_

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runtime/limits/window.h"
#include "runtime/transport/lease_upstream.h"
#include "runtime/transport/redis_address.h"
#include "runtime/transport/redis_connection.h"
#include "runtime/transport/redis_dial.h"
#include "runtime/transport/redis_scripts.h"
#include "runtime/transport/tls_client.h"

namespace policy::transport {

// Amounts in the Redis are doubles.
inline constexpr std::int64_t kRedisAmountMax = std::int64_t{1} << 53;

class RedisLeases final : public LeaseUpstream {
 public:
  struct Options {
    RedisAddress address;
    std::string password;     // empty: none
    std::string ca_path;      // who signs the servers' certificates; empty: whom the system trusts
    bool makes_pool = false;  // begins a pool where there is none
  };

  // How long a permit that was leased may be taken by a call.
  static constexpr std::int64_t kPermitLeaseNanoseconds = 60'000'000'000;
  // How long idle quota is waited for after it was recalled.
  static constexpr std::chrono::milliseconds kRecallWait{40};
  // A replica says this often that it is alive, and takes a server that has not answered by the
  // next time for gone.
  static constexpr std::chrono::milliseconds kBeatInterval{1'000};

  // What makes the leases of a node. The error is a sentence.
  static std::expected<LeaseUpstream::Make, std::string> Prepare(Options options);

  RedisLeases(Options options, std::shared_ptr<const TlsClient> tls, Surroundings surroundings);
  RedisLeases(const RedisLeases&) = delete;  // replies refer to it
  RedisLeases& operator=(const RedisLeases&) = delete;
  ~RedisLeases() override;

  void Begin() override;
  void Hold(std::span<const HoldMessage> holdings) override;
  void Ask(std::span<const AskMessage> asks) override;
  void Return(std::span<const ReturnMessage> returns) override;
  void Release(std::function<void(std::optional<bool>)> on_done) override;
  void Leave(std::span<const ReturnMessage> returns) override;

 private:
  // An ask on its way, with the window that the Redis is asked for.
  struct Question {
    AskMessage ask;
    Window window;
    CounterKind kind = CounterKind::Fixed;
    std::uint32_t window_seconds = 0;
    std::int64_t returned = 0;
    bool has_recalled = false;
    int tries = 0;
    std::int64_t sent_wall_ns = 0;
    std::int64_t sent_steady_ns = 0;
  };

  // Becoming connected, step by step.
  void Dial(const RedisNode& node, void (RedisLeases::*begin)());
  void AskSentinel();
  void Greet();
  void HearInfo(const RespValue& info);
  void LoadScripts();
  void Enter();
  void HearEntered(const RespValue& entered);
  void Lose(const std::string& why);
  void Beat();

  void Send(RedisScript script, std::vector<std::string> keys, std::vector<std::string> arguments,
            RedisConnection::OnReply on_reply);
  void SendQuestion(Question question);
  void SendFlowQuestion(const Question& question);
  void HearAnswer(const Question& question, const RespValue& answer);
  void HearGrant(const Question& question, const RespValue& answer, GrantStatus status);
  void AskLater(const Question& question, std::chrono::milliseconds delay);
  void AskInWindow(Question question, const RespValue& answer);
  void Fail(const Question& question, const std::string& why);
  void HearPush(const RespValue& push);
  void HearRecall(std::string_view payload);
  void Trouble(const std::string& why);

  // What the pool has to know of a counter.
  struct Counter {
    WindowCalendar calendar;
    CounterKind kind = CounterKind::Fixed;
    std::uint32_t window_seconds = 0;
  };
  const Counter* CounterOf(const std::string& identity);  // null: a zone that is not known here
  void SendReturn(const ReturnMessage& returned, std::string room_max, bool leaves);
  void HoldFlow(const HoldMessage& holding, const Counter& counter);
  std::string Key(std::string_view name) const;
  std::string CellKey(const CellName& cell) const;
  std::optional<CellName> CellOf(std::string_view key) const;
  std::string NextSequence() { return std::to_string(++sequence_); }
  std::string WallMilliseconds() const;
  std::string PermitMilliseconds() const;

  const Options options_;
  const std::shared_ptr<const TlsClient> tls_;  // null: plain text
  const Surroundings surroundings_;
  const std::string replica_;  // random: names this process in the pool
  std::unique_ptr<RedisDial> dial_;
  std::unique_ptr<RedisConnection> connection_;
  std::array<std::string, kRedisScripts> digests_;
  std::string server_;       // the run that answers; another one may have forgotten
  std::string incarnation_;  // of the pool; empty: none was entered yet
  bool is_in_ = false;
  bool was_refused_ = false;  // at first, when the node would not start
  std::size_t attempts_ = 0;  // since the last time in
  std::uint64_t term_ = 0;    // tells timers of another connection
  std::uint64_t sequence_ = 0;
  EventLoop::TimerId beat_timer_ = 0;
  EventLoop::TimerId dial_timer_ = 0;
  bool awaits_beat_ = false;
  std::string last_trouble_;
  std::int64_t last_trouble_ns_ = 0;
  std::unordered_map<std::string, std::optional<Counter>> counters_;  // by identity
  std::unordered_set<CellName, CellNameHash> asking_;  // cells with a question on its way
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_REDIS_LEASES_H_
