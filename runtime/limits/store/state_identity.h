// Whether a state directory still holds the counters that it held before: a directory that was
// deleted, emptied, not mounted or restored from an old copy must not pass for a new one, or every
// budget would begin anew with it.
//
// The directory's file `identity` names its pool by the pool's incarnation, and counts the starts.
// The same is remembered in a second place outside, where there is one, so that a directory that is
// gone as a whole is missed too.
#ifndef RUNTIME_LIMITS_STORE_STATE_IDENTITY_H_
#define RUNTIME_LIMITS_STORE_STATE_IDENTITY_H_

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/limits/store/state_directory.h"

namespace policy {

struct StateIdentity {
  std::uint64_t incarnation = 0;  // of the pool
  std::uint64_t starts = 0;       // how often counters were begun with that had to be there

  friend bool operator==(const StateIdentity&, const StateIdentity&) = default;
};

std::string EncodeStateIdentity(const StateIdentity& identity);
// nullopt: not what EncodeStateIdentity writes.
std::optional<StateIdentity> ParseStateIdentity(std::string_view text);

struct StateEntry {
  // Whether some counter must not begin anew unnoticed: see gateway/counter_check.h.
  bool has_durable_counters = false;
  // The operator says that counters may begin here, where there are none: --init-state.
  bool may_begin = false;
  // A directory outside where this user's state directories are remembered; empty: nowhere, and
  // then only may_begin begins.
  std::string memory_path;
};

struct EnteredState {
  bool has_begun = false;  // there were no counters before
  std::string trouble;     // a sentence, or empty: the start goes on, but something is amiss
};

// Looks at the directory before anything is leased there, and again when a policy with durable
// counters follows one without. Unexpected: its counters are lost or were never begun, or it cannot
// be used; a sentence that says how to go on. Synchronises files: not for a thread that serves.
std::expected<EnteredState, std::string> EnterState(const StateDirectory& directory,
                                                    const StateEntry& entry);

// Where state directories are remembered, from the environment's XDG_DATA_HOME and HOME (null: not
// set). Empty: neither is absolute.
struct MemoryEnvironment {
  const char* data_home = nullptr;
  const char* home = nullptr;
};
std::string DefaultMemoryPath(const MemoryEnvironment& environment);

}  // namespace policy

#endif  // RUNTIME_LIMITS_STORE_STATE_IDENTITY_H_
