#include "runtime/transport/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "policy/check.h"

namespace policy::transport {
namespace {

constexpr std::size_t kEventsPerTurnMax = 64;
constexpr std::size_t kReadRoomBytes = std::size_t{64} << 10;

std::uint32_t ToEpoll(Interest interest) {
  std::uint32_t events = 0;
  if (interest.readable) events |= EPOLLIN;
  if (interest.writable) events |= EPOLLOUT;
  return events;
}

Interest FromEpoll(std::uint32_t events) {
  const bool is_over = (events & (EPOLLERR | EPOLLHUP)) != 0;
  return {.readable = is_over || (events & EPOLLIN) != 0,
          .writable = is_over || (events & EPOLLOUT) != 0};
}

std::uint64_t Pack(int descriptor, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(descriptor);
}

}  // namespace

std::expected<std::unique_ptr<EventLoop>, std::string> EventLoop::Make() {
  Descriptor poll(::epoll_create1(EPOLL_CLOEXEC));
  Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!poll.is_open() || !wake.is_open()) {
    return std::unexpected(std::string("cannot make an event loop: ") + std::strerror(errno));
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = Pack(wake.number(), 0);  // generation 0 is the loop's own
  if (::epoll_ctl(poll.number(), EPOLL_CTL_ADD, wake.number(), &event) != 0) {
    return std::unexpected(std::string("cannot make an event loop: ") + std::strerror(errno));
  }
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(poll), std::move(wake)));
}

EventLoop::EventLoop(Descriptor poll, Descriptor wake)
    : poll_(std::move(poll)), wake_(std::move(wake)), read_room_(kReadRoomBytes) {}

void EventLoop::Watch(int descriptor, Interest interest, EventHandler& handler) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= watched_.size()) watched_.resize(index + 1);
  Watched& watched = watched_[index];
  if (watched.handler == &handler && watched.interest == interest) return;
  const bool is_new = watched.handler == nullptr;
  if (is_new) watched = {{}, nullptr, next_generation_++, true};
  watched.handler = &handler;
  watched.interest = interest;
  if (!watched.is_pollable) return;

  epoll_event event{};
  event.events = ToEpoll(interest);
  // A hang-up is reported even to who waits for nothing; taken out of the set it stays silent.
  event.data.u64 = Pack(descriptor, watched.generation);
  const bool is_silent = event.events == 0;
  if (is_silent) {
    if (!is_new) ::epoll_ctl(poll_.number(), EPOLL_CTL_DEL, descriptor, nullptr);
    return;
  }
  if (!is_new) {
    if (::epoll_ctl(poll_.number(), EPOLL_CTL_MOD, descriptor, &event) == 0) return;
    CHECK(errno == ENOENT);  // it was silent
  }
  if (::epoll_ctl(poll_.number(), EPOLL_CTL_ADD, descriptor, &event) == 0) return;
  CHECK(errno == EPERM);  // a regular file or a device that is always ready
  watched.is_pollable = false;
  ++always_ready_;
}

void EventLoop::Unwatch(int descriptor) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= watched_.size() || watched_[index].handler == nullptr) return;
  if (watched_[index].is_pollable) {
    ::epoll_ctl(poll_.number(), EPOLL_CTL_DEL, descriptor, nullptr);
  } else {
    --always_ready_;
  }
  watched_[index] = {};
}

EventLoop::TimerId EventLoop::After(std::chrono::milliseconds delay, std::function<void()> expire) {
  const TimerId timer = next_timer_++;
  const MonotonicTime time = std::chrono::steady_clock::now() + delay;
  timers_.emplace(std::make_pair(time, timer), std::move(expire));
  timer_times_.emplace(timer, time);
  return timer;
}

void EventLoop::Cancel(TimerId timer) {
  const auto found = timer_times_.find(timer);
  if (found == timer_times_.end()) return;
  timers_.erase({found->second, timer});
  timer_times_.erase(found);
}

void EventLoop::DropDeferred(DeferredWork& work) {
  for (auto* const list : {&deferred_, &running_deferred_}) {
    std::ranges::replace(*list, &work, nullptr);
  }
}

void EventLoop::RunDeferred() {
  while (!deferred_.empty()) {
    running_deferred_.swap(deferred_);
    // None is added to these meanwhile; each may be dropped, and is null then, by one before it.
    for (DeferredWork* const& work : running_deferred_) {
      if (work != nullptr) work->OnDeferred();
    }
    running_deferred_.clear();
  }
}

void EventLoop::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake already.
  [[maybe_unused]] const auto written = ::write(wake_.number(), &one, sizeof(one));
}

void EventLoop::DropTasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(posted_mutex_);
    tasks.swap(posted_);
  }
  timers_.clear();
  timer_times_.clear();
}

void EventLoop::Run() {
  while (!stopped_) RunTurn();
}

int EventLoop::WaitMilliseconds() const {
  if (always_ready_ != 0) {
    const bool any = std::ranges::any_of(watched_, [](const Watched& watched) {
      return watched.handler != nullptr && !watched.is_pollable && watched.interest != Interest{};
    });
    if (any) return 0;
  }
  if (timers_.empty()) return -1;
  const auto left = timers_.begin()->first.first - std::chrono::steady_clock::now();
  const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<std::int64_t>(left_ms, 0, 60'000));
}

void EventLoop::RunTurn() {
  RunDeferred();
  std::array<epoll_event, kEventsPerTurnMax> events;
  const int count = ::epoll_wait(poll_.number(), events.data(), static_cast<int>(events.size()),
                                 WaitMilliseconds());
  CHECK(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto descriptor = static_cast<int>(static_cast<std::uint32_t>(event.data.u64));
    const auto generation = static_cast<std::uint32_t>(event.data.u64 >> 32);
    if (generation == 0) {
      RunPosted();
    } else {
      Dispatch(descriptor, generation, FromEpoll(event.events));
    }
  }
  if (always_ready_ != 0) {
    for (std::size_t i = 0; i < watched_.size(); ++i) {
      const Watched watched = watched_[i];
      if (watched.handler == nullptr || watched.is_pollable) continue;
      Dispatch(static_cast<int>(i), watched.generation, watched.interest);
    }
  }
  RunTimers();
  if (end_of_turn_) {
    end_of_turn_();
    RunDeferred();
  }
}

void EventLoop::Dispatch(int descriptor, std::uint32_t generation, Interest ready) {
  const Watched& watched = watched_[static_cast<std::size_t>(descriptor)];
  if (watched.handler == nullptr || watched.generation != generation) return;
  const Interest wanted{.readable = ready.readable && watched.interest.readable,
                        .writable = ready.writable && watched.interest.writable};
  if (wanted == Interest{}) return;
  watched.handler->OnReady(wanted);
  RunDeferred();
}

void EventLoop::RunPosted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(wake_.number(), &count, sizeof(count));
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(posted_mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) {
    task();
    RunDeferred();
  }
}

void EventLoop::RunTimers() {
  if (timers_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  // One at a time: an expiring timer may cancel or set others.
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    const auto first = timers_.begin();
    const auto expire = std::move(first->second);
    timer_times_.erase(first->first.second);
    timers_.erase(first);
    expire();
    RunDeferred();
  }
}

}  // namespace policy::transport
