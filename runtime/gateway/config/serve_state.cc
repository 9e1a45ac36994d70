#include "runtime/gateway/config/serve_state.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <set>
#include <utility>

#include "runtime/gateway/config/config_file.h"
#include "runtime/transport/tls_server.h"
#include "runtime/vm/bound_policy.h"

namespace policy::gateway {
namespace {

constexpr std::size_t kSecretBytesMax = 65'536;

// One building of a state: collects files and troubles along the way.
class Builder {
 public:
  Builder(const CompilePolicy& compile, const ServeState* before, const CounterTarget& target)
      : compile_(compile), before_(before), target_(target) {}

  ServeBuild Build(const std::string& path);

 private:
  void Trouble(const std::string& path, std::string text) {
    build_.troubles.push_back({.path = path, .line = 0, .column = 0, .text = std::move(text)});
  }
  void Add(ConfigTroubles troubles) {
    std::ranges::move(troubles, std::back_inserter(build_.troubles));
  }
  // Looked at before it is read: an edit in between is news.
  std::string Seen(const std::string& path) {
    build_.files.push_back(StateOf(path));
    return path;
  }
  void ReadAccess(const ServeConfig& config);
  void ReadGrantTable(const ServeConfig& config, AccessState& access);
  void CheckGrant(const ServeConfig& config, const Grant& grant);
  void CheckGrantIds(const ServeConfig& config, const AccessState& access);
  void ReadKeys(const ServeConfig& config, AccessState& access);
  void ReadCredentials(const ServeConfig& config);
  void ReadTls(const ServeConfig& config);
  void CompilePolicies(const ServeConfig& config);
  void CompileOne(const ServerConfig& server, const std::string& path);

