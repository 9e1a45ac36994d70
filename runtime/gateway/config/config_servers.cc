// `servers` of policyd.json.
#include <algorithm>
#include <array>
#include <cctype>

#include "runtime/gateway/config/serve_config_parts.h"
#include "runtime/transport/http/http_url.h"

namespace policy::gateway {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::uint64_t kTimeoutMsMax = 86'400'000;
constexpr std::size_t kArgumentsMax = 1'000;

bool IsHeaderName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
}

// Headers that say how the message is to be read, and so are the proxy's own.
bool IsReservedHeader(std::string_view name) {
  constexpr std::array<std::string_view, 12> kReserved = {
      "host",         "content-length", "transfer-encoding", "connection",
      "content-type", "accept",         "accept-encoding",   "expect",
      "te",           "trailer",        "upgrade",           "last-event-id"};
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(kReserved, lower) != kReserved.end() || lower.starts_with("mcp-");
}

void ReadCredential(JsonInput& input, const JsonNode& node, ServerConfig& server) {
  const RecordReader record(input, node, "credential", {"header", "prefix", "file", "env"});
  Credential& credential = server.credential.emplace();
  const bool has_header = record.Text("header", credential.header);
  if (!IsHeaderName(credential.header) || IsReservedHeader(credential.header)) {
    record.Trouble("`" + credential.header + "` cannot be the header of a credential");
  }
  // "Bearer " is what Authorization wants; other headers hold the secret alone.
  if (has_header && credential.header != "Authorization") credential.prefix.clear();
  if (const JsonNode* const prefix = record.Find("prefix")) {
    if (Expect(input, *prefix, JsonType::String, "prefix")) credential.prefix = prefix->text;
  }
  record.Path("file", credential.file_path);
  record.Text("env", credential.variable);
  if (credential.file_path.empty() == credential.variable.empty()) {
    record.Trouble("a credential has either a `file` or an `env`");
  }
}

void ReadTimeouts(JsonInput& input, const JsonNode& node, UpstreamTimeouts& timeouts) {
  const RecordReader record(input, node, "timeouts",
                            {"connect_ms", "first_byte_ms", "call_ms", "start_ms"});
  record.Whole("connect_ms", timeouts.connect_ms, {1, kTimeoutMsMax});
  record.Whole("first_byte_ms", timeouts.first_byte_ms, {1, kTimeoutMsMax});
  record.Whole("call_ms", timeouts.call_ms, {1, kTimeoutMsMax});
  record.Whole("start_ms", timeouts.start_ms, {1, kTimeoutMsMax});
}

void ReadStdio(JsonInput& input, const RecordReader& record, ServerConfig& server) {
  for (const std::string_view key :
       {"transport", "credential", "ca", "client_certificate", "client_key"}) {
    if (record.Find(key) != nullptr) {
      record.Trouble("`" + std::string(key) + "` is for a server with a `url`");
    }
  }
  if (server.command.empty() || server.command.size() > kArgumentsMax) {
    record.Trouble("`command` is a list: the program and its arguments");
  }
  const JsonNode* const environment = record.Find("env");
  if (environment == nullptr || !Expect(input, *environment, JsonType::Record, "env")) return;
  for (const JsonMember& member : environment->members) {
    if (member.key.empty() || member.key.find('=') != std::string::npos) {
      input.Trouble(member.key_begin, "a variable has a name without `=`");
    } else if (Expect(input, member.value, JsonType::String, member.key)) {
      server.environment[member.key] = member.value.text;
    }
  }
}

void ReadHttp(JsonInput& input, const RecordReader& record, ServerConfig& server) {
  for (const std::string_view key : {"env", "cwd", "shared"}) {
    if (record.Find(key) != nullptr) {
      record.Trouble("`" + std::string(key) + "` is for a server with a `command`");
    }
  }
  constexpr std::array<std::string_view, 2> kTransports = {"streamable-http", "sse"};
  server.transport = record.Word("transport", kTransports) == 1 ? UpstreamTransport::Sse
                                                                : UpstreamTransport::StreamableHttp;
  CheckUrl(input, *record.Find("url"), "url", server.url);
  if (const JsonNode* const node = record.Find("credential")) {
    ReadCredential(input, *node, server);
    if (IsReadableOnTheWay(server.url)) {
      input.Trouble(*node, "the credential would cross the network in the clear: the URL is http");
    }
  }
  record.Path("ca", server.ca_path);
  record.Path("client_certificate", server.client_certificate_path);
  record.Path("client_key", server.client_key_path);
  if (server.client_certificate_path.empty() != server.client_key_path.empty()) {
    record.Trouble("`client_certificate` and `client_key` go together");
  }
}

void ReadServer(JsonInput& input, const JsonNode& node, ServerConfig& server) {
  const RecordReader record(
      input, node, "a server",
      {"command", "env", "cwd", "shared", "url", "transport", "credential", "ca",
       "client_certificate", "client_key", "policy", "tools", "timeouts", "breaker"});
  record.Path("policy", server.policy_path);
  record.Path("tools", server.tools_path);
  record.Path("cwd", server.folder);
  record.Bool("shared", server.is_shared);
  if (const JsonNode* const timeouts = record.Find("timeouts")) {
    ReadTimeouts(input, *timeouts, server.timeouts);
  }
  if (const JsonNode* const breaker_node = record.Find("breaker")) {
    const RecordReader breaker(input, *breaker_node, "breaker", {"failures", "open_ms"});
    breaker.Whole("failures", server.breaker.failures, {0, 1'000});
    breaker.Whole("open_ms", server.breaker.open_ms, {1, 3'600'000});
  }
  const bool has_url = record.Find("url") != nullptr;
  if (has_url == (record.Find("command") != nullptr)) {
    record.Trouble("a server has either a `command` or a `url`");
  } else if (has_url) {
    if (record.Text("url", server.url)) ReadHttp(input, record, server);
  } else if (record.Texts("command", server.command)) {
    ReadStdio(input, record, server);
  }
}

}  // namespace

bool IsPlainName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && name != "." && name != ".." &&
         std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '_' || c == '-' || c == '.';
         });
}

bool CheckUrl(JsonInput& input, const JsonNode& node, std::string_view key, std::string_view url) {
  const auto parsed = transport::ParseHttpUrl(url);
  if (parsed) return true;
  input.Trouble(node, "`" + std::string(key) + "`: " + parsed.error());
  return false;
}

bool IsReadableOnTheWay(std::string_view url) {
  const auto parsed = transport::ParseHttpUrl(url);
  if (!parsed || parsed->is_https) return false;
  const std::string& host = parsed->host;
  const bool is_address =
      std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return host != "localhost" && host != "::1" && !(is_address && host.starts_with("127."));
}

void ReadServers(JsonInput& input, const JsonNode& node, ServeConfig& config) {
  if (!Expect(input, node, JsonType::Record, "servers")) return;
  if (node.members.empty() || node.members.size() > kServersMax) {
    input.Trouble(node, "`servers` has from 1 to " + std::to_string(kServersMax) + " servers");
    return;
  }
  for (const JsonMember& member : node.members) {
    if (!IsPlainName(member.key)) {
      input.Trouble(member.key_begin,
                    "a server's name is of letters, digits, `_`, `-` and `.`, at most 64");
    }
    ServerConfig server;
    server.name = member.key;
    ReadServer(input, member.value, server);
    config.servers.emplace(member.key, std::move(server));
  }
}

}  // namespace policy::gateway
