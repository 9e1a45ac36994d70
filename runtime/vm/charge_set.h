// The charges of one call: from the limits that apply to what the counters are asked for, and from
// their answer back to how each limit stands.
#ifndef RUNTIME_VM_CHARGE_SET_H_
#define RUNTIME_VM_CHARGE_SET_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/counters.h"
#include "policy/decision.h"
#include "policy/request.h"
#include "runtime/limits/scope_key.h"
#include "runtime/program/frame.h"
#include "runtime/program/layout.h"
#include "runtime/vm/bound_policy.h"

namespace policy {

// Why a call cannot be charged and so must be denied.
struct ChargeRefusal {
  std::uint32_t limit = 0;
  std::string cause;
};

// Reused from call to call; not thread-safe.
class ChargeSet {
 public:
  // Forgets the call. Without a share or a refusal there is nothing of one.
  void Clear() {
    if (!shares_.empty() || !refusals_.empty()) ForgetCall();
  }

  // Reads amounts and scope keys out of the frame. Limits that share a cell become one charge: the
  // largest amount under the smallest max. `limits`: each once. False: some limit cannot be
  // charged; see refusals().
  bool Build(const BoundPolicy& policy, std::span<const std::uint32_t> limits, Frame& frame,
             const CallContext& context);

  // Every limit that cannot be charged, in the order in which they were given.
  std::span<const ChargeRefusal> refusals() const { return refusals_; }

  bool empty() const { return charges_.empty(); }
  std::span<const Charge> charges() const { return charges_; }
  std::span<ChargeState> states() { return states_; }

  // How each limit stands, from the states of its charge. `was_taken`: the charges were granted.
  void Report(const Layout& layout, bool was_taken, std::vector<Quota>& quotas) const;

  // Units of the counter's scale that the call charges `limit` with. REQUIRES: Build was given it.
  std::int64_t AmountOf(std::uint32_t limit) const;

 private:
  struct Share {
    std::uint32_t limit = 0;
    std::size_t charge = 0;
    std::int64_t amount = 0;
  };

  // Writes the key of `limit` to `key`; the cause where it has none.
  static std::optional<std::string> MakeKey(const Layout& layout, const format::Limit& limit,
                                            const Frame& frame, const CallContext& context,
                                            ScopeKey& key);
  void ForgetCall();
  void Add(const BoundPolicy& policy, std::uint32_t limit, std::int64_t amount);

  std::vector<Share> shares_;  // a limit each
  std::vector<ChargeRefusal> refusals_;
  std::vector<Charge> charges_;
  std::vector<ChargeState> states_;
  // Keys of charges_, side by side. Its elements are kept when the set is cleared, so that their
  // memory is used again.
  std::vector<ScopeKey> keys_;
};

}  // namespace policy

#endif  // RUNTIME_VM_CHARGE_SET_H_
