// The counters of a policyd that runs, for its operator: what stands in them, and what may be set.
//
// limits.list     every counter of the policy, every cell of this process, and the pool if this
//                 process keeps it; limits_rows.h puts the answers of all processes together
// limits.set      {"cells": [{"identity", "key"}], "used", "because"}: what everybody has used
// limits.confirm  {"because"}: the clock is right, see LeasePool::Confirm; of a Redis, what it lost
// is
//                 to be waited for no longer, see LeaseUpstream::Release
//
// What changes something stands in the state directory's `admin.log` before it is done.
#ifndef RUNTIME_GATEWAY_ADMIN_LIMITS_ADMIN_H_
#define RUNTIME_GATEWAY_ADMIN_LIMITS_ADMIN_H_

#include <cstddef>
#include <functional>
#include <string>

#include "runtime/gateway/admin/admin_server.h"
#include "runtime/limits/cell_engine.h"
#include "runtime/limits/clock.h"
#include "runtime/limits/store/state_directory.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/lease_node.h"
#include "runtime/vm/bound_policy.h"

namespace policy::gateway {

inline constexpr char kAdminLogName[] = "admin.log";
// Cells of one answer; those beyond are counted.
inline constexpr std::size_t kCellsListedMax = 10'000;

// Lives in the loop's thread. Not thread-safe.
class LimitsAdmin {
 public:
  // Everything referred to outlives the server that it is registered with.
  struct Surroundings {
    transport::EventLoop& loop;
    Clock& clock;
    CellEngine& engine;
    transport::LeaseNode* node = nullptr;  // null: the counters are this process's alone
    bool is_in_store = false;              // a Redis keeps the pool
    // Where the admin log is; there is one by the time that anybody asks.
    const std::optional<StateDirectory>& directory;
    // The policies in force, at the time of the call.
    std::function<void(const std::function<void(const BoundPolicy&)>& visit)> each_policy;
    std::string session;
  };
  explicit LimitsAdmin(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
  LimitsAdmin(const LimitsAdmin&) = delete;  // handlers refer to it
  LimitsAdmin& operator=(const LimitsAdmin&) = delete;

  void Register(AdminServer& server);

 private:
  void List(const AdminAnswer& answer);
  void Set(const AdminRequest& request, const AdminAnswer& answer);
  void Confirm(const AdminRequest& request, const AdminAnswer& answer);
  nlohmann::json ListOwn();
  std::expected<void, std::string> Note(const AdminRequest& request, nlohmann::json what) const;
  void WithPool(std::function<nlohmann::json(LeasePool* pool)> act, const AdminAnswer& answer);

  const Surroundings surroundings_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ADMIN_LIMITS_ADMIN_H_
