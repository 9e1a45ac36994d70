// Who is let in: tokens of ours, of an authorization server, certificates, and nobody.
#include "runtime/gateway/access/authenticator.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/gateway/access/access_state.h"
#include "runtime/gateway/access/failure_throttle.h"
#include "runtime/gateway/access/resource_metadata.h"
#include "runtime/gateway/access/token.h"
#include "tests/unit/gateway/test_issuer.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'800'000'000;

struct Callers {
  Callers() {
    Grant ci;
    ci.id = "ci";
    token = MakeToken().value();
    ci.tokens.push_back(HashToken(token));
    Grant gone = ci;
    gone.id = "gone";
    gone_token = MakeToken().value();
    gone.tokens = {HashToken(gone_token)};
    gone.revoked_s = kNow - 1;
    Grant late;
    late.id = "late";
    late_token = MakeToken().value();
    late.tokens.push_back(HashToken(late_token));
    late.expires_s = kNow + 10;
    Grant staff;
    staff.id = "staff";
    state->grants = GrantTable({ci, gone, late, staff});
  }

  void UseOauth() {
    OauthConfig& oauth = state->oauth.emplace();
    oauth.issuer = "https://as.example";
    oauth.audience = "https://mcp.example";
    oauth.public_url = "https://mcp.example";
    oauth.scopes = {"mcp:call"};
    oauth.grants = {{"groups", "staff", "staff"}, {"sub", "robot", "gone"}};
    state->keys = std::make_shared<const KeySet>(KeySet::Parse(issuer.JwkSet("k1")).value());
  }

  std::string Jwt(std::string_view members) const {
    return issuer.Token(
        R"({"iss":"https://as.example","aud":"https://mcp.example","exp":1800000600,)" +
        std::string(members) + "}");
  }

  TestIssuer issuer{SignatureAlgorithm::EdDsa};
  std::shared_ptr<AccessState> state = std::make_shared<AccessState>();
  std::string token;
  std::string gone_token;
  std::string late_token;
};

Authenticated Ask(Authenticator& authenticator, const std::vector<std::string>& headers,
                  std::int64_t now_s = kNow, Presented presented = {}) {
  std::vector<std::string_view> views(headers.begin(), headers.end());
  presented.authorizations = views;
  if (presented.address.empty()) presented.address = "192.0.2.1";
  if (presented.path.empty()) presented.path = "/mcp/files";
  return authenticator.Authenticate(presented, now_s * kSecond);
}

std::string GrantOf(const Authenticated& result) {
  const auto* const identity = std::get_if<Identity>(&result);
  return identity == nullptr ? "" : identity->grant->id;
}

int StatusOf(const Authenticated& result) {
  const auto* const refusal = std::get_if<AccessRefusal>(&result);
  return refusal == nullptr ? 200 : refusal->status;
}

std::string ChallengeOf(const Authenticated& result) {
  const auto* const refusal = std::get_if<AccessRefusal>(&result);
  return refusal == nullptr ? "" : refusal->www_authenticate;
}

}  // namespace

TEST_CASE("a token leads to its grant, and nothing like it does") {
  Callers callers;
  Authenticator authenticator(callers.state);
  CHECK(GrantOf(Ask(authenticator, {"Bearer " + callers.token})) == "ci");
  CHECK(GrantOf(Ask(authenticator, {"bEaReR  " + callers.token})) == "ci");
  for (const std::string& header : std::vector<std::string>{
           callers.token, "Bearer", "Bearer ", "Basic " + callers.token, "Bearer\t" + callers.token,
           "Bearer " + callers.token + " x", "Bearer " + callers.token + "," + callers.token,
           "Bearer " + callers.token + "A", "Bearer " + callers.token.substr(1), std::string(),
           "Bearer " + std::string(callers.state->token_bytes_max + 1, 'a'),
           "Bearer " + MakeToken().value()}) {
    INFO(header);
    const auto result = Ask(authenticator, {header});
    CHECK(StatusOf(result) == 401);
    CHECK(ChallengeOf(result).starts_with("Bearer realm=\"policyd\", error="));
  }
  CHECK(StatusOf(Ask(authenticator, {"Bearer " + callers.token, "Bearer " + callers.token})) ==
        401);
  CHECK(ChallengeOf(Ask(authenticator, {})) == "Bearer realm=\"policyd\"");
}

TEST_CASE("every character of a token counts") {
  Callers callers;
  Authenticator authenticator(callers.state);
  for (std::size_t i = 0; i < callers.token.size(); ++i) {
    std::string other = callers.token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    INFO(i);
    CHECK_FALSE(IsToken(other));
    CHECK(callers.state->grants.FindToken(other, kNow) == nullptr);
  }
}

