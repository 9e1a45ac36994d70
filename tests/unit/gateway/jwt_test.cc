// Tokens of an authorization server: what is let in, and each way in which a forged, stale or
// misread one is not.
#include "runtime/gateway/access/jwt.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <catch2/catch.hpp>
#include <string>

#include "runtime/gateway/access/signature.h"
#include "tests/unit/gateway/test_issuer.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::string_view kClaims =
    R"({"iss":"https://as.example","aud":"https://mcp.example","sub":"alice","exp":1800000600})";
const std::vector<std::string> kAll;

JwtRules Rules(const std::vector<std::string>& algorithms = kAll) {
  return {
      .issuer = "https://as.example", .audience = "https://mcp.example", .algorithms = &algorithms};
}

KeySet Keys(const std::string& json) {
  auto keys = KeySet::Parse(json);
  REQUIRE(keys.has_value());
  return *std::move(keys);
}

std::string Claims(std::string_view members) {
  return R"({"iss":"https://as.example","aud":"https://mcp.example","sub":"a",)" +
         std::string(members) + "}";
}

const TestIssuer& Issuer(SignatureAlgorithm algorithm) {
  static const TestIssuer rs(SignatureAlgorithm::Rs256);
  static const TestIssuer ps(SignatureAlgorithm::Ps256);
  static const TestIssuer es(SignatureAlgorithm::Es256);
  static const TestIssuer ed(SignatureAlgorithm::EdDsa);
  const TestIssuer* const all[] = {&rs, &ps, &es, &ed};
  return *all[static_cast<std::size_t>(algorithm)];
}

// Why a token of `issuer` is refused; empty: it is not.
std::string Refused(const TestIssuer& issuer, const std::string& token, std::int64_t now = kNow) {
  const KeySet keys = Keys(issuer.JwkSet("k1"));
  const auto jwt = VerifyJwt(token, Rules(), keys, now);
  return jwt ? "" : jwt.error().text;
}

}  // namespace

TEST_CASE("a token of each algorithm is verified, and any other text signed so is not") {
  const auto algorithm = GENERATE(SignatureAlgorithm::Rs256, SignatureAlgorithm::Ps256,
                                  SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa);
  const TestIssuer& issuer = Issuer(algorithm);
  const std::string token = issuer.Token(kClaims);
  const KeySet keys = Keys(issuer.JwkSet("k1"));
  const auto jwt = VerifyJwt(token, Rules(), keys, kNow);
  REQUIRE(jwt.has_value());
  CHECK(jwt->TextClaim("sub") == "alice");
  CHECK(jwt->claims_json == kClaims);
  CHECK(jwt->expires_s == 1'800'000'600);

  // Every character of it counts.
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    if (other == token) continue;
    INFO("character " << i);
    CHECK_FALSE(VerifyJwt(other, Rules(), keys, kNow).has_value());
  }
  // The same claims by another of the same kind.
  const TestIssuer stranger(algorithm);
  CHECK(Refused(issuer, stranger.Token(kClaims)) == "the token's signature is not its issuer's");
}

