// One replica that charges one counter of windows of a second, as fast as it goes:
//
//   limits_redis_bench leases|direct SOCKET MAX SECONDS makes|joins
//
// leases: as policyd does it, on quota that is leased. direct: the least that asks the Redis for
// every call, an atomic script and nothing beside it. Prints one line of JSON.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "policy/check.h"
#include "runtime/limits/system_clock.h"
#include "runtime/transport/lease_node.h"

namespace policy {
namespace {

using std::chrono::steady_clock;

struct Terms {
  std::string socket;
  std::int64_t max = 0;
  int seconds = 0;
  bool makes_pool = false;
};

struct Outcome {
  std::int64_t calls = 0;
  std::map<std::int64_t, std::int64_t> admitted;  // by end of the window
};

Outcome ChargeOnLeases(const Terms& terms) {
  SystemClock clock;
  auto node = transport::LeaseNode::StartWithRedis(
      {.address = *transport::ParseRedisAddress("redis+unix://" + terms.socket),
       .password = {},
       .ca_path = {},
       .makes_pool = terms.makes_pool},
      {}, clock);
  CHECK(node.has_value());
  Counters& counters = (*node)->counters();
  const std::array<Charge, 1> charges = {
      Charge{.table = counters.Open({.attachment = "bench",
                                     .name = "race",
                                     .window = CounterWindow::Seconds,
                                     .window_seconds = 1,
                                     .zone = "",
                                     .scale = 0,
                                     .scope = "grant"}),
             .scope_key = "g",
             .max = terms.max}};
  Outcome outcome;
  const auto end = steady_clock::now() + std::chrono::seconds(terms.seconds);
  while (steady_clock::now() < end) {
    Reservation reservation;
    std::array<ChargeState, 1> states;
    const std::int64_t now_ns = clock.WallNanoseconds();
    ReserveResult result = counters.TryReserve(charges, now_ns, states, reservation);
    while (result == ReserveResult::NeedsStore) {
      auto woken = std::make_shared<std::promise<void>>();
      counters.WhenReady(charges, [woken] { woken->set_value(); });
      woken->get_future().wait();
      result = counters.TryReserve(charges, now_ns, states, reservation);
    }
    ++outcome.calls;
    if (result != ReserveResult::Granted) continue;
    ++outcome.admitted[*states[0].window_end_ms];
    reservation.Settle(Settlement::Commit);
  }
  return outcome;
}

// A blocking connection; every reply is short.
class Connection {
 public:
  explicit Connection(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    CHECK(path.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.data(), path.size());
    CHECK(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;  // closed once
  Connection& operator=(const Connection&) = delete;

  std::string Ask(const std::string& command) {
    CHECK(write(socket_, command.data(), command.size()) == static_cast<ssize_t>(command.size()));
    std::array<char, 256> reply;
    const ssize_t got = read(socket_, reply.data(), reply.size());
    CHECK(got > 0);
    return {reply.data(), static_cast<std::size_t>(got)};
  }

  static std::string Command(std::initializer_list<std::string_view> words) {
    std::string text = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string_view word : words) {
      text += "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
    }
    return text;
  }

 private:
  int socket_;
};

Outcome AskForEveryCall(const Terms& terms) {
  constexpr std::string_view kScript =
      "local t = tonumber(redis.call('TIME')[1]) local k = KEYS[1] .. t "
      "local used = tonumber(redis.call('GET', k) or '0') "
      "if used + 1 > tonumber(ARGV[1]) then return -t end "
      "redis.call('SET', k, used + 1, 'EX', 5) return t";
  Connection redis(terms.socket);
  const std::string loaded = redis.Ask(Connection::Command({"SCRIPT", "LOAD", kScript}));
  const std::string digest = loaded.substr(loaded.find("\r\n") + 2, 40);
  const std::string ask =
      Connection::Command({"EVALSHA", digest, "1", "{race}:", std::to_string(terms.max)});
  Outcome outcome;
  const auto end = steady_clock::now() + std::chrono::seconds(terms.seconds);
  while (steady_clock::now() < end) {
    const std::string reply = redis.Ask(ask);
    CHECK(reply[0] == ':');
    const std::int64_t window = std::atoll(reply.c_str() + 1);
    ++outcome.calls;
    if (window > 0) ++outcome.admitted[(window + 1) * 1'000];
  }
  return outcome;
}

int Main(int argc, char** argv) {
  if (argc != 6) return 2;
  const Terms terms{.socket = argv[2],
                    .max = std::atoll(argv[3]),
                    .seconds = std::atoi(argv[4]),
                    .makes_pool = std::string_view(argv[5]) == "makes"};
  const auto begin = steady_clock::now();
  const Outcome outcome =
      std::string_view(argv[1]) == "leases" ? ChargeOnLeases(terms) : AskForEveryCall(terms);
  const std::chrono::duration<double, std::nano> took = steady_clock::now() - begin;
  std::int64_t admitted = 0;
  std::string windows;
  for (const auto& [end_ms, count] : outcome.admitted) {
    admitted += count;
    windows += (windows.empty() ? "" : ",") + ("\"" + std::to_string(end_ms) + "\":") +
               std::to_string(count);
  }
  std::printf(R"({"calls":%lld,"admitted":%lld,"ns_per_call":%.1f,"windows":{%s}})"
              "\n",
              static_cast<long long>(outcome.calls), static_cast<long long>(admitted),
              took.count() / static_cast<double>(outcome.calls), windows.c_str());
  return 0;
}

}  // namespace
}  // namespace policy

int main(int argc, char** argv) { return policy::Main(argc, argv); }
