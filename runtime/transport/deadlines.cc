#include "runtime/transport/deadlines.h"

#include <algorithm>
#include <ctime>
#include <limits>

namespace policy::transport {
namespace {

// To a few milliseconds, for a quarter of what the exact time costs.
std::int64_t CoarseNowMs() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1'000 + now.tv_nsec / 1'000'000;
}

}  // namespace

void Deadline::Unlink() {
  next_->previous_ = previous_;
  previous_->next_ = next_;
  next_ = previous_ = this;
}

Deadlines::~Deadlines() {
  if (timer_ != 0) loop_.Cancel(timer_);
}

void Deadlines::Set(Deadline& deadline, std::chrono::milliseconds after) {
  deadline.Unlink();
  Queue& queue = QueueOf(after);
  deadline.at_ms_ = CoarseNowMs() + after.count();
  deadline.previous_ = queue.previous_;
  deadline.next_ = &queue;
  queue.previous_->next_ = &deadline;
  queue.previous_ = &deadline;
  if (timer_ == 0 || deadline.at_ms_ < armed_ms_) Arm(deadline.at_ms_);
}

Deadlines::Queue& Deadlines::QueueOf(std::chrono::milliseconds length) {
  for (const auto& queue : queues_) {
    if (queue->length == length) return *queue;
  }
  queues_.push_back(std::make_unique<Queue>());
  queues_.back()->length = length;
  return *queues_.back();
}

void Deadlines::Arm(std::int64_t at_ms) {
  if (timer_ != 0) loop_.Cancel(timer_);
  armed_ms_ = at_ms;
  const std::int64_t wait_ms = std::max<std::int64_t>(at_ms - CoarseNowMs(), 0);
  timer_ = loop_.After(std::chrono::milliseconds(wait_ms) + kSlack, [this] {
    timer_ = 0;
    Expire();
  });
}

void Deadlines::Expire() {
  const std::int64_t now_ms = CoarseNowMs();
  // By index: a deadline that passes may set one of a new length.
  // NOLINTNEXTLINE(modernize-loop-convert)
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    Queue& queue = *queues_[i];
    while (queue.next_ != &queue && queue.next_->at_ms_ <= now_ms) {
      Deadline& passed = *queue.next_;
      passed.Unlink();
      passed.OnDeadline();
    }
  }
  std::int64_t soonest_ms = std::numeric_limits<std::int64_t>::max();
  for (const auto& queue : queues_) {
    if (queue->next_ != queue.get()) soonest_ms = std::min(soonest_ms, queue->next_->at_ms_);
  }
  const bool any = soonest_ms != std::numeric_limits<std::int64_t>::max();
  if (any && (timer_ == 0 || soonest_ms < armed_ms_)) Arm(soonest_ms);
}

}  // namespace policy::transport
