// What the processes that share counters say to each other over the lease socket.
//
// One leader keeps the pool; every process, the leader's own included, is a holder that leases
// quota from it. A frame is its payload's length (u32) and the payload: a type byte and the fields,
// in the order they stand here. docs/limits.md tells the conversation.
#ifndef RUNTIME_LIMITS_STORE_LEASE_MESSAGE_H_
#define RUNTIME_LIMITS_STORE_LEASE_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace policy {

inline constexpr std::uint32_t kLeaseProtocolVersion = 2;
inline constexpr std::size_t kLeaseFrameBytesMax = 8 * 1024;
inline constexpr std::size_t kIdentityBytesMax = 4 * 1024;  // of a shared counter's IdentityKey

// How fast one machine's clock may run against another's: half a millisecond in a second, what a
// synchronised clock is slewed by at most.
inline constexpr std::int64_t kLeaseDriftPartsPerMillion = 500;
inline constexpr std::int64_t kLeaseForever = INT64_MAX;  // a lease that ends with its window

// Which cell is meant: the counter and the key within it.
struct CellName {
  std::string identity;   // IdentityKey
  std::string scope_key;  // bytes of a ScopeKey

  friend bool operator==(const CellName&, const CellName&) = default;
};

struct CellNameHash {
  std::size_t operator()(const CellName& name) const {
    return std::hash<std::string>()(name.identity) * 31 + std::hash<std::string>()(name.scope_key);
  }
};

// A cell's leases belong to its window. A flow and Concurrency have none: their epoch is 0, and a
// lease has a life instead, after which what is left of it may be used no longer. A holder has one
// lease of a flow at a time: an ask, a return and a goodbye end it.

// Holder to leader, first of all.
struct HelloMessage {
  std::uint32_t version = kLeaseProtocolVersion;
};

// Leader to holder, in answer.
struct WelcomeMessage {
  std::uint32_t version = kLeaseProtocolVersion;
  std::uint64_t incarnation = 0;  // of the pool; another one knows nothing of earlier leases
};

// Holder to leader after a change of leader: this much of the window's quota is leased to me.
struct HoldMessage {
  CellName cell = {};
  std::int64_t epoch_s = 0;
  std::int64_t granted = 0;
  std::int64_t room_max = 0;
  std::int64_t elsewhere = 0;  // to all others, as the pool last said; only for a pool that may
                               // have lost what it wrote last, so not over the socket
  std::int64_t life_ns = 0;    // likewise: how much longer a lease without a window lives
  std::int64_t age_ns = 0;     // likewise: of what is said of elsewhere
};

// Holder to leader: I need quota.
struct AskMessage {
  std::uint64_t request_id = 0;
  CellName cell = {};
  std::int64_t epoch_s = 0;   // of the holder's cell
  std::int64_t returned = 0;  // room of that window that the holder gives up with this message
  std::int64_t shortage = 0;  // what the call lacks in that window
  std::int64_t amount = 0;    // the call's whole amount: what it lacks in any other window
  std::int64_t want = 0;      // what would spare further questions
  std::int64_t max = 0;       // of the limit that the call is under
  std::int64_t burst = 0;     // Bucket: likewise
  std::int64_t idle_ns = 0;   // of a flow: since it was charged last, at least
};

enum class GrantStatus : std::uint8_t {
  Granted,
  Dry,     // nobody has idle quota that would do
  Failed,  // the leader cannot grant: its file, its table, or a clock that is far off
};

// Leader to holder.
struct GrantMessage {
  std::uint64_t request_id = 0;
  GrantStatus status = GrantStatus::Failed;
  std::int64_t epoch_s = 0;    // the window that is granted; newer than asked for, or the same
  std::int64_t amount = 0;     // raises the ceiling
  std::int64_t elsewhere = 0;  // leased to all others; of a flow, all else that counts
  std::int64_t life_ns = kLeaseForever;  // since the question was sent
  // Of a flow, from now on: until what was asked for fits, and until nothing is counted any more,
  // if nothing is charged meanwhile.
  std::int64_t frees_in_ns = 0;
  std::int64_t clears_in_ns = 0;
  std::int64_t sharers = 0;  // processes that lease from the pool, as it knows
};

// Leader to holder: give back what is idle.
struct RecallMessage {
  std::uint64_t recall_id = 0;
  CellName cell = {};
  std::int64_t epoch_s = 0;
  std::int64_t room_max = 0;  // room that refunds make from now on is only for this max and above
};

// Holder to leader: in answer to a recall, or of its own accord when it ends. `returned` is already
// out of the holder's ceiling and is sent once: if the message is lost, so is the quota.
struct ReturnMessage {
  std::uint64_t recall_id = 0;  // 0: no recall
  CellName cell = {};
  std::int64_t epoch_s = 0;
  std::int64_t returned = 0;
  std::int64_t idle_ns = 0;  // as in AskMessage
};

// Holder to leader, last of all: it has returned all its room.
struct GoodbyeMessage {
  std::uint8_t reserved = 0;
};

// Leader to holder: an operator has set what everybody used of the cell. The holder's cell begins
// anew in that window, with nothing leased and nothing used: what it had charged is in what was
// set, or is not meant to count.
struct SetMessage {
  CellName cell = {};
  std::int64_t epoch_s = 0;
  std::int64_t used = 0;
};

using LeaseMessage =
    std::variant<HelloMessage, WelcomeMessage, HoldMessage, AskMessage, GrantMessage, RecallMessage,
                 ReturnMessage, GoodbyeMessage, SetMessage>;

// The whole frame.
std::string EncodeLeaseFrame(const LeaseMessage& message);

// nullopt: not a message; the connection is to be closed. Numbers are within their ranges
// afterwards: no amount is negative, no name too long.
std::optional<LeaseMessage> DecodeLeasePayload(std::string_view payload);

// Takes the first whole frame from `bytes` and gives its payload, which refers to them. nullopt:
// more bytes are needed. Unexpected: the frame is longer than allowed.
struct FrameTooLong {};
std::expected<std::optional<std::string_view>, FrameTooLong> TakeLeaseFrame(
    std::string_view& bytes);

}  // namespace policy

#endif  // RUNTIME_LIMITS_STORE_LEASE_MESSAGE_H_
