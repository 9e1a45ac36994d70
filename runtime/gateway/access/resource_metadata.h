// Where clients learn who issues tokens for this server: RFC 9728.
#ifndef RUNTIME_GATEWAY_ACCESS_RESOURCE_METADATA_H_
#define RUNTIME_GATEWAY_ACCESS_RESOURCE_METADATA_H_

#include <optional>
#include <string>
#include <string_view>

#include "runtime/gateway/config/serve_config.h"

namespace policy::gateway {

inline constexpr std::string_view kResourceMetadataPath = "/.well-known/oauth-protected-resource";

// The document for a request's path: kResourceMetadataPath, perhaps followed by the path of an
// endpoint. nullopt: it is no such path. For everyone, without credentials.
std::optional<std::string> ResourceMetadata(const OauthConfig& oauth, std::string_view path);

// The URL of the document for an endpoint, for WWW-Authenticate. What a caller wrote into `path` is
// not repeated unless it is plain.
std::string ResourceMetadataUrl(const OauthConfig& oauth, std::string_view path);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_RESOURCE_METADATA_H_
