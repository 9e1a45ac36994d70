// What the sides of a session have to find in messages that were read strictly before.
#ifndef RUNTIME_GATEWAY_SERVE_MESSAGE_PARTS_H_
#define RUNTIME_GATEWAY_SERVE_MESSAGE_PARTS_H_

#include <optional>
#include <string>
#include <string_view>

namespace policy::gateway {

// The raw token of notifications/progress; empty: `message` is none, or has none.
std::string_view ProgressTokenOf(std::string_view message);

// What an answer to initialize says: result.protocolVersion; empty: it does not.
std::string NegotiatedVersion(std::string_view answer);

// Whether a message's member `error` has this code.
std::optional<int> ErrorCodeOf(std::string_view message);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_MESSAGE_PARTS_H_