TEST_CASE("a token does not choose how it is verified") {
  const TestIssuer& rsa = Issuer(SignatureAlgorithm::Rs256);
  const KeySet keys = Keys(rsa.JwkSet("k1"));
  const std::string none = Encoded(R"({"alg":"none"})") + "." + Encoded(kClaims) + ".";
  CHECK(Refused(rsa, none) == "the token is signed in a way that is not accepted");
  for (const char* name : {"None", "NONE", "HS256", "hs256", "RS384", "rs256", "RS256 ", ""}) {
    const std::string header = "{\"alg\":\"" + std::string(name) + "\",\"kid\":\"k1\"}";
    INFO(header);
    CHECK(Refused(rsa, rsa.Sign(header, kClaims)) ==
          "the token is signed in a way that is not accepted");
  }
  CHECK(Refused(rsa, rsa.Sign(R"({"kid":"k1"})", kClaims)) ==
        "the token is signed in a way that is not accepted");

  // The public key, which everyone knows, as the secret of an HMAC.
  const std::string text = Encoded(R"({"alg":"HS256","kid":"k1"})") + "." + Encoded(kClaims);
  const std::string secret = rsa.JwkSet("k1");
  std::string mac(32, '\0');
  unsigned int size = 32;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(mac.data()), &size);
  CHECK(Refused(rsa, text + "." + Encoded(mac)) ==
        "the token is signed in a way that is not accepted");

  // PKCS#1 under the name of PSS, and another type's name: the key is of the other kind.
  CHECK_FALSE(Refused(rsa, rsa.Sign(R"({"alg":"PS256","kid":"k1"})", kClaims)).empty());
  CHECK(Refused(rsa, rsa.Sign(R"({"alg":"ES256","kid":"k1"})", kClaims)) ==
        "the token is signed with an unknown key");
  // A key that is for one algorithm only.
  const KeySet pss = Keys(rsa.JwkSet("k1", R"(,"alg":"PS256")"));
  CHECK_FALSE(VerifyJwt(rsa.Token(kClaims), Rules(), pss, kNow).has_value());
  // The operator's list.
  const std::vector<std::string> only = {"ES256"};
  CHECK_FALSE(VerifyJwt(rsa.Token(kClaims), Rules(only), keys, kNow).has_value());
  CHECK_FALSE(
      IsSignedBy(*keys.Find("k1", SignatureAlgorithm::Rs256), SignatureAlgorithm::EdDsa, "x", "y"));
}

TEST_CASE("keys come from the issuer's set alone") {
  const TestIssuer& issuer = Issuer(SignatureAlgorithm::Es256);
  for (const char* header : {
           R"({"alg":"ES256","kid":"k1","jku":"https://evil.example/jwks"})",
           R"({"alg":"ES256","kid":"k1","jwk":{"kty":"EC"}})",
           R"({"alg":"ES256","kid":"k1","x5u":"https://evil.example/cert"})",
           R"({"alg":"ES256","kid":"k1","crit":["exp"]})",
           R"({"alg":"ES256","kid":"k1","b64":false})",
       }) {
    INFO(header);
    CHECK(Refused(issuer, issuer.Sign(header, kClaims)).ends_with("which is not accepted"));
  }
  for (const char* id : {"\"k2\"", "\"K1\"", "\"../k1\"", "\"k1 \"", "\"' OR 1=1\""}) {
    INFO(id);
    const std::string header = "{\"alg\":\"ES256\",\"kid\":" + std::string(id) + "}";
    CHECK(Refused(issuer, issuer.Sign(header, kClaims)) ==
          "the token is signed with an unknown key");
  }
  for (const char* id : {"\"\"", "1", "null", "[\"k1\"]", "{}"}) {
    INFO(id);
    const std::string header = "{\"alg\":\"ES256\",\"kid\":" + std::string(id) + "}";
    CHECK(Refused(issuer, issuer.Sign(header, kClaims)) == "the token's header cannot be read");
  }
  // Without an id there is one key that fits, or none is meant.
  const std::string nameless = issuer.Sign(R"({"alg":"ES256"})", kClaims);
  CHECK(Refused(issuer, nameless).empty());
  const TestIssuer other(SignatureAlgorithm::Es256);
  const KeySet two = Keys("{\"keys\":[" + issuer.Jwk("k1") + "," + other.Jwk("k2") + "]}");
  CHECK_FALSE(VerifyJwt(nameless, Rules(), two, kNow).has_value());
  CHECK(VerifyJwt(issuer.Token(kClaims), Rules(), two, kNow).has_value());
  CHECK(VerifyJwt(other.Token(kClaims), Rules(), two, kNow).error().text ==
        "the token's signature is not its issuer's");
}

