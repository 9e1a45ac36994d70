// Arguments of tools that go into HTTP headers as well: what `x-mcp-header` in a tool's inputSchema
// asks for.
#ifndef RUNTIME_MCP_HEADER_MARKS_H_
#define RUNTIME_MCP_HEADER_MARKS_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/mcp/message.h"

namespace policy::mcp {

inline constexpr std::size_t kHeaderMarksMax = 64;                    // of one tool
inline constexpr std::size_t kHeaderMarkBytesMax = 128;               // of one header's name
inline constexpr std::size_t kMarkedToolsMax = std::size_t{1} << 14;  // of one server

// What all headers of marked arguments begin with.
inline constexpr std::string_view kParamHeaderPrefix = "Mcp-Param-";

struct HeaderMark {
  std::string name;               // as the schema writes it, without the prefix; a token of HTTP
  std::vector<std::string> path;  // the members of `arguments` that lead to the value, outermost
                                  // first, unescaped
};

// The marks of a raw inputSchema that the strict reader has seen, in the schema's order. An error
// says, for people, why clients over HTTP must leave such a tool out: a mark that is no token, not
// unique without regard to case, on a value that is not a string, number or boolean, or where a
// chain of `properties` does not lead.
std::expected<std::vector<HeaderMark>, std::string> ReadHeaderMarks(std::string_view input_schema);

// The marks of one server's tools, learned from the lists of them that went by. Not thread-safe.
class ToolHeaderMarks {
 public:
  struct Unusable {
    std::string tool;
    std::string why;
  };

  // Learns of the tools of an answer to tools/list; what was known of those is forgotten. Returns
  // the tools whose marks no client may follow. REQUIRES: result_tools is not empty.
  std::vector<Unusable> Learn(const Message& tools_list);
  // The same of one tool, by its raw inputSchema.
  std::expected<void, std::string> Learn(std::string_view tool, std::string_view input_schema);

  // Empty for a tool that is not known. Valid until the next Learn.
  std::span<const HeaderMark> Find(std::string_view tool) const;

 private:
  std::map<std::string, std::vector<HeaderMark>, std::less<>> marked_;  // tools with a mark only
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_HEADER_MARKS_H_
