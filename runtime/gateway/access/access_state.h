// All that says who may call, as one immutable snapshot.
#ifndef RUNTIME_GATEWAY_ACCESS_ACCESS_STATE_H_
#define RUNTIME_GATEWAY_ACCESS_ACCESS_STATE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/gateway/access/disabled_list.h"
#include "runtime/gateway/access/grant.h"
#include "runtime/gateway/access/key_set.h"
#include "runtime/gateway/config/serve_config.h"

namespace policy::gateway {

struct AccessState {
  GrantTable grants;
  DisabledList disabled;
  std::string anonymous_grant;  // empty: nobody calls without credentials
  std::optional<OauthConfig> oauth;
  std::shared_ptr<const KeySet> keys;             // of oauth; null: none were fetched yet
  std::int64_t keys_until_s = INT64_MAX;          // Unix time; from then on they count no more
  std::shared_ptr<std::atomic<bool>> wants_keys;  // set to have them fetched soon; may be null
  std::vector<CertificateRule> certificates;
  std::uint64_t failures_per_minute = 30;
  std::uint64_t token_bytes_max = 16'384;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_ACCESS_STATE_H_
