// Texts in the values of HTTP headers, as MCP writes them: plain where a plain value says them,
// else
// =?base64?…?=.
#ifndef RUNTIME_MCP_HEADER_VALUE_H_
#define RUNTIME_MCP_HEADER_VALUE_H_

#include <optional>
#include <string>
#include <string_view>

namespace policy::mcp {

// The text that a header's value says, without the white space around it. nullopt: it says none: a
// byte that may not stand in a value, base64 that is not exactly what an encoder writes (padding
// missing, bits left over), a text that is not UTF-8. Strict, because a lenient reader behind could
// find another text in it.
std::optional<std::string> DecodeHeaderValue(std::string_view value);

// The value that says `text`, which is UTF-8.
std::string EncodeHeaderValue(std::string_view text);

// Base64 with padding, RFC 4648 section 4. Decoding takes what encoding writes and nothing else.
std::string EncodeBase64(std::string_view bytes);
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_HEADER_VALUE_H_
