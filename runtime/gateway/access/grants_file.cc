// The file that grants stand in: read and written.
#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "runtime/gateway/access/grant.h"
#include "runtime/gateway/access/token.h"
#include "runtime/gateway/config/config_file.h"
#include "runtime/gateway/config/json_reading.h"
#include "runtime/gateway/config/serve_config_parts.h"
#include "runtime/gateway/json_text.h"

namespace policy::gateway {
namespace {

constexpr std::uint64_t kInFlightMax = 65'536;

std::string_view Raw(const JsonInput& input, const JsonNode& node) {
  return input.text().substr(node.begin, node.end - node.begin);
}

void ReadMoment(JsonInput& input, const RecordReader& record, std::string_view key,
                std::optional<std::int64_t>& out) {
  if (const JsonNode* const node = record.Find(key)) out = ReadTime(input, *node, key);
}

void ReadTokens(JsonInput& input, const JsonNode& node, Grant& grant) {
  if (!Expect(input, node, JsonType::List, "tokens")) return;
  if (node.items.size() > kTokensPerGrantMax) {
    input.Trouble(node, "a grant has at most " + std::to_string(kTokensPerGrantMax) + " tokens");
  }
  for (const JsonNode& item : node.items) {
    const RecordReader record(input, item, "a token", {"prefix", "sha256", "expires"});
    TokenHash& token = grant.tokens.emplace_back();
    std::string hash;
    record.Require("prefix");
    record.Require("sha256");
    if (record.Text("prefix", token.prefix) && token.prefix.size() != kTokenPrefixBytes) {
      record.Trouble("`prefix` is how the token begins: " + std::to_string(kTokenPrefixBytes) +
                     " characters");
    }
    if (record.Text("sha256", hash)) {
      const auto parsed = FromHex(hash);
      if (parsed) token.sha256 = *parsed;
      if (!parsed) record.Trouble("`sha256` is 64 hexadecimal digits in lower case");
    }
    ReadMoment(input, record, "expires", token.expires_s);
  }
}

void ReadPolicies(JsonInput& input, const JsonNode& node, Grant& grant) {
  if (!Expect(input, node, JsonType::Record, "policies")) return;
  for (const JsonMember& member : node.members) {
    if (auto path = ReadText(input, member.value, member.key)) {
      grant.policies.emplace(member.key, *std::move(path));
    }
  }
}

Grant ReadGrant(JsonInput& input, const JsonNode& node) {
  const RecordReader record(input, node, "a grant",
                            {"id", "label", "tokens", "created", "expires", "revoked", "tags",
                             "attributes", "max_in_flight", "servers", "policies"});
  Grant grant;
  record.Require("id");
  if (record.Text("id", grant.id) && !IsPlainName(grant.id)) {
    record.Trouble("a grant's id is of letters, digits, `_`, `-` and `.`, at most 64");
  }
  record.Text("label", grant.label);
  if (const JsonNode* const tokens = record.Find("tokens")) ReadTokens(input, *tokens, grant);
  ReadMoment(input, record, "created", grant.created_s);
  ReadMoment(input, record, "expires", grant.expires_s);
  ReadMoment(input, record, "revoked", grant.revoked_s);
  if (record.Texts("tags", grant.tags)) grant.tags_json = Raw(input, *record.Find("tags"));
  if (const JsonNode* const attributes = record.Find("attributes")) {
    if (Expect(input, *attributes, JsonType::Record, "attributes")) {
      grant.attributes_json = Raw(input, *attributes);
    }
  }
  std::uint32_t in_flight = 0;
  if (record.Whole("max_in_flight", in_flight, {1, kInFlightMax})) grant.in_flight_max = in_flight;
  if (record.Find("servers") != nullptr) record.Texts("servers", grant.servers.emplace());
  if (const JsonNode* const policies = record.Find("policies")) {
    ReadPolicies(input, *policies, grant);
  }
  return grant;
}

void AppendMember(std::string& out, std::string_view key, std::string_view raw) {
  out += ",\n      ";
  AppendJsonString(out, key);
  out += ": ";
  out += raw;
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

std::string QuotedList(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() == 1 ? "" : ", ") + Quoted(text);
  return out + "]";
}

std::string RenderTokens(const Grant& grant) {
  std::string out = "[";
  for (const TokenHash& token : grant.tokens) {
    if (out.size() > 1) out += ",";
    out += "\n        {\"prefix\": " + Quoted(token.prefix) +
           ", \"sha256\": " + Quoted(ToHex(token.sha256));
    if (token.expires_s) out += ", \"expires\": " + Quoted(FormatUtcTime(*token.expires_s));
    out += "}";
  }
  return out + "]";
}

}  // namespace

std::expected<std::vector<Grant>, ConfigTroubles> ParseGrants(const std::string& path,
                                                              std::string_view text) {
  auto root = ParseJson(path, text);
  if (!root) return std::unexpected(std::move(root.error()));
  JsonInput input(path, text);
  const RecordReader record(input, *root, "the file", {"version", "grants", "$schema"});
  int version = 1;
  record.Require("version");
  record.Whole("version", version, {1, 1});
  std::vector<Grant> grants;
  std::unordered_set<std::string> ids;
  std::unordered_set<std::string> prefixes;
  const JsonNode* const list = record.Require("grants");
  if (list != nullptr && Expect(input, *list, JsonType::List, "grants")) {
    if (list->items.size() > kGrantsMax) {
      input.Trouble(*list, "more than " + std::to_string(kGrantsMax) + " grants");
    }
    for (const JsonNode& item : list->items) {
      Grant grant = ReadGrant(input, item);
      if (!ids.insert(grant.id).second)
        input.Trouble(item, "the id `" + grant.id + "` is used twice");
      for (const TokenHash& token : grant.tokens) {
        if (!prefixes.insert(token.prefix).second) input.Trouble(item, "a token stands here twice");
      }
      grants.push_back(std::move(grant));
    }
  }
  if (!input.troubles().empty()) return std::unexpected(std::move(input.troubles()));
  return grants;
}

std::expected<std::vector<Grant>, ConfigTroubles> ReadGrants(const std::string& path) {
  const auto text = ReadSecretFile(path, kGrantsBytesMax);
  if (!text) return std::unexpected(ConfigTroubles{text.error()});
  auto grants = ParseGrants(path, *text);
  if (!grants) return grants;
  const auto folder = std::filesystem::path(path).parent_path();
  for (Grant& grant : *grants) {
    for (auto& [server, policy] : grant.policies) {
      policy = (folder / policy).lexically_normal().string();
    }
  }
  return grants;
}

std::string RenderGrants(const std::vector<Grant>& grants) {
  std::string out = "{\n  \"version\": 1,\n  \"grants\": [";
  for (const Grant& grant : grants) {
    out += &grant == grants.data() ? "\n" : ",\n";
    out += "    {\n      \"id\": " + Quoted(grant.id);
    if (!grant.label.empty()) AppendMember(out, "label", Quoted(grant.label));
    if (!grant.tokens.empty()) AppendMember(out, "tokens", RenderTokens(grant));
    if (grant.created_s) AppendMember(out, "created", Quoted(FormatUtcTime(*grant.created_s)));
    if (grant.expires_s) AppendMember(out, "expires", Quoted(FormatUtcTime(*grant.expires_s)));
    if (grant.revoked_s) AppendMember(out, "revoked", Quoted(FormatUtcTime(*grant.revoked_s)));
    if (!grant.tags.empty()) AppendMember(out, "tags", QuotedList(grant.tags));
    if (!grant.attributes_json.empty()) AppendMember(out, "attributes", grant.attributes_json);
    if (grant.in_flight_max) {
      AppendMember(out, "max_in_flight", std::to_string(*grant.in_flight_max));
    }
    if (grant.servers) AppendMember(out, "servers", QuotedList(*grant.servers));
    if (!grant.policies.empty()) {
      std::string policies = "{";
      for (const auto& [server, path] : grant.policies) {
        policies += (policies.size() == 1 ? "" : ", ") + Quoted(server) + ": " + Quoted(path);
      }
      AppendMember(out, "policies", policies + "}");
    }
    out += "\n    }";
  }
  return out + (grants.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

}  // namespace policy::gateway
