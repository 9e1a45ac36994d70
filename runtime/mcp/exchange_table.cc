#include "runtime/mcp/exchange_table.h"

#include <algorithm>

#include "policy/check.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {

std::string_view ExchangeTable::KeyOf(std::string_view id, std::string& room) {
  room.clear();
  if (id == "-0") {
    room = "0";
    return room;
  }
  if (!id.starts_with('"') || !HasEscapes(id)) return id;
  // The opening quote keeps the text "1" apart from the number 1.
  room.resize(id.size() + 1);
  room[0] = '"';
  room.resize(1 + Unescape(id, room.data() + 1));
  room.push_back('"');
  return room;
}

std::expected<ExchangeId, ExchangeTable::AddError> ExchangeTable::Add(std::string_view id,
                                                                      ExchangeState state) {
  if (Find(id)) return std::unexpected(AddError::InFlight);
  if (size() >= kExchangesMax) return std::unexpected(AddError::Full);
  ExchangeId exchange = 0;
  if (free_.empty()) {
    exchange = static_cast<ExchangeId>(exchanges_.size());
    exchanges_.emplace_back();
  } else {
    exchange = free_.back();
    free_.pop_back();
  }
  Entry& entry = exchanges_[exchange];
  entry.data.id.assign(id);
  entry.data.sequence = next_sequence_++;
  entry.data.state = state;
  entry.data.is_tools_call = false;
  entry.data.is_initialize = false;
  entry.decoded = key_room_;  // Find has left it there
  entry.is_used = true;
  index_.emplace(entry.key(), exchange);
  return exchange;
}

std::optional<ExchangeId> ExchangeTable::Find(std::string_view id) {
  const auto found = index_.find(KeyOf(id, key_room_));
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

void ExchangeTable::Remove(ExchangeId exchange) {
  Entry& entry = exchanges_[exchange];
  CHECK(entry.is_used);
  CHECK(index_.erase(entry.key()) == 1);
  entry.is_used = false;
  free_.push_back(exchange);
}

std::optional<ExchangeId> ExchangeTable::Cancel(ExchangeId exchange) {
  Entry& entry = exchanges_[exchange];
  CHECK(entry.is_used && entry.data.state == ExchangeState::Sent);
  entry.data.state = ExchangeState::Cancelled;
  cancelled_.push_back(entry.data.sequence);
  if (cancelled_.size() <= kCancelledMax) return std::nullopt;
  const std::uint64_t oldest = cancelled_.front();
  cancelled_.pop_front();
  const auto found = std::ranges::find_if(exchanges_, [oldest](const Entry& other) {
    return other.is_used && other.data.sequence == oldest;
  });
  if (found == exchanges_.end()) return std::nullopt;  // answered after all
  return static_cast<ExchangeId>(found - exchanges_.begin());
}

std::vector<ExchangeId> ExchangeTable::InFlight() const {
  std::vector<ExchangeId> ids;
  for (std::size_t i = 0; i < exchanges_.size(); ++i) {
    if (exchanges_[i].is_used) ids.push_back(static_cast<ExchangeId>(i));
  }
  std::ranges::sort(ids, {}, [this](ExchangeId id) { return exchanges_[id].data.sequence; });
  return ids;
}

bool ExchangeTable::HasAwaited() const {
  return std::ranges::any_of(index_, [this](const auto& entry) {
    return exchanges_[entry.second].data.state != ExchangeState::Cancelled;
  });
}

}  // namespace policy::mcp
