// RESP, the protocol of Redis and Valkey, versions 2 and 3: commands as bytes, and replies read
// strictly and within bounds.
#ifndef RUNTIME_TRANSPORT_RESP_H_
#define RUNTIME_TRANSPORT_RESP_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace policy::transport {

// A server that says more than this in one reply is not one that we asked.
inline constexpr std::size_t kRespBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kRespItemsMax = 1u << 16;  // of one reply, at all depths
inline constexpr int kRespDepthMax = 8;

struct RespValue {
  enum class Type : std::uint8_t {
    Nil,
    Text,     // also numbers that are no integers
    Status,   // "OK"
    Error,    // "ERR …"
    Integer,  // also booleans
    Array,    // also sets and maps: keys and values in turn
    Push,     // not an answer to anything
  };

  Type type = Type::Nil;
  std::string text;
  std::int64_t integer = 0;
  std::vector<RespValue> items;

  bool is_error() const { return type == Type::Error; }
  // The text of the item at `index`, or the empty one where there is none.
  std::string_view ItemText(std::size_t index) const {
    return index < items.size() ? std::string_view(items[index].text) : std::string_view();
  }
};

// Appends a command: an array of bulk strings.
void AppendRespCommand(std::string& bytes, std::span<const std::string> words);

// Takes values from a stream of bytes. Not thread-safe.
class RespReader {
 public:
  void Append(std::string_view bytes) { bytes_.append(bytes); }

  // The next whole value. nullopt: more bytes are needed. Unexpected: not RESP, or beyond the
  // bounds; nothing that comes later can be read.
  std::expected<std::optional<RespValue>, std::string> Take();

 private:
  std::string bytes_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_RESP_H_