TEST_CASE("revoked and expired grants let nobody in") {
  Callers callers;
  Authenticator authenticator(callers.state);
  CHECK(StatusOf(Ask(authenticator, {"Bearer " + callers.gone_token})) == 401);
  CHECK(GrantOf(Ask(authenticator, {"Bearer " + callers.late_token}, kNow + 9)) == "late");
  CHECK(StatusOf(Ask(authenticator, {"Bearer " + callers.late_token}, kNow + 10)) == 401);
}

TEST_CASE("a token that was replaced counts until its overlap ends") {
  Grant grant;
  grant.id = "ci";
  const std::string old = MakeToken().value();
  const std::string fresh = MakeToken().value();
  grant.tokens = {HashToken(old), HashToken(fresh)};
  grant.tokens[0].expires_s = kNow;
  const GrantTable table({grant});
  CHECK(table.FindToken(old, kNow - 1) != nullptr);
  CHECK(table.FindToken(old, kNow) == nullptr);
  CHECK(table.FindToken(fresh, kNow) != nullptr);
}

TEST_CASE("callers without credentials are of this machine, where they are let in at all") {
  Callers callers;
  callers.state->anonymous_grant = "ci";
  Authenticator authenticator(callers.state);
  CHECK(GrantOf(Ask(authenticator, {}, kNow, {.is_loopback = true})) == "ci");
  CHECK(StatusOf(Ask(authenticator, {}, kNow, {.is_loopback = false})) == 401);
  // Who shows a bad token is not anonymous.
  CHECK(StatusOf(Ask(authenticator, {"Bearer x"}, kNow, {.is_loopback = true})) == 401);
}

TEST_CASE("a certificate leads to a grant by its hash or its subject") {
  Callers callers;
  callers.state->certificates = {{.sha256 = std::string(64, 'a'), .subject = {}, .grant = "ci"},
                                 {.sha256 = {}, .subject = "CN=robot", .grant = "gone"}};
  Authenticator authenticator(callers.state);
  const auto with = [&](std::string_view subject, const std::string& sha256) {
    return Ask(authenticator, {}, kNow,
               {.certificate_subject = subject, .certificate_sha256 = sha256});
  };
  CHECK(GrantOf(with("CN=x", std::string(64, 'a'))) == "ci");
  CHECK(StatusOf(with("CN=x", std::string(64, 'b'))) == 403);
  CHECK(StatusOf(with("CN=robot", std::string(64, 'b'))) == 403);  // revoked
  CHECK(StatusOf(with("CN=robot", "")) == 401);
}

TEST_CASE("a token of the authorization server leads to a grant by its claims") {
  Callers callers;
  callers.UseOauth();
  Authenticator authenticator(callers.state);
  const std::string jwt =
      callers.Jwt(R"("sub":"alice","groups":["dev","staff"],"scope":"mcp:call")");
  for (int i = 0; i < 2; ++i) {  // verified, then remembered
    const auto result = Ask(authenticator, {"Bearer " + jwt});
    REQUIRE(GrantOf(result) == "staff");
    CHECK(std::get<Identity>(result).subject == "alice");
    CHECK(std::get<Identity>(result).claims_json.starts_with("{\"iss\""));
  }
  // Remembered no longer than it is valid.
  CHECK(StatusOf(Ask(authenticator, {"Bearer " + jwt}, kNow + 659)) == 200);
  CHECK(StatusOf(Ask(authenticator, {"Bearer " + jwt}, kNow + 660)) == 401);

  const auto few = Ask(authenticator, {"Bearer " + callers.Jwt(R"("sub":"a","groups":"staff")")});
  CHECK(StatusOf(few) == 403);
  CHECK(ChallengeOf(few) ==
        "Bearer realm=\"policyd\", error=\"insufficient_scope\", scope=\"mcp:call\", "
        "resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp/files\"");
  const auto nobody =
      Ask(authenticator, {"Bearer " + callers.Jwt(R"("sub":"eve","scope":"mcp:call")")});
  CHECK(StatusOf(nobody) == 403);
  CHECK(ChallengeOf(nobody).empty());
  CHECK(StatusOf(Ask(authenticator,
                     {"Bearer " + callers.Jwt(R"("groups":"staff","scope":"mcp:call")")})) == 401);
  // The grant it leads to is revoked.
  CHECK(StatusOf(Ask(authenticator,
                     {"Bearer " + callers.Jwt(R"("sub":"robot","scope":"mcp:call")")})) == 403);
  // Tokens of ours go on counting.
  CHECK(GrantOf(Ask(authenticator, {"Bearer " + callers.token})) == "ci");
}

TEST_CASE("a revocation ends what was remembered") {
  Callers callers;
  callers.UseOauth();
  Authenticator authenticator(callers.state);
  const std::string header =
      "Bearer " + callers.Jwt(R"("sub":"a","groups":"staff","scope":"mcp:call")");
  REQUIRE(GrantOf(Ask(authenticator, {header})) == "staff");
  auto later = std::make_shared<AccessState>(*callers.state);
  Grant staff;
  staff.id = "staff";
  staff.revoked_s = kNow;
  later->grants = GrantTable({staff});
  authenticator.Install(later);
  CHECK(StatusOf(Ask(authenticator, {header})) == 403);
}

