// One policy in force, ready to decide with: what a reload replaces in one step.
#ifndef RUNTIME_GATEWAY_POLICY_VERSION_H_
#define RUNTIME_GATEWAY_POLICY_VERSION_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "policy/counters.h"
#include "policy/program.h"
#include "runtime/program/frame.h"
#include "runtime/program/layout.h"
#include "runtime/vm/bound_policy.h"

namespace policy::gateway {

// Made on any thread, used on one. A call that waits holds the version it began with.
struct PolicyVersion {
  PolicyVersion(const std::shared_ptr<const Program>& program, Counters& counters,
                std::string_view attachment)
      : bound(program, counters, attachment), frame(program), hash_text(program->HashText()) {}

  const Program& program() const { return bound.program(); }
  bool default_allows() const { return program().layout().default_allows(); }

  BoundPolicy bound;
  Frame frame;                  // of the call at hand
  const std::string hash_text;  // names the version in logs
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_POLICY_VERSION_H_