TEST_CASE("claims say who issued a token, for whom, and until when") {
  const TestIssuer& issuer = Issuer(SignatureAlgorithm::EdDsa);
  struct Row {
    std::string payload;
    std::string_view refusal;
  };
  const Row rows[] = {
      {std::string(kClaims), ""},
      {R"({"aud":"https://mcp.example","exp":1800000600})", "the token is of another issuer"},
      {R"({"iss":"https://as.example/","aud":"https://mcp.example","exp":1800000600})",
       "the token is of another issuer"},
      {R"({"iss":["https://as.example"],"aud":"https://mcp.example","exp":1800000600})",
       "the token is of another issuer"},
      {R"({"iss":"https://as.example","exp":1800000600})", "the token is for another audience"},
      {R"({"iss":"https://as.example","aud":"https://mcp.example/","exp":1800000600})",
       "the token is for another audience"},
      {R"({"iss":"https://as.example","aud":"HTTPS://mcp.example","exp":1800000600})",
       "the token is for another audience"},
      {R"({"iss":"https://as.example","aud":["x","https://mcp.example"],"exp":1800000600})", ""},
      {R"({"iss":"https://as.example","aud":[["https://mcp.example"]],"exp":1800000600})",
       "the token is for another audience"},
      {Claims(R"("nbf":1)"), "the token does not say until when it is valid"},
      {Claims(R"("exp":"1800000600")"), "the token does not say until when it is valid"},
      {Claims(R"("exp":1e99)"), "the token does not say until when it is valid"},
      {Claims(R"("exp":-1)"), "the token does not say until when it is valid"},
      {Claims(R"("exp":null)"), "the token does not say until when it is valid"},
      {Claims(R"("exp":1800000600.5)"), ""},
      {Claims(R"("exp":1.8000006e9)"), ""},
      {Claims(R"("exp":1799999941)"), ""},
      {Claims(R"("exp":1799999940)"), "the token has expired"},
      {Claims(R"("exp":1800000600,"nbf":1800000060)"), ""},
      {Claims(R"("exp":1800000600,"nbf":1800000061)"), "the token is not valid yet"},
      {Claims(R"("exp":1800000600,"nbf":"now")"), "the token is not valid yet"},
  };
  for (const Row& row : rows) {
    INFO(row.payload);
    CHECK(Refused(issuer, issuer.Token(row.payload)) == row.refusal);
  }
}

TEST_CASE("what two readers could read differently is no token") {
  const TestIssuer& issuer = Issuer(SignatureAlgorithm::EdDsa);
  const std::string good = issuer.Token(kClaims);
  // Members that stand twice, escaped or not; depth; what is not JSON or not a record.
  for (const std::string& payload :
       {Claims(R"("exp":1800000600,"exp":1)"), Claims(R"("exp":1800000600,"\u0065xp":1)"),
        Claims(R"("exp":1800000600,"x":{"a":1,"a":2})"),
        Claims("\"exp\":1800000600,\"x\":" + std::string(40, '[') + std::string(40, ']')),
        std::string("[]"), std::string("null"), std::string("{"), std::string(),
        Claims("\"exp\":1800000600,\"x\":\"\xFF\""), "\xEF\xBB\xBF" + std::string(kClaims),
        Claims(R"("exp":1800000600,"x":"\ud800")"), std::string(kClaims) + "{}"}) {
    INFO(payload);
    CHECK(Refused(issuer, issuer.Token(payload)) == "the token's claims cannot be read");
  }
  CHECK(Refused(issuer, issuer.Sign(R"({"alg":"EdDSA","alg":"none","kid":"k1"})", kClaims)) ==
        "the token's header cannot be read");
  CHECK(Refused(issuer, issuer.Sign("[]", kClaims)) == "the token's header cannot be read");
  CHECK(Refused(issuer, issuer.Sign(R"({"alg":"EdDSA","kid":"k1","typ":"dpop+jwt"})", kClaims)) ==
        "the token is of another type");
  CHECK(Refused(issuer, issuer.Sign(R"({"alg":"EdDSA","kid":"k1","typ":"at+JWT"})", kClaims))
            .empty());

  // Base64 of another alphabet, with padding, with white space, with bits left over; other parts.
  const std::size_t dot = good.find('.');
  const std::size_t last = good.rfind('.');
  CHECK_FALSE(Refused(issuer, good + "=").empty());
  CHECK_FALSE(Refused(issuer, good + ".").empty());
  CHECK_FALSE(Refused(issuer, good + ".x").empty());
  CHECK_FALSE(Refused(issuer, " " + good).empty());
  CHECK_FALSE(Refused(issuer, good.substr(0, last)).empty());
  CHECK_FALSE(Refused(issuer, good.substr(0, last + 1)).empty());
  CHECK_FALSE(Refused(issuer, good.substr(dot)).empty());
  CHECK_FALSE(Refused(issuer, "").empty());
  CHECK_FALSE(Refused(issuer, "..").empty());
  // 64 bytes are 86 characters, of whose last four bits are not used.
  std::string loose = good;
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  loose.back() = kDigits[kDigits.find(loose.back()) + 1];
  CHECK(Refused(issuer, loose) == "the token's signature cannot be read");
}

TEST_CASE("a signature of ES256 is two numbers, not DER, and not nothing") {
  const TestIssuer& issuer = Issuer(SignatureAlgorithm::Es256);
  const std::string good = issuer.Token(kClaims);
  const std::string text = good.substr(0, good.rfind('.'));
  CHECK_FALSE(Refused(issuer, text + "." + Encoded(std::string(64, '\0'))).empty());
  CHECK_FALSE(Refused(issuer, text + "." + Encoded(std::string(64, '\xFF'))).empty());
  CHECK_FALSE(Refused(issuer, text + "." + Encoded(issuer.SignatureOf(text) + "x")).empty());
  CHECK_FALSE(Refused(issuer, text + "." + Encoded(std::string("0\x06\x02\x01\x00\x02\x01\x00", 8)))
                  .empty());
}

TEST_CASE("a key set is taken as a whole") {
  const TestIssuer& es = Issuer(SignatureAlgorithm::Es256);
  const TestIssuer& rsa = Issuer(SignatureAlgorithm::Rs256);
  const auto why = [](const std::string& json) {
    const auto keys = KeySet::Parse(json);
    return keys ? "" : keys.error();
  };
  CHECK(why(es.JwkSet("a")).empty());
  CHECK(why(R"({"keys":[]})").empty());
  CHECK_FALSE(why("{}").empty());
  CHECK_FALSE(why("[]").empty());
  CHECK_FALSE(why(R"({"keys":[],"keys":[]})").empty());
  CHECK(why("{\"keys\":[" + es.Jwk("a") + "," + rsa.Jwk("a") + "]}") ==
        "the key set: the key id `a` is used twice");
  // Kinds that are not used, and keys that are for something else.
  const auto size = [](const std::string& json) { return KeySet::Parse(json).value().size(); };
  CHECK(size(R"({"keys":[{"kty":"oct","k":"AAAA","kid":"x"},{"kty":"EC","crv":"P-521"}]})") == 0);
  CHECK(size(rsa.JwkSet("a", R"(,"use":"enc")")) == 0);
  CHECK(size(rsa.JwkSet("a", R"(,"key_ops":["encrypt"])")) == 0);
  CHECK(size(rsa.JwkSet("a", R"(,"key_ops":["verify"])")) == 1);
  // Too weak, not on the curve, too short.
  const TestIssuer weak(SignatureAlgorithm::Rs256, 1'024);
  CHECK(why(weak.JwkSet("w")) == "the key set: the key `w` is malformed or too weak");
  const std::string ones = Encoded(std::string(32, '\x01'));
  CHECK_FALSE(
      why(R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + ones + R"(","y":")" + ones + R"("}]})")
          .empty());
  CHECK_FALSE(why(R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQ"}]})").empty());
  CHECK_FALSE(why(R"({"keys":[{"kty":"RSA","n":"","e":"AQAB"}]})").empty());
}

TEST_CASE("scopes are words of `scope`, or of `scp`") {
  const TestIssuer& issuer = Issuer(SignatureAlgorithm::EdDsa);
  const KeySet keys = Keys(issuer.JwkSet("k1"));
  const auto has = [&](std::string_view members, std::string_view scope) {
    const std::string payload = Claims("\"exp\":1800000600," + std::string(members));
    return VerifyJwt(issuer.Token(payload), Rules(), keys, kNow).value().has_scope(scope);
  };
  CHECK(has(R"("scope":"mcp:read mcp:call")", "mcp:call"));
  CHECK(has(R"("scope":"mcp:read mcp:call")", "mcp:read"));
  CHECK_FALSE(has(R"("scope":"mcp:callx xmcp:call")", "mcp:call"));
  CHECK_FALSE(has(R"("scope":["mcp:call"])", "mcp:call"));
  CHECK(has(R"("scp":["mcp:call"])", "mcp:call"));
  CHECK(has(R"("scp":"a mcp:call")", "mcp:call"));
  CHECK_FALSE(has(R"("scope":"")", "mcp:call"));
}

}  // namespace policy::gateway
