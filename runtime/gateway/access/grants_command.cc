#include "runtime/gateway/access/grants_command.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <ostream>
#include <utility>

#include "runtime/gateway/access/disabled_list.h"
#include "runtime/gateway/access/grant.h"
#include "runtime/gateway/access/token.h"
#include "runtime/gateway/config/config_file.h"
#include "runtime/gateway/config/json_reading.h"
#include "runtime/gateway/config/serve_config.h"
#include "runtime/gateway/config/serve_config_parts.h"
#include "runtime/gateway/json_text.h"

namespace policy::gateway {
namespace {

constexpr int kExitDone = 0;
constexpr int kExitChangedNothing = 1;
constexpr int kExitCouldNotRun = 2;
constexpr std::int64_t kSecondsMax = std::int64_t{100} * 366 * 86'400;

using Outcome = std::expected<void, std::string>;  // the error is a sentence
using Change = std::function<Outcome(std::vector<Grant>& grants)>;

struct GrantFiles {
  std::string grants;
  std::string disabled;
};

std::expected<GrantFiles, std::string> FilesOf(const GrantsOptions& options) {
  if (options.config_path.empty()) {
    const auto folder = std::filesystem::path(options.grants_path).parent_path();
    return GrantFiles{options.grants_path, (folder / "disabled.json").string()};
  }
  const auto config = ReadServeConfig(options.config_path);
  if (!config) return std::unexpected(ToText(config.error()));
  return GrantFiles{config->grants_path, config->disabled_path};
}

// "30d" from now on, or a moment.
std::optional<std::int64_t> MomentOf(std::string_view text, std::int64_t now_s) {
  if (const auto moment = ParseUtcTime(text)) return moment;
  if (text.empty()) return std::nullopt;
  constexpr std::pair<char, std::int64_t> kUnits[] = {
      {'s', 1}, {'m', 60}, {'h', 3'600}, {'d', 86'400}};
  const auto unit = std::ranges::find(kUnits, text.back(), &std::pair<char, std::int64_t>::first);
  std::int64_t count = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (unit == std::end(kUnits) || error != std::errc() || stop != end || count < 0 ||
      count > kSecondsMax / unit->second) {
    return std::nullopt;
  }
  return now_s + count * unit->second;
}

std::expected<std::vector<Grant>, std::string> ReadAsWritten(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return std::vector<Grant>();
  const auto text = ReadSecretFile(path, kGrantsBytesMax);
  if (!text) return std::unexpected(text.error().ToText());
  auto grants = ParseGrants(path, *text);
  if (!grants) return std::unexpected(ToText(grants.error()));
  return *std::move(grants);
}

Outcome EditGrants(const std::string& path, const Change& change) {
  if (path.empty()) return std::unexpected("the configuration names no `grants_file`");
  const auto lock = FileLock::Take(path);
  if (!lock) return std::unexpected(lock.error());
  auto grants = ReadAsWritten(path);
  if (!grants) return std::unexpected(grants.error());
  if (auto changed = change(*grants); !changed) return changed;
  const std::string text = RenderGrants(*grants);
  // What cannot be read back is not written: the gateway would keep to the old file.
  if (const auto again = ParseGrants(path, text); !again) {
    return std::unexpected(ToText(again.error()));
  }
  return ReplaceSecretFile(path, text);
}

Grant* FindGrant(std::vector<Grant>& grants, std::string_view id) {
  const auto found = std::ranges::find(grants, id, &Grant::id);
  return found == grants.end() ? nullptr : &*found;
}

std::unexpected<std::string> NoGrant(const std::string& id) {
  return std::unexpected("there is no grant `" + id + "`");
}

// As the file names it: relative to its folder.
std::string FromFolderOf(const std::string& file, const std::string& path) {
  std::error_code error;
  const auto folder = std::filesystem::absolute(file, error).parent_path();
  return std::filesystem::absolute(path, error).lexically_relative(folder).string();
}

std::expected<Grant, std::string> NewGrant(const GrantsOptions& options, const std::string& path,
                                           std::int64_t now_s) {
  Grant grant;
  grant.id = options.id;
  if (!IsPlainName(grant.id)) {
    return std::unexpected("a grant's id is of letters, digits, `_`, `-` and `.`, at most 64");
  }
  grant.label = options.label;
  grant.created_s = now_s;
  if (!options.expires.empty()) {
    grant.expires_s = MomentOf(options.expires, now_s);
    if (!grant.expires_s || *grant.expires_s <= now_s) {
      return std::unexpected("--expires is a time to come, \"2026-12-31T23:59:59Z\" or \"30d\"");
    }
  }
  grant.tags = options.tags;
  grant.attributes_json = options.attributes;
  if (!options.attributes.empty()) {
    const auto attributes = ParseJson("--attributes", options.attributes);
    if (!attributes) return std::unexpected(ToText(attributes.error()));
    if (attributes->type != JsonType::Record) {
      return std::unexpected("--attributes is a JSON object");
    }
  }
  grant.in_flight_max = options.in_flight_max;
  if (!options.servers.empty()) grant.servers = options.servers;
  for (const std::string& policy : options.policies) {
    const std::size_t equals = policy.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == policy.size()) {
      return std::unexpected("--policy is SERVER=FILE");
    }
    grant.policies[policy.substr(0, equals)] = FromFolderOf(path, policy.substr(equals + 1));
  }
  return grant;
}

std::expected<std::string, std::string> Add(const GrantsOptions& options, const std::string& path,
                                            std::int64_t now_s) {
  auto grant = NewGrant(options, path, now_s);
  if (!grant) return std::unexpected(grant.error());
  std::string token;
  if (!options.has_no_token) {
    auto made = MakeToken();
    if (!made) return made;
    token = *std::move(made);
    grant->tokens.push_back(HashToken(token));
  }
  const auto edited = EditGrants(path, [&](std::vector<Grant>& grants) -> Outcome {
    if (FindGrant(grants, grant->id) != nullptr) {
      return std::unexpected("there is a grant `" + grant->id +
                             "` already: rotate gives it a new token");
    }
    grants.push_back(*std::move(grant));
    return {};
  });
  if (!edited) return std::unexpected(edited.error());
  return token;
}

std::expected<std::string, std::string> Rotate(const GrantsOptions& options,
                                               const std::string& path, std::int64_t now_s) {
  std::int64_t until_s = now_s;
  if (!options.overlap.empty()) {
    const auto moment = MomentOf(options.overlap, now_s);
    if (!moment) return std::unexpected("--overlap is how long, \"1h\" or \"7d\"");
    until_s = *moment;
  }
  auto token = MakeToken();
  if (!token) return token;
  const auto edited = EditGrants(path, [&](std::vector<Grant>& grants) -> Outcome {
    Grant* const grant = FindGrant(grants, options.id);
    if (grant == nullptr) return NoGrant(options.id);
    if (grant->is_revoked()) return std::unexpected("the grant `" + options.id + "` is revoked");
    for (TokenHash& old : grant->tokens) {
      if (!old.expires_s || *old.expires_s > until_s) old.expires_s = until_s;
    }
    std::erase_if(grant->tokens, [&](const TokenHash& old) { return *old.expires_s <= now_s; });
    grant->tokens.push_back(HashToken(*token));
    return {};
  });
  if (!edited) return std::unexpected(edited.error());
  return token;
}

Outcome Revoke(const GrantsOptions& options, const std::string& path, std::int64_t now_s) {
  return EditGrants(path, [&](std::vector<Grant>& grants) -> Outcome {
    Grant* const grant = FindGrant(grants, options.id);
    if (grant == nullptr) return NoGrant(options.id);
    if (!grant->revoked_s) grant->revoked_s = now_s;
    grant->tokens.clear();
    return {};
  });
}

// What is switched off, or on again. true: the file is another now.
std::expected<bool, std::string> Switch(const GrantsOptions& options, const std::string& path) {
  const bool is_off = options.action == GrantsAction::Disable;
  const Disabled entry{.grant = options.id,
                       .server = options.server,
                       .tool = options.tool,
                       .because = options.because};
  if (entry.grant.empty() && entry.server.empty() && entry.tool.empty()) {
    return std::unexpected("name a --grant, a --server or a --tool");
  }
  const auto lock = FileLock::Take(path);
  if (!lock) return std::unexpected(lock.error());
  const auto list = ReadDisabled(path);
  if (!list) return std::unexpected(ToText(list.error()));
  std::vector<Disabled> entries = list->all();
  const auto is_same = [&](const Disabled& other) {
    return other.grant == entry.grant && other.server == entry.server && other.tool == entry.tool;
  };
  const bool was_off = std::erase_if(entries, is_same) != 0;
  if (is_off) entries.push_back(entry);
  if (!is_off && !was_off) return false;
  const auto written = ReplaceSecretFile(path, RenderDisabled(DisabledList(std::move(entries))));
  if (!written) return std::unexpected(written.error());
  return true;
}

std::string StateOfGrant(const Grant& grant, std::int64_t now_s) {
  if (grant.is_revoked()) return "revoked";
  return grant.is_expired(now_s) ? "expired" : "active";
}

void ListAsText(const std::vector<Grant>& grants, const DisabledList& disabled, std::int64_t now_s,
                std::ostream& out) {
  for (const Grant& grant : grants) {
    out << grant.id << "  " << StateOfGrant(grant, now_s);
    if (grant.expires_s) out << "  until " << FormatUtcTime(*grant.expires_s);
    for (const TokenHash& token : grant.tokens) {
      out << "  " << token.prefix << "…";
      if (token.expires_s) out << " (until " << FormatUtcTime(*token.expires_s) << ")";
    }
    for (const auto& [server, path] : grant.policies) out << "  " << server << "=" << path;
    if (!grant.label.empty()) out << "  " << OneLine(grant.label, 80);
    out << "\n";
  }
  for (const Disabled& entry : disabled.all()) out << DisabledText(entry) << "\n";
}

void ListAsJson(const std::vector<Grant>& grants, std::int64_t now_s, std::ostream& out) {
  std::string line;
  for (const Grant& grant : grants) {
    line = "{\"id\":";
    AppendJsonString(line, grant.id);
    line += ",\"state\":";
    AppendJsonString(line, StateOfGrant(grant, now_s));
    line += ",\"label\":";
    AppendJsonString(line, grant.label);
    line += ",\"expires\":";
    if (grant.expires_s) {
      AppendJsonString(line, FormatUtcTime(*grant.expires_s));
    } else {
      line += "null";
    }
    line += ",\"tokens\":[";
    for (const TokenHash& token : grant.tokens) {
      if (&token != grant.tokens.data()) line.push_back(',');
      AppendJsonString(line, token.prefix);
    }
    line += "],\"policies\":{";
    bool is_first = true;
    for (const auto& [server, path] : grant.policies) {
      if (!is_first) line.push_back(',');
      is_first = false;
      AppendJsonString(line, server);
      line.push_back(':');
      AppendJsonString(line, path);
    }
    out << line << "}}\n";
  }
}

int List(const GrantsOptions& options, const GrantFiles& files, std::int64_t now_s,
         std::ostream& out, std::ostream& err) {
  auto grants = ReadAsWritten(files.grants);
  const auto disabled = ReadDisabled(files.disabled);
  if (!grants || !disabled) {
    err << "policyd: " << (grants ? ToText(disabled.error()) : grants.error()) << "\n";
    return kExitCouldNotRun;
  }
  if (options.is_json) {
    ListAsJson(*grants, now_s, out);
  } else {
    ListAsText(*grants, *disabled, now_s, out);
  }
  return kExitDone;
}

int Fail(std::ostream& err, const std::string& why) {
  err << "policyd: " << why << (why.ends_with('\n') ? "" : "\n");
  return kExitCouldNotRun;
}

}  // namespace

int RunGrants(const GrantsOptions& options, std::int64_t now_s, std::ostream& out,
              std::ostream& err) {
  const auto files = FilesOf(options);
  if (!files) return Fail(err, files.error());
  switch (options.action) {
    case GrantsAction::List:
      return List(options, *files, now_s, out, err);
    case GrantsAction::Add:
    case GrantsAction::Rotate: {
      const auto token = options.action == GrantsAction::Add
                             ? Add(options, files->grants, now_s)
                             : Rotate(options, files->grants, now_s);
      if (!token) return Fail(err, token.error());
      if (token->empty()) return kExitDone;
      out << *token << "\n";
      err << "policyd: this is the token of `" << options.id
          << "`; it is not kept and cannot be shown again\n";
      return kExitDone;
    }
    case GrantsAction::Revoke: {
      const auto revoked = Revoke(options, files->grants, now_s);
      return revoked ? kExitDone : Fail(err, revoked.error());
    }
    case GrantsAction::Disable:
    case GrantsAction::Enable: {
      const auto switched = Switch(options, files->disabled);
      if (!switched) return Fail(err, switched.error());
      return *switched ? kExitDone : kExitChangedNothing;
    }
  }
  return kExitCouldNotRun;
}

}  // namespace policy::gateway
