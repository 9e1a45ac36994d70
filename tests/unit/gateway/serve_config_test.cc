// policyd.json: what it says, and every mistake with its place.
#include "runtime/gateway/config/serve_config.h"

#include <catch2/catch.hpp>

namespace policy::gateway {
namespace {

std::string Troubles(std::string_view text) {
  const auto config = ParseServeConfig("/etc/policyd/policyd.json", text);
  if (config) return "";
  std::string out;
  for (const ConfigTrouble& trouble : config.error()) {
    CHECK(trouble.path == "/etc/policyd/policyd.json");
    if (!out.empty()) out += "; ";
    out += std::to_string(trouble.line) + ":" + std::to_string(trouble.column) + " " + trouble.text;
  }
  return out;
}

// A whole file with `more` members, and `server` instead of one that is good.
std::string With(const std::string& more,
                 const std::string& server = R"({"command":["x"],"policy":"a.policy"})") {
  return R"({"listen":{"port":1},"servers":{"s":)" + server + R"(},"grants_file":"g.json")" +
         (more.empty() ? "" : "," + more) + "}";
}

bool IsRefused(const std::string& text) { return !Troubles(text).empty(); }

}  // namespace

TEST_CASE("a configuration says what it says") {
  const auto config = ParseServeConfig("/etc/policyd/policyd.json", R"({
    "listen": {"address": "::1", "port": 8640, "tls": {"certificate": "c.pem", "key": "/k.pem"}},
    "admin": {"port": 8641},
    "public_hosts": ["MCP.example.com"], "allowed_origins": ["https://app.example.com"],
    "servers": {
      "files": {"command": ["npx", "server"], "env": {"A": "b"}, "cwd": "data", "shared": true,
                "policy": "files.policy", "tools": "lock.json", "timeouts": {"call_ms": 1000}},
      "web": {"url": "https://up.example/mcp", "transport": "sse", "ca": "ca.pem",
              "credential": {"header": "X-Api-Key", "env": "KEY"}, "breaker": {"failures": 0}}
    },
    "aggregate": true, "grants_file": "grants.json", "store": {"url": "redis://x"},
    "log": {"path": "../log.jsonl", "arguments": "full"}, "methods": ["resources/read"],
    "limits": {"idle_ms": 5000}, "jit": "auto", "workers": 3, "observe": true,
    "oauth": {"issuer": "https://as", "audience": "a", "public_url": "https://mcp.example.com",
              "jwks_url": "https://as/jwks", "grants": [
                {"claim": "sub", "equals": "x", "grant": "ci"}]}
  })");
  REQUIRE(config.has_value());
  CHECK(config->listen.address == "::1");
  CHECK(config->listen.is_loopback());
  CHECK(config->tls->certificate_path == "/etc/policyd/c.pem");
  CHECK(config->tls->key_path == "/k.pem");
  CHECK(config->admin->port == 8641);
  CHECK(config->public_hosts == std::vector<std::string>{"mcp.example.com"});
  const ServerConfig& files = config->servers.at("files");
  CHECK(files.transport == UpstreamTransport::Stdio);
  CHECK(files.command == std::vector<std::string>{"npx", "server"});
  CHECK(files.environment.at("A") == "b");
  CHECK(files.folder == "/etc/policyd/data");
  CHECK(files.is_shared);
  CHECK(files.timeouts.call_ms == 1'000);
  CHECK(files.timeouts.connect_ms == 5'000);
  const ServerConfig& web = config->servers.at("web");
  CHECK(web.transport == UpstreamTransport::Sse);
  CHECK(web.credential->header == "X-Api-Key");
  CHECK(web.credential->prefix.empty());
  CHECK(web.breaker.failures == 0);
  CHECK(config->grants_path == "/etc/policyd/grants.json");
  CHECK(config->disabled_path == "/etc/policyd/disabled.json");
  CHECK(config->log_path == "/etc/log.jsonl");
  CHECK(config->logs_argument_values);
  CHECK(config->limits.idle_ms == 5'000);
  CHECK(config->limits.body_bytes_max == 8'388'608);
  CHECK(config->jit == ServeJit::Auto);
  CHECK(config->workers == 3);
  CHECK(config->observes);
  CHECK(config->oauth->subject_claim == "sub");
  CHECK_FALSE(IsRefused(With("")));
}

TEST_CASE("every mistake is named at its place, several at once") {
  CHECK(Troubles("{\n  \"listen\": {\"port\": 99999},\n  \"sevrers\": {},\n"
                 "  \"grants_file\": \"g\", \"workers\": \"four\"\n}") ==
        "3:3 unknown key `sevrers` in policyd.json; did you mean `servers`?; "
        "2:22 `port` is a whole number from 0 to 65535; "
        "1:1 policyd.json has no `servers`; "
        "4:34 `workers` is a whole number from 1 to 64");
  CHECK(Troubles(R"({"a":1,"a":2})") == "1:8 the key `a` stands here twice");
  CHECK(Troubles(R"({"a":1,"\u0061":2})") == "1:8 the key `a` stands here twice");
  CHECK(Troubles("{\"\xC3\xA9\": 1, \"listne\": 2}").find("1:10 unknown key `listne`") !=
        std::string::npos);
  CHECK(Troubles("\xEF\xBB\xBF{}") == "1:1 a byte order mark stands before the text");
  CHECK(Troubles(std::string(100, '[')) == "1:33 nested deeper than 32 levels");
  for (const char* text : {"", "{", "{} {}", "{\"a\":}", "// x\n{}", "{\"a\":1,}", "nul"}) {
    INFO(text);
    CHECK(Troubles(text).find("this is not JSON") != std::string::npos);
  }
}

TEST_CASE("what would be unsafe is refused") {
  // Tokens in the clear.
  CHECK(IsRefused(R"({"listen":{"address":"0.0.0.0","port":1},"servers":{"s":{"command":["x"]}},
                      "grants_file":"g"})"));
  CHECK_FALSE(IsRefused(R"({"listen":{"address":"0.0.0.0","port":1,"cleartext":true},
                    "servers":{"s":{"command":["x"]}},"grants_file":"g"})"));
  CHECK(IsRefused(With("", R"({"url":"http://up.example/mcp","credential":{"env":"K"}})")));
  CHECK(IsRefused(With("", R"({"url":"http://127.evil.example/","credential":{"env":"K"}})")));
  CHECK(
      IsRefused(With("", R"({"url":"http://localhost.evil.example/","credential":{"env":"K"}})")));
  CHECK_FALSE(IsRefused(With("", R"({"url":"http://127.0.0.1:9/mcp","credential":{"env":"K"}})")));
  CHECK_FALSE(IsRefused(With("", R"({"url":"http://[::1]:9/mcp","credential":{"env":"K"}})")));
  // Nobody may call, or everybody.
  CHECK(IsRefused(R"({"listen":{"port":1},"servers":{"s":{"command":["x"]}}})"));
  CHECK_FALSE(IsRefused(With(R"("anonymous_grant":"local")")));
  CHECK(IsRefused(With(R"("anonymous_grant":"local","public_hosts":["x.example"])")));
  // Keys from anyone.
  CHECK(IsRefused(With(R"("oauth":{"issuer":"i","audience":"a","public_url":"https://x",
                          "jwks_url":"http://as/jwks","default_grant":"g"})")));
  CHECK(IsRefused(With(R"("oauth":{"issuer":"i","audience":"a","public_url":"https://x",
                          "jwks_file":"k","algorithms":["none"],"default_grant":"g"})")));
  CHECK(IsRefused(With(R"("oauth":{"issuer":"i","audience":"a","public_url":"https://x",
                          "jwks_file":"k","algorithms":["HS256"],"default_grant":"g"})")));
  CHECK(IsRefused(With(R"("oauth":{"issuer":"i","audience":"a","public_url":"https://x/p",
                          "jwks_file":"k","default_grant":"g"})")));
  CHECK_FALSE(IsRefused(With(R"("oauth":{"issuer":"i","audience":"a","public_url":"https://x",
                                "jwks_file":"k","default_grant":"g"})")));
  CHECK(IsRefused(With(R"("certificates":[{"subject":"CN=x","grant":"g"}])")));
  CHECK(IsRefused(With(R"("methods":["tools/call"])")));
}

TEST_CASE("a server is one thing, whole") {
  for (const char* server : {
           "{}",
           "[]",
           "null",
           R"({"command":["x"],"url":"http://x/"})",
           R"({"command":[]})",
           R"({"command":"x y"})",
           R"({"command":["x",1]})",
           R"({"command":["x"],"ca":"y"})",
           R"({"command":["x"],"env":{"A=B":"c"}})",
           R"({"command":["x"],"env":{"A":1}})",
           R"({"url":"ftp://x/"})",
           R"({"url":"https://"})",
           R"({"url":"https://u@x/"})",
           R"({"url":"https://x/#f"})",
           R"({"url":"https://x y/"})",
           R"({"url":""})",
           R"({"url":"https://x/","shared":true})",
           R"({"url":"https://x/","transport":"stdio"})",
           R"({"url":"https://x/","client_key":"k"})",
           R"({"url":"https://x/","credential":{}})",
           R"({"url":"https://x/","credential":{"env":"A","file":"b"}})",
           R"({"url":"https://x/","credential":{"env":"A","header":"Host"}})",
           R"({"url":"https://x/","credential":{"env":"A","header":"mcp-session-id"}})",
           R"({"url":"https://x/","credential":{"env":"A","header":"a b"}})",
           R"({"url":"https://x/","timeouts":{"call_ms":0}})",
       }) {
    INFO(server);
    CHECK(IsRefused(With("", server)));
  }
  for (const char* name : {"", "a b", "..", "a/b", "\\u00e9"}) {
    INFO(name);
    CHECK(IsRefused(R"({"listen":{"port":1},"servers":{")" + std::string(name) +
                    R"(":{"command":["x"]}},"grants_file":"g"})"));
  }
}

TEST_CASE("counters are in one place") {
  CHECK(IsRefused(With(R"("state":"a","private_state":true)")));
  CHECK(IsRefused(With(R"("state":"a","store":{"url":"redis://x"})")));
  CHECK_FALSE(IsRefused(With(R"("state":"a")")));
}

}  // namespace policy::gateway
