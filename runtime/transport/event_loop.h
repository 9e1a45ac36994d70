// One thread that waits for descriptors, timers and other threads, and handles one turn after
// another.
//
// A turn is: wait, call every ready handler, call the end-of-turn function. Handlers queue what
// they have to write; the end of the turn writes it, so that many messages share one system call.
// What has a descriptor of its own for every peer need not wait so long: it defers its writes to
// the end of the handler that runs.
#ifndef RUNTIME_TRANSPORT_EVENT_LOOP_H_
#define RUNTIME_TRANSPORT_EVENT_LOOP_H_

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/transport/descriptor.h"

namespace policy::transport {

// Which of a descriptor's conditions a handler waits for. An error or a hang-up counts as both.
struct Interest {
  bool readable = false;
  bool writable = false;

  friend bool operator==(const Interest&, const Interest&) = default;
};

class EventHandler {
 public:
  virtual void OnReady(Interest ready) = 0;

 protected:
  ~EventHandler() = default;
};

// Has something left to do when the handler that runs has returned.
class DeferredWork {
 public:
  virtual void OnDeferred() = 0;

 protected:
  ~DeferredWork() = default;
};

// Thread safety: Post may be called from any thread, everything else from the loop's own.
class EventLoop {
 public:
  using TimerId = std::uint64_t;  // never 0

  static std::expected<std::unique_ptr<EventLoop>, std::string> Make();
  EventLoop(const EventLoop&) = delete;  // handlers and posters refer to it
  EventLoop& operator=(const EventLoop&) = delete;

  // From now on `handler` hears of `interest`; an empty interest is kept but silent. Regular files,
  // which cannot be waited for, are ready in every turn. REQUIRES: `handler` outlives the watch.
  void Watch(int descriptor, Interest interest, EventHandler& handler);
  // Safe inside a handler, for any descriptor: what the running turn still holds for it is dropped.
  void Unwatch(int descriptor);

  TimerId After(std::chrono::milliseconds delay, std::function<void()> expire);
  void Cancel(TimerId timer);

  // Calls `work` once when the handler, task or timer that runs has returned, or else at the start
  // of the coming turn. REQUIRES: until then `work` is not deferred again, and lives or is dropped.
  void Defer(DeferredWork& work) { deferred_.push_back(&work); }
  void DropDeferred(DeferredWork& work);

  // Room for one read. Whoever reads into it is done with it when its handler returns.
  std::span<char> read_room() { return read_room_; }

  // Runs `task` in a coming turn. Never runs it when the loop has ended.
  void Post(std::function<void()> task);
  // Forgets the tasks and timers that have not run, and what they hold on to.
  void DropTasks();

  void set_end_of_turn(std::function<void()> end_of_turn) { end_of_turn_ = std::move(end_of_turn); }
  void Run();
  void Stop() { stopped_ = true; }

 private:
  using MonotonicTime = std::chrono::steady_clock::time_point;
  struct Watched {
    Interest interest;
    EventHandler* handler = nullptr;
    std::uint32_t generation = 0;  // tells a closed and reused number from the one that was ready
    bool is_pollable = true;
  };

  EventLoop(Descriptor poll, Descriptor wake);
  void RunTurn();
  int WaitMilliseconds() const;
  void Dispatch(int descriptor, std::uint32_t generation, Interest ready);
  void RunPosted();
  void RunTimers();
  void RunDeferred();

  Descriptor poll_;
  Descriptor wake_;
  bool stopped_ = false;
  std::uint32_t next_generation_ = 1;
  std::vector<Watched> watched_;  // by descriptor number
  std::size_t always_ready_ = 0;  // how many watched descriptors cannot be waited for
  std::map<std::pair<MonotonicTime, TimerId>, std::function<void()>> timers_;
  std::unordered_map<TimerId, MonotonicTime> timer_times_;
  TimerId next_timer_ = 1;
  std::function<void()> end_of_turn_;
  std::vector<DeferredWork*> deferred_;  // null: dropped
  std::vector<DeferredWork*> running_deferred_;
  std::vector<char> read_room_;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_EVENT_LOOP_H_
