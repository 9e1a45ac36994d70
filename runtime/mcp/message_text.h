// Messages that the product itself writes, and members that it adds to those of others.
#ifndef RUNTIME_MCP_MESSAGE_TEXT_H_
#define RUNTIME_MCP_MESSAGE_TEXT_H_

#include <string>
#include <string_view>

#include "runtime/mcp/message.h"

namespace policy::mcp {

// `id`, `result` and `params` are raw JSON; an empty id is null, empty params are left out.
std::string ResultText(std::string_view id, std::string_view result);
std::string ErrorText(std::string_view id, int code, std::string_view text);
std::string RequestText(std::string_view id, std::string_view method, std::string_view params);
std::string NotificationText(std::string_view method, std::string_view params);

// `"key":value`, value raw.
std::string MemberText(std::string_view key, std::string_view value);

// The message with `members`, as `"key":value,…`, added to params._meta; what is missing on the way
// there is made. REQUIRES: a request or notification that has none of them.
std::string WithMeta(const Message& message, std::string_view members);

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_MESSAGE_TEXT_H_