TEST_CASE("keys that are not there or too old verify nothing, and are asked for") {
  Callers callers;
  callers.UseOauth();
  callers.state->wants_keys = std::make_shared<std::atomic<bool>>(false);
  callers.state->keys_until_s = kNow + 5;
  const std::string header =
      "Bearer " + callers.Jwt(R"("sub":"a","groups":"staff","scope":"mcp:call")");
  Authenticator authenticator(callers.state);
  CHECK(StatusOf(Ask(authenticator, {header}, kNow)) == 200);
  CHECK_FALSE(callers.state->wants_keys->load());
  CHECK(StatusOf(Ask(authenticator, {header}, kNow + 5)) == 503);
  CHECK(callers.state->wants_keys->load());
  // A key that is not known may be a newer one.
  callers.state->wants_keys->store(false);
  const TestIssuer newer(SignatureAlgorithm::EdDsa);
  const std::string unknown = newer.Sign(R"({"alg":"EdDSA","kid":"k2"})", "{}");
  CHECK(StatusOf(Ask(authenticator, {"Bearer " + unknown}, kNow)) == 401);
  CHECK(callers.state->wants_keys->load());
  callers.state->keys = nullptr;
  CHECK(StatusOf(Ask(authenticator, {header}, kNow)) == 200);  // remembered
  Authenticator other(callers.state);
  CHECK(StatusOf(Ask(other, {header}, kNow)) == 503);
}

TEST_CASE("an address that fails too often is not listened to, and others are") {
  Callers callers;
  callers.UseOauth();
  callers.state->failures_per_minute = 3;
  Authenticator authenticator(callers.state);
  const auto bad = [&](std::string_view address, std::int64_t now_s) {
    return StatusOf(Ask(authenticator, {"Bearer nonsense"}, now_s, {.address = address}));
  };
  for (int i = 0; i < 3; ++i) CHECK(bad("192.0.2.7", kNow) == 401);
  CHECK(bad("192.0.2.7", kNow) == 429);
  CHECK(bad("192.0.2.8", kNow) == 401);
  // A token of ours is let in from there, and one that would have to be verified is not.
  CHECK(StatusOf(Ask(authenticator, {"Bearer " + callers.token}, kNow, {.address = "192.0.2.7"})) ==
        200);
  const std::string jwt = callers.Jwt(R"("sub":"a","groups":"staff","scope":"mcp:call")");
  CHECK(StatusOf(Ask(authenticator, {"Bearer " + jwt}, kNow, {.address = "192.0.2.7"})) == 429);
  CHECK(bad("192.0.2.7", kNow + 20) == 401);
  CHECK(bad("192.0.2.7", kNow + 20) == 429);
}

TEST_CASE("the throttle follows so many addresses and no more") {
  FailureThrottle throttle(2);
  for (std::size_t i = 0; i < 2 * kThrottledAddressesMax; ++i) {
    throttle.CountFailure("192.0.2." + std::to_string(i), kNow);
  }
  // Who came too late shares an allowance, which is used up.
  CHECK(throttle.IsThrottled("198.51.100.1", kNow));
  CHECK_FALSE(throttle.IsThrottled("192.0.2.1", kNow));
  CHECK_FALSE(throttle.IsThrottled("198.51.100.1", kNow + 61 * kSecond));
  // One subscriber of IPv6 has many addresses.
  FailureThrottle six(1);
  six.CountFailure("2001:db8:1:2:3:4:5:6", kNow);
  CHECK(six.IsThrottled("2001:db8:1:2:ffff:4:5:6", kNow));
  CHECK_FALSE(six.IsThrottled("2001:db8:1:3:3:4:5:6", kNow));
}

TEST_CASE("clients learn who issues tokens, for each endpoint") {
  OauthConfig oauth;
  oauth.public_url = "https://mcp.example";
  oauth.issuer = "https://as.example";
  oauth.scopes = {"a", "b"};
  CHECK(ResourceMetadata(oauth, "/.well-known/oauth-protected-resource/mcp/files") ==
        R"({"resource":"https://mcp.example/mcp/files",)"
        R"("authorization_servers":["https://as.example"],)"
        R"("bearer_methods_supported":["header"],"scopes_supported":["a","b"]})");
  CHECK(ResourceMetadata(oauth, "/.well-known/oauth-protected-resource").has_value());
  CHECK_FALSE(ResourceMetadata(oauth, "/mcp").has_value());
  CHECK_FALSE(ResourceMetadata(oauth, "/.well-known/oauth-protected-resourcex").has_value());
  CHECK_FALSE(ResourceMetadata(oauth, "/.well-known/oauth-protected-resource/\"x").has_value());
  CHECK(ResourceMetadataUrl(oauth, "/mcp/\"x") ==
        "https://mcp.example/.well-known/oauth-protected-resource");
}

}  // namespace policy::gateway
