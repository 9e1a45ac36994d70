#include "runtime/gateway/access/grant.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "runtime/gateway/access/token.h"

namespace policy::gateway {

bool Grant::MayUse(std::string_view server) const {
  return !servers || std::ranges::find(*servers, server) != servers->end();
}

GrantTable::GrantTable(std::vector<Grant> grants) {
  for (Grant& given : grants) {
    auto grant = std::make_shared<const Grant>(std::move(given));
    by_id_.emplace(grant->id, grant);
    for (const TokenHash& token : grant->tokens)
      by_prefix_.emplace(token.prefix, Entry{grant, &token});
    grants_.push_back(std::move(grant));
  }
}

std::shared_ptr<const Grant> GrantTable::Find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::shared_ptr<const Grant> GrantTable::FindToken(std::string_view token,
                                                   std::int64_t now_s) const {
  if (token.size() != kTokenBytes) return nullptr;
  const auto found = by_prefix_.find(token.substr(0, kTokenPrefixBytes));
  if (found == by_prefix_.end()) return nullptr;
  const TokenHash& known = *found->second.token;
  const Sha256 hash = HashOf(token);
  if (CRYPTO_memcmp(hash.data(), known.sha256.data(), hash.size()) != 0) return nullptr;
  if (known.expires_s && now_s >= *known.expires_s) return nullptr;
  return found->second.grant;
}

}  // namespace policy::gateway
