// The kill switch: what may not be called just now, whatever a policy says.
//
//   {"version": 1, "disabled": [{"grant": "ci"}, {"server": "files", "tool": "write_file"}]}
#ifndef RUNTIME_GATEWAY_ACCESS_DISABLED_LIST_H_
#define RUNTIME_GATEWAY_ACCESS_DISABLED_LIST_H_

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/gateway/config/config_trouble.h"

namespace policy::gateway {

// A call that is all of what is said here; an empty member says nothing.
struct Disabled {
  std::string grant = {};
  std::string server = {};
  std::string tool = {};
  std::string because = {};  // for people; may be empty

  bool operator==(const Disabled&) const = default;
};

// Immutable; safe for concurrent use.
class DisabledList {
 public:
  DisabledList() = default;
  explicit DisabledList(std::vector<Disabled> entries) : entries_(std::move(entries)) {}

  // The entry that forbids this call, or null. `tool` as the server knows it.
  const Disabled* Find(std::string_view grant, std::string_view server,
                       std::string_view tool) const;
  // The entry that forbids all of a grant's calls to a server, or null.
  const Disabled* FindSession(std::string_view grant, std::string_view server) const;
  const std::vector<Disabled>& all() const { return entries_; }

 private:
  std::vector<Disabled> entries_;
};

// "calls of `write_file` are switched off: BECAUSE", for AppendDenial.
std::string DisabledText(const Disabled& entry);

// No such file: nothing is disabled.
std::expected<DisabledList, ConfigTroubles> ReadDisabled(const std::string& path);

// The file's text, that ReadDisabled reads back.
std::string RenderDisabled(const DisabledList& list);

inline constexpr std::size_t kDisabledMax = 10'000;

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_DISABLED_LIST_H_
