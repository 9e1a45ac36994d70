// A server that can be asked, one question after another, however it is reached.
#ifndef COMPILER_CATALOG_SERVER_CONNECTION_H_
#define COMPILER_CATALOG_SERVER_CONNECTION_H_

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace policy::catalog {

// What one conversation may take, whatever the server does.
inline constexpr std::chrono::seconds kAnswerTimeMax{30};
inline constexpr std::size_t kAnswerBytesMax = std::size_t{32} << 20;

// A request of JSON-RPC; the id is a number that the conversation has not used.
struct Question {
  std::string_view method;
  std::string id;
  std::string text;  // the whole message
};

// Not thread-safe.
class ServerConnection {
 public:
  virtual ~ServerConnection() = default;

  // The response to the question: one JSON-RPC message with its id, a result or an error. What the
  // server says beside is passed over, what it asks is refused. The error: there was no response
  // within kAnswerTimeMax and kAnswerBytesMax; a sentence.
  virtual std::expected<std::string, std::string> Ask(const Question& question) = 0;
  virtual std::expected<void, std::string> Tell(const std::string& notification) = 0;
  // The version of the protocol that was agreed on, for transports that say it with each message.
  virtual void Agree(std::string_view version) = 0;
};

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_SERVER_CONNECTION_H_
