// tools/list as the policy shows it: the answer with the hidden tools cut out.
#ifndef RUNTIME_MCP_TOOLS_LIST_FILTER_H_
#define RUNTIME_MCP_TOOLS_LIST_FILTER_H_

#include <functional>
#include <string>
#include <string_view>

#include "runtime/mcp/message.h"

namespace policy::mcp {

// Sets `text` to `message` without the elements of result.tools whose name `is_shown` does not
// want; everything else stays as it is, byte for byte, white space, order and unknown fields
// included. An element that is no record, or has no string `name`, is no tool that anybody could
// call, and is cut out as well. `is_shown` gets each unescaped name once, in order. REQUIRES:
// `message` came from MessageReader::Read (so no name is there twice or in two spellings), and its
// result_tools is not empty.
void FilterToolsList(const Message& message, const std::function<bool(std::string_view)>& is_shown,
                     std::string& text);

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_TOOLS_LIST_FILTER_H_
