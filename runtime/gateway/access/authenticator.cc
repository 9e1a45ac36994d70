#include "runtime/gateway/access/authenticator.h"

#include <algorithm>
#include <utility>

#include "runtime/gateway/access/access_state.h"
#include "runtime/gateway/access/failure_throttle.h"
#include "runtime/gateway/access/jwt.h"
#include "runtime/gateway/access/resource_metadata.h"
#include "runtime/gateway/access/token.h"
#include "runtime/gateway/access/verified_tokens.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::size_t kSubjectBytesMax = 1'024;

AccessRefusal Refusal(int status, std::string text) {
  return {.status = status, .www_authenticate = {}, .text = std::move(text)};
}

// The token of `Bearer TOKEN`; nullopt: another scheme, or characters that no token has.
std::optional<std::string_view> BearerOf(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() <= kScheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = header[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != kScheme[i]) return std::nullopt;
  }
  std::string_view token = header.substr(kScheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  const bool is_plain = std::ranges::all_of(token, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~+/=").contains(c);
  });
  return token.empty() || !is_plain ? std::nullopt : std::optional(token);
}

std::string GrantOf(const OauthConfig& oauth, const VerifiedJwt& jwt) {
  for (const ClaimRule& rule : oauth.grants) {
    if (jwt.ClaimHolds(rule.claim, rule.equals)) return rule.grant;
  }
  return oauth.default_grant;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

}  // namespace

Authenticator::Authenticator(std::shared_ptr<const AccessState> state)
    : state_(std::move(state)),
      throttle_(std::make_unique<FailureThrottle>(state_->failures_per_minute)),
      verified_(std::make_unique<VerifiedTokens>()) {}

Authenticator::~Authenticator() = default;

void Authenticator::Install(std::shared_ptr<const AccessState> state) {
  state_ = std::move(state);
  throttle_->set_rate(state_->failures_per_minute);
  verified_->Clear();
}

Authenticated Authenticator::Authenticate(const Presented& presented, std::int64_t now_ns) {
  if (presented.authorizations.size() > 1) {
    return Challenge(presented, "invalid_request", "there are two Authorization headers");
  }
  if (!presented.authorizations.empty()) {
    const auto token = BearerOf(presented.authorizations.front());
    if (!token || token->size() > state_->token_bytes_max) {
      throttle_->CountFailure(presented.address, now_ns);
      return Challenge(presented, "invalid_request", "the Authorization header is no bearer token");
    }
    return WithToken(*token, presented, now_ns);
  }
  if (!presented.certificate_sha256.empty() && !state_->certificates.empty()) {
    return WithCertificate(presented, now_ns);
  }
  if (!state_->anonymous_grant.empty() && presented.is_loopback) {
    return LetIn(state_->anonymous_grant, now_ns);
  }
  return Challenge(presented, "", "a token is missing");
}

// A token of ours costs a hash: it is looked up even where an address is throttled, so that who
// fails behind a shared address keeps nobody out who does not.
Authenticated Authenticator::WithToken(std::string_view token, const Presented& presented,
                                       std::int64_t now_ns) {
  const std::int64_t now_s = now_ns / kNanosecondsPerSecond;
  // Looked for before it is looked at: who calls all the time pays for one hash, not for two.
  if (const auto grant = state_->grants.FindToken(token, now_s)) {
    Authenticated result = LetIn(grant->id, now_ns);
    if (!std::holds_alternative<AccessRefusal>(result)) return result;
    return Challenge(presented, "invalid_token", std::get<AccessRefusal>(result).text);
  }
  if (state_->oauth && token.contains('.') && !IsToken(token)) {
    return WithJwt(token, presented, now_ns);
  }
  if (throttle_->IsThrottled(presented.address, now_ns)) {
    return Refusal(429, "too many failures from this address: try again in a minute");
  }
  throttle_->CountFailure(presented.address, now_ns);
  return Challenge(presented, "invalid_token", "the token is not known here");
}

