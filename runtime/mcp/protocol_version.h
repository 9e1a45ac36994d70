// The versions of MCP that the product speaks, and the two eras that they fall into.
#ifndef RUNTIME_MCP_PROTOCOL_VERSION_H_
#define RUNTIME_MCP_PROTOCOL_VERSION_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace policy::mcp {

// Legacy: a session that begins with initialize. Modern: every request says of itself what it
// needs.
enum class Era : std::uint8_t { Legacy, Modern };

// The first version of the modern era.
inline constexpr std::string_view kModernVersion = "2026-07-28";
// The last one of the legacy era.
inline constexpr std::string_view kLastLegacyVersion = "2025-11-25";
// What a legacy request over HTTP speaks that does not say: the last version without the header.
inline constexpr std::string_view kUnsaidVersion = "2025-03-26";

// Newest first.
inline constexpr std::array<std::string_view, 5> kVersions = {
    kModernVersion, kLastLegacyVersion, "2025-06-18", kUnsaidVersion, "2024-11-05",
};

constexpr bool IsSupportedVersion(std::string_view version) {
  return std::ranges::find(kVersions, version) != kVersions.end();
}

// Versions are dates, so their order as text is their order. Of any text: also of one that is not
// supported.
constexpr Era EraOf(std::string_view version) {
  return version >= kModernVersion ? Era::Modern : Era::Legacy;
}

// ["2026-07-28",…] as JSON: all, or those that a request can name in _meta.
std::string VersionList();
std::string ModernVersionList();

// Members of _meta that the modern era keeps for itself.
inline constexpr std::string_view kVersionMeta = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kClientInfoMeta = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kCapabilitiesMeta = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kLogLevelMeta = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view kServerInfoMeta = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kSubscriptionMeta = "io.modelcontextprotocol/subscriptionId";

// Codes that MCP gives to errors of the protocol.
inline constexpr int kInvalidParamsCode = -32602;
inline constexpr int kInternalErrorCode = -32603;
inline constexpr int kHeaderMismatchCode = -32020;
inline constexpr int kMissingCapabilityCode = -32021;
inline constexpr int kUnsupportedVersionCode = -32022;

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_PROTOCOL_VERSION_H_
