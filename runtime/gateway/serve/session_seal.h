// The ids of sessions, as clients get them: sealed, so that they say nothing and cannot be made up.
//
// An id is AES-256-GCM over which session it is and whose. Who shows another's is told that there
// is no such session. With a key that replicas share each of them can open it.
#ifndef RUNTIME_GATEWAY_SERVE_SESSION_SEAL_H_
#define RUNTIME_GATEWAY_SERVE_SESSION_SEAL_H_

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace policy::gateway {

// Whose a session is: nobody else may speak in it.
struct SessionOwner {
  std::string server;
  std::string grant;
  std::string subject;

  friend bool operator==(const SessionOwner&, const SessionOwner&) = default;
};

// Which session it is.
struct SessionTicket {
  std::uint64_t number = 0;  // random; names the session in logs and counters
  std::uint16_t worker = 0;  // that it lives in
  std::string resumption;    // ServerSide::resumption; empty: only that worker has it
};

using SealKey = std::array<std::uint8_t, 32>;

// Reads the key from a file of exactly 32 bytes, or as 64 hexadecimal digits, that only its owner
// can read. The error is a sentence.
std::expected<SealKey, std::string> ReadSealKey(const std::string& path);
// A new one, known to nobody else. Ids that it seals end with this process.
SealKey MakeSealKey();

// Immutable; safe for concurrent use.
class SessionSeal {
 public:
  explicit SessionSeal(const SealKey& key) : key_(key) {}

  // Visible ASCII, good for a header.
  std::string Seal(const SessionTicket& ticket, const SessionOwner& owner) const;
  // nullopt: it was not sealed with this key, or for somebody else.
  std::optional<SessionTicket> Open(std::string_view id, const SessionOwner& owner) const;

 private:
  SealKey key_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SESSION_SEAL_H_
