// `oauth` and `certificates` of policyd.json.
#include <algorithm>
#include <array>

#include "runtime/gateway/access/signature_algorithm.h"
#include "runtime/gateway/config/serve_config_parts.h"

namespace policy::gateway {
namespace {

constexpr std::uint64_t kRefreshMsMin = 10'000;
constexpr std::uint64_t kRefreshMsMax = 86'400'000;
constexpr std::uint64_t kStaleMsMax = 604'800'000;

bool ReadGrantId(JsonInput& input, const RecordReader& record, std::string_view key,
                 std::string& out) {
  if (!record.Text(key, out)) return false;
  if (IsPlainName(out)) return true;
  input.Trouble(*record.Find(key),
                "a grant's id is of letters, digits, `_`, `-` and `.`, at most 64");
  return false;
}

void ReadKeys(JsonInput& input, const RecordReader& record, OauthConfig& oauth) {
  if (record.Text("jwks_url", oauth.jwks_url)) {
    const JsonNode& node = *record.Find("jwks_url");
    CheckUrl(input, node, "jwks_url", oauth.jwks_url);
    // Who can answer in place of the authorization server can sign whatever they like.
    if (IsReadableOnTheWay(oauth.jwks_url)) {
      input.Trouble(node, "keys that come over http could be anyone's: use https");
    }
  }
  record.Path("jwks_file", oauth.jwks_path);
  if (oauth.jwks_url.empty() == oauth.jwks_path.empty()) {
    record.Trouble("`oauth` has either a `jwks_url` or a `jwks_file`");
  }
  record.Path("jwks_ca", oauth.jwks_ca_path);
  record.Whole("jwks_refresh_ms", oauth.jwks_refresh_ms, {kRefreshMsMin, kRefreshMsMax});
  record.Whole("jwks_stale_ms", oauth.jwks_stale_ms, {kRefreshMsMin, kStaleMsMax});
  if (!record.Texts("algorithms", oauth.algorithms)) return;
  for (const std::string& algorithm : oauth.algorithms) {
    if (std::ranges::find(kSignatureAlgorithmNames, std::string_view(algorithm)) ==
        std::end(kSignatureAlgorithmNames)) {
      input.Trouble(*record.Find("algorithms"),
                    "`" + algorithm + "` is not one of RS256, PS256, ES256 and EdDSA");
    }
  }
  if (oauth.algorithms.empty()) record.Trouble("`algorithms` names at least one");
}

void ReadClaimRules(JsonInput& input, const RecordReader& record, OauthConfig& oauth) {
  ReadGrantId(input, record, "default_grant", oauth.default_grant);
  const JsonNode* const node = record.Find("grants");
  if (node == nullptr || !Expect(input, *node, JsonType::List, "grants")) return;
  for (const JsonNode& item : node->items) {
    const RecordReader rule(input, item, "a rule", {"claim", "equals", "grant"});
    ClaimRule& to = oauth.grants.emplace_back();
    for (const std::string_view key : {"claim", "equals", "grant"}) rule.Require(key);
    rule.Text("claim", to.claim);
    rule.Text("equals", to.equals);
    ReadGrantId(input, rule, "grant", to.grant);
  }
}

}  // namespace

void ReadOauth(JsonInput& input, const JsonNode& node, ServeConfig& config) {
  const RecordReader record(
      input, node, "oauth",
      {"issuer", "audience", "public_url", "jwks_url", "jwks_file", "jwks_ca", "jwks_refresh_ms",
       "jwks_stale_ms", "algorithms", "scopes", "subject_claim", "grants", "default_grant"});
  OauthConfig& oauth = config.oauth.emplace();
  for (const std::string_view key : {"issuer", "audience", "public_url"}) record.Require(key);
  record.Text("issuer", oauth.issuer);
  record.Text("audience", oauth.audience);
  if (record.Text("public_url", oauth.public_url)) {
    const JsonNode& url = *record.Find("public_url");
    const bool is_url = CheckUrl(input, url, "public_url", oauth.public_url);
    if (is_url && oauth.public_url.find_first_of("/?\"\\", oauth.public_url.find("://") + 3) !=
                      std::string::npos) {
      input.Trouble(url, "`public_url` has no path: \"https://mcp.example.com\"");
    }
  }
  ReadKeys(input, record, oauth);
  record.Texts("scopes", oauth.scopes);
  for (const std::string& scope : oauth.scopes) {
    const bool is_token = std::ranges::all_of(
        scope, [](char c) { return c > ' ' && c < '\x7F' && c != '"' && c != '\\'; });
    if (!is_token) input.Trouble(*record.Find("scopes"), "a scope has neither blanks nor quotes");
  }
  record.Text("subject_claim", oauth.subject_claim);
  ReadClaimRules(input, record, oauth);
  if (oauth.grants.empty() && oauth.default_grant.empty()) {
    record.Trouble("no token leads to a grant: set `grants` or `default_grant`");
  }
}

void ReadCertificates(JsonInput& input, const JsonNode& node, ServeConfig& config) {
  if (!Expect(input, node, JsonType::List, "certificates")) return;
  if (!config.tls || config.tls->client_ca_path.empty()) {
    input.Trouble(node, "`certificates` needs the `client_ca` of `listen.tls`");
  }
  for (const JsonNode& item : node.items) {
    const RecordReader record(input, item, "a certificate", {"sha256", "subject", "grant"});
    CertificateRule& rule = config.certificates.emplace_back();
    record.Text("sha256", rule.sha256);
    record.Text("subject", rule.subject);
    record.Require("grant");
    ReadGrantId(input, record, "grant", rule.grant);
    if (rule.sha256.empty() == rule.subject.empty()) {
      record.Trouble("a certificate is known by its `sha256` or by its `subject`");
    }
    const bool is_hash = rule.sha256.size() == 64 && std::ranges::all_of(rule.sha256, [](char c) {
                           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                         });
    if (!rule.sha256.empty() && !is_hash) {
      record.Trouble("`sha256` is 64 hexadecimal digits in lower case");
    }
  }
}

}  // namespace policy::gateway
