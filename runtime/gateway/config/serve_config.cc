#include "runtime/gateway/config/serve_config.h"

#include <algorithm>
#include <array>

#include "runtime/gateway/config/config_file.h"
#include "runtime/gateway/config/serve_config_parts.h"
#include "runtime/mcp/method_policy.h"

namespace policy::gateway {
namespace {

constexpr std::uint64_t kPortMax = 65'535;
constexpr std::uint64_t kWorkersMax = 64;

void ReadAddress(const RecordReader& record, ListenAddress& address) {
  record.Text("address", address.address);
  if (record.Require("port") != nullptr) record.Whole("port", address.port, {0, kPortMax});
  // Names are not looked up: which address it is to be is the operator's to say.
  const bool is_numeric = std::ranges::all_of(address.address, [](char c) {
    return std::string_view("0123456789abcdefABCDEF.:").contains(c);
  });
  if (!is_numeric || address.address.find_first_of(".:") == std::string::npos) {
    record.Trouble("`address` is an IPv4 or IPv6 address: \"127.0.0.1\", \"::1\"");
  }
}

void ReadListen(JsonInput& input, const JsonNode& node, ServeConfig& config) {
  const RecordReader record(input, node, "listen", {"address", "port", "tls", "cleartext"});
  ReadAddress(record, config.listen);
  bool is_cleartext = false;
  record.Bool("cleartext", is_cleartext);
  if (const JsonNode* const tls_node = record.Find("tls")) {
    const RecordReader tls(input, *tls_node, "tls",
                           {"certificate", "key", "client_ca", "client_required"});
    TlsFiles& files = config.tls.emplace();
    if (tls.Require("certificate") != nullptr) tls.Path("certificate", files.certificate_path);
    if (tls.Require("key") != nullptr) tls.Path("key", files.key_path);
    tls.Path("client_ca", files.client_ca_path);
    tls.Bool("client_required", files.requires_client);
    if (files.requires_client && files.client_ca_path.empty()) {
      tls.Trouble("`client_required` needs a `client_ca`");
    }
  } else if (!config.listen.is_loopback() && !is_cleartext) {
    record.Trouble(
        "tokens would cross the network in the clear: set `tls`, or `cleartext` to true where "
        "something in front of policyd does it");
  }
}

void ReadCounters(JsonInput& input, const RecordReader& record, ServeConfig& config) {
  record.Path("state", config.state_directory);
  record.Bool("private_state", config.has_private_state);
  if (const JsonNode* const node = record.Find("store")) {
    const RecordReader store(input, *node, "store", {"url", "password_file", "ca", "init"});
    StoreConfig& to = config.store.emplace();
    if (store.Require("url") != nullptr) store.Text("url", to.url);
    store.Path("password_file", to.password_path);
    store.Path("ca", to.ca_path);
    store.Bool("init", to.makes_pool);
  }
  const int places = (config.state_directory.empty() ? 0 : 1) + (config.store ? 1 : 0) +
                     (config.has_private_state ? 1 : 0);
  if (places > 1) {
    record.Trouble("counters are in one place: of `state`, `store` and `private_state` set one");
  }
}

void ReadLog(JsonInput& input, const RecordReader& record, ServeConfig& config) {
  const JsonNode* const node = record.Find("log");
  if (node == nullptr) return;
  constexpr std::array<std::string_view, 2> kArguments = {"keys", "full"};
  const RecordReader log(input, *node, "log", {"path", "arguments"});
  if (log.Require("path") != nullptr) log.Path("path", config.log_path);
  config.logs_argument_values = log.Word("arguments", kArguments) == 1;
}

void ReadLimits(JsonInput& input, const RecordReader& record, ServeConfig& config) {
  const JsonNode* const node = record.Find("limits");
  if (node == nullptr) return;
  const RecordReader limits(input, *node, "limits",
                            {
#define SERVE_LIMIT(name, value, least, most, meaning) #name,
#include "runtime/gateway/config/serve_limits.def"
#undef SERVE_LIMIT
                            });
#define SERVE_LIMIT(name, value, least, most, meaning) \
  limits.Whole(#name, config.limits.name, {least, most});
#include "runtime/gateway/config/serve_limits.def"
#undef SERVE_LIMIT
}

void ReadMethods(JsonInput& input, const RecordReader& record, ServeConfig& config) {
  if (!record.Texts("methods", config.passed_methods)) return;
  for (const std::string& method : config.passed_methods) {
    if (mcp::ClassOf(method) == mcp::MethodClass::ToolsCall) {
      input.Trouble(*record.Find("methods"),
                    "every tools/call is decided by the policy: it cannot be passed");
    }
  }
}

void ReadNames(JsonInput& input, const RecordReader& record, ServeConfig& config) {
  record.Texts("public_hosts", config.public_hosts);
  for (std::string& host : config.public_hosts) {
    std::ranges::transform(host, host.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    });
    if (host.find_first_of("/@ *") != std::string::npos) {
      input.Trouble(*record.Find("public_hosts"),
                    "a host is a name as the Host header says it, with a port where there is one");
    }
  }
  record.Texts("allowed_origins", config.allowed_origins);
  for (const std::string& origin : config.allowed_origins) {
    const std::size_t colon = origin.find("://");
    if (colon == std::string::npos || origin.find('/', colon + 3) != std::string::npos) {
      input.Trouble(*record.Find("allowed_origins"),
                    "an origin is a scheme and a host: \"https://app.example.com\"");
    }
  }
}

void ReadCallers(JsonInput& input, const RecordReader& record, ServeConfig& config) {
  record.Path("grants_file", config.grants_path);
  record.Path("disabled_file", config.disabled_path);
  record.Text("anonymous_grant", config.anonymous_grant);
  if (const JsonNode* const node = record.Find("oauth")) ReadOauth(input, *node, config);
  if (const JsonNode* const node = record.Find("certificates")) {
    ReadCertificates(input, *node, config);
  }
  if (config.disabled_path.empty()) config.disabled_path = input.Resolve("disabled.json");
  const bool knows_callers = !config.grants_path.empty() || !config.anonymous_grant.empty();
  if (!knows_callers) {
    record.Trouble(
        "nobody may call: set `grants_file`, or `anonymous_grant` for callers of this machine");
  }
  if (config.anonymous_grant.empty()) return;
  const JsonNode& at = *record.Find("anonymous_grant");
  if (!IsPlainName(config.anonymous_grant)) {
    input.Trouble(at, "a grant's id is of letters, digits, `_`, `-` and `.`, at most 64");
  }
  // Behind a proxy of this machine every caller seems to be of this machine.
  if (!config.listen.is_loopback() || !config.public_hosts.empty()) {
    input.Trouble(at,
                  "`anonymous_grant` lets everyone in: it goes with a loopback address and without "
                  "`public_hosts` only");
  }
}

}  // namespace

bool ListenAddress::is_loopback() const { return address.starts_with("127.") || address == "::1"; }

std::expected<ServeConfig, ConfigTroubles> ParseServeConfig(const std::string& path,
                                                            std::string_view text) {
  auto root = ParseJson(path, text);
  if (!root) return std::unexpected(std::move(root.error()));
  JsonInput input(path, text);
  ServeConfig config;
  config.path = path;
  const RecordReader record(input, *root, "policyd.json",
                            {"listen",
                             "admin",
                             "public_hosts",
                             "allowed_origins",
                             "servers",
                             "aggregate",
                             "grants_file",
                             "disabled_file",
                             "anonymous_grant",
                             "oauth",
                             "certificates",
                             "state",
                             "store",
                             "private_state",
                             "session_key_file",
                             "log",
                             "methods",
                             "limits",
                             "jit",
                             "workers",
                             "observe",
                             "$schema"});
  if (const JsonNode* const listen = record.Require("listen")) ReadListen(input, *listen, config);
  if (const JsonNode* const admin = record.Find("admin")) {
    ReadAddress(RecordReader(input, *admin, "admin", {"address", "port"}), config.admin.emplace());
    if (config.admin->port != 0 && config.admin->port == config.listen.port) {
      input.Trouble(*admin, "`admin` has a port of its own");
    }
  }
  ReadNames(input, record, config);
  if (const JsonNode* const servers = record.Require("servers")) {
    ReadServers(input, *servers, config);
  }
  record.Bool("aggregate", config.is_aggregated);
  ReadCallers(input, record, config);
  ReadCounters(input, record, config);
  record.Path("session_key_file", config.session_key_path);
  ReadLog(input, record, config);
  ReadMethods(input, record, config);
  ReadLimits(input, record, config);
  constexpr std::array<std::string_view, 3> kJit = {"off", "auto", "always"};
  if (const auto jit = record.Word("jit", kJit)) config.jit = static_cast<ServeJit>(*jit);
  record.Whole("workers", config.workers, {1, kWorkersMax});
  record.Bool("observe", config.observes);
  if (!input.troubles().empty()) return std::unexpected(std::move(input.troubles()));
  return config;
}

std::expected<ServeConfig, ConfigTroubles> ReadServeConfig(const std::string& path) {
  const auto text = ReadConfigFile(path, kServeConfigBytesMax);
  if (!text) return std::unexpected(ConfigTroubles{text.error()});
  return ParseServeConfig(path, *text);
}

}  // namespace policy::gateway
