// A program attached to counters: what decisions of one (server, grant) are made with.
#ifndef RUNTIME_VM_BOUND_POLICY_H_
#define RUNTIME_VM_BOUND_POLICY_H_

#include <memory>
#include <string_view>
#include <vector>

#include "policy/counters.h"
#include "policy/program.h"
#include "runtime/program/format.h"

namespace policy {

// What makes a counter of a program the same across reloads and processes.
CounterIdentity IdentityOf(const Layout& layout, const format::Counter& counter,
                           std::string_view attachment);

// Opens the counters of the program once and closes them with itself. Immutable, so safe for
// concurrent use; hold it by shared_ptr where calls outlive a reload. `counters` must outlive it.
class BoundPolicy {
 public:
  // `attachment` names the (server, grant): part of the identity of the counters.
  BoundPolicy(std::shared_ptr<const Program> program, Counters& counters,
              std::string_view attachment);
  ~BoundPolicy();
  BoundPolicy(const BoundPolicy&) = delete;  // closes what it opened, once
  BoundPolicy& operator=(const BoundPolicy&) = delete;

  const Program& program() const { return *program_; }
  const std::shared_ptr<const Program>& program_pointer() const { return program_; }
  Counters& counters() const { return counters_; }

  // The table of counter `counter` of the program. Null where it could not be opened: a charge on
  // it denies.
  CounterTable* table(std::uint32_t counter) const { return tables_[counter]; }

 private:
  std::shared_ptr<const Program> program_;
  Counters& counters_;
  std::vector<CounterTable*> tables_;  // by counter id
};

}  // namespace policy

#endif  // RUNTIME_VM_BOUND_POLICY_H_