Authenticated Authenticator::WithJwt(std::string_view token, const Presented& presented,
                                     std::int64_t now_ns) {
  const OauthConfig& oauth = *state_->oauth;
  const std::int64_t now_s = now_ns / kNanosecondsPerSecond;
  const Sha256 hash = HashOf(token);
  const VerifiedToken* known = verified_->Find(hash, now_s);
  if (known == nullptr) {
    if (throttle_->IsThrottled(presented.address, now_ns)) {
      return Refusal(429, "too many failures from this address: try again in a minute");
    }
    if (state_->keys == nullptr || now_s >= state_->keys_until_s) {
      if (state_->wants_keys != nullptr) state_->wants_keys->store(true);
      return Refusal(503, "the keys of the token's issuer are not to be had just now");
    }
    const auto jwt = VerifyJwt(
        token,
        {.issuer = oauth.issuer, .audience = oauth.audience, .algorithms = &oauth.algorithms},
        *state_->keys, now_s);
    if (!jwt) {
      if (jwt.error().has_unknown_key && state_->wants_keys != nullptr) {
        state_->wants_keys->store(true);
      }
      throttle_->CountFailure(presented.address, now_ns);
      return Challenge(presented, "invalid_token", jwt.error().text);
    }
    const std::string_view subject = jwt->TextClaim(oauth.subject_claim);
    if (subject.empty() || subject.size() > kSubjectBytesMax) {
      return Challenge(presented, "invalid_token", "the token does not say whose it is");
    }
    for (const std::string& scope : oauth.scopes) {
      if (jwt->has_scope(scope)) continue;
      AccessRefusal refusal =
          Challenge(presented, "insufficient_scope", "the token has too few scopes");
      refusal.status = 403;
      return refusal;
    }
    verified_->Add(
        hash,
        {.grant_id = GrantOf(oauth, *jwt),
         .subject = std::string(subject),
         .claims_json = jwt->claims_json,
         .until_s = std::min(jwt->expires_s + kClockLeewaySeconds, state_->keys_until_s)},
        now_s);
    known = verified_->Find(hash, now_s);
  }
  if (known == nullptr || known->grant_id.empty()) {
    return Refusal(403, "the token is valid, but no grant is meant for its owner");
  }
  Authenticated result = LetIn(known->grant_id, now_ns);
  if (Identity* const identity = std::get_if<Identity>(&result)) {
    identity->subject = known->subject;
    identity->claims_json = known->claims_json;
  }
  return result;
}

Authenticated Authenticator::WithCertificate(const Presented& presented, std::int64_t now_ns) {
  for (const CertificateRule& rule : state_->certificates) {
    const bool is_meant = rule.sha256.empty() ? rule.subject == presented.certificate_subject
                                              : rule.sha256 == presented.certificate_sha256;
    if (is_meant) return LetIn(rule.grant, now_ns);
  }
  return Refusal(403, "no grant is meant for the owner of this certificate");
}

Authenticated Authenticator::LetIn(std::string_view grant_id, std::int64_t now_ns) const {
  auto grant = state_->grants.Find(grant_id);
  if (grant == nullptr) return Refusal(403, "the grant is not there any more");
  if (grant->is_revoked()) return Refusal(403, "the grant is revoked");
  if (grant->is_expired(now_ns / kNanosecondsPerSecond)) {
    return Refusal(403, "the grant has expired");
  }
  return Identity{.grant = std::move(grant), .subject = {}, .claims_json = {}};
}

AccessRefusal Authenticator::Challenge(const Presented& presented, std::string_view error,
                                       std::string text) const {
  std::string header = "Bearer realm=\"policyd\"";
  if (!error.empty()) header += ", error=\"" + std::string(error) + "\"";
  if (state_->oauth) {
    if (!state_->oauth->scopes.empty()) {
      header += ", scope=\"" + Joined(state_->oauth->scopes) + "\"";
    }
    header += ", resource_metadata=\"" + ResourceMetadataUrl(*state_->oauth, presented.path) + "\"";
  }
  return {.status = 401, .www_authenticate = std::move(header), .text = std::move(text)};
}

}  // namespace policy::gateway
