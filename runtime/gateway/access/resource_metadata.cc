#include "runtime/gateway/access/resource_metadata.h"

#include <algorithm>

#include "runtime/gateway/json_text.h"

namespace policy::gateway {
namespace {

constexpr std::size_t kPathBytesMax = 256;

bool IsPlainPath(std::string_view path) {
  return path.starts_with('/') && path.size() <= kPathBytesMax &&
         std::ranges::all_of(path, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  std::string_view("/_-.").contains(c);
         });
}

}  // namespace

std::optional<std::string> ResourceMetadata(const OauthConfig& oauth, std::string_view path) {
  if (!path.starts_with(kResourceMetadataPath)) return std::nullopt;
  const std::string_view endpoint = path.substr(kResourceMetadataPath.size());
  if (!endpoint.empty() && !IsPlainPath(endpoint)) return std::nullopt;
  std::string out = "{\"resource\":";
  AppendJsonString(out, oauth.public_url + std::string(endpoint == "/" ? "" : endpoint));
  out += ",\"authorization_servers\":[";
  AppendJsonString(out, oauth.issuer);
  out += "],\"bearer_methods_supported\":[\"header\"]";
  if (!oauth.scopes.empty()) {
    out += ",\"scopes_supported\":[";
    for (const std::string& scope : oauth.scopes) {
      if (&scope != oauth.scopes.data()) out.push_back(',');
      AppendJsonString(out, scope);
    }
    out.push_back(']');
  }
  return out + "}";
}

std::string ResourceMetadataUrl(const OauthConfig& oauth, std::string_view path) {
  std::string url = oauth.public_url + std::string(kResourceMetadataPath);
  if (path != "/" && IsPlainPath(path)) url += path;
  return url;
}

}  // namespace policy::gateway
