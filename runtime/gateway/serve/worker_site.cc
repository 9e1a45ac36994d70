#include "runtime/gateway/serve/worker_site.h"

#include <utility>

namespace policy::gateway {

Caller CallerOf(const Asked& asked, std::string session) {
  const Grant& grant = *asked.who.grant;
  return {.server = asked.server->name,
          .grant = grant.id,
          .grant_label = grant.label,
          .grant_tags = grant.tags_json,
          .grant_attributes = grant.attributes_json,
          .claims = asked.who.claims_json,
          .session = std::move(session),
          .client_name = {},
          .client_version = {}};
}

}  // namespace policy::gateway
