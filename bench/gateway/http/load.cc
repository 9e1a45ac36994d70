#include "bench/gateway/http/load.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "runtime/transport/descriptor.h"

namespace policy::bench {
namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr std::int64_t kIds = 8'000'000;  // all of seven digits

struct Client {
  explicit Client(const Target& target) : connection(target) {}
  Connection connection;
  Time due;
  std::int64_t id = 0;
};

class Run {
 public:
  Run(const Load& load, const Target& target, const Calls& calls)
      : load_(load), calls_(calls), poll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < load.connections; ++i) {
      auto& client = *clients_.emplace_back(std::make_unique<Client>(target));
      client.connection.OpenSession();
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &client;
      epoll_ctl(poll_.number(), EPOLL_CTL_ADD, client.connection.descriptor(), &event);
      free_.push_back(&client);
    }
  }

  Measured Apply() {
    if (load_.begun) load_.begun();
    const Time began = std::chrono::steady_clock::now();
    const Time end = began + load_.lasts;
    next_due_ = began;
    Time now = began;
    while (now < end || free_.size() < clients_.size()) {
      if (now < end) SendDue(now);
      Receive(now, end);
      now = std::chrono::steady_clock::now();
    }
    measured_.seconds = std::chrono::duration<double>(now - began).count();
    std::ranges::sort(measured_.latencies_ns);
    return std::move(measured_);
  }

 private:
  void SendDue(Time now) {
    while (!free_.empty() && (load_.rate == 0 || next_due_ <= now)) {
      Client& client = *free_.back();
      free_.pop_back();
      client.due = load_.rate == 0 ? std::chrono::steady_clock::now() : next_due_;
      next_due_ += std::chrono::nanoseconds(
          load_.rate == 0 ? 0 : static_cast<std::int64_t>(1e9 / load_.rate));
      client.id = kFirstId + next_id_++ % kIds;
      line_.clear();
      calls_.Append(client.id, line_);
      line_.pop_back();  // the line's end
      client.connection.Send(line_);
    }
  }

  void Receive(Time now, Time end) {
    std::array<epoll_event, 256> events;
    timespec wait{.tv_sec = 0, .tv_nsec = 100'000'000};
    if (load_.rate != 0 && !free_.empty()) {
      const auto left = std::chrono::nanoseconds(next_due_ - now).count();
      wait.tv_nsec = std::clamp<long>(left, 0, 100'000'000);
    }
    const int count = epoll_pwait2(poll_.number(), events.data(), static_cast<int>(events.size()),
                                   &wait, nullptr);
    for (int i = 0; i < count; ++i) {
      auto& client = *static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!client.connection.Receive()) continue;
      Note(client);
      free_.push_back(&client);
      // The answer is followed by the next call at once.
      if (load_.rate == 0 && now < end) SendDue(now);
    }
  }

  void Note(const Client& client) {
    const auto took = std::chrono::steady_clock::now() - client.due;
    const auto nanoseconds = std::chrono::nanoseconds(took).count();
    measured_.latencies_ns.push_back(
        static_cast<std::uint32_t>(std::min<std::int64_t>(nanoseconds, UINT32_MAX)));
    const Answer answer = ReadAnswer(client.connection.body());
    if (client.connection.status() != 200 || answer.verdict == Verdict::Wrong ||
        answer.id != client.id) {
      ++measured_.wrong;
    }
    if (answer.verdict == Verdict::Rewritten) ++measured_.rewritten;
  }

  const Load& load_;
  const Calls& calls_;
  transport::Descriptor poll_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Client*> free_;
  Time next_due_;
  std::int64_t next_id_ = 0;
  std::string line_;
  Measured measured_;
};

}  // namespace

Measured Apply(const Load& load, const Target& target, const Calls& calls) {
  return Run(load, target, calls).Apply();
}

}  // namespace policy::bench
