// `policyd grants`: who may call, and what is switched off, changed in their files.
#ifndef RUNTIME_GATEWAY_ACCESS_GRANTS_COMMAND_H_
#define RUNTIME_GATEWAY_ACCESS_GRANTS_COMMAND_H_

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace policy::gateway {

enum class GrantsAction : std::uint8_t { Add, List, Revoke, Rotate, Disable, Enable };

struct GrantsOptions {
  GrantsAction action = GrantsAction::List;
  std::string grants_path = {};  // of these two one is set
  std::string config_path = {};  // which names the grants file and that of what is disabled
  std::string id = {};
  std::string label = {};
  std::string expires = {};  // "2026-12-31T23:59:59Z", or how long: "30d", "12h", "45m"
  std::vector<std::string> tags = {};
  std::string attributes = {};  // a JSON record
  std::optional<std::uint32_t> in_flight_max = {};
  std::vector<std::string> servers = {};
  std::vector<std::string> policies = {};  // "SERVER=PATH"
  bool has_no_token = false;               // for OAuth or certificates alone
  std::string overlap = {};  // Rotate: how long the old token still counts; as `expires`
  bool is_json = false;      // List
  std::string server = {};   // Disable, Enable
  std::string tool = {};
  std::string because = {};
};

// Returns policyd's exit status. `now_s`: Unix time. A token is written to `out` once, alone on its
// line, and is not kept.
int RunGrants(const GrantsOptions& options, std::int64_t now_s, std::ostream& out,
              std::ostream& err);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_GRANTS_COMMAND_H_
