// Where a node leases quota from: the pool of its state directory, or one in a Redis.
#ifndef RUNTIME_TRANSPORT_LEASE_UPSTREAM_H_
#define RUNTIME_TRANSPORT_LEASE_UPSTREAM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "runtime/limits/clock.h"
#include "runtime/limits/store/lease_message.h"
#include "runtime/limits/store/lease_pool.h"
#include "runtime/limits/store/shared_counters.h"
#include "runtime/transport/event_loop.h"

namespace policy::transport {

// Lives in the node's thread. Gives grants to the node's counters, and lets them answer recalls.
class LeaseUpstream {
 public:
  // All are called in turns of the loop.
  struct Events {
    // The pool can be asked. Another incarnation than before knows nothing of what was leased.
    std::function<void(std::uint64_t incarnation)> on_term;
    // It cannot be asked any more, until on_term.
    std::function<void()> on_lost;
    // Why it cannot be asked at the moment: a sentence. Before the first on_term this is the reason
    // not to start.
    std::function<void(const std::string&)> on_refused;
    // What somebody ought to know: a sentence.
    std::function<void(const std::string&)> on_trouble;
  };
  // What an upstream works with; all of it outlives the upstream.
  struct Surroundings {
    EventLoop& loop;
    SharedCounters& counters;
    Clock& clock;
    Events events;
  };
  using Make = std::function<std::unique_ptr<LeaseUpstream>(Surroundings)>;

  virtual ~LeaseUpstream() = default;

  virtual void Begin() = 0;
  // First of all in a term: what is leased.
  virtual void Hold(std::span<const HoldMessage> holdings) = 0;
  virtual void Ask(std::span<const AskMessage> asks) = 0;
  // Gives back what has been idle for long. What is lost on its way is lost.
  virtual void Return(std::span<const ReturnMessage> returns) = 0;
  // An operator says that what the store has lost, or still waits for, is to be waited for no
  // longer: what is denied for that begins with what is known. `on_done`, in a turn of the loop:
  // whether anything was denied for that; nullopt: the store did not answer, or keeps nothing like
  // it.
  virtual void Release(std::function<void(std::optional<bool>)> on_done) { on_done({}); }
  // Last of all in a term: gives back what is idle, and waits until that is on its way.
  virtual void Leave(std::span<const ReturnMessage> returns) = 0;
  // Whether this process keeps the pool.
  virtual bool leads() const { return false; }
  // For operators: calls `visit` with the pool, or with null where another process or a Redis keeps
  // it.
  virtual void WithPool(const std::function<void(LeasePool* pool)>& visit) { visit(nullptr); }
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_LEASE_UPSTREAM_H_
