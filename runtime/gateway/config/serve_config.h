// policyd.json: what `policyd serve` listens on, which servers stand behind it, who may call, and
// every limit.
//
//   auto config = ReadServeConfig("policyd.json");
//   if (!config) for (const ConfigTrouble& trouble : config.error()) …
//
// Paths in it are relative to its folder; here they are resolved. Nothing is opened but the file
// itself: what it names is read by BuildServeState.
#ifndef RUNTIME_GATEWAY_CONFIG_SERVE_CONFIG_H_
#define RUNTIME_GATEWAY_CONFIG_SERVE_CONFIG_H_

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/gateway/config/config_trouble.h"

namespace policy::gateway {

struct TlsFiles {
  std::string certificate_path;  // PEM, the chain; always there
  std::string key_path;          // PEM, not readable by others
  std::string client_ca_path;    // who signs clients' certificates; empty: none are asked for
  bool requires_client = false;  // without a certificate there is no connection
};

struct ListenAddress {
  std::string address = "127.0.0.1";  // numeric, IPv4 or IPv6
  std::uint16_t port = 0;             // 0: any free one
  bool is_loopback() const;
};

// The header that policyd itself shows to a server. A client's own token never goes there.
struct Credential {
  std::string header = "Authorization";
  std::string prefix = "Bearer ";  // stands before the secret
  std::string file_path;           // of these two exactly one is set
  std::string variable;            // of policyd's environment
};

enum class UpstreamTransport : std::uint8_t {
  Stdio,           // `command`
  StreamableHttp,  // `url`
  Sse,             // `url`: HTTP+SSE of 2024-11-05
};

// How long a server may take, in milliseconds.
struct UpstreamTimeouts {
  std::uint32_t connect_ms = 5'000;
  std::uint32_t first_byte_ms = 60'000;  // of an answer's head
  std::uint32_t call_ms = 300'000;       // from a call to its answer; progress begins it anew
  std::uint32_t start_ms = 30'000;       // a child, to answer initialize
};

// When a server that fails is left alone for a while: see CircuitBreaker.
struct BreakerConfig {
  std::uint32_t failures = 5;  // one after another; 0: never
  std::uint32_t open_ms = 10'000;
};

struct ServerConfig {
  std::string name;
  UpstreamTransport transport = UpstreamTransport::Stdio;
  std::vector<std::string> command;                // Stdio
  std::map<std::string, std::string> environment;  // added to the child's
  std::string folder;                              // the child's; empty: policyd's own
  std::string url;                                 // the others
  std::optional<Credential> credential;
  std::string ca_path;                  // who signs the server's certificate
  std::string client_certificate_path;  // mTLS towards the server; both or neither
  std::string client_key_path;
  std::string policy_path;  // for grants without one of their own; empty: those may do nothing
  std::string tools_path;   // the lock; empty: as `policyd run --tools`
  bool is_shared = false;   // one child for all sessions
  UpstreamTimeouts timeouts;
  BreakerConfig breaker;
};

// A value of a claim that stands for a grant.
struct ClaimRule {
  std::string claim;  // a member of the claims; its value is a string, or a list that holds it
  std::string equals;
  std::string grant;

  bool operator==(const ClaimRule&) const = default;
};

// Tokens of an authorization server: OAuth 2.1, this being the resource server.
struct OauthConfig {
  std::string issuer;
  std::string audience;    // exactly one of the token's
  std::string public_url;  // this server's origin, as clients know it (RFC 9728)
  std::string jwks_url;    // of these two exactly one is set
  std::string jwks_path;
  std::string jwks_ca_path;  // who signs the certificate of jwks_url
  std::uint32_t jwks_refresh_ms = 300'000;
  std::uint32_t jwks_stale_ms = 86'400'000;  // keys not heard of for so long count no more
  std::vector<std::string> algorithms;       // of RS256, PS256, ES256, EdDSA; empty: all four
  std::vector<std::string> scopes;           // all of them are required
  std::string subject_claim = "sub";
  std::vector<ClaimRule> grants;  // the first that holds
  std::string default_grant;      // where none holds; empty: 403

  bool operator==(const OauthConfig&) const = default;
};

// A client's certificate that stands for a grant: one of the two.
struct CertificateRule {
  std::string sha256;   // of the DER, lower-case hexadecimal
  std::string subject;  // as OpenSSL's RFC 2253 form prints it
  std::string grant;
};

struct StoreConfig {
  std::string url;
  std::string password_path;
  std::string ca_path;
  bool makes_pool = false;
};

struct ServeLimits {
#define SERVE_LIMIT(name, value, least, most, meaning) std::uint64_t name = value;
#include "runtime/gateway/config/serve_limits.def"
#undef SERVE_LIMIT
};

enum class ServeJit : std::uint8_t { Off, Auto, Always };

struct ServeConfig {
  std::string path;  // of the file itself
  ListenAddress listen;
  std::optional<TlsFiles> tls;
  std::optional<ListenAddress> admin;        // /metrics, /healthz, /readyz
  std::vector<std::string> public_hosts;     // beside the address itself, what Host may say
  std::vector<std::string> allowed_origins;  // what Origin may say where it is said
  std::map<std::string, ServerConfig, std::less<>> servers;
  bool is_aggregated = false;   // /mcp, with the tools of all servers
  std::string grants_path;      // empty: no tokens of ours
  std::string disabled_path;    // the kill switch; empty: `disabled.json` beside it
  std::string anonymous_grant;  // who calls without credentials; loopback only
  std::optional<OauthConfig> oauth;
  std::vector<CertificateRule> certificates;
  std::string state_directory;  // of these three at most one
  std::optional<StoreConfig> store;
  bool has_private_state = false;
  std::string session_key_path;  // shared by replicas; empty: in the state directory
  std::string log_path;          // empty: no decision log
  bool logs_argument_values = false;
  std::vector<std::string> passed_methods;  // as `policyd run --pass`
  ServeLimits limits;
  ServeJit jit = ServeJit::Off;
  std::uint32_t workers = 0;  // 0: one a core, at most four
  bool observes = false;      // what is denied is let through, and logged
};

// Larger files are refused.
inline constexpr std::size_t kServeConfigBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kServersMax = 1'000;

// Every mistake that one reading can find.
std::expected<ServeConfig, ConfigTroubles> ReadServeConfig(const std::string& path);
// The same of a text; `path` names it and says what paths in it are relative to.
std::expected<ServeConfig, ConfigTroubles> ParseServeConfig(const std::string& path,
                                                            std::string_view text);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CONFIG_SERVE_CONFIG_H_
