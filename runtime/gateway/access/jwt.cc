#include "runtime/gateway/access/jwt.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "runtime/gateway/access/signature.h"
#include "runtime/gateway/access/token.h"

namespace policy::gateway {
namespace {

constexpr double kTimeMax = 253'402'300'799;  // the end of the year 9999

std::unexpected<JwtTrouble> Refuse(std::string text, bool has_unknown_key = false) {
  return std::unexpected(JwtTrouble{std::move(text), has_unknown_key});
}

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header and payload with the dot
};

std::optional<Parts> Split(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return Parts{.header = token.substr(0, first),
               .payload = token.substr(first + 1, second - first - 1),
               .signature = token.substr(second + 1),
               .signed_text = token.substr(0, second)};
}

// A record of the token, strictly: a member that stands twice is read by two readers differently.
std::optional<JsonNode> ReadRecord(std::string_view json) {
  auto node = ParseJson("token", json);
  if (!node || node->type != JsonType::Record) return std::nullopt;
  return *std::move(node);
}

std::string_view TextOf(const JsonNode& record, std::string_view key) {
  const JsonNode* const node = record.Find(key);
  return node == nullptr || node->type != JsonType::String ? std::string_view() : node->text;
}

// NumericDate: seconds, perhaps with a fraction.
std::optional<std::int64_t> TimeOf(const JsonNode& node) {
  if (node.type != JsonType::Number) return std::nullopt;
  double value = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (error != std::errc() || stop != end || !(value >= 0 && value <= kTimeMax)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

bool IsTokenType(std::string_view type) {
  std::string lower(type);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return lower == "jwt" || lower == "at+jwt" || lower == "application/at+jwt";
}

struct Header {
  SignatureAlgorithm algorithm = SignatureAlgorithm::Rs256;
  std::string key_id;
};

std::expected<Header, JwtTrouble> ReadHeader(std::string_view encoded, const JwtRules& rules) {
  const auto json = FromBase64Url(encoded);
  const auto record = json ? ReadRecord(*json) : std::nullopt;
  if (!record) return Refuse("the token's header cannot be read");
  const std::string_view name = TextOf(*record, "alg");
  const auto algorithm = FindSignatureAlgorithm(name);
  const bool is_ours =
      algorithm && (rules.algorithms == nullptr || rules.algorithms->empty() ||
                    std::ranges::find(*rules.algorithms, name) != rules.algorithms->end());
  if (!is_ours) return Refuse("the token is signed in a way that is not accepted");
  // What must be understood is not, and keys that a token brings are its sender's.
  for (const std::string_view key : {"crit", "b64", "jwk", "jku", "x5u"}) {
    if (record->Find(key) != nullptr) {
      return Refuse("the token's header has `" + std::string(key) + "`, which is not accepted");
    }
  }
  if (record->Find("typ") != nullptr && !IsTokenType(TextOf(*record, "typ"))) {
    return Refuse("the token is of another type");
  }
  const JsonNode* const id = record->Find("kid");
  if (id != nullptr && (id->type != JsonType::String || id->text.empty())) {
    return Refuse("the token's header cannot be read");
  }
  return Header{.algorithm = *algorithm, .key_id = id == nullptr ? std::string() : id->text};
}

std::expected<std::int64_t, JwtTrouble> CheckClaims(const VerifiedJwt& jwt, const JwtRules& rules,
                                                    std::int64_t now_s) {
  if (jwt.TextClaim("iss") != rules.issuer) return Refuse("the token is of another issuer");
  if (!jwt.ClaimHolds("aud", rules.audience)) return Refuse("the token is for another audience");
  const JsonNode* const expires = jwt.claims.Find("exp");
  const auto expires_s = expires == nullptr ? std::nullopt : TimeOf(*expires);
  if (!expires_s) return Refuse("the token does not say until when it is valid");
  if (now_s >= *expires_s + kClockLeewaySeconds) return Refuse("the token has expired");
  if (const JsonNode* const from = jwt.claims.Find("nbf")) {
    const auto from_s = TimeOf(*from);
    if (!from_s || now_s < *from_s - kClockLeewaySeconds) {
      return Refuse("the token is not valid yet");
    }
  }
  return *expires_s;
}

}  // namespace

std::string_view VerifiedJwt::TextClaim(std::string_view name) const {
  return TextOf(claims, name);
}

bool VerifiedJwt::ClaimHolds(std::string_view name, std::string_view value) const {
  const JsonNode* const node = claims.Find(name);
  if (node == nullptr) return false;
  const auto is_it = [&](const JsonNode& one) {
    return one.type == JsonType::String && one.text == value;
  };
  return node->type == JsonType::List ? std::ranges::any_of(node->items, is_it) : is_it(*node);
}

bool VerifiedJwt::has_scope(std::string_view scope) const {
  if (ClaimHolds("scp", scope)) return true;
  for (const std::string_view name : {"scope", "scp"}) {
    for (std::string_view rest = TextClaim(name); !rest.empty();) {
      const std::size_t blank = rest.find(' ');
      if (rest.substr(0, blank) == scope) return true;
      rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
    }
  }
  return false;
}

std::expected<VerifiedJwt, JwtTrouble> VerifyJwt(std::string_view token, const JwtRules& rules,
                                                 const KeySet& keys, std::int64_t now_s) {
  const auto parts = Split(token);
  if (!parts) return Refuse("the token is not of three parts");
  const auto header = ReadHeader(parts->header, rules);
  if (!header) return std::unexpected(header.error());
  const auto signature = FromBase64Url(parts->signature);
  if (!signature) return Refuse("the token's signature cannot be read");
  const VerifyingKey* const key = keys.Find(header->key_id, header->algorithm);
  if (key == nullptr) return Refuse("the token is signed with an unknown key", true);
  if (!IsSignedBy(*key, header->algorithm, parts->signed_text, *signature)) {
    return Refuse("the token's signature is not its issuer's");
  }
  VerifiedJwt jwt;
  auto payload = FromBase64Url(parts->payload);
  auto claims = payload ? ReadRecord(*payload) : std::nullopt;
  if (!claims) return Refuse("the token's claims cannot be read");
  jwt.claims = *std::move(claims);
  jwt.claims_json = *std::move(payload);
  const auto expires_s = CheckClaims(jwt, rules, now_s);
  if (!expires_s) return std::unexpected(expires_s.error());
  jwt.expires_s = *expires_s;
  return jwt;
}

}  // namespace policy::gateway
