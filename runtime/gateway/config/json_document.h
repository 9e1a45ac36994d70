// A JSON text of configuration as a tree in which every value knows its place. Strict: what two
// readers could understand in two ways is refused.
#ifndef RUNTIME_GATEWAY_CONFIG_JSON_DOCUMENT_H_
#define RUNTIME_GATEWAY_CONFIG_JSON_DOCUMENT_H_

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/gateway/config/config_trouble.h"

namespace policy::gateway {

enum class JsonType : std::uint8_t { Null, Bool, Number, String, List, Record };

struct JsonMember;

struct JsonNode {
  JsonType type = JsonType::Null;
  std::size_t begin = 0;  // bytes of the text: [begin, end)
  std::size_t end = 0;
  bool boolean = false;             // Bool
  std::string text;                 // String: unescaped; Number: as written
  std::vector<JsonNode> items;      // List
  std::vector<JsonMember> members;  // Record, in order; no key stands twice

  // The member's value, or null.
  const JsonNode* Find(std::string_view key) const;
};

struct JsonMember {
  std::string key;
  std::size_t key_begin = 0;  // of its quotes
  JsonNode value;
};

inline constexpr std::size_t kJsonDepthMax = 32;

// "a string", "a list": for messages.
std::string_view NameOf(JsonType type);

// Line and column, from 1, of a byte of `text`; columns count code points.
struct LineColumn {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};
LineColumn LocateIn(std::string_view text, std::size_t offset);

// One value, UTF-8, without a byte order mark, at most kJsonDepthMax deep, no key twice in a
// record. `path` names it in the troubles.
std::expected<JsonNode, ConfigTroubles> ParseJson(const std::string& path, std::string_view text);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CONFIG_JSON_DOCUMENT_H_
