// What a message from a server is to the one question that is open.
#ifndef COMPILER_CATALOG_RESPONSE_MATCH_H_
#define COMPILER_CATALOG_RESPONSE_MATCH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace policy::catalog {

enum class MessageRole : std::uint8_t {
  Response,  // to the question
  Request,   // of the server's own
  Other,     // a notification, an answer to something else, no message at all
};

struct MatchedMessage {
  MessageRole role = MessageRole::Other;
  std::string answer = {};  // Request: what to say to it: ping is answered, all else refused
};

// `id` is the question's, as it was written: digits.
MatchedMessage MatchMessage(std::string_view message, std::string_view id);

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_RESPONSE_MATCH_H_
