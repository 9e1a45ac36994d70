// Deadlines of many connections, of few different lengths: set and moved in a handful of
// instructions, and one timer of the loop for all of them.
#ifndef RUNTIME_TRANSPORT_DEADLINES_H_
#define RUNTIME_TRANSPORT_DEADLINES_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/transport/event_loop.h"

namespace policy::transport {

class Deadlines;

// What has a deadline derives from this. It leaves its queue when it is destroyed.
class Deadline {
 public:
  Deadline() = default;
  Deadline(const Deadline&) = delete;  // its neighbours refer to it
  Deadline& operator=(const Deadline&) = delete;

 protected:
  virtual ~Deadline() { Unlink(); }
  // The deadline has passed; none is set any more.
  virtual void OnDeadline() = 0;

 private:
  friend class Deadlines;

  void Unlink();

  // A ring: the queue itself, then its members, the soonest first.
  Deadline* next_ = this;
  Deadline* previous_ = this;
  std::int64_t at_ms_ = 0;
};

// Lives in the loop's thread; not thread-safe.
class Deadlines {
 public:
  explicit Deadlines(EventLoop& loop) : loop_(loop) {}  // `loop` outlives it
  Deadlines(const Deadlines&) = delete;                 // the loop refers to it
  Deadlines& operator=(const Deadlines&) = delete;
  ~Deadlines();

  // In place of what was set for it. Expires up to kSlack late. `after`: one of few values, for
  // each has a queue of its own.
  void Set(Deadline& deadline, std::chrono::milliseconds after);
  static void Clear(Deadline& deadline) { deadline.Unlink(); }

  static constexpr std::chrono::milliseconds kSlack{20};

 private:
  struct Queue final : Deadline {
    void OnDeadline() override {}
    std::chrono::milliseconds length{0};
  };

  Queue& QueueOf(std::chrono::milliseconds length);
  void Arm(std::int64_t at_ms);
  void Expire();

  EventLoop& loop_;
  std::vector<std::unique_ptr<Queue>> queues_;
  EventLoop::TimerId timer_ = 0;  // 0: not armed
  std::int64_t armed_ms_ = 0;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_DEADLINES_H_
