// Leasing within a state directory: this process keeps the pool, or asks the one that does.
#ifndef RUNTIME_TRANSPORT_LOCAL_LEASES_H_
#define RUNTIME_TRANSPORT_LOCAL_LEASES_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "runtime/limits/store/state_directory.h"
#include "runtime/transport/lease_follower.h"
#include "runtime/transport/lease_leader.h"
#include "runtime/transport/lease_upstream.h"

namespace policy::transport {

class LocalLeases final : public LeaseUpstream {
 public:
  // `members`: this process's share of the directory.
  LocalLeases(Surroundings surroundings, StateDirectory directory, File members);

  void Begin() override { Elect(); }
  void Hold(std::span<const HoldMessage> holdings) override;
  void Ask(std::span<const AskMessage> asks) override;
  void Return(std::span<const ReturnMessage> returns) override;
  void Leave(std::span<const ReturnMessage> returns) override;
  bool leads() const override { return leader_ != nullptr; }
  void WithPool(const std::function<void(LeasePool* pool)>& visit) override;

 private:
  void Elect();
  void Lead(File lead);
  void Follow();
  void TryAgain(const std::string& trouble);
  void BeginTerm(std::uint64_t incarnation);
  void Say(const LeaseMessage& message);

  const Surroundings surroundings_;
  const StateDirectory directory_;
  const File members_;
  std::unique_ptr<LeaseLeader> leader_;  // at most one of the two
  std::unique_ptr<LeaseFollower> follower_;
  std::int64_t elected_since_ns_ = 0;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_LOCAL_LEASES_H_
