// Tokens whose signature was right not long ago: verifying costs more than all else of a call.
#ifndef RUNTIME_GATEWAY_ACCESS_VERIFIED_TOKENS_H_
#define RUNTIME_GATEWAY_ACCESS_VERIFIED_TOKENS_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>

#include "runtime/gateway/access/grant.h"

namespace policy::gateway {

inline constexpr std::size_t kVerifiedTokensMax = 4'096;

// What a token came to. The grant is looked up anew each time.
struct VerifiedToken {
  std::string grant_id;
  std::string subject;
  std::string claims_json;
  std::int64_t until_s = 0;  // Unix time
};

// By the token's SHA-256. Only what was verified comes in, so that nobody can fill it with other
// things. Not thread-safe.
class VerifiedTokens {
 public:
  const VerifiedToken* Find(const Sha256& hash, std::int64_t now_s) const {
    const auto found = tokens_.find(hash);
    return found == tokens_.end() || now_s >= found->second.until_s ? nullptr : &found->second;
  }
  void Add(const Sha256& hash, VerifiedToken token, std::int64_t now_s) {
    if (tokens_.size() >= kVerifiedTokensMax) {
      std::erase_if(tokens_, [&](const auto& entry) { return now_s >= entry.second.until_s; });
    }
    if (tokens_.size() >= kVerifiedTokensMax) tokens_.clear();
    tokens_.insert_or_assign(hash, std::move(token));
  }
  void Clear() { tokens_.clear(); }

 private:
  struct FirstBytes {
    std::size_t operator()(const Sha256& hash) const {
      std::size_t value;
      std::memcpy(&value, hash.data(), sizeof(value));
      return value;
    }
  };
  std::unordered_map<Sha256, VerifiedToken, FirstBytes> tokens_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_VERIFIED_TOKENS_H_
