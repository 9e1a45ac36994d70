// A grant: who may call, under which policies, and the file that grants stand in.
//
// A token is random, 256 bits: nobody guesses it, so that a plain SHA-256 keeps it as safe as a
// slow hash would, which are for passwords. The file holds that hash and a part of the token that
// is no secret, by which it is looked up.
#ifndef RUNTIME_GATEWAY_ACCESS_GRANT_H_
#define RUNTIME_GATEWAY_ACCESS_GRANT_H_

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/gateway/config/config_trouble.h"

namespace policy::gateway {

using Sha256 = std::array<std::uint8_t, 32>;

// What is kept of a token.
struct TokenHash {
  std::string prefix;                     // how the token begins; no secret
  Sha256 sha256{};                        // of the whole token
  std::optional<std::int64_t> expires_s;  // Unix time; of one that was replaced

  bool operator==(const TokenHash&) const = default;
};

struct Grant {
  std::string id;
  std::string label;                      // for people; empty: none
  std::vector<TokenHash> tokens;          // none: known by OAuth or a certificate only
  std::optional<std::int64_t> created_s;  // Unix time, for people
  std::optional<std::int64_t> expires_s;  // Unix time; from then on nothing is let in
  std::optional<std::int64_t> revoked_s;  // Unix time; set: nothing is let in
  std::vector<std::string> tags;
  std::string tags_json;                       // raw list, for CallContext; empty: absent
  std::string attributes_json;                 // raw record, for CallContext; empty: none
  std::optional<std::uint32_t> in_flight_max;  // calls at once; nullopt: what the limits say
  // Servers that it may use; nullopt: all.
  std::optional<std::vector<std::string>> servers;
  // Server -> policy, instead of the server's own. Paths are resolved by ReadGrants.
  std::map<std::string, std::string, std::less<>> policies;

  bool is_revoked() const { return revoked_s.has_value(); }
  bool is_expired(std::int64_t now_s) const { return expires_s && now_s >= *expires_s; }
  bool MayUse(std::string_view server) const;
};

// Immutable; safe for concurrent use.
class GrantTable {
 public:
  GrantTable() = default;
  // REQUIRES: ids and prefixes are unique.
  explicit GrantTable(std::vector<Grant> grants);

  // The grant of an id, revoked and expired ones included; null: none.
  std::shared_ptr<const Grant> Find(std::string_view id) const;
  // The grant whose token this is, whatever became of it since; null: nobody's, or one replaced
  // and out of its time. Hashes are compared in constant time.
  std::shared_ptr<const Grant> FindToken(std::string_view token, std::int64_t now_s) const;
  const std::vector<std::shared_ptr<const Grant>>& all() const { return grants_; }

 private:
  struct Entry {
    std::shared_ptr<const Grant> grant;
    const TokenHash* token;
  };
  std::vector<std::shared_ptr<const Grant>> grants_;
  std::unordered_map<std::string_view, std::shared_ptr<const Grant>> by_id_;
  std::unordered_map<std::string_view, Entry> by_prefix_;
};

// The grants of a file, or everything that is wrong with it. Others may not be able to read it: a
// hash tells no token, but tags and policies are nobody's business.
std::expected<std::vector<Grant>, ConfigTroubles> ReadGrants(const std::string& path);
// The same of a text, paths as written.
std::expected<std::vector<Grant>, ConfigTroubles> ParseGrants(const std::string& path,
                                                              std::string_view text);
// The file's text, that ParseGrants reads back.
std::string RenderGrants(const std::vector<Grant>& grants);

inline constexpr std::size_t kGrantsMax = 100'000;
inline constexpr std::size_t kGrantsBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kTokensPerGrantMax = 8;

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_GRANT_H_