  const CompilePolicy& compile_;
  const ServeState* before_;
  const CounterTarget& target_;
  ServeBuild build_;
  std::shared_ptr<ServeState> state_ = std::make_shared<ServeState>();
};

ServeBuild Builder::Build(const std::string& path) {
  auto config = ReadServeConfig(Seen(path));
  if (!config) {
    Add(std::move(config.error()));
    return std::move(build_);
  }
  const auto shared = std::make_shared<const ServeConfig>(*std::move(config));
  state_->config = shared;
  ReadAccess(*shared);
  ReadCredentials(*shared);
  ReadTls(*shared);
  CompilePolicies(*shared);
  if (!build_.troubles.empty()) return std::move(build_);
  state_->files = build_.files;
  build_.state = std::move(state_);
  return std::move(build_);
}

void Builder::ReadAccess(const ServeConfig& config) {
  auto access = std::make_shared<AccessState>();
  access->anonymous_grant = config.anonymous_grant;
  access->oauth = config.oauth;
  access->certificates = config.certificates;
  access->failures_per_minute = config.limits.failures_per_minute;
  access->token_bytes_max = config.limits.token_bytes_max;
  ReadGrantTable(config, *access);
  auto disabled = ReadDisabled(Seen(config.disabled_path));
  if (disabled) {
    access->disabled = *std::move(disabled);
  } else {
    Add(std::move(disabled.error()));
  }
  if (config.oauth) ReadKeys(config, *access);
  state_->access = std::move(access);
}

void Builder::ReadGrantTable(const ServeConfig& config, AccessState& access) {
  std::vector<Grant> grants;
  if (!config.grants_path.empty()) {
    auto read = ReadGrants(Seen(config.grants_path));
    if (!read) return Add(std::move(read.error()));
    grants = *std::move(read);
  }
  for (const Grant& grant : grants) CheckGrant(config, grant);
  const bool names_anonymous =
      config.anonymous_grant.empty() ||
      std::ranges::find(grants, config.anonymous_grant, &Grant::id) != grants.end();
  if (!names_anonymous) grants.emplace_back().id = config.anonymous_grant;
  access.grants = GrantTable(std::move(grants));
  CheckGrantIds(config, access);
}

void Builder::CheckGrant(const ServeConfig& config, const Grant& grant) {
  const auto check = [&](const std::string& server) {
    if (config.servers.contains(server)) return;
    Trouble(config.grants_path,
            "grant `" + grant.id + "` names the server `" + server + "`, and there is none");
  };
  for (const auto& [server, path] : grant.policies) check(server);
  if (!grant.servers) return;
  for (const std::string& server : *grant.servers) check(server);
}

void Builder::CheckGrantIds(const ServeConfig& config, const AccessState& access) {
  const auto check = [&](const std::string& id) {
    if (id.empty() || access.grants.Find(id) != nullptr) return;
    Trouble(config.path, "there is no grant `" + id + "`, to which callers are led");
  };
  for (const CertificateRule& rule : config.certificates) check(rule.grant);
  if (!config.oauth) return;
  for (const ClaimRule& rule : config.oauth->grants) check(rule.grant);
  check(config.oauth->default_grant);
}

void Builder::ReadKeys(const ServeConfig& config, AccessState& access) {
  const OauthConfig& oauth = *config.oauth;
  if (oauth.jwks_path.empty()) {
    access.wants_keys = std::make_shared<std::atomic<bool>>(false);
    // Keys that were fetched from the same place go on counting, as long as they would have.
    const AccessState* const old = before_ == nullptr ? nullptr : before_->access.get();
    if (old != nullptr && old->oauth && old->oauth->jwks_url == oauth.jwks_url) {
      access.keys = old->keys;
      access.keys_until_s = old->keys_until_s;
      access.wants_keys = old->wants_keys;
    }
    return;
  }
  const auto text = ReadConfigFile(Seen(oauth.jwks_path), kKeySetBytesMax);
  if (!text) return Add({text.error()});
  auto keys = KeySet::Parse(*text);
  if (!keys) return Trouble(oauth.jwks_path, keys.error());
  access.keys = std::make_shared<const KeySet>(*std::move(keys));
}

void Builder::ReadCredentials(const ServeConfig& config) {
  for (const auto& [name, server] : config.servers) {
    if (!server.credential) continue;
    const Credential& credential = *server.credential;
    std::string secret;
    if (!credential.file_path.empty()) {
      auto text = ReadSecretFile(Seen(credential.file_path), kSecretBytesMax);
      if (!text) {
        Add({text.error()});
        continue;
      }
      secret = *std::move(text);
    } else if (const char* const value = std::getenv(credential.variable.c_str())) {
      secret = value;
    }
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
    const bool is_plain =
        std::ranges::all_of(secret, [](char c) { return c >= ' ' && c < '\x7F'; });
    if (secret.empty() || !is_plain) {
      Trouble(credential.file_path.empty() ? config.path : credential.file_path,
              "the credential of server `" + name + "` is empty, or no header can hold it");
    }
    state_->credentials[name] = credential.prefix + secret;
  }
}

void Builder::ReadTls(const ServeConfig& config) {
  if (!config.tls) return;
  const auto certificate = ReadConfigFile(Seen(config.tls->certificate_path), kSecretBytesMax);
  if (!certificate) Add({certificate.error()});
  const auto key = ReadSecretFile(Seen(config.tls->key_path), kSecretBytesMax);
  if (!key) Add({key.error()});
  if (!config.tls->client_ca_path.empty()) Seen(config.tls->client_ca_path);
  if (!certificate || !key) return;
  const auto tls = transport::TlsServer::Make({.certificate_path = config.tls->certificate_path,
                                               .key_path = config.tls->key_path,
                                               .client_ca_path = config.tls->client_ca_path,
                                               .requires_client = config.tls->requires_client});
  if (!tls) Trouble(config.path, tls.error());
}

void Builder::CompilePolicies(const ServeConfig& config) {
  std::map<std::string, std::set<std::string>> wanted;  // server -> paths
  for (const auto& [name, server] : config.servers) {
    if (!server.policy_path.empty()) wanted[name].insert(server.policy_path);
  }
  if (state_->access == nullptr) return;
  for (const auto& grant : state_->access->grants.all()) {
    if (grant->is_revoked()) continue;
    for (const auto& [server, path] : grant->policies) wanted[server].insert(path);
    for (const auto& [name, server] : config.servers) {
      if (!grant->MayUse(name)) continue;
      if (grant->policies.contains(name) || !server.policy_path.empty()) continue;
      state_->warnings.push_back("grant `" + grant->id + "` has no policy for server `" + name +
                                 "`: it may do nothing there");
    }
  }
  for (const auto& [name, paths] : wanted) {
    const auto server = config.servers.find(name);
    if (server == config.servers.end()) continue;  // said already
    for (const std::string& path : paths) CompileOne(server->second, path);
  }
}

void Builder::CompileOne(const ServerConfig& server, const std::string& path) {
  auto text = ReadPolicyFile(path);
  if (!text) return Trouble(Seen(path), "cannot be read");
  LoadedPolicy loaded = LoadPolicy({.path = path,
                                    .text = *std::move(text),
                                    .tools_path = server.tools_path,
                                    .server = server.name},
                                   compile_);
  std::ranges::move(loaded.files, std::back_inserter(build_.files));
  if (!loaded.program) {
    return Trouble(path, "for server `" + server.name + "`:\n" + loaded.program.error());
  }
  for (std::string& warning : loaded.warnings) state_->warnings.push_back(std::move(warning));
  std::shared_ptr<const Program> program = *std::move(loaded.program);
  if (program->LocksOut(server.name)) {
    return Trouble(
        path, "its lock knows nothing of server `" + server.name + "`: every call would be denied");
  }
  const std::pair<std::string, std::string> key(path, server.name);
  if (before_ != nullptr) {
    const auto old = before_->policies.find(key);
    if (old != before_->policies.end() && old->second.program->hash() == program->hash()) {
      program = old->second.program;
    }
  }
  if (target_.counters != nullptr) {
    const BoundPolicy bound(program, *target_.counters,
                            AttachmentOf(server.name, "", state_->config->observes));
    if (auto trouble = WhyNotKept(bound, target_.place)) return Trouble(path, *std::move(trouble));
  }
  state_->policies[key] = {.path = path, .server = server.name, .program = std::move(program)};
}

// What of `grant` is still so in the file, where it says less.
Grant Lessened(const Grant& grant, const std::vector<Grant>& now) {
  Grant result = grant;
  const auto found = std::ranges::find(now, grant.id, &Grant::id);
  if (found == now.end()) {
    if (!result.revoked_s) result.revoked_s = 0;  // it was taken out of the file
    return result;
  }
  if (!result.revoked_s) result.revoked_s = found->revoked_s;
  if (found->expires_s && (!result.expires_s || *found->expires_s < *result.expires_s)) {
    result.expires_s = found->expires_s;
  }
  std::erase_if(result.tokens, [&](TokenHash& token) {
    const auto kept = std::ranges::find(found->tokens, token.sha256, &TokenHash::sha256);
    if (kept == found->tokens.end()) return true;
    if (kept->expires_s) token.expires_s = kept->expires_s;
    return false;
  });
  return result;
}

}  // namespace

const ServedPolicy* ServeState::FindPolicy(const Grant& grant, std::string_view server) const {
  const auto known = config->servers.find(server);
  if (known == config->servers.end() || !grant.MayUse(server)) return nullptr;
  const auto own = grant.policies.find(server);
  const std::string& path = own == grant.policies.end() ? known->second.policy_path : own->second;
  const auto found = policies.find({path, known->first});
  return found == policies.end() ? nullptr : &found->second;
}

std::string AttachmentOf(std::string_view server, std::string_view grant, bool observes) {
  // A unit separator stands in no name.
  std::string attachment = observes ? "observed\x1F" : "";
  attachment += server;
  attachment += '\x1F';
  attachment += grant;
  return attachment;
}

ServeBuild BuildServeState(const std::string& path, const CompilePolicy& compile,
                           const ServeState* before, const CounterTarget& target) {
  return Builder(compile, before, target).Build(path);
}

std::shared_ptr<const ServeState> WithKeys(const ServeState& before,
                                           std::shared_ptr<const KeySet> keys,
                                           std::int64_t keys_until_s) {
  auto access = std::make_shared<AccessState>(*before.access);
  access->keys = std::move(keys);
  access->keys_until_s = keys_until_s;
  auto state = std::make_shared<ServeState>(before);
  state->access = std::move(access);
  return state;
}

std::shared_ptr<const ServeState> WithRevocations(const ServeState& before) {
  auto access = std::make_shared<AccessState>(*before.access);
  bool has_news = false;
  const std::string& grants_path = before.config->grants_path;
  if (!grants_path.empty()) {
    if (const auto now = ReadGrants(grants_path)) {
      std::vector<Grant> grants;
      for (const auto& grant : before.access->grants.all()) {
        // The one that needs no entry in the file, and has none.
        const bool is_implicit = grant->id == before.config->anonymous_grant &&
                                 grant->tokens.empty() &&
                                 std::ranges::find(*now, grant->id, &Grant::id) == now->end();
        grants.push_back(is_implicit ? *grant : Lessened(*grant, *now));
        const Grant& lessened = grants.back();
        has_news = has_news || lessened.revoked_s != grant->revoked_s ||
                   lessened.expires_s != grant->expires_s || lessened.tokens != grant->tokens;
      }
      access->grants = GrantTable(std::move(grants));
    }
  }
  if (const auto now = ReadDisabled(before.config->disabled_path)) {
    std::vector<Disabled> entries = before.access->disabled.all();
    for (const Disabled& entry : now->all()) {
      if (std::ranges::find(entries, entry) != entries.end()) continue;
      entries.push_back(entry);
      has_news = true;
    }
    access->disabled = DisabledList(std::move(entries));
  }
  if (!has_news) return nullptr;
  auto state = std::make_shared<ServeState>(before);
  state->access = std::move(access);
  return state;
}

}  // namespace policy::gateway
