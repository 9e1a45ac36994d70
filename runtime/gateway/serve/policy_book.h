// The policies of a worker, ready to decide with: one for each grant and server that calls.
#ifndef RUNTIME_GATEWAY_SERVE_POLICY_BOOK_H_
#define RUNTIME_GATEWAY_SERVE_POLICY_BOOK_H_

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "policy/counters.h"
#include "policy/program.h"
#include "runtime/gateway/config/serve_state.h"
#include "runtime/gateway/counter_check.h"
#include "runtime/gateway/policy_version.h"

namespace policy::gateway {

// One a worker: a version has the frame of the call at hand. Not thread-safe.
class PolicyBook {
 public:
  // `counters` outlive the book. `deny_all` decides where no policy does.
  PolicyBook(Counters& counters, CounterPlace place, std::shared_ptr<const Program> deny_all)
      : counters_(counters), place_(place), deny_all_(std::move(deny_all)) {}

  // What decides about calls of `grant` to `server` now. The error is a sentence: the counters of
  // the policy cannot be kept.
  std::expected<std::shared_ptr<PolicyVersion>, std::string> Find(const ServeState& state,
                                                                  const Grant& grant,
                                                                  std::string_view server);

  // Forgets what nobody uses any more.
  void Clean();

 private:
  using Key = std::pair<std::string, std::string>;  // grant, attachment

  Counters& counters_;
  CounterPlace place_;
  std::shared_ptr<const Program> deny_all_;
  std::map<Key, std::shared_ptr<PolicyVersion>> versions_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_POLICY_BOOK_H_
