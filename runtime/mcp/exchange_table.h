// The requests that one side has sent and that are not answered yet.
#ifndef RUNTIME_MCP_EXCHANGE_TABLE_H_
#define RUNTIME_MCP_EXCHANGE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace policy::mcp {

inline constexpr std::size_t kExchangesMax = 16'384;  // in flight, each way
inline constexpr std::size_t kCancelledMax = 1'024;   // cancelled and never answered, of those

enum class ExchangeState : std::uint8_t {
  Held,       // not sent: it waits for its decision
  Sent,       // on its way to the other side
  Cancelled,  // its sender said that it waits no longer; an answer may still come
};

// Small numbers, used again: whoever holds data by exchange keeps it in a vector.
using ExchangeId = std::uint32_t;

struct Exchange {
  std::string id;              // raw JSON, as its sender wrote it
  std::uint64_t sequence = 0;  // from 1, never used again
  ExchangeState state = ExchangeState::Sent;
  bool is_tools_call = false;
  bool is_initialize = false;
};

// Ids are the same when they are the same JSON value: "a" and "\u0061" are, 1 and "1" are not. Not
// thread-safe. Reuses its memory.
class ExchangeTable {
 public:
  enum class AddError : std::uint8_t { InFlight, Full };

  ExchangeTable() = default;
  ExchangeTable(const ExchangeTable&) = delete;  // the index refers into the exchanges
  ExchangeTable& operator=(const ExchangeTable&) = delete;

  // `id` is raw JSON: a string or an integer.
  std::expected<ExchangeId, AddError> Add(std::string_view id, ExchangeState state);
  std::optional<ExchangeId> Find(std::string_view id);
  void Remove(ExchangeId exchange);

  // Marks the exchange. An older one that has waited behind kCancelledMax others for its answer is
  // returned: the caller settles and removes it.
  std::optional<ExchangeId> Cancel(ExchangeId exchange);

  Exchange& at(ExchangeId exchange) { return exchanges_[exchange].data; }
  const Exchange& at(ExchangeId exchange) const { return exchanges_[exchange].data; }
  std::vector<ExchangeId> InFlight() const;  // oldest first
  bool HasAwaited() const;                   // one that was not cancelled
  std::size_t size() const { return index_.size(); }

 private:
  struct Entry {
    Exchange data;
    std::string decoded;  // of an id with escapes, else empty
    bool is_used = false;

    std::string_view key() const { return decoded.empty() ? data.id : decoded; }
  };

  // The key that ids of one value share; `room` holds it where it is not `id` itself.
  static std::string_view KeyOf(std::string_view id, std::string& room);

  std::deque<Entry> exchanges_;  // a deque: keys are views into it
  std::vector<ExchangeId> free_;
  std::pmr::unsynchronized_pool_resource index_memory_;
  std::pmr::unordered_map<std::string_view, ExchangeId> index_{&index_memory_};
  std::deque<std::uint64_t> cancelled_;  // sequence numbers, oldest first; some are answered since
  std::uint64_t next_sequence_ = 1;
  std::string key_room_;
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_EXCHANGE_TABLE_H_
